import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { freePort, isAlive, waitFor } from '../contract/support/hostRig';
import { inOwnNetwork } from '../hosts/lanes.mjs';
import type { LaunchSpec } from '../../src/sessions/protocol';
import { TestMachine } from '../support/machines';
import { RedisServer } from '../support/redisServer';
import { skipBecause } from '../support/skip';
import { boxKeys, boxSettings, RedisBox } from './support/redisBox';

const { lock: LOCK, entry: ENTRY } = boxKeys;
const PASSWORD = 'geheim-4711';
const delay = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('the agreement of machines, and what can go wrong with it', function () {
  this.timeout(120_000);
  const boxes: RedisBox[] = [];
  const servers: RedisServer[] = [];
  const box = async (...of: Parameters<typeof RedisBox.make>): Promise<RedisBox> => {
    const made = await RedisBox.make(...of);
    boxes.push(made);
    return made;
  };
  const redisServer = async (options: Parameters<typeof RedisServer.start>[0] = {}): Promise<RedisServer> => {
    const server = await RedisServer.start(options);
    servers.push(server);
    return server;
  };
  afterEach(async function () {
    if (this.currentTest?.state === 'failed')
      for (const one of boxes.slice(0, 3)) console.log(one.window.describe(), one.hostLog());
    for (const server of servers) server.thaw();
    await Promise.all(boxes.splice(0).map((one) => one.dispose()));
    await Promise.all(servers.splice(0).map((server) => server.stop()));
  });

  it('fault 41: waits while the backend starts it, and shows that server as its own, started elsewhere', async () => {
    const redis = await redisServer();
    const one = await box(boxSettings(redis.url));
    await redis.run('SET', LOCK, '1700000000:task-1', 'NX', 'EX', '60');
    await one.start();
    const waiting = await one.window.reaches('waiting', 'startingElsewhere');
    assert.equal(waiting.reason.facts?.['owner'], 'task-1');
    assert.deepEqual(await one.servers(), []);
    const backends = spawn('node', ['server.mjs'], {
      cwd: one.appFolder,
      env: { ...process.env, PORT: String(one.port), BOX: one.folder },
      stdio: 'ignore',
    });
    try {
      const { adopted, port } = await one.window.reaches('running');
      assert.deepEqual([adopted, port], [true, one.port]);
      assert.deepEqual(await one.servers(), [backends.pid]);
    } finally {
      const gone = once(backends, 'exit');
      backends.kill('SIGKILL');
      await gone;
    }
  });

  it('starts once on twenty machines, the others say where it runs, and one takes over when the holder dies', async function () {
    this.timeout(300_000);
    if (process.getuid?.() !== 0) skipBecause(this, 'only root can make a network namespace');
    const redis = await redisServer();
    // Redis's Unix socket crosses the networks; its own loopback is all that each of them has.
    const settings = boxSettings(`unix://${redis.socket}`);
    const all = await Promise.all(
      Array.from({ length: 20 }, () => box(settings, { wrapper: inOwnNetwork, port: 3000 })),
    );
    let peak = 0;
    let isWatching = true;
    const look = async () => {
      const { length } = (await Promise.all(all.map((one) => one.servers()))).flat();
      peak = Math.max(peak, length);
      return length;
    };
    const watching = (async () => {
      while (isWatching) {
        await look();
        await delay(100);
      }
    })();
    try {
      await Promise.all(all.map((one) => one.start()));
      const runs = () => all.filter(({ window }) => window.session?.state === 'running');
      const waits = () => all.filter(({ window }) => window.session?.reason.code === 'runsElsewhere');
      const states = () =>
        all.map(({ window }) => `${window.session?.state} ${window.session?.reason.code}`).join(', ');
      await waitFor(
        'one to run, and nineteen to wait',
        () => runs().length === 1 && waits().length === 19,
        90_000,
        states,
      );
      const [holder] = runs();
      assert.ok(holder);
      for (const one of waits()) assert.equal(one.window.session?.reason.facts?.['url'], 'http://localhost:3000');
      // Whoever watches may be slower than all this, where twenty machines are two cores.
      assert.equal(await look(), 1, 'servers while one runs');

      const beginMs = performance.now();
      await holder.window.kill();
      process.kill(holder.window.hostPid ?? 0, 'SIGKILL');
      // The lock's time is over after 60 s at most; what comes on top is the machine's, with forty processes on it.
      await waitFor('another to run', () => runs().some((one) => one !== holder), 120_000, states);
      const tookMs = performance.now() - beginMs;
      console.log(`      taken over after ${(tookMs / 1000).toFixed(1)} s`);
      const heirs = runs().filter((one) => one !== holder);
      assert.equal(heirs.length, 1);
      await waitFor('eighteen to wait', () => waits().length === 18, 30_000, states);
      assert.equal(await look(), 1, 'servers after it was taken over');
      assert.equal(peak, 1, 'servers at one moment');
    } finally {
      isWatching = false;
      await watching;
    }
  });

  describe('fault 38: Redis', () => {
    /** Runs all the same, soon, says what is missing, and warns once. */
    const runsAlone = async (one: RedisBox, of: Partial<LaunchSpec> = {}) => {
      const beginMs = performance.now();
      await one.start(of);
      const { acrossMachines } = await one.window.sees(
        'running without Redis',
        (session) => session.state === 'running' && session.acrossMachines !== undefined,
      );
      assert.equal(acrossMachines?.code, 'redisUnavailable');
      const warnings = one.hostLog().match(/Redis (?:is away|can not be used)/g) ?? [];
      assert.equal(warnings.length, 1, 'warnings in the log');
      return { tookMs: performance.now() - beginMs, detail: String(acrossMachines.facts?.['detail']) };
    };
    const heals = async (one: RedisBox, redis: RedisServer) => {
      await one.window.sees('well', (session) => session.acrossMachines === undefined, 45_000);
      await waitFor('its entry', async () => (await redis.run('EXISTS', ENTRY)) === '1');
    };

    it('that is not there: it starts at most 2 s later than without, and is told when Redis comes', async () => {
      const plain = await box();
      const beginMs = performance.now();
      await plain.start();
      await plain.window.reaches('running');
      const plainMs = performance.now() - beginMs;
      const port = await freePort();
      const one = await box(boxSettings(`redis://127.0.0.1:${port}`));
      await one.window.connect();
      const { tookMs } = await runsAlone(one);
      console.log(`      ${Math.round(tookMs)} ms, without Redis ${Math.round(plainMs)} ms`);
      assert.ok(tookMs - plainMs < 4000, `${tookMs} ms against ${plainMs} ms`);
      await heals(one, await redisServer({ port }));
    });

    it('that accepts and never answers', async () => {
      const redis = await redisServer();
      redis.freeze();
      const one = await box(boxSettings(redis.url));
      await runsAlone(one);
      redis.thaw();
      await heals(one, redis);
    });

    it('that pauses all clients for 30 s', async () => {
      const redis = await redisServer();
      await redis.run('CLIENT', 'PAUSE', '30000', 'ALL');
      const one = await box(boxSettings(redis.url));
      await runsAlone(one);
      await one.window.sees('well', (session) => session.acrossMachines === undefined, 60_000);
    });

    it('that is a replica and takes nothing', async () => {
      const master = await redisServer();
      const replica = await redisServer({ replicaOf: master.port });
      await waitFor('the replica', async () => (await replica.run('INFO', 'replication')).includes('link_status:up'));
      const one = await box(boxSettings(replica.url));
      const { detail } = await runsAlone(one);
      assert.match(detail, /READONLY/);
      await replica.run('REPLICAOF', 'NO', 'ONE');
      await heals(one, replica);
    });

    it('whose password is another: neither of them is written anywhere', async () => {
      const redis = await redisServer({ password: PASSWORD });
      const one = await box(boxSettings(`redis://:wrong-${PASSWORD}@127.0.0.1:${redis.port}`));
      const { detail } = await runsAlone(one);
      assert.match(detail, /WRONGPASS|NOAUTH/);
      const other = await box(boxSettings(redis.url));
      await other.start();
      await other.window.reaches('running');
      await waitFor('its entry', async () => (await redis.run('EXISTS', ENTRY)) === '1');
      for (const each of [one, other]) assert.deepEqual(await each.placesOf(PASSWORD), []);
    });

    it('whose certificate nobody believes, and is believed with its authority', async () => {
      const redis = await redisServer({ tls: true });
      const one = await box(boxSettings(redis.url));
      const { detail } = await runsAlone(one);
      assert.match(detail, /certificate/);
      await one.window.call('useRedis', { redis: boxSettings(redis.url, { ca: redis.ca ?? '' }) });
      await heals(one, redis);
    });

    it('whose memory is full', async () => {
      const redis = await redisServer({ extra: ['--maxmemory', '1', '--maxmemory-policy', 'noeviction'] });
      const one = await box(boxSettings(redis.url));
      const { detail } = await runsAlone(one);
      assert.match(detail, /OOM/);
      await redis.run('CONFIG', 'SET', 'maxmemory', '0');
      await heals(one, redis);
    });

    it('that is slow by half a second is waited for', async () => {
      const redis = await redisServer();
      const slow = await slowProxy(redis.port, 500);
      try {
        const one = await box(boxSettings(`redis://127.0.0.1:${slow.port}`));
        await one.window.connect();
        await delay(2000); // The connection itself takes its time, once.
        await one.start();
        const { acrossMachines } = await one.window.reaches('running');
        assert.equal(acrossMachines, undefined);
        await waitFor('its entry', async () => (await redis.run('EXISTS', ENTRY)) === '1');
        assert.match(one.hostLog(), /the Redis lock is ours/);
      } finally {
        slow.close();
      }
    });

    it('that is killed while a start is on its way, and comes back empty', async () => {
      const redis = await redisServer();
      const one = await box(boxSettings(redis.url));
      await one.start({ command: ['sh', '-c', 'sleep 3; exec node server.mjs'] });
      await waitFor('the lock', async () => (await redis.run('EXISTS', LOCK)) === '1');
      const { port } = redis;
      await redis.stop();
      const { pid } = await one.window.reaches('running');
      const again = await redisServer({ port });
      await heals(one, again);
      assert.equal(one.window.session?.pid, pid);
    });

    it('that is required: nothing starts without it, and it starts by itself when Redis comes', async () => {
      const port = await freePort();
      const one = await box(boxSettings(`redis://127.0.0.1:${port}`, { required: true }));
      await one.start();
      await one.window.reaches('blocked', 'redisUnavailable');
      assert.deepEqual(await one.servers(), []);
      await redisServer({ port });
      await one.window.reaches('running', undefined, 45_000);
    });
  });

  it('fault 39: a server runs on, untouched, when Redis loses its keys, and the registry is full again', async () => {
    const redis = await redisServer();
    const one = await box(boxSettings(redis.url));
    await one.start();
    const { pid } = await one.window.reaches('running');
    await redis.run('FLUSHALL');
    await waitFor('its entry', async () => (await redis.run('EXISTS', ENTRY)) === '1');
    assert.equal(one.window.session?.pid, pid);
    assert.ok(isAlive(pid ?? 0));
  });

  it('does not start after it was suspended past the time of its lock and another has won meanwhile', async () => {
    const redis = await redisServer();
    const one = await box(boxSettings(redis.url));
    // A slow tool is installed after the lock was won, and before anything is spawned.
    await one.start({
      requiredTool: { packageName: 'no-such-tool', minVersion: '1.0.0', install: ['sleep', '4'] },
    });
    await waitFor('the lock', async () => (await redis.run('EXISTS', LOCK)) === '1');
    const host = one.window.hostPid ?? 0;
    process.kill(host, 'SIGSTOP');
    try {
      await redis.run('DEL', LOCK); // In the name of the 60 s that have passed.
      const other = new TestMachine('other', { url: redis.url });
      await (await other.permit()).release();
      other.tell('running');
      await waitFor('the other’s entry', async () => (await redis.run('EXISTS', ENTRY)) === '1');
      process.kill(host, 'SIGCONT');
      const { reason } = await one.window.reaches('waiting', 'runsElsewhere');
      assert.equal(reason.facts?.['machine'], 'other');
      assert.deepEqual(await one.servers(), []);
      assert.match(one.hostLog(), /another machine has overtaken this start/);
      await other.across.close();
    } finally {
      process.kill(host, 'SIGCONT');
    }
  });

  it('keeps its lock by renewal while a start lasts longer than the lock’s time', async () => {
    const redis = await redisServer();
    const one = await box(boxSettings(redis.url));
    await one.start({ requiredTool: { packageName: 'no-such-tool', minVersion: '1.0.0', install: ['sleep', '70'] } });
    await waitFor('the lock', async () => (await redis.run('EXISTS', LOCK)) === '1');
    const value = await redis.run('GET', LOCK);
    let least = 60;
    await waitFor(
      'the end of the start',
      async () => {
        const seconds = Number(await redis.run('TTL', LOCK));
        if (one.window.session?.state === 'running') return true;
        least = Math.min(least, seconds);
        return false;
      },
      100_000,
    );
    assert.match(value, /^\d+:cheatcode-/);
    // Renewed each 20 s, with some time for a busy machine.
    assert.ok(least >= 30, `the lock had ${least} s left at the least`);
  });
});

/** Passes bytes on after a while, in both directions. */
async function slowProxy(to: number, delayMs: number): Promise<{ readonly port: number; close(): void }> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((near) => {
    const far = net.connect(to, '127.0.0.1');
    for (const [from, into] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('data', (data) => setTimeout(() => into.write(data), delayMs / 2));
      from.on('error', () => into.destroy());
      from.on('close', () => into.destroy());
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as net.AddressInfo).port,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
