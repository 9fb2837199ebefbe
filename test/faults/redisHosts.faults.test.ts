import assert from 'node:assert/strict';
import { freePort, isAlive, waitFor } from '../contract/support/hostRig';
import { boxKeys, boxSettings } from './support/redisBox';
import { redisCase } from './support/redisCase';

const id = 'dev_server_web';
/** What an earlier host's reapers and locks may take; far less than the 60 s of a lock that nobody releases. */
const SUCCESSOR_LIMIT_MS = 20_000;
/** Of a stop that waits for no answer of Redis: its own 2 s, and what a busy machine adds. */
const STOP_LIMIT_MS = 6000;

/** What becomes of a host, its starts and its stops while Redis comes and goes. */
describe('a session host whose Redis comes and goes', () => {
  redisCase(
    'fault 40: Redis is suspended while the lock is asked for: no lock of that question is in anybody’s way later',
    async (c) => {
      const redis = await c.redis();
      const box = await c.box(boxSettings(redis.url));
      // Connected and well, so that what is asked next is sent, and carried out when it goes on.
      await box.window.call('useRedis', { redis: boxSettings(redis.url) });
      // The one that asks is a client, too.
      const clients = async () => (await redis.run('CLIENT', 'LIST', 'TYPE', 'normal')).split('\n').length;
      await waitFor('the host to be connected', async () => (await clients()) >= 2);
      redis.freeze();
      await box.start();
      const { acrossMachines, pid } = await box.window.reaches('running');
      assert.equal(acrossMachines?.code, 'redisUnavailable');
      redis.thaw();
      await box.seesRedisWell();
      await waitFor('no lock', async () => (await redis.run('EXISTS', boxKeys.lock)) === '0');
      await waitFor('its entry', async () => (await redis.run('EXISTS', boxKeys.entry)) === '1');
      assert.deepEqual(await box.servers(), [pid]);
      await box.window.call('stop', { sessionId: id });
      // At once, and not after the 60 s of a lock.
      const other = c.machine('other', boxSettings(redis.url));
      await waitFor('no entry', async () => (await redis.run('EXISTS', boxKeys.entry)) === '0');
      assert.equal((await other.ask()).kind, 'granted');
    },
  );

  redisCase(
    'the successor of a host that was killed while it held the lock does not wait for the lock’s time',
    async (c) => {
      const redis = await c.redis();
      const box = await c.box(boxSettings(redis.url));
      await box.startSlowly(30);
      await waitFor('the lock', async () => (await redis.run('EXISTS', boxKeys.lock)) === '1');
      const first = await redis.run('GET', boxKeys.lock);
      const { host } = box;
      await box.window.kill();
      process.kill(host, 'SIGKILL');
      await waitFor('the host to be gone', () => !isAlive(host));
      assert.equal(await redis.run('GET', boxKeys.lock), first, 'nobody has released it');
      const beginMs = performance.now();
      box.open();
      await box.start();
      await box.window.reaches('running', undefined, SUCCESSOR_LIMIT_MS);
      console.log(`      after ${Math.round(performance.now() - beginMs)} ms`);
      assert.equal((await box.servers()).length, 1);
      await waitFor('the lock to be free', async () => (await redis.run('EXISTS', boxKeys.lock)) === '0');
      assert.ok(box.logged(/the Redis lock is ours/) >= 2);
    },
  );

  redisCase('a stop is answered while Redis is suspended, and so is one while a start asks it', async (c) => {
    const redis = await c.redis();
    const box = await c.box(boxSettings(redis.url));
    await box.start();
    await box.window.reaches('running');
    await waitFor('its entry', async () => (await redis.run('EXISTS', boxKeys.entry)) === '1');
    redis.freeze();
    const stopping = performance.now();
    assert.equal((await box.window.call('stop', { sessionId: id })).state, 'stopped');
    const stopMs = performance.now() - stopping;
    assert.ok(stopMs < STOP_LIMIT_MS, `${stopMs} ms`);
    redis.thaw();
    await waitFor('no entry', async () => (await redis.run('EXISTS', boxKeys.entry)) === '0', 45_000);

    redis.freeze();
    await box.start();
    const early = performance.now();
    assert.equal((await box.window.call('stop', { sessionId: id })).state, 'stopped');
    const earlyMs = performance.now() - early;
    assert.ok(earlyMs < STOP_LIMIT_MS, `${earlyMs} ms`);
    console.log(`      ${Math.round(stopMs)} ms and ${Math.round(earlyMs)} ms`);
    assert.deepEqual(await box.servers(), []);
    redis.thaw();
    await waitFor('no lock', async () => (await redis.run('EXISTS', boxKeys.lock)) === '0', 45_000);
  });

  redisCase('a host that is told to end waits no longer than 2 s for a suspended Redis', async (c) => {
    const redis = await c.redis();
    const box = await c.box(boxSettings(redis.url));
    await box.start();
    await box.window.reaches('running');
    await waitFor('its entry', async () => (await redis.run('EXISTS', boxKeys.entry)) === '1');
    const { host } = box;
    await box.window.close();
    redis.freeze();
    const beginMs = performance.now();
    process.kill(host, 'SIGTERM');
    await waitFor('the host to be gone', () => !isAlive(host), 15_000);
    const tookMs = performance.now() - beginMs;
    console.log(`      ${Math.round(tookMs)} ms`);
    assert.ok(tookMs < STOP_LIMIT_MS, `${tookMs} ms`);
    assert.deepEqual(await box.servers(), []);
  });

  redisCase(
    'required, and gone while a server runs: it runs on; after a crash it waits for Redis and is started',
    async (c) => {
      const port = await freePort();
      const redis = await c.redis({ port });
      const box = await c.box(boxSettings(redis.url, { required: true }));
      await box.start();
      const { pid = 0 } = await box.window.reaches('running');
      await waitFor('its entry', async () => (await redis.run('EXISTS', boxKeys.entry)) === '1');
      await redis.stop();
      await box.window.sees('warned', ({ acrossMachines }) => acrossMachines?.code === 'redisUnavailable', 60_000);
      assert.ok(isAlive(pid) && box.window.session?.pid === pid, 'it was not touched');
      process.kill(pid, 'SIGKILL');
      await box.window.reaches('blocked', 'redisUnavailable');
      assert.deepEqual(await box.servers(), []);
      await c.redis({ port });
      const again = await box.window.reaches('running', undefined, 45_000);
      assert.notEqual(again.pid, pid);
    },
  );

  redisCase(
    'fault 38: Redis that comes and goes five times: one warning each, the same server, its entry in the end',
    async (c) => {
      const port = await freePort();
      let redis = await c.redis({ port });
      const box = await c.box(boxSettings(redis.url));
      await box.start();
      const { pid } = await box.window.reaches('running');
      for (let times = 1; times <= 5; times++) {
        await redis.stop();
        await box.window.sees('warned', ({ acrossMachines }) => acrossMachines !== undefined, 60_000);
        redis = await c.redis({ port });
        await box.seesRedisWell();
        await waitFor('its entry', async () => (await redis.run('EXISTS', boxKeys.entry)) === '1');
        assert.deepEqual([box.logged(/Redis is away/), box.logged(/Redis is back/)], [times, times]);
      }
      assert.deepEqual(await box.servers(), [pid]);
      assert.equal(box.window.session?.crashes, 0);
    },
    240_000, // Whoever comes and goes is asked less and less often.
  );

  redisCase(
    'fault 38: Redis that goes away between the lock and the spawn: one server, no lock left behind',
    async (c) => {
      const redis = await c.redis();
      const box = await c.box(boxSettings(redis.url));
      await box.startSlowly(4);
      await waitFor('the lock', async () => (await redis.run('EXISTS', boxKeys.lock)) === '1');
      redis.freeze();
      const { pid } = await box.window.reaches('running');
      redis.thaw();
      await box.seesRedisWell();
      await waitFor('no lock', async () => (await redis.run('EXISTS', boxKeys.lock)) === '0');
      await waitFor('its entry', async () => (await redis.run('EXISTS', boxKeys.entry)) === '1');
      assert.deepEqual(await box.servers(), [pid]);
    },
  );
});
