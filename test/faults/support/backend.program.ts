/**
 * The backend, as far as a start goes: a process of its own that keeps to its convention literally and knows nothing of us.
 * args: port of Redis, key of the lock. Each line of its input is a round: the key of that round's server, and how many
 * milliseconds it takes before it asks and while it starts. Answers with the outcome as a line of JSON. It ends with its input.
 */
import { createInterface } from 'node:readline';
import { backendStart, PlainRedis } from './backendRace';

/** A line of the input. */
export interface BackendTurn {
  readonly server: string;
  readonly beforeMs: number;
  readonly startMs: number;
}

const [port = '', lock = ''] = process.argv.slice(2);
const redis = new PlainRedis(Number(port));
const delay = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function turn({ server, beforeMs, startMs }: BackendTurn): Promise<void> {
  await delay(beforeMs);
  const outcome = await backendStart(redis, lock, `task-${server}`, {
    isRunning: async () => (await redis.send('EXISTS', server)) === '1',
    start: async () => {
      await delay(startMs);
      await redis.send('INCR', server);
    },
  });
  process.stdout.write(`${JSON.stringify(outcome)}\n`);
}

const input = createInterface({ input: process.stdin });
input.on('line', (line) => void turn(JSON.parse(line) as BackendTurn));
input.on('close', () => redis.close());
