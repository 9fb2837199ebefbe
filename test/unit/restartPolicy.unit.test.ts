import assert from 'node:assert/strict';
import { afterCrash, freshPolicy, type RestartPolicy } from '../../src/sessions/host/restartPolicy';

/** What follows each of some crashes; `true` is one after a healthy minute. */
function crashes(...hadHealthyMinute: boolean[]): (number | 'giveUp')[] {
  let policy: RestartPolicy = freshPolicy;
  return hadHealthyMinute.map((had) => {
    const after = afterCrash(policy, had);
    policy = after.policy;
    return after.next === 'giveUp' ? 'giveUp' : after.next.delayMs;
  });
}

describe('the restart policy', () => {
  it('doubles the pause after each crash and gives up at the fifth in a row', () => {
    assert.deepEqual(crashes(false, false, false, false, false), [1000, 2000, 4000, 8000, 'giveUp']);
  });

  it('begins anew after a healthy minute', () => {
    assert.deepEqual(crashes(false, false, false, false, true), [1000, 2000, 4000, 8000, 1000]);
  });

  it('never waits longer than 30 seconds, and always says a number or giveUp', () => {
    for (let before = 0; before < 50; before++) {
      const { next } = afterCrash({ crashes: before }, false);
      if (next !== 'giveUp') assert.ok(next.delayMs >= 1000 && next.delayMs <= 30_000);
    }
  });

  it('leaves the value that it is given as it is', () => {
    const policy = Object.freeze({ crashes: 2 });
    assert.equal(afterCrash(policy, false).policy.crashes, 3);
    assert.equal(policy.crashes, 2);
  });
});
