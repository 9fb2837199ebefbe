/**
 * Globals as the code of a simulated host or window finds them: the bundler puts these in the place of Node's own, so that
 * no real timer, pid or turn of the loop gets into a schedule.
 */
import type { Disposable } from '../../../src/sessions/event';
import type { Proc } from './machine';
import { current } from './scheduler';

function owner() {
  const { scheduler, actor } = current;
  if (!scheduler || !actor) throw new Error('code of the simulation runs outside of a step');
  return { scheduler, actor };
}

export function setTimeout(callback: () => void, delayMs = 0): Disposable {
  const { scheduler, actor } = owner();
  return scheduler.after(actor, 'timer', delayMs, callback);
}

export function clearTimeout(timer: Disposable | undefined): void {
  timer?.dispose();
}

export function setImmediate(callback: () => void): void {
  const { scheduler, actor } = owner();
  scheduler.post(actor, 'next turn', callback);
}

/** `process` as far as the core looks at it. */
export const simProcess = {
  get pid(): number {
    return (owner().actor as Proc).pid;
  },
  getuid: (): number => (owner().actor as Proc).uid,
  platform: 'linux' as const,
  env: {} as Readonly<Record<string, string>>,
};

type Listener = () => void;

class SimAbortSignal {
  aborted = false;
  #listeners: Set<Listener> | undefined;

  addEventListener(_type: 'abort', listener: Listener): void {
    (this.#listeners ??= new Set()).add(listener);
  }

  removeEventListener(_type: 'abort', listener: Listener): void {
    this.#listeners?.delete(listener);
  }

  abort(): void {
    if (this.aborted) return;
    this.aborted = true;
    const listeners = this.#listeners;
    this.#listeners = undefined;
    if (listeners) for (const listener of listeners) listener();
  }
}

/** Node's own takes 11 µs for one that is listened to and aborted, most of it for an error that nobody reads. */
export class AbortController {
  readonly signal = new SimAbortSignal();

  abort(): void {
    this.signal.abort();
  }
}
