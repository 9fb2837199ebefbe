import assert from 'node:assert/strict';
import { hostNames, type HostPlace } from '../../src/sessions/host/hostNames';

describe('the names of a host', () => {
  const place: HostPlace = {
    uid: 1000,
    scopeId: 'aaaaaaaaaaaa',
    stateFolder: '/home/a/.cheatcode/run',
    scopeFolder: { dev: 1n, ino: 2n },
  };
  const shared = (of: Partial<HostPlace>) => {
    const names = new Set(hostNames(place).lockNames);
    return hostNames({ ...place, ...of }).lockNames.filter((name) => names.has(name)).length;
  };

  it('share a lock with whoever means the same folder, by its path or by its inode', () => {
    assert.equal(shared({}), 2);
    assert.equal(shared({ scopeFolder: { dev: 1n, ino: 3n } }), 1, 'deleted and made again');
    assert.equal(shared({ stateFolder: '/mnt/a/.cheatcode/run' }), 1, 'mounted elsewhere');
  });

  it('share none with another user, scope or state folder', () => {
    const scopeFolder = { dev: 1n, ino: 3n };
    assert.equal(shared({ uid: 1001, scopeFolder }), 0);
    assert.equal(shared({ scopeId: 'bbbbbbbbbbbb', scopeFolder }), 0);
    assert.equal(shared({ stateFolder: '/home/b/.cheatcode/run', scopeFolder }), 0);
  });

  it('give cookies to the holder of the lock by path: the same after the folder was made again', () => {
    const { cookiePrefix } = hostNames(place);
    assert.match(cookiePrefix, /^aaaaaaaaaaaa-[0-9a-f]{16}:$/);
    assert.equal(hostNames({ ...place, scopeFolder: { dev: 9n, ino: 9n } }).cookiePrefix, cookiePrefix);
    for (const of of [{ uid: 1001 }, { scopeId: 'bbbbbbbbbbbb' }, { stateFolder: '/x' }])
      assert.notEqual(hostNames({ ...place, ...of }).cookiePrefix, cookiePrefix);
  });
});
