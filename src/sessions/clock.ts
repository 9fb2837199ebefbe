import type { Disposable } from './event';

/** Time as the core sees it. What decides anything uses `nowMs`; `wallMs` is for people to read. */
export interface Clock {
  /** Monotonic milliseconds. */
  nowMs(): number;
  /** Milliseconds since the epoch; may jump. */
  wallMs(): number;
  /** Calls back once; dispose to cancel. Keeps the process alive unless `background`. */
  after(delayMs: number, callback: () => void, options?: { readonly background?: boolean }): Disposable;
}

export const systemClock: Clock = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
  after(delayMs, callback, options) {
    const timer = setTimeout(callback, delayMs);
    if (options?.background) timer.unref();
    return { dispose: () => clearTimeout(timer) };
  },
};

/** Resolves after `delayMs`, or at once when the signal aborts: look at the signal afterwards. */
export function delay(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      timer.dispose();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = clock.after(delayMs, done);
    signal?.addEventListener('abort', done, { once: true });
  });
}
