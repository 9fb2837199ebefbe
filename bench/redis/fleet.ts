/** Many machines of one sandbox, each a session host of its own with a window; all that they start is counted. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { RedisSettings } from '../../src/sessions/protocol';
import { RedisBox } from '../../test/faults/support/redisBox';
import { HEALTH_INTERVAL_MS } from './sandboxes';

/** Of any wait: far more than any takes. */
const LIMIT_MS = 120_000;
/** A look at what windows have been told costs next to nothing. */
const LOOK_MS = 1;

export interface FleetOptions {
  readonly machines: number;
  readonly redis: RedisSettings | undefined;
  /** The host's bundle is in it. */
  readonly distFolder: string;
  /** A short path. */
  readonly dir: string;
}

/** A server that leaves a mark in this file before it is one: none is missed, and nobody has to look. */
export class Starts {
  readonly #file: string;
  readonly command = ['sh', '-c', 'echo >> "$STARTS" && exec node server.mjs'] as const;

  constructor(dir: string) {
    this.#file = path.join(dir, 'starts');
  }

  get env(): { readonly STARTS: string } {
    return { STARTS: this.#file };
  }

  /** What the work gives, how many servers it started, and how long it took. */
  async of(work: () => Promise<void>): Promise<{ readonly servers: number; readonly tookMs: number }> {
    writeFileSync(this.#file, '');
    const beginMs = performance.now();
    await work();
    return { tookMs: performance.now() - beginMs, servers: readFileSync(this.#file).length };
  }
}

/** The caller closes it. */
export class Fleet {
  private constructor(
    readonly boxes: readonly RedisBox[],
    readonly starts: Starts,
  ) {}

  /** Resolves when all hosts are there. */
  static async open({ machines, redis, distFolder, dir }: FleetOptions): Promise<Fleet> {
    const settings = { healthIntervalMs: HEALTH_INTERVAL_MS, lastClient: 'keep', graceMs: 60_000 } as const;
    const made = await Promise.allSettled(
      Array.from({ length: machines }, () => RedisBox.make(redis, { distFolder, below: dir, settings })),
    );
    const boxes = made.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const fleet = new Fleet(boxes, new Starts(dir));
    try {
      for (const one of made) if (one.status === 'rejected') throw one.reason;
      await Promise.all(boxes.map(({ window }) => window.connect()));
      return fleet;
    } catch (error) {
      await fleet.close();
      throw error;
    }
  }

  /** All of them ask for the app; resolves when each shows that it runs, here or elsewhere. */
  async start(): Promise<void> {
    const { command, env } = this.starts;
    await Promise.all(this.boxes.map((box) => box.start({ command }, env)));
    await this.#until(
      ({ window: { session } }) => session?.state === 'running' || session?.reason.code === 'runsElsewhere',
    );
  }

  /** Resolves when none runs. */
  async stop(): Promise<void> {
    await Promise.all(this.boxes.map(({ window }) => window.call('stop', { sessionId: 'dev_server_web' })));
    await this.#until(({ window: { session } }) => session?.state === 'stopped');
  }

  /** The Redis that they agree by from now on, or none. */
  async use(redis: RedisSettings | undefined): Promise<void> {
    await Promise.all(this.boxes.map(({ window }) => window.call('useRedis', { redis: redis ?? null })));
  }

  /** Live servers of all of them, seen from outside. */
  async servers(): Promise<number> {
    return (await Promise.all(this.boxes.map((box) => box.servers()))).flat().length;
  }

  async close(): Promise<void> {
    await Promise.all(this.boxes.map((box) => box.dispose()));
  }

  async #until(holds: (box: RedisBox) => boolean): Promise<void> {
    const endMs = performance.now() + LIMIT_MS;
    while (!this.boxes.every(holds)) {
      if (performance.now() > endMs)
        throw new Error(this.boxes.map(({ window }) => window.describe()).join('\n────\n'));
      await delay(LOOK_MS);
    }
  }
}
