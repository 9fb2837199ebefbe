import path from 'node:path';
import { repoRoot } from '../../test/contract/support/hostRig';
import { Waiting } from './waiting';

/** What the processes of a crowd are started with; `clients.program.ts` is the other side. */
export interface ClientsOptions {
  readonly distFolder: string;
  readonly appKey: string;
}

/** So many windows of one process, all at once or one after another; `bare`: the path of a socket for bare connections instead. */
export interface Order {
  readonly count: number;
  readonly inTurn?: boolean;
  readonly bare?: string;
}

/** What a window has once it is attached. */
export interface Attached {
  readonly screen: string;
  readonly hostPid: number | undefined;
  /** Hosts that its process has spawned so far. */
  readonly spawned: number;
}

export interface Release {
  /** From the release to the last one attached. */
  readonly totalMs: number;
  /** From each one's own release: to it alone where they went one after another. */
  readonly eachMs: readonly number[];
  readonly attached: readonly Attached[];
}

/** Processes with windows, started and waiting: what is measured begins when they are released. The caller ends them. */
export class Crowd {
  readonly #waiting: readonly Waiting[];

  private constructor(waiting: readonly Waiting[]) {
    this.#waiting = waiting;
  }

  static async ready(count: number, options: ClientsOptions): Promise<Crowd> {
    const program = path.join(repoRoot, 'out/test/bench/connect/clients.program.js');
    const argv = [process.execPath, program, JSON.stringify(options)];
    const crowd = new Crowd(Array.from({ length: count }, () => new Waiting(argv)));
    try {
      for (const one of crowd.#waiting) await one.hear((line) => line === 'ready');
    } catch (error) {
      await crowd.end();
      throw error;
    }
    return crowd;
  }

  /** All processes at one moment. */
  async atOnce(order: Order): Promise<Release> {
    const beganMs = performance.now();
    const text = JSON.stringify(order);
    for (const one of this.#waiting) one.tell(text);
    const heard = (await Promise.all(this.#waiting.map((one) => hearAll(one, order.count)))).flat();
    return releaseOf(
      beganMs,
      heard.map(({ atMs }) => atMs - beganMs),
      heard,
    );
  }

  /** Each process when the one before it is attached. */
  async inTurn(order: Order): Promise<Release> {
    const beganMs = performance.now();
    const heard: Heard[] = [];
    const eachMs: number[] = [];
    for (const one of this.#waiting) {
      const releasedMs = performance.now();
      one.tell(JSON.stringify(order));
      const its = await hearAll(one, order.count);
      heard.push(...its);
      eachMs.push(...its.map(({ atMs }) => atMs - releasedMs));
    }
    return releaseOf(beganMs, eachMs, heard);
  }

  async end(): Promise<void> {
    await Promise.all(this.#waiting.map((one) => one.end()));
  }
}

interface Heard {
  readonly attached: Attached;
  readonly atMs: number;
}

async function hearAll(one: Waiting, count: number): Promise<readonly Heard[]> {
  const heard: Heard[] = [];
  for (let n = 0; n < count; n++) {
    const { text, atMs } = await one.hear();
    heard.push({ attached: JSON.parse(text) as Attached, atMs });
  }
  return heard;
}

function releaseOf(beganMs: number, eachMs: readonly number[], heard: readonly Heard[]): Release {
  return {
    totalMs: Math.max(...heard.map(({ atMs }) => atMs)) - beganMs,
    eachMs,
    attached: heard.map(({ attached }) => attached),
  };
}
