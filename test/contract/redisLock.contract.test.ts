import assert from 'node:assert/strict';
import { systemClock } from '../../src/sessions/clock';
import { RedisError } from '../../src/sessions/host/redis';
import { connectRedis } from '../../src/sessions/host/redisConnection';
import { tried } from '../../src/sessions/host/redisQuestion';
import { RENEW } from '../../src/sessions/host/redisScripts';
import { RedisServer } from '../support/redisServer';
import { TestMachine } from '../support/machines';
import { waitUntil } from './support/waitUntil';

const LOCK = 'dev_server_start:box:web';
const FENCE = 'dev_server_fence:{dev_server_start:box:web}';
const ENTRY = 'dev_server_session:box:web';

describe('the agreement of machines over a real Redis', function () {
  this.timeout(60_000);
  let redis: RedisServer;
  const machines: TestMachine[] = [];
  const machine = (name: string, of: { readonly url?: string; readonly required?: boolean } = {}, id?: string) => {
    const made = new TestMachine(name, { url: redis.url, ...of }, id);
    machines.push(made);
    return made;
  };
  before(async () => {
    redis = await RedisServer.start();
  });
  beforeEach(() => redis.run('FLUSHALL'));
  afterEach(async () => {
    await Promise.all(machines.splice(0).map(({ across }) => across.close()));
  });
  after(() => redis.stop());

  describe('its lock', () => {
    it('is the backend’s key with a value of its form, for 60 seconds', async () => {
      const a = machine('a', {}, 'aaaa');
      await a.permit();
      assert.match(await redis.run('GET', LOCK), /^\d{13}:cheatcode-aaaa-[0-9a-f]{16}$/);
      const ttl = Number(await redis.run('TTL', LOCK));
      assert.ok(ttl > 55 && ttl <= 60, `${ttl} s`);
    });

    it('is one machine’s, and the other is told that it is being started', async () => {
      const [a, b] = [machine('a'), machine('b')];
      const permit = await a.permit();
      const answer = await b.ask();
      assert.deepEqual(answer.kind === 'wait' && answer.reason.code, 'startingElsewhere');
      await permit.release();
      assert.equal(await redis.run('EXISTS', LOCK), '0');
      assert.equal((await b.ask()).kind, 'granted');
    });

    it('names the backend’s task that holds it, and leaves it alone', async () => {
      await redis.run('SET', LOCK, '1700000000:task-7', 'NX', 'EX', '60');
      const answer = await machine('a').ask();
      assert.deepEqual(answer.kind === 'wait' && answer.reason, {
        code: 'startingElsewhere',
        facts: { owner: 'task-7' },
      });
      assert.equal(await redis.run('GET', LOCK), '1700000000:task-7');
    });

    it('is released only if it is still its own', async () => {
      const permit = await machine('a').permit();
      await redis.run('SET', LOCK, '1700000000:task-7');
      await permit.release();
      assert.equal(await redis.run('GET', LOCK), '1700000000:task-7');
    });

    it('raises the fence with each win, also after Redis has lost everything', async () => {
      const a = machine('a');
      const first = await a.permit();
      await first.release();
      const second = await a.permit();
      await second.release();
      await redis.run('FLUSHALL');
      const third = await a.permit();
      assert.ok(
        first.fence < second.fence && second.fence < third.fence,
        [first, second, third].map((p) => p.fence).join(),
      );
      assert.equal(await redis.run('GET', FENCE), String(third.fence));
    });

    it('is taken over from a dead predecessor of the same machine, and from no other', async () => {
      const dead = machine('a', {}, 'cccc');
      const before = await dead.permit();
      assert.equal((await machine('other', {}, 'dddd').ask()).kind, 'wait');
      const successor = await machine('a', {}, 'cccc').permit();
      assert.ok(successor.fence > before.fence);
      assert.equal(await before.mayStart(), false, 'the predecessor, should it live after all');
    });

    it('is kept when it only vanished, and is lost to whoever won meanwhile', async () => {
      const [a, b] = [machine('a'), machine('b')];
      const permit = await a.permit();
      await redis.run('FLUSHALL');
      assert.equal(await permit.mayStart(), true);
      assert.equal(await redis.run('EXISTS', LOCK, FENCE), '2');
      // Its time has run out, another has won, started and released.
      await redis.run('DEL', LOCK);
      const other = await b.permit();
      await other.release();
      assert.equal(await redis.run('EXISTS', LOCK), '0');
      assert.equal(await permit.mayStart(), false);
      await permit.release();
    });

    it('is not kept against the backend that took it meanwhile', async () => {
      const permit = await machine('a').permit();
      await redis.run('DEL', LOCK);
      await redis.run('SET', LOCK, '1700000000:task-8', 'NX', 'EX', '60');
      assert.equal(await permit.mayStart(), false);
      await permit.release();
      assert.equal(await redis.run('GET', LOCK), '1700000000:task-8');
    });

    it('is not taken again by a renewal that arrives behind the release', async () => {
      const permit = await machine('a').permit();
      const token = await redis.run('GET', LOCK);
      await permit.release();
      const late = ['EVAL', RENEW, '2', LOCK, FENCE, token, String(permit.fence), '60', '1000'];
      assert.equal(await redis.run(...late), '0');
      assert.equal(await redis.run('EXISTS', LOCK), '0');
      const next = await machine('b').permit();
      assert.ok(next.fence > permit.fence);
    });

    it('is released, and its number raised, also while the memory of Redis is full', async () => {
      const permit = await machine('a').permit();
      await redis.run('CONFIG', 'SET', 'maxmemory', '1');
      try {
        assert.match(await redis.run('SET', 'other', '1'), /^OOM/);
        await permit.release();
        assert.equal(await redis.run('EXISTS', LOCK), '0');
        assert.ok(Number(await redis.run('GET', FENCE)) > permit.fence);
      } finally {
        await redis.run('CONFIG', 'SET', 'maxmemory', '0');
      }
    });

    it('is not trusted after the whole machine slept past its time, where Redis is required and away', async () => {
      let sleptMs = 0;
      const clock = { ...systemClock, wallMs: () => Date.now() + sleptMs };
      const a = new TestMachine('a', { url: redis.url, required: true }, undefined, clock);
      machines.push(a);
      const permit = await a.permit();
      redis.freeze();
      try {
        assert.equal(await permit.mayStart(), true, 'nobody else can have it yet');
        sleptMs = 61_000;
        assert.equal(await permit.mayStart(), false);
      } finally {
        redis.thaw();
      }
    });

    it('is one machine’s of twenty that ask at once', async () => {
      const all = Array.from({ length: 20 }, (_, n) => machine(`m${n}`));
      const answers = await Promise.all(all.map((one) => one.ask()));
      assert.equal(answers.filter(({ kind }) => kind === 'granted').length, 1);
      assert.equal(answers.filter(({ kind }) => kind === 'wait').length, 19);
    });
  });

  describe('its registry', () => {
    const entry = async () => {
      const lines = (await redis.run('HGETALL', ENTRY)).split('\n');
      return Object.fromEntries(lines.flatMap((name, at) => (at % 2 === 0 ? [[name, lines[at + 1]]] : [])));
    };
    const published = (url: string) => waitUntil(`an entry with ${url}`, async () => (await entry())['url'] === url);

    it('holds the server while it runs, and lets go of the lock only after it', async () => {
      const a = machine('a', {}, 'aaaa');
      const permit = await a.permit();
      a.tell('running', { listenerPid: 77 });
      await permit.release();
      const { machine: id, machineName, port, pid, fence, state } = await entry();
      assert.deepEqual(
        { id, machineName, port, pid, fence, state },
        {
          id: 'aaaa',
          machineName: 'a',
          port: '3000',
          pid: '77',
          fence: String(permit.fence),
          state: 'running',
        },
      );
      const ttl = Number(await redis.run('TTL', ENTRY));
      assert.ok(ttl > 55 && ttl <= 60, `${ttl} s`);
      a.tell('stopped');
      await waitUntil('no entry', async () => (await redis.run('EXISTS', ENTRY)) === '0');
    });

    it('keeps it while a crashed server starts again', async () => {
      const a = machine('a');
      await (await a.permit()).release();
      a.tell('running');
      await published('http://a:3000');
      a.tell('starting');
      await waitUntil('the state', async () => (await entry())['state'] === 'starting');
    });

    it('makes others wait and say where it runs, unless a person wants it here', async () => {
      const [a, b] = [machine('a'), machine('b')];
      await (await a.permit()).release();
      a.tell('running');
      await published('http://a:3000');
      const answer = await b.ask();
      assert.deepEqual(answer.kind === 'wait' && answer.reason, {
        code: 'runsElsewhere',
        facts: { machine: 'a', url: 'http://a:3000', port: '3000' },
      });
      assert.equal((await b.ask(true)).kind, 'granted');
    });

    it('warns the machine whose server was overtaken, and only it', async () => {
      const [a, b] = [machine('a'), machine('b')];
      await (await a.permit()).release();
      a.tell('running');
      await published('http://a:3000');
      await (await b.permit(true)).release();
      b.tell('running');
      await published('http://b:3000');
      await a.across.renew();
      assert.deepEqual(a.across.warning('dev_server_web'), {
        code: 'startedElsewhere',
        facts: { machine: 'b', url: 'http://b:3000' },
      });
      assert.equal(b.across.warning('dev_server_web'), undefined);
      a.tell('stopped');
      assert.equal(a.across.warning('dev_server_web'), undefined);
      await a.across.renew();
      assert.equal((await entry())['machineName'], 'b', 'what is another’s is not taken back');
    });

    it('never puts an adopted server over another machine’s entry', async () => {
      const [a, b] = [machine('a'), machine('b')];
      await (await a.permit()).release();
      a.tell('running');
      await published('http://a:3000');
      b.tell('running', { adopted: true });
      await waitUntil('a warning', () => b.across.warning('dev_server_web') !== undefined);
      assert.equal((await entry())['machineName'], 'a');
    });

    it('is full again after Redis has lost everything', async () => {
      const a = machine('a');
      await (await a.permit()).release();
      a.tell('running');
      await published('http://a:3000');
      await redis.run('FLUSHALL');
      await a.across.renew();
      assert.equal((await entry())['url'], 'http://a:3000');
    });

    it('is empty when the host has ended', async () => {
      const a = machine('a');
      await (await a.permit()).release();
      a.tell('running');
      await published('http://a:3000');
      await a.across.close();
      assert.equal(await redis.run('EXISTS', ENTRY), '0');
    });

    it('is empty, and the lock gone, when the host ends right after Redis was taken out of its settings', async () => {
      const a = machine('a');
      await (await a.permit()).release();
      a.tell('running');
      await published('http://a:3000');
      await a.permit(true);
      a.across.use(undefined);
      await a.across.close();
      assert.equal(await redis.run('EXISTS', ENTRY, LOCK), '0');
    });
  });

  describe('when Redis does not answer', () => {
    const UNAVAILABLE = 'redisUnavailable';
    const timed = async (one: TestMachine) => {
      const beginMs = performance.now();
      const answer = await one.ask();
      return { answer, tookMs: performance.now() - beginMs };
    };

    it('goes on alone within 2 seconds, at once the next time, and heals by itself', async () => {
      const a = machine('a');
      a.tell('running');
      await waitUntil('an entry', async () => (await redis.run('EXISTS', ENTRY)) === '1');
      redis.freeze();
      try {
        const first = await timed(a);
        assert.ok(first.answer.kind === 'local' && first.answer.reason?.code === UNAVAILABLE, JSON.stringify(first));
        assert.ok(first.tookMs < 2500, `${first.tookMs} ms`);
        const second = await timed(a);
        assert.ok(second.tookMs < 100, `${second.tookMs} ms`);
        assert.equal(a.across.warning('dev_server_web')?.code, UNAVAILABLE);
      } finally {
        redis.thaw();
      }
      await waitUntil('Redis to be back', () => a.across.warning('dev_server_web') === undefined, 30_000);
      assert.equal((await a.ask()).kind, 'granted');
      assert.equal(a.log.filter((line) => line.includes('Redis is away')).length, 1, 'one warning');
    });

    it('is not asked again by a connection that is closed, nor often by one that has lost it', async () => {
      const connection = connectRedis({ url: redis.url, required: false });
      let tries = 0;
      const question = () =>
        tried(systemClock, (ms) => {
          // Repeated without a pause it would be tens of thousands, and no timer would be heard.
          if (++tries > 1000) throw new RedisError('refused', 'endless');
          return connection.call('GET', [LOCK], ms);
        });
      await connection.call('PING', [], 5000);
      redis.freeze();
      try {
        // Two without an answer close the connection; the third is then without one.
        const all = await Promise.allSettled([question(), question(), question()]);
        assert.ok(all.every(({ status }) => status === 'rejected'));
        assert.ok(tries < 150, `${tries} tries`);
        tries = 0;
        const last = question();
        connection.dispose();
        await assert.rejects(last, { name: 'RedisError', kind: 'closed' });
        assert.equal(tries, 1);
      } finally {
        redis.thaw();
        connection.dispose();
      }
    });

    it('fault 40: leaves no lock behind of a question that was carried out later', async () => {
      const [a, b] = [machine('a'), machine('b')];
      await (await a.permit()).release();
      redis.freeze();
      assert.equal((await a.ask()).kind, 'local');
      redis.thaw();
      await waitUntil('Redis to be back', () => a.across.warning('dev_server_web') === undefined, 30_000);
      await waitUntil('no lock', async () => (await redis.run('EXISTS', LOCK)) === '0');
      assert.equal((await b.ask()).kind, 'granted');
    });

    it('refuses where Redis is required', async () => {
      const a = machine('a', { url: 'redis://127.0.0.1:1', required: true });
      const { answer, tookMs } = await timed(a);
      assert.ok(answer.kind === 'refused' && answer.reason.code === UNAVAILABLE, JSON.stringify(answer));
      assert.ok(tookMs < 2500, `${tookMs} ms`);
    });

    it('says what is wrong with an address, and never the address', async () => {
      const a = machine('a', { url: 'redis://user:geheim@a,b' });
      const answer = await a.ask();
      assert.ok(answer.kind === 'local' && answer.reason?.code === UNAVAILABLE);
      assert.doesNotMatch(JSON.stringify([answer, a.log]), /geheim/);
    });
  });
});
