import { randomBytes } from 'node:crypto';
import { systemClock } from '../../src/sessions/clock';
import type { AcrossMachines, StartPermit } from '../../src/sessions/host/acrossMachines';
import type { RedisConnection } from '../../src/sessions/host/redis';
import { redisAcrossMachines } from '../../src/sessions/host/redisAcrossMachines';
import { connectRedis } from '../../src/sessions/host/redisConnection';
import type { LaunchSpec, SessionSnapshot } from '../../src/sessions/protocol';
import { RedisServer } from '../../test/support/redisServer';

const INTERVAL_MS = 15_000;
const silent = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };
/** Starts that are on their way at one moment: a platform that wakes up, and not one that is attacked. */
const STARTING_AT_ONCE = 100;

/** Sandboxes in one process, which share a few connections: it is Redis that is measured, not ten thousand processes. */
export async function bench({
  sandboxes,
  seconds,
  connections,
}: {
  sandboxes: number;
  seconds: number;
  connections: number;
}) {
  const redis = await RedisServer.start();
  const pool = Array.from({ length: connections }, () => connectRedis({ url: redis.url, required: false }));
  try {
    const number = async (section: string, name: string) => {
      const text = await redis.run('INFO', section);
      return Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(text)?.[1] ?? NaN);
    };
    const emptyBytes = await number('memory', 'used_memory');
    const latencies: number[] = [];
    const all = Array.from({ length: sandboxes }, (_, n) => new Sandbox(n, timed(pool[n % connections], latencies)));

    const beginMs = performance.now();
    const queue = [...all];
    const worker = async () => {
      for (let one = queue.pop(); one; one = queue.pop()) await one.start();
    };
    await Promise.all(Array.from({ length: STARTING_AT_ONCE }, worker));
    const startMs = performance.now() - beginMs;
    const startLatency = summary(latencies.splice(0));
    const startCommands = (await number('stats', 'total_commands_processed')) / sandboxes;
    const bytes = (await number('memory', 'used_memory')) - emptyBytes;

    const commandsBefore = await number('stats', 'total_commands_processed');
    const cpuBefore = (await number('cpu', 'used_cpu_user')) + (await number('cpu', 'used_cpu_sys'));
    const restBegin = performance.now();
    // Each at its own time, as hosts that were started at different times do.
    const renewals: Promise<void>[] = [];
    for (let sent = 0; performance.now() - restBegin < seconds * 1000;) {
      const due = Math.floor(((performance.now() - restBegin) / INTERVAL_MS) * sandboxes);
      for (; sent < due; sent++) renewals.push(all[sent % sandboxes]?.renew() ?? Promise.resolve());
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await Promise.all(renewals);
    const minutes = (performance.now() - restBegin) / 60_000;
    const cpu = (await number('cpu', 'used_cpu_user')) + (await number('cpu', 'used_cpu_sys')) - cpuBefore;
    const restCommands = (await number('stats', 'total_commands_processed')) - commandsBefore;
    const restLatency = summary(latencies.splice(0));
    for (const one of all) one.dispose();

    return [
      `${sandboxes} sandboxes, one real Redis, ${connections} connections, ${STARTING_AT_ONCE} starts at once, then ${seconds} s of renewals each ${INTERVAL_MS / 1000} s.`,
      '',
      '| | |',
      '|:--|--:|',
      `| all started (lock, registry, release) | ${(startMs / 1000).toFixed(1)} s, ${Math.round(sandboxes / (startMs / 1000))} starts a second |`,
      `| commands of a start, with those inside of scripts | ${startCommands.toFixed(1)} |`,
      `| one answer while they start | median ${startLatency.median} ms, p99 ${startLatency.p99} ms |`,
      `| commands of a sandbox at rest, a minute, with those inside of scripts | ${(restCommands / sandboxes / minutes).toFixed(1)} |`,
      `| questions of a sandbox at rest, a minute | ${(renewals.length / sandboxes / minutes).toFixed(1)} |`,
      `| one answer at rest | median ${restLatency.median} ms, p99 ${restLatency.p99} ms |`,
      `| CPU of Redis at rest | ${((cpu / (minutes * 60)) * 100).toFixed(1)} % of a core |`,
      `| memory of a sandbox in Redis | ${Math.round(bytes / sandboxes)} bytes |`,
      '',
    ].join('\n');
  } finally {
    for (const connection of pool) connection.dispose();
    await redis.stop();
  }
}

class Sandbox {
  readonly #across: AcrossMachines;
  readonly #id: string;

  constructor(n: number, connection: RedisConnection) {
    this.#id = `sandbox-${n}`;
    this.#across = redisAcrossMachines({
      load: () => () => connection,
      machine: { id: randomBytes(8).toString('hex'), name: `machine-${n}` },
      version: '0.0.0-bench',
      healthIntervalMs: () => INTERVAL_MS,
      randomHex: (bytes) => randomBytes(bytes).toString('hex'),
      clock: systemClock,
      log: silent,
    });
    this.#across.use({ url: 'redis://shared', sandboxId: this.#id, required: false });
  }

  async start(): Promise<void> {
    const request = { sessionId: 'dev_server_web', spec: {} as LaunchSpec, startHere: false };
    const answer = await this.#across.requestStart(request, new AbortController().signal);
    if (answer.kind !== 'granted') throw new Error(JSON.stringify(answer));
    const permit: StartPermit = answer.permit;
    if (!(await permit.mayStart())) throw new Error('lost');
    this.#across.update({
      id: 'dev_server_web',
      appName: 'cheatcode-app',
      type: 'web',
      folder: '/workspace/cheatcode-app',
      state: 'running',
      sinceMs: Date.now(),
      port: 3000,
      url: 'http://localhost:3000',
      pid: 4711,
      adopted: false,
    } as SessionSnapshot);
    await permit.release();
  }

  renew(): Promise<void> {
    return this.#across.renew();
  }

  dispose(): void {
    this.#across.dispose();
  }
}

/** The connection, each answer of which is timed; its end is the pool's. */
function timed(connection: RedisConnection | undefined, latencies: number[]): RedisConnection {
  if (!connection) throw new Error('no connection');
  const noting = async <T>(answer: Promise<T>): Promise<T> => {
    const beginMs = performance.now();
    const reply = await answer;
    latencies.push(performance.now() - beginMs);
    return reply;
  };
  return {
    shown: connection.shown,
    call: (...of) => noting(connection.call(...of)),
    script: (...of) => noting(connection.script(...of)),
    keys: (...of) => noting(connection.keys(...of)),
    dispose: () => undefined,
  };
}

function summary(values: readonly number[]): { readonly median: string; readonly p99: string } {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (part: number) =>
    (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN).toFixed(2);
  return { median: at(0.5), p99: at(0.99) };
}
