import type { ConnectRedis, RedisConnection } from '../../src/sessions/host/redis';
import { RedisServer } from '../../test/support/redisServer';
import { median } from '../figures';
import { Questions } from './connections';
import { HEALTH_INTERVAL_MS, type MakeSandbox, type Sandbox } from './sandboxes';

/** They share a few connections and one process: it is Redis that is measured, not ten thousand processes. */
const CONNECTIONS = 16;
/** Starts that are on their way at one moment: a platform that wakes up, and not one that is attacked. */
const STARTING_AT_ONCE = 100;

export interface Started {
  readonly startsPerSecond: number;
  /** Carried out by Redis for each start, with those inside of scripts. */
  readonly commands: number;
  readonly questions: number;
  /** Grown by each sandbox. */
  readonly bytes: number;
}

export interface Rested {
  /** Of each sandbox. */
  readonly questionsPerMinute: number;
  readonly commandsPerMinute: number;
  readonly answerMs: number;
  /** Of Redis, in percent of a core. */
  readonly cpuPercent: number;
}

/** Sandboxes that have a Redis to themselves. The caller stops it. */
export class Crowd {
  readonly #redis: RedisServer;
  readonly #pool: readonly RedisConnection[];
  readonly #questions = new Questions();
  readonly #all: readonly Sandbox[];

  private constructor(redis: RedisServer, pool: readonly RedisConnection[], make: MakeSandbox, count: number) {
    this.#redis = redis;
    this.#pool = pool;
    const noted = pool.map((connection) => this.#questions.noted(connection));
    this.#all = Array.from({ length: count }, (_, n) => make(n, noted[n % noted.length] as RedisConnection));
  }

  static async open(connect: ConnectRedis, make: MakeSandbox, count: number): Promise<Crowd> {
    const redis = await RedisServer.start();
    const pool = Array.from({ length: CONNECTIONS }, () => connect({ url: redis.url, required: false }));
    try {
      await Promise.all(pool.map((connection) => connection.call('PING', [], 10_000)));
      return new Crowd(redis, pool, make, count);
    } catch (error) {
      for (const connection of pool) connection.dispose();
      await redis.stop();
      throw error;
    }
  }

  /** Starts all of them. Once. */
  async start(): Promise<Started> {
    const before = await this.#look();
    const beginMs = performance.now();
    const queue = [...this.#all];
    const worker = async () => {
      for (let one = queue.pop(); one; one = queue.pop()) await one.start();
    };
    await Promise.all(Array.from({ length: STARTING_AT_ONCE }, worker));
    const seconds = (performance.now() - beginMs) / 1000;
    const after = await this.#look();
    const count = this.#all.length;
    return {
      startsPerSecond: count / seconds,
      commands: (after.commands - before.commands) / count,
      questions: this.#questions.answersMs.splice(0).length / count,
      bytes: (after.bytes - before.bytes) / count,
    };
  }

  /** One health interval, in which each asks at its own time, as hosts that were started at different times do. */
  async rest(): Promise<Rested> {
    const before = await this.#look();
    const beginMs = performance.now();
    const passedMs = () => performance.now() - beginMs;
    const renewals: Promise<void>[] = [];
    while (passedMs() < HEALTH_INTERVAL_MS) {
      const due = Math.min(1, passedMs() / HEALTH_INTERVAL_MS) * this.#all.length;
      for (const one of this.#all.slice(renewals.length, due)) renewals.push(one.renew());
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    for (const one of this.#all.slice(renewals.length)) renewals.push(one.renew());
    await Promise.all(renewals);
    const minutes = passedMs() / 60_000;
    const after = await this.#look();
    const count = this.#all.length;
    const answersMs = this.#questions.answersMs.splice(0);
    return {
      questionsPerMinute: answersMs.length / count / minutes,
      commandsPerMinute: (after.commands - before.commands) / count / minutes,
      answerMs: median(answersMs),
      cpuPercent: ((after.cpuSeconds - before.cpuSeconds) / (minutes * 60)) * 100,
    };
  }

  async stop(): Promise<void> {
    for (const one of this.#all) one.dispose();
    for (const connection of this.#pool) connection.dispose();
    await this.#redis.stop();
  }

  async #look(): Promise<{ readonly bytes: number; readonly commands: number; readonly cpuSeconds: number }> {
    const text = await this.#redis.run('INFO', 'everything');
    const number = (name: string) => Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(text)?.[1] ?? NaN);
    return {
      bytes: number('used_memory'),
      commands: number('total_commands_processed'),
      // Of the whole process, as the kernel tells it that: finer than the ticks of /proc.
      cpuSeconds: number('used_cpu_user') + number('used_cpu_sys'),
    };
  }
}
