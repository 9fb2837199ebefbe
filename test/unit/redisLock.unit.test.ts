import assert from 'node:assert/strict';
import { RedisError } from '../../src/sessions/host/redis';
import { acquireRedisLock } from '../../src/sessions/host/redisLock';
import type { RedisLink } from '../../src/sessions/host/redisLink';
import { redisNames } from '../../src/sessions/host/redisNames';
import { QUESTION_MS, tried } from '../../src/sessions/host/redisQuestion';
import { ACQUIRE, RENEW } from '../../src/sessions/host/redisScripts';
import { FakeClock } from './support/fakeClock';

describe('a question to Redis that is tried again', () => {
  const asked = async (kind: RedisError['kind']) => {
    const clock = new FakeClock();
    let tries = 0;
    let error: unknown;
    void tried(clock, () => {
      // Without a pause the clock of this test would never get to move.
      if (++tries > 10_000) throw new RedisError('refused', 'endless');
      return Promise.reject(new RedisError(kind, 'at once'));
    }).catch((caught: unknown) => (error = caught));
    await clock.until('it is given up', () => error !== undefined);
    return { tries, tookMs: clock.nowMs(), error };
  };

  it('lets time pass between two tries that fail at once, and ends in time', async () => {
    const { tries, tookMs, error } = await asked('unavailable');
    assert.ok(error instanceof RedisError && error.kind === 'unavailable', String(error));
    assert.ok(tries > 2 && tries <= QUESTION_MS / 50 + 1, `${tries} tries`);
    assert.ok(tookMs > 0 && tookMs <= QUESTION_MS, `${tookMs} ms`);
  });

  for (const kind of ['refused', 'closed'] as const)
    it(`is tried once when it is ${kind}`, async () => {
      const { tries, tookMs } = await asked(kind);
      assert.deepEqual({ tries, tookMs }, { tries: 1, tookMs: 0 });
    });
});

describe('a holder that is suspended between its question and the answer', () => {
  it('asks again before it starts, and does not start when another has won meanwhile', async () => {
    const clock = new FakeClock();
    let renewals = 0;
    const connection = {
      shown: 'redis',
      call: () => Promise.reject(new Error('not asked')),
      keys: () => Promise.reject(new Error('not asked')),
      dispose: () => undefined,
      script: (text: string): Promise<unknown> => {
        if (text === ACQUIRE) return Promise.resolve([1, '7']);
        if (text !== RENEW) return Promise.resolve(0);
        if (++renewals > 1) return Promise.resolve(0); // Another has had it.
        // Redis says yes; the process sleeps, and reads the answer a minute later.
        clock.sleep(61_000);
        return Promise.resolve(1);
      },
    };
    const link = {
      ask: (question: (one: typeof connection) => unknown) => question(connection),
    } as unknown as RedisLink;
    const acquired = await acquireRedisLock(
      {
        link,
        names: redisNames('box', 'dev_server_web'),
        token: '1:cheatcode-a-1',
        machineMark: ':cheatcode-a-',
        isRequired: false,
        clock,
        log: {
          trace: () => undefined,
          debug: () => undefined,
          info: () => undefined,
          warn: () => undefined,
          error: () => undefined,
        },
        beforeRelease: () => Promise.resolve(),
        onUnreleased: () => undefined,
      },
      QUESTION_MS,
    );
    assert.ok('permit' in acquired);
    assert.equal(await acquired.permit.mayStart(), false);
    assert.equal(renewals, 2);
    await acquired.permit.release();
    assert.equal(clock.pending, 0);
  });
});
