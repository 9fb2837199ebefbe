import type { Clock } from '../../../src/sessions/clock';
import type { Disposable } from '../../../src/sessions/event';

interface Timer {
  readonly atMs: number;
  readonly callback: () => void;
}

/** A clock that stands still until the test moves it; between two timers everything that is ready to run runs. */
export class FakeClock implements Clock {
  readonly #timers = new Set<Timer>();
  #nowMs = 0;

  /** Timers that wait. */
  get pending(): number {
    return this.#timers.size;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return Date.UTC(2026, 0, 1) + this.#nowMs;
  }

  after(delayMs: number, callback: () => void): Disposable {
    const timer = { atMs: this.#nowMs + delayMs, callback };
    this.#timers.add(timer);
    return { dispose: () => void this.#timers.delete(timer) };
  }

  /** Moves the time on as for a suspended process: no timer is heard meanwhile. */
  sleep(ms: number): void {
    this.#nowMs += ms;
  }

  /** Lets `ms` pass, timer by timer. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    await settle();
    for (let next = this.#earliest(endMs); next; next = this.#earliest(endMs)) await this.#fire(next);
    this.#nowMs = endMs;
  }

  /** Lets time pass until the condition holds; fails with `what` when it does not within `limitMs`. */
  async until(what: string, condition: () => boolean, limitMs = 120_000): Promise<void> {
    const endMs = this.#nowMs + limitMs;
    await settle();
    while (!condition()) {
      const next = this.#earliest(endMs);
      if (!next) throw new Error(`${limitMs} ms passed in vain until ${what}`);
      await this.#fire(next);
    }
  }

  #earliest(endMs: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) if (timer.atMs <= endMs && (!first || timer.atMs < first.atMs)) first = timer;
    return first;
  }

  async #fire(timer: Timer): Promise<void> {
    this.#timers.delete(timer);
    this.#nowMs = Math.max(this.#nowMs, timer.atMs);
    timer.callback();
    await settle();
  }
}

/** Lets all promises that can settle without time passing do so. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
}
