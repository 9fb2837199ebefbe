import assert from 'node:assert/strict';
import { pathName, pathOf } from '../../src/sessions/environmentPath';

describe('the PATH of an environment', () => {
  it('is PATH and nothing else on Unix', () => {
    assert.deepEqual([pathName({ Path: '/a' }, 'linux'), pathOf({ Path: '/a' }, 'darwin')], ['PATH', '']);
    assert.equal(pathOf({ PATH: '/a', Path: '/b' }, 'linux'), '/a');
  });

  it('has whatever case it has on Windows, where two names would be one too many', () => {
    assert.deepEqual([pathName({ Path: 'C:\\a' }, 'win32'), pathOf({ Path: 'C:\\a' }, 'win32')], ['Path', 'C:\\a']);
    assert.deepEqual([pathName({ path: 'x' }, 'win32'), pathName({}, 'win32')], ['path', 'PATH']);
    // As Node does when it starts a program: the first by the alphabet.
    assert.equal(pathOf({ Path: 'b', PATH: 'a' }, 'win32'), 'a');
  });
});
