/**
 * A machine of a sandbox by hand: it takes the lock, starts the server, waits until that answers and tells of it; who does not get
 * the lock looks again each second. args: `MachineByHand` as JSON. A line `start` begins, and is answered with `runs` or
 * `knows`; `stop` ends and takes back what it has, and is answered with `stopped`. It ends with its input.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import type { ConnectRedis } from '../../src/sessions/host/redis';
import { ByHand } from './byHand';
import type { MachineByHand } from './machinesByHand';

/** As often as one looks who has no better idea; ours waits as long. */
const LOOK_AGAIN_MS = 1000;
const PROBE_MS = 25;

const { redisFile, url, sandbox, folder, port, command, env } = JSON.parse(process.argv[2] ?? '{}') as MachineByHand;
const { connectRedis } = createRequire(redisFile)(redisFile) as { readonly connectRedis: ConnectRedis };
const connection = connectRedis({ url, required: false });
const hand = new ByHand(connection, sandbox);
let server: ChildProcess | undefined;

async function start(): Promise<'runs' | 'knows'> {
  for (;;) {
    if (await hand.isTold()) return 'knows';
    if (await hand.take()) break;
    await delay(LOOK_AGAIN_MS);
  }
  const [file = '', ...args] = command;
  server = spawn(file, args, { cwd: folder, env: { ...env, PORT: String(port) }, stdio: 'ignore' });
  while (!(await answers())) await delay(PROBE_MS);
  await hand.tell({ url: `http://localhost:${port}` });
  await hand.giveBack();
  return 'runs';
}

async function stop(): Promise<void> {
  if (!server) return;
  const gone = once(server, 'exit');
  server.kill('SIGKILL');
  await gone;
  server = undefined;
  await hand.forget();
}

function answers(): Promise<boolean> {
  return new Promise((resolve) => {
    http
      .get({ host: '127.0.0.1', port, agent: false }, (response) => resolve(response.resume().statusCode === 200))
      .once('error', () => resolve(false));
  });
}

const say = (text: string) => process.stdout.write(`${text}\n`);

createInterface({ input: process.stdin })
  .on('line', (line) => {
    if (line === 'start') void start().then(say);
    else void stop().then(() => say('stopped'));
  })
  .on('close', () => void stop().finally(() => process.exit(0)));
void connection.call('PING', [], 10_000).then(() => say('ready'));
