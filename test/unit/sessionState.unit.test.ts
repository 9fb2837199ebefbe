import assert from 'node:assert/strict';
import type { SessionState } from '../../src/sessions/protocol';
import { isActive, transition, type SessionEvent } from '../../src/sessions/sessionState';

const states: readonly SessionState[] = [
  'stopped',
  'waiting',
  'blocked',
  'installing',
  'starting',
  'running',
  'unhealthy',
  'stopping',
  'failed',
];

/** From which states each event leads where; from all others it is illegal. */
const legal: Readonly<Record<SessionEvent['type'], readonly [to: SessionState, from: readonly SessionState[]]>> = {
  begin: ['starting', ['stopped', 'failed', 'blocked', 'waiting']],
  block: ['blocked', ['starting', 'installing', 'blocked', 'waiting']],
  install: ['installing', ['starting', 'installing', 'blocked']],
  launch: ['starting', ['starting', 'installing', 'running', 'unhealthy', 'blocked']],
  answer: ['running', ['starting', 'running', 'unhealthy']],
  adopt: ['running', states.filter((state) => state !== 'stopping')],
  wait: ['waiting', ['starting', 'installing', 'waiting', 'blocked', 'running', 'unhealthy']],
  silence: ['unhealthy', ['running', 'unhealthy']],
  stop: ['stopping', states.filter((state) => state !== 'stopped')],
  end: ['stopped', states],
  fail: ['failed', states.filter((state) => state !== 'stopped' && state !== 'failed')],
};

describe('the life of a session', () => {
  for (const [type, [to, from]] of Object.entries(legal) as [SessionEvent['type'], (typeof legal)['end']][]) {
    for (const state of states) {
      const reason = { code: 'requested' } as const;
      const event = { type, reason } as SessionEvent;
      const before = { state, reason: { code: 'neverStarted' } } as const;
      if (from.includes(state))
        it(`goes from ${state} to ${to} on ${type}, with the reason of the event`, () => {
          assert.deepEqual(transition(before, event), { state: to, reason });
        });
      else
        it(`ignores ${type} while ${state}`, () => {
          assert.equal(transition(before, event), undefined);
        });
    }
  }

  it('can be ended from everywhere, so that no session is stuck', () => {
    for (const state of states)
      assert.equal(
        transition({ state, reason: { code: 'neverStarted' } }, { type: 'end', reason: { code: 'stoppedByUser' } })
          ?.state,
        'stopped',
      );
  });

  it('counts as active unless it is stopped or has failed', () => {
    assert.deepEqual(
      states.filter((state) => !isActive(state)),
      ['stopped', 'failed'],
    );
  });
});
