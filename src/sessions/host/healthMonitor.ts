import type { Clock } from '../clock';
import type { Disposable } from '../event';

/** What the monitor looks at: one probe at a time, whatever the intervals. */
export interface Monitored {
  /** Probes once and takes the outcome in; resolves when done, never rejects. */
  checkHealth(): Promise<void>;
}

/**
 * The single shared interval: one timer for all sessions of this host, however many windows look on. It runs only while
 * there is something to look at, and never sends a second probe to an app that has not answered the first.
 */
export class HealthMonitor implements Disposable {
  readonly #clock: Clock;
  readonly #targets = new Map<Monitored, { inFlight: boolean }>();
  #intervalMs: number;
  #timer: Disposable | undefined;

  constructor(clock: Clock, intervalMs: number) {
    this.#clock = clock;
    this.#intervalMs = intervalMs;
  }

  /** Looked at in each round until disposed. */
  add(target: Monitored): Disposable {
    this.#targets.set(target, { inFlight: false });
    this.#schedule();
    return {
      dispose: () => {
        this.#targets.delete(target);
        if (this.#targets.size === 0) this.#cancel();
      },
    };
  }

  /** In milliseconds; the next round is that far away from now. */
  setInterval(intervalMs: number): void {
    if (intervalMs === this.#intervalMs) return;
    this.#intervalMs = intervalMs;
    this.#cancel();
    this.#schedule();
  }

  dispose(): void {
    this.#targets.clear();
    this.#cancel();
  }

  #schedule(): void {
    if (this.#timer || this.#targets.size === 0) return;
    this.#timer = this.#clock.after(this.#intervalMs, () => {
      this.#timer = undefined;
      for (const [target, state] of this.#targets) {
        if (state.inFlight) continue;
        state.inFlight = true;
        void target.checkHealth().finally(() => (state.inFlight = false));
      }
      this.#schedule();
    });
  }

  #cancel(): void {
    this.#timer?.dispose();
    this.#timer = undefined;
  }
}
