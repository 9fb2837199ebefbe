import assert from 'node:assert/strict';
import type { SessionSnapshot } from '../../src/sessions/protocol';
import { appsToRestore } from '../../src/sessions/rejoin';
import { aSession } from './samples';

describe('after a join a window brings back', () => {
  const KEY = '1:2:web';
  const known = (of?: Partial<SessionSnapshot>) => new Map(of ? [[KEY, aSession({ appKey: KEY, ...of })]] : []);
  const restored = (before?: Partial<SessionSnapshot>, now?: Partial<SessionSnapshot>) =>
    appsToRestore([KEY], known(before), known(now)).includes(KEY);
  const lost = { state: 'stopped', desired: 'running', reason: { code: 'hostLost' } } as const;

  it('what it saw run before, also when the new host knows nothing of it', () => {
    for (const state of ['installing', 'starting', 'running', 'unhealthy', 'blocked'] as const) {
      assert.equal(restored({ state, desired: 'running' }), true, state);
      assert.equal(restored({ state, desired: 'running' }, lost), true, state);
    }
  });

  it('what the records of the lost host say, though it never saw it run', () => {
    assert.equal(restored(undefined, lost), true);
  });

  it('nothing that a person stopped, that gave up, or that nobody has started', () => {
    assert.equal(restored({ state: 'stopped', desired: 'stopped' }), false);
    assert.equal(restored({ state: 'stopping', desired: 'stopped' }), false);
    assert.equal(restored({ state: 'failed', desired: 'running' }), false);
    assert.equal(restored(undefined, { ...lost, desired: 'stopped', reason: { code: 'stoppedByUser' } }), false);
    assert.equal(restored(), false);
  });

  it('none of the apps of other windows', () => {
    assert.deepEqual(appsToRestore(['9:9:other'], known({ state: 'running', desired: 'running' }), known(lost)), []);
  });
});
