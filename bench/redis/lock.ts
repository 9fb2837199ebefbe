/** The lock and a whole start on one connection, with nobody else who wants it. */
import { randomBytes } from 'node:crypto';
import { systemClock } from '../../src/sessions/clock';
import type { ConnectRedis, RedisConnection } from '../../src/sessions/host/redis';
import { RedisLink } from '../../src/sessions/host/redisLink';
import { acquireRedisLock } from '../../src/sessions/host/redisLock';
import { redisNames } from '../../src/sessions/host/redisNames';
import { quietLog } from '../../test/contract/support/quietLog';
import { RedisServer } from '../../test/support/redisServer';
import { median, type Figure } from '../figures';
import { ByHand } from './byHand';
import { Questions } from './connections';
import { ourSandbox, sandboxByHand, type MakeSandbox } from './sandboxes';

/** Of one sample, which is their median. */
const TIMES = 300;

export async function lockFigures(connect: ConnectRedis, rounds: number): Promise<readonly Figure[]> {
  const redis = await RedisServer.start();
  const connection = connect({ url: redis.url, required: false });
  try {
    const ask = connection.call('PING', [], 10_000);
    if ((await ask) !== 'PONG') throw new Error('no Redis answers');
    const questions = await questionsOfStart(connection);
    const pings = (count: number) => async () => {
      for (let n = 0; n < count; n++) await connection.call('PING', [], 1000);
    };
    const lock = await inTurn(rounds, [ourLock(connection, redis.url), lockByHand(connection), pings(2)]);
    const start = await inTurn(rounds, [
      startOf(ourSandbox, connection),
      startOf(sandboxByHand, connection),
      pings(questions),
    ]);
    const figure = (what: string, [ours, hand, limit]: Samples, rival: string, pinged: number): Figure => {
      const rivals = [{ name: rival, samples: hand }];
      return { what, unit: 'ms', better: 'less', ours, rivals, limit: { name: `${pinged} × PING`, samples: limit } };
    };
    return [
      figure('lock: taken and given back', lock, 'SET NX EX, then DEL', 2),
      figure(
        `start, nobody else: look, lock, look again, ask once more, tell, give back (${questions} questions)`,
        start,
        'by hand: SET NX EX, EXISTS, SET, DEL',
        questions,
      ),
    ];
  } finally {
    connection.dispose();
    await redis.stop();
  }
}

type Samples = readonly [readonly number[], readonly number[], readonly number[]];

/** Medians in milliseconds, the works one after the other in each round, and backwards in every second. */
async function inTurn(rounds: number, works: readonly (() => Promise<void>)[]): Promise<Samples> {
  const samples: [number[], number[], number[]] = [[], [], []];
  const order = [...works.entries()];
  for (const work of works) await timesOf(work); // Until the code is compiled.
  for (let round = 0; round < rounds; round++)
    for (const [index, work] of round % 2 === 0 ? order : order.toReversed())
      samples[index]?.push(median(await timesOf(work)));
  return samples;
}

async function timesOf(work: () => Promise<void>): Promise<readonly number[]> {
  const times: number[] = [];
  for (let n = 0; n < TIMES; n++) {
    const began = performance.now();
    await work();
    times.push(performance.now() - began);
  }
  return times;
}

function ourLock(connection: RedisConnection, url: string): () => Promise<void> {
  const log = quietLog();
  const link = new RedisLink({
    settings: { url, required: false },
    load: () => () => connection,
    healthKey: 'health',
    clock: systemClock,
    log,
    onDidChange: () => undefined,
  });
  const machineMark = `:cheatcode-${randomBytes(8).toString('hex')}-`;
  return async () => {
    const acquired = await acquireRedisLock(
      {
        link,
        names: redisNames('lock', 'dev_server_web'),
        token: `${Date.now()}${machineMark}${randomBytes(8).toString('hex')}`,
        machineMark,
        isRequired: false,
        clock: systemClock,
        log,
        beforeRelease: () => Promise.resolve(),
        onUnreleased: () => undefined,
      },
      systemClock.nowMs() + 1000,
    );
    if (!('permit' in acquired)) throw new Error('the lock is another’s');
    await acquired.permit.release();
  };
}

function lockByHand(connection: RedisConnection): () => Promise<void> {
  const hand = new ByHand(connection, 'lock-by-hand');
  return async () => {
    if (!(await hand.take())) throw new Error('the lock is another’s');
    await hand.giveBack();
  };
}

/** Each of a sandbox of its own: whose server was told of starts no second time. */
function startOf(make: MakeSandbox, connection: RedisConnection): () => Promise<void> {
  let n = 0;
  // Whoever disposes a sandbox means its own connection.
  const shared = new Questions().noted(connection);
  return async () => {
    const sandbox = make(n++, shared);
    await sandbox.start();
    sandbox.dispose();
  };
}

/** How many of a start are sent and waited for. */
async function questionsOfStart(connection: RedisConnection): Promise<number> {
  const questions = new Questions();
  const sandbox = ourSandbox(-1, questions.noted(connection));
  await sandbox.start();
  sandbox.dispose();
  return questions.answersMs.length;
}
