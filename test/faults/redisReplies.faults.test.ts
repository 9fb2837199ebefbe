import assert from 'node:assert/strict';
import { ACQUIRE, PUBLISH, RELEASE, RENEW } from '../../src/sessions/host/redisScripts';
import { waitFor } from '../contract/support/hostRig';
import type { RedisServer } from '../support/redisServer';
import type { TestMachine } from '../support/machines';
import { boxKeys, boxSettings } from './support/redisBox';
import { redisCase, type RedisCase } from './support/redisCase';
import { RedisProxy } from './support/redisProxy';

/** What a suspended Redis does not show: it was asked for the entry first, and never got the question for the lock. */
describe('fault 40: a reply is lost of what Redis has carried out', () => {
  const rig = async (c: RedisCase) => {
    const redis = await c.redis();
    const proxy = c.ends(await RedisProxy.start(redis.port));
    return { redis, proxy, settings: boxSettings(proxy.url), direct: boxSettings(redis.url) };
  };
  const isWell = (machine: TestMachine) =>
    waitFor('Redis to be back', () => machine.across.warning('dev_server_web') === undefined, 45_000);
  const noLock = (redis: RedisServer) =>
    waitFor('no lock', async () => (await redis.run('EXISTS', boxKeys.lock)) === '0', 20_000);

  for (const loss of ['cut', 'held'] as const) {
    redisCase(`the lock’s, ${loss} once: the second question finds it its own, and wins once`, async (c) => {
      const { redis, proxy, settings, direct } = await rig(c);
      const machine = c.machine('ours', settings);
      await (await machine.permit()).release();
      proxy.lose(ACQUIRE, loss);
      const asking = machine.ask();
      const token = await waitFor('the lock', () => redis.run('GET', boxKeys.lock));
      const fence = await redis.run('GET', boxKeys.fence);
      if (loss === 'held') {
        // Late, but within the time of the question.
        await new Promise((resolve) => setTimeout(resolve, 1100));
        proxy.letGo();
      }
      const answer = await asking;
      assert.equal(proxy.lost, 1);
      assert.ok(answer.kind === 'granted', JSON.stringify(answer));
      assert.equal(String(answer.permit.fence), fence, 'the number of the one win');
      assert.deepEqual([await redis.run('GET', boxKeys.lock), await redis.run('GET', boxKeys.fence)], [token, fence]);
      assert.equal((await c.machine('other', direct).ask()).kind, 'wait');
      await answer.permit.release();
      assert.equal(await redis.run('EXISTS', boxKeys.lock), '0');
    });
  }

  redisCase('the lock’s, held for good: it goes on alone, and the lock goes when Redis is back', async (c) => {
    const { redis, proxy, settings, direct } = await rig(c);
    const machine = c.machine('ours', settings);
    await (await machine.permit()).release();
    proxy.lose(ACQUIRE, 'held', 10);
    const beginMs = performance.now();
    const answer = await machine.ask();
    const tookMs = performance.now() - beginMs;
    assert.ok(answer.kind === 'local' && answer.reason?.code === 'redisUnavailable', JSON.stringify(answer));
    assert.ok(tookMs < 2500, `${tookMs} ms`);
    assert.match(await redis.run('GET', boxKeys.lock), /:cheatcode-/, 'it was carried out');
    proxy.letGo();
    await isWell(machine);
    await noLock(redis);
    assert.equal((await c.machine('other', direct).ask()).kind, 'granted');
  });

  redisCase('the release’s: asked again later, it takes nothing from whoever has won since', async (c) => {
    const { redis, proxy, settings, direct } = await rig(c);
    const machine = c.machine('ours', settings);
    const permit = await machine.permit();
    proxy.lose(RELEASE, 'cut');
    await permit.release();
    assert.equal(proxy.lost, 1);
    assert.equal(await redis.run('EXISTS', boxKeys.lock), '0', 'it was carried out');
    const theirs = '1700000000:task-9';
    assert.equal(await redis.run('SET', boxKeys.lock, theirs, 'NX', 'EX', '60'), 'OK');
    await isWell(machine);
    const asked = await c.machine('other', direct).ask();
    assert.equal(asked.kind, 'wait');
    assert.equal(await redis.run('GET', boxKeys.lock), theirs);
  });

  redisCase('the renewal’s: it may still start, for nobody else can', async (c) => {
    const { redis, proxy, settings, direct } = await rig(c);
    const machine = c.machine('ours', settings);
    const permit = await machine.permit();
    proxy.lose(RENEW, 'cut');
    assert.equal(await permit.mayStart(), true);
    assert.equal(proxy.lost, 1);
    assert.equal((await c.machine('other', direct).ask()).kind, 'wait');
    await permit.release();
    await isWell(machine);
    await noLock(redis);
  });

  redisCase('the entry’s, of a whole host: told again, and the lock is gone', async (c) => {
    const { redis, proxy, settings } = await rig(c);
    const box = await c.box(settings);
    proxy.lose(PUBLISH, 'cut');
    await box.start();
    const { pid } = await box.window.reaches('running');
    await waitFor('a lost reply', () => proxy.lost === 1);
    await box.seesRedisWell();
    await waitFor('its entry', async () => (await redis.run('HGET', boxKeys.entry, 'pid')) === String(pid));
    await noLock(redis);
    assert.deepEqual(await box.servers(), [pid]);
    assert.ok(box.logged(/Redis is away/) <= 1);
  });

  redisCase('the lock’s, of a whole host: it runs all the same, and leaves no lock', async (c) => {
    const { redis, proxy, settings, direct } = await rig(c);
    const box = await c.box(settings);
    proxy.lose(ACQUIRE, 'held', 10);
    await box.start();
    const { pid, acrossMachines } = await box.window.reaches('running');
    assert.ok(proxy.lost > 0);
    assert.equal(acrossMachines?.code, 'redisUnavailable');
    proxy.letGo();
    await box.seesRedisWell();
    await noLock(redis);
    await waitFor('its entry', async () => (await redis.run('EXISTS', boxKeys.entry)) === '1');
    const answer = await c.machine('other', direct).ask();
    assert.equal(answer.kind === 'wait' && answer.reason.code, 'runsElsewhere', JSON.stringify(answer));
    assert.deepEqual(await box.servers(), [pid]);
  });
});
