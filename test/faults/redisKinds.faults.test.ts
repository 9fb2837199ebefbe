import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { isAlive, waitFor } from '../contract/support/hostRig';
import { RedisCluster, SentinelGroup } from '../support/redisGroups';
import { boxKeys, boxSettings } from './support/redisBox';
import { redisCase } from './support/redisCase';

const PASSWORD = 'geheim-0815';
/** A failover is noticed, voted on and told within this. */
const FAILOVER_LIMIT_MS = 60_000;

/** Kinds of Redis other than one plain server on a port, and what each of them can lose. */
describe('machines agree over', () => {
  redisCase('fault 39: a master that dies behind Sentinels: the server runs on, and the replica is told', async (c) => {
    const group = c.ends(await SentinelGroup.start(3));
    const box = await c.box(boxSettings(group.url));
    await box.start();
    const { pid = 0 } = await box.window.reaches('running');
    await waitFor('its entry', async () => (await group.master.run('EXISTS', boxKeys.entry)) === '1');

    await group.failOver();
    // The entry was lost with the master: as if its replica had not had it yet.
    await group.replica.run('DEL', boxKeys.entry);
    await waitFor(
      'its entry at the new master',
      async () => (await group.replica.run('EXISTS', boxKeys.entry)) === '1',
      FAILOVER_LIMIT_MS,
    );
    await box.seesRedisWell();
    assert.deepEqual(await box.servers(), [pid], 'the same server, and one');

    const other = c.machine('other', boxSettings(group.url));
    const answer = await other.ask();
    assert.equal(answer.kind === 'wait' && answer.reason.code, 'runsElsewhere', JSON.stringify(answer));
  });

  redisCase(
    'fault 39: a replica that takes over without the lock: who has won there starts, and we do not',
    async (c) => {
      const group = c.ends(await SentinelGroup.start());
      const box = await c.box(boxSettings(group.url));
      await box.startSlowly(14);
      await waitFor('the lock', async () => (await group.master.run('EXISTS', boxKeys.lock)) === '1');
      const host = box.host;
      // Nothing may be repaired before the other has won.
      process.kill(host, 'SIGSTOP');
      try {
        await group.failOver();
        await group.replica.run('DEL', boxKeys.lock, boxKeys.fence);
        const other = c.machine('other', boxSettings(`redis://127.0.0.1:${group.replica.port}`));
        await (await other.permit()).release();
        other.tell('running');
        await waitFor('the other’s entry', async () => (await group.replica.run('EXISTS', boxKeys.entry)) === '1');
      } finally {
        process.kill(host, 'SIGCONT');
      }
      const { reason } = await box.window.reaches('waiting', 'runsElsewhere', FAILOVER_LIMIT_MS);
      assert.equal(reason.facts?.['machine'], 'other');
      assert.deepEqual(await box.servers(), []);
    },
  );

  redisCase('a cluster: lock, fence and entry wherever they lie, and one start of two machines', async (c) => {
    const cluster = c.ends(await RedisCluster.start());
    assert.equal(await cluster.nodeOf(boxKeys.lock), await cluster.nodeOf(boxKeys.fence), 'one slot for each script');
    const [one, other] = [await c.box(boxSettings(cluster.url)), await c.box(boxSettings(cluster.url))];
    await one.start();
    await one.window.reaches('running');
    assert.equal(one.logged(/the Redis lock is ours/), 1);
    await waitFor('its entry', async () => (await cluster.run('EXISTS', boxKeys.entry)) === '1');
    await waitFor('the lock to be free', async () => (await cluster.run('EXISTS', boxKeys.lock)) === '0');

    await other.start();
    const { reason } = await other.window.reaches('waiting', 'runsElsewhere');
    assert.equal(reason.facts?.['url'], one.window.session?.url);
    await one.window.call('stop', { sessionId: 'dev_server_web' });
    await other.window.reaches('running');
    assert.deepEqual([(await one.servers()).length, (await other.servers()).length], [0, 1]);
  });

  redisCase('a cluster, of a sandbox whose id has braces: lock and fence are in one slot of it', async (c) => {
    const cluster = c.ends(await RedisCluster.start());
    for (const sandboxId of ['x{box}y', 'a{b']) {
      const machine = c.machine('one', boxSettings(cluster.url, { sandboxId }));
      await (await machine.permit()).release();
      machine.tell('running');
      const entry = `dev_server_session:${sandboxId}:web`;
      await waitFor(`the entry of ${sandboxId}`, async () => (await cluster.run('EXISTS', entry)) === '1');
    }
  });

  for (const [name, start] of [
    ['Sentinels', () => SentinelGroup.start(1, { tls: true })],
    ['a cluster', () => RedisCluster.start({ tls: true })],
  ] as const)
    redisCase(`${name} that speak TLS alone, believed with their authority and not without it`, async (c) => {
      const group = c.ends(await start());
      assert.match(group.url, /^rediss-/);
      const box = await c.box(boxSettings(group.url));
      await box.start();
      const { acrossMachines } = await box.window.sees(
        'running with a warning',
        (session) => session.state === 'running' && session.acrossMachines !== undefined,
      );
      assert.equal(acrossMachines?.code, 'redisUnavailable');
      await box.window.call('useRedis', { redis: boxSettings(group.url, { ca: group.ca ?? '' }) });
      await box.seesRedisWell();
      const other = c.machine('other', boxSettings(group.url, { ca: group.ca ?? '' }));
      await waitFor('its entry', async () => {
        const answer = await other.ask();
        return answer.kind === 'wait' && answer.reason.code === 'runsElsewhere';
      });
    });

  redisCase('fault 39: a cluster that loses the node of the lock: the server runs on, with a warning', async (c) => {
    const cluster = c.ends(await RedisCluster.start());
    const box = await c.box(boxSettings(cluster.url));
    await box.start();
    const { pid = 0 } = await box.window.reaches('running');
    await waitFor('its entry', async () => (await cluster.run('EXISTS', boxKeys.entry)) === '1');
    const node = await cluster.nodeOf(boxKeys.entry);
    node.freeze();
    const ill = await box.window.sees('warned', (session) => session.acrossMachines !== undefined, 60_000);
    assert.equal(ill.acrossMachines?.code, 'redisUnavailable');
    assert.ok(isAlive(pid));
    node.thaw();
    await box.seesRedisWell(60_000);
    await waitFor('its entry', async () => (await node.run('EXISTS', boxKeys.entry)) === '1');
    assert.deepEqual(await box.servers(), [pid]);
    assert.equal(box.window.session?.pid, pid);
  });

  redisCase(
    'a user of its own that may touch our keys alone, as Redis 7 makes one: all works but the events',
    async (c) => {
      const redis = await c.redis();
      const hash = createHash('sha256').update(PASSWORD).digest('hex');
      // No channel is given: since Redis 7 that means none.
      await redis.run('ACL', 'SETUSER', 'dev', 'on', `#${hash}`, 'resetchannels', '~dev_server_*', '+@all');
      const box = await c.box(boxSettings(`redis://dev:${PASSWORD}@127.0.0.1:${redis.port}`));
      await box.start();
      await box.window.reaches('running');
      await waitFor('its entry', async () => (await redis.run('HGET', boxKeys.entry, 'state')) === 'running');
      const { pid } = await box.window.sees('probed again', ({ lastProbe }) => lastProbe !== undefined);
      await redis.run('PEXPIRE', boxKeys.entry, '50000');
      await waitFor('a renewal', async () => Number(await redis.run('PTTL', boxKeys.entry)) > 50_000);
      assert.equal(box.logged(/Redis is away/), 0);
      assert.deepEqual(await box.servers(), [pid]);
      assert.deepEqual(await box.placesOf(PASSWORD), []);
    },
  );

  redisCase(
    'a user that may run no scripts: one warning, however often Redis is asked whether it is well',
    async (c) => {
      const redis = await c.redis();
      const hash = createHash('sha256').update(PASSWORD).digest('hex');
      await redis.run('ACL', 'SETUSER', 'dev', 'on', `#${hash}`, 'allchannels', '~*', '+@all', '-@scripting');
      const box = await c.box(boxSettings(`redis://dev:${PASSWORD}@127.0.0.1:${redis.port}`));
      await box.start();
      const { acrossMachines } = await box.window.sees(
        'running with a warning',
        (session) => session.state === 'running' && session.acrossMachines !== undefined,
      );
      assert.match(String(acrossMachines?.facts?.['detail']), /NOPERM|permission/);
      // Whatever it is asked by: a plain command works, and a script is refused.
      const looks = /cmdstat_(?:set:calls=(\d+)|eval:.*rejected_calls=(\d+))/g;
      await waitFor(
        'three looks at it',
        async () => {
          const stats = await redis.run('INFO', 'commandstats');
          return [...stats.matchAll(looks)].reduce((sum, [, set, rejected]) => sum + Number(set ?? rejected), 0) > 3;
        },
        45_000,
      );
      assert.equal(box.logged(/Redis is away/), 1, 'warnings');
      assert.deepEqual(await box.placesOf(PASSWORD), []);
    },
  );

  redisCase('a socket with a password, and another database: nothing of the password is written', async (c) => {
    const redis = await c.redis({ password: PASSWORD });
    const box = await c.box(boxSettings(`redis+unix://:${PASSWORD}@${redis.socket}?db=3`));
    await box.start();
    const { acrossMachines } = await box.window.reaches('running');
    assert.equal(acrossMachines, undefined);
    await waitFor('its entry', async () => (await redis.run('-n', '3', 'EXISTS', boxKeys.entry)) === '1');
    assert.equal(await redis.run('-n', '0', 'DBSIZE'), '0');
    assert.deepEqual(await box.placesOf(PASSWORD), []);
  });
});
