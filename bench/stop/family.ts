import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { waitFor } from '../../test/contract/support/hostRig';
import { processes, type Process } from '../../test/hosts/witness';
import type { App } from './app';

/** Between two looks at those that are known: a file of a few bytes each. */
const LOOK_MS = 10;

/** How an app ended. */
export interface Ending {
  /** Until none of its processes was left and its port could be bound; the limit where that did not happen. */
  readonly ms: number;
  /** Processes that were left at the limit. */
  readonly left: readonly Process[];
  readonly isPortHeld: boolean;
}

/** All processes of an app, looked at from outside: by the mark in their environment, whoever started them. */
export class Family {
  readonly #app: App;
  readonly #known = new Map<number, Process>();

  private constructor(app: App) {
    this.#app = app;
  }

  /** Those that live now; throws unless a server is among them. */
  static async of(app: App, server: RegExp): Promise<Family> {
    const family = new Family(app);
    const found = await family.#lookAtAll();
    if (!found.some(({ command }) => server.test(command)))
      throw new Error(`no server among ${found.map(({ command }) => command).join('; ') || 'no processes'}`);
    if (await app.isPortFree()) throw new Error('the port of a server that answers is free');
    return family;
  }

  get members(): readonly Process[] {
    return [...this.#known.values()];
  }

  /** Looks on until all is over, or the limit. */
  async ending(beganMs: number, limitMs: number): Promise<Ending> {
    for (;;) {
      const lookedMs = performance.now();
      // A look at all processes takes its time and some CPU: only when the known ones are gone is it asked for others.
      if (!this.members.some(isLive) && (await this.#lookAtAll()).length === 0 && (await this.#app.isPortFree()))
        return { ms: lookedMs - beganMs, left: [], isPortHeld: false };
      if (lookedMs - beganMs > limitMs) break;
      await delay(LOOK_MS);
    }
    return { ms: limitMs, left: await this.#lookAtAll(), isPortHeld: !(await this.#app.isPortFree()) };
  }

  /** Ends what is left, each by its own id. */
  async end(): Promise<void> {
    await waitFor('the leftovers to end', async () => {
      const left = await this.#lookAtAll();
      for (const one of left) if (isLive(one)) process.kill(one.pid, 'SIGKILL');
      return left.length === 0;
    });
  }

  async #lookAtAll(): Promise<readonly Process[]> {
    const found = await processes({ environment: this.#app.marker });
    for (const one of found) this.#known.set(one.pid, one);
    return found;
  }
}

/** It is this very process, and no zombie. */
function isLive({ pid, startTicks }: Process): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[19] === startTicks && !/^[ZX]/.test(fields[0] ?? '');
  } catch {
    return false;
  }
}
