import assert from 'node:assert/strict';
import { afterCrash, freshPolicy, type RestartPolicy } from '../../src/sessions/host/restartPolicy';

/** What follows each of some crashes, where the server had been well for so long before. */
function crashes(...healthyMs: number[]): (number | 'giveUp')[] {
  let policy: RestartPolicy = freshPolicy;
  return healthyMs.map((ms) => {
    const after = afterCrash(policy, ms);
    policy = after.policy;
    return after.next === 'giveUp' ? 'giveUp' : after.next.delayMs;
  });
}

describe('the restart policy', () => {
  it('doubles the pause after each crash and gives up at the fifth in a row', () => {
    assert.deepEqual(crashes(0, 0, 0, 0, 0), [1000, 2000, 4000, 8000, 'giveUp']);
  });

  it('begins anew after a healthy minute', () => {
    assert.deepEqual(crashes(0, 0, 0, 0, 60_000), [1000, 2000, 4000, 8000, 1000]);
  });

  it('counts on when the server was well for almost a minute only', () => {
    assert.deepEqual(crashes(59_999, 59_999, 59_999, 59_999, 59_999).at(-1), 'giveUp');
  });

  it('never waits longer than 30 seconds, and always says a number or giveUp', () => {
    for (let before = 0; before < 50; before++) {
      const { next } = afterCrash({ crashes: before }, 0);
      if (next !== 'giveUp') assert.ok(next.delayMs >= 1000 && next.delayMs <= 30_000);
    }
  });

  it('leaves the value that it is given as it is', () => {
    const policy = Object.freeze({ crashes: 2 });
    assert.equal(afterCrash(policy, 0).policy.crashes, 3);
    assert.equal(policy.crashes, 2);
  });
});
