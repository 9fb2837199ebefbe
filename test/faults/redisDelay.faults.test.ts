import assert from 'node:assert/strict';
import { median } from '../../bench/figures';
import type { RedisSettings } from '../../src/sessions/protocol';
import { freePort } from '../contract/support/hostRig';
import { boxSettings } from './support/redisBox';
import { redisCase, type RedisCase } from './support/redisCase';

/** Starts of each kind; the median counts. */
const TIMES = 3;
/** The promise is 2 s (DESIGN section 7), held by the benchmarks; this is what a busy machine may make of it. */
const SANITY_MS = 4000;

/** How much later a server runs with a Redis that is ill than without one. */
describe('fault 38: a start', () => {
  redisCase(
    'is hardly later with a Redis that is ill, whatever ails it',
    async (c) => {
      const ill = await illnesses(c);
      const took = new Map<string, number[]>([
        ['none', []],
        ...[...ill.keys()].map((key): [string, number[]] => [key, []]),
      ]);
      for (let time = 0; time < TIMES; time++)
        for (const [key, all] of took) all.push(await startMs(c, key, ill.get(key)));
      const plainMs = median(took.get('none') ?? []);
      const later = [...took].map(([key, all]): [string, number] => [key, Math.round(median(all) - plainMs)]);
      console.log(
        `      without Redis ${Math.round(plainMs)} ms; later by ${JSON.stringify(Object.fromEntries(later))} ms`,
      );
      assert.deepEqual(
        later.filter(([, ms]) => ms > SANITY_MS),
        [],
      );
    },
    300_000,
  );
});

async function illnesses(c: RedisCase): Promise<ReadonlyMap<string, RedisSettings>> {
  const [frozen, locked, encrypted, full, master] = await Promise.all([
    c.redis(),
    c.redis({ password: 'geheim' }),
    c.redis({ tls: true }),
    c.redis({ extra: ['--maxmemory', '1', '--maxmemory-policy', 'noeviction'] }),
    c.redis(),
  ]);
  const replica = await c.redis({ replicaOf: master.port });
  frozen.freeze();
  return new Map([
    ['refused', boxSettings(`redis://127.0.0.1:${await freePort()}`)],
    ['silent', boxSettings(frozen.url)],
    ['password', boxSettings(`redis://:other@127.0.0.1:${locked.port}`)],
    ['certificate', boxSettings(encrypted.url)],
    ['full', boxSettings(full.url)],
    ['readOnly', boxSettings(replica.url)],
  ]);
}

/** From the wish to a server that answers, the host being there already. Its host and server are ended. */
async function startMs(c: RedisCase, kind: string, redis: RedisSettings | undefined): Promise<number> {
  const box = await c.box(redis);
  await box.window.connect();
  const beginMs = performance.now();
  await box.start();
  const { acrossMachines } = await box.window.reaches('running');
  const tookMs = performance.now() - beginMs;
  assert.equal(acrossMachines?.code, redis && 'redisUnavailable', kind);
  await c.end(box);
  return tookMs;
}
