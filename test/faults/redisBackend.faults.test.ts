import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { startProgram, waitFor } from '../contract/support/hostRig';
import { PlainRedis, type BackendRound } from './support/backendRace';
import type { BackendTurn } from './support/backend.program';
import { boxKeys, boxSettings } from './support/redisBox';
import { redisCase } from './support/redisCase';
import { RedisMonitor, wrongsWith } from './support/redisMonitor';

const ROUNDS = 1000;
const delay = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('fault 41: the backend', () => {
  redisCase(
    'in a process of its own races our lock 1,000 times: one start each, and Redis saw nothing done to its lock by us',
    async (c) => {
      const redis = await c.redis();
      const ours = c.machine('ours', boxSettings(redis.url));
      const look = new PlainRedis(redis.port);
      const monitor = c.ends(await RedisMonitor.start(redis.port));
      const backend = startProgram('faults/support/backend.program.js', [String(redis.port), boxKeys.lock]);
      assert.ok(backend.stdin && backend.stdout);
      const { stdin } = backend;
      const answers = createInterface({ input: backend.stdout });
      const isRunning = async (server: string) => (await look.send('EXISTS', server)) === '1';
      const own = async (server: string): Promise<boolean> => {
        for (;;) {
          const answer = await ours.ask();
          if (answer.kind === 'granted') {
            const starts = !(await isRunning(server)) && (await answer.permit.mayStart()); // The double check.
            if (starts) await look.send('INCR', server);
            await answer.permit.release();
            return starts;
          }
          assert.equal(answer.kind, 'wait', JSON.stringify(answer));
          if (await isRunning(server)) return false;
          await delay(1);
        }
      };
      let wins = { ours: 0, backends: 0 };
      try {
        for (let round = 0; round < ROUNDS; round++) {
          const server = `server:${round}`;
          // Now the one is earlier, now the other; sometimes the backend takes its time.
          const turn: BackendTurn = { server, beforeMs: Math.random() * 6, startMs: round % 5 === 0 ? 4 : 0 };
          const answered = once(answers, 'line') as Promise<[string]>;
          stdin.write(`${JSON.stringify(turn)}\n`);
          await delay(Math.random() * 2);
          const [ownStart, [line]] = await Promise.all([own(server), answered]);
          const { started, wasRobbed } = JSON.parse(line) as BackendRound;
          assert.deepEqual([await look.send('GET', server), wasRobbed], ['1', false], `round ${round}`);
          wins = { ours: wins.ours + Number(ownStart), backends: wins.backends + Number(started) };
        }
        await redis.run('ECHO', 'over');
        await waitFor('the monitor to have seen all', () => monitor.seen.some(({ words }) => words[1] === 'over'));
      } finally {
        look.close();
        const ended = once(backend, 'exit');
        stdin.end();
        await ended;
      }
      console.log(`      ${JSON.stringify(wins)}`);
      assert.equal(wins.ours + wins.backends, ROUNDS);
      assert.ok(wins.ours > 20 && wins.backends > 20, 'both win now and then');
      const sets = monitor.seen.filter(({ words }) => words[0]?.toUpperCase() === 'SET' && words[1] === boxKeys.lock);
      assert.ok(sets.some(({ isOfScript }) => isOfScript) && sets.some(({ isOfScript }) => !isOfScript));
      assert.deepEqual(wrongsWith(boxKeys.lock, monitor.seen), []);
    },
  );

  it('and a lock that is taken from it would be seen', () => {
    const set = { isOfScript: false, words: ['SET', 'lock', '1700000000:task-1', 'NX', 'EX', '60'] };
    const wrong = { isOfScript: true, words: ['DEL', 'lock'] };
    const start = { isOfScript: false, words: ['INCR', 'server:1'] };
    assert.deepEqual(wrongsWith('lock', [set, start, { ...wrong, isOfScript: false }]), []);
    assert.equal(wrongsWith('lock', [set, wrong]).length, 1);
    assert.equal(wrongsWith('lock', [start]).length, 1);
    const over = { isOfScript: true, words: ['SET', 'lock', '1:cheatcode-a-b', 'EX', '60'] };
    assert.equal(wrongsWith('lock', [set, over]).length, 1);
  });

  redisCase(
    'that took longer than its lock’s time deletes ours by its plain DEL: ours is taken again, and one server runs',
    async (c) => {
      const redis = await c.redis();
      const box = await c.box(boxSettings(redis.url));
      await redis.run('SET', boxKeys.lock, '1700000000:task-1', 'NX', 'EX', '60');
      await box.startSlowly(5);
      await box.window.reaches('waiting', 'startingElsewhere');
      await redis.run('PEXPIRE', boxKeys.lock, '200'); // Its time runs out, however long our host took to begin.
      await waitFor('the lock to be ours', async () => (await redis.run('GET', boxKeys.lock)).includes(':cheatcode-'));
      const token = await redis.run('GET', boxKeys.lock);
      await redis.run('DEL', boxKeys.lock); // The backend, late.
      const { pid } = await box.window.reaches('running');
      assert.deepEqual(await box.servers(), [pid]);
      assert.equal(box.logged(/overtaken/), 0);
      await waitFor('the lock to be free', async () => (await redis.run('EXISTS', boxKeys.lock)) === '0');
      assert.match(token, /^\d+:cheatcode-/);
    },
  );
});
