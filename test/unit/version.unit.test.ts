import assert from 'node:assert/strict';
import { isNewerVersion } from '../../src/sessions/version';

describe('a version', () => {
  /** The order that semver.org gives as its example, with ours around it. */
  const ascending = [
    '0.9.9',
    '0.10.0',
    '1.0.0-alpha',
    '1.0.0-alpha.1',
    '1.0.0-alpha.beta',
    '1.0.0-beta',
    '1.0.0-beta.2',
  ].concat(['1.0.0-beta.11', '1.0.0-rc.1', '1.0.0', '1.0.1', '1.2.0', '2.0.0']);

  it('is newer than each before it and never than itself or a later one', () => {
    ascending.forEach((one, at) =>
      ascending.forEach((other, otherAt) =>
        assert.equal(isNewerVersion(one, other), at > otherAt, `${one} newer than ${other}`),
      ),
    );
  });

  it('that is none, or differs in its build only, is newer than nothing, and nothing is newer than it', () => {
    for (const odd of ['', 'cli', '1.0', 'v1.0.0', '1.0.0.0', 'unknown'])
      assert.deepEqual([isNewerVersion(odd, '0.0.1'), isNewerVersion('9.9.9', odd)], [false, false], odd);
    assert.equal(isNewerVersion('1.0.0+build.2', '1.0.0+build.1'), false);
  });
});
