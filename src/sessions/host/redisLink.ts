import type { Clock } from '../clock';
import type { Disposable } from '../event';
import { errorMessage, type Logger } from '../log';
import type { RedisSettings } from '../protocol';
import { CHECK } from './redisScripts';
import { RedisError, type ConnectRedis, type RedisConnection } from './redis';

/** Between two tries to find Redis well again, in milliseconds: doubled up to the last. */
const FIRST_HEAL_MS = 2000;
const LAST_HEAL_MS = 15_000;
const HEAL_DEADLINE_MS = 2000;
/** One that goes away again sooner was never well: no news for a log, and no reason to ask it more often. */
const STEADY_MS = 60_000;

export interface RedisLinkOptions {
  readonly settings: RedisSettings;
  /** Loads what connects, the first time. */
  readonly load: () => ConnectRedis;
  /** Written now and then while Redis is away: whether it takes anything is not to be had from a PING. */
  readonly healthKey: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** It went away, or is back. */
  readonly onDidChange: (isAway: boolean) => void;
}

/**
 * A Redis that may be away: the first failure is waited for, after it everything fails at once until it is well again. So a
 * start pays once, and a log is told once each time it goes.
 */
export class RedisLink implements Disposable {
  readonly #options: RedisLinkOptions;
  readonly #connection: RedisConnection | undefined;
  #away: string | undefined;
  #timer: Disposable | undefined;
  /** When it was last found well again, by the monotonic clock. */
  #backMs: number | undefined;
  #healMs = FIRST_HEAL_MS;
  #isDisposed = false;

  constructor(options: RedisLinkOptions) {
    this.#options = options;
    try {
      this.#connection = options.load()(options.settings);
    } catch (error) {
      // An address that can't be used stays so until another is set.
      this.#away = errorMessage(error);
      options.log.warn('Redis can not be used', { detail: this.#away });
    }
  }

  /** Why it is away; undefined while it is well, as far as is known. */
  get away(): string | undefined {
    return this.#away;
  }

  /** Rejects with `RedisError`, at once while it is away; a failure makes it so, but one that `isHarmless`. */
  async ask<T>(question: (connection: RedisConnection) => Promise<T>, isHarmless = false): Promise<T> {
    if (!this.#connection || this.#away !== undefined)
      throw new RedisError('unavailable', this.#away ?? 'not connected');
    try {
      return await question(this.#connection);
    } catch (error) {
      if (!isHarmless) this.#goneAway(errorMessage(error));
      throw error;
    }
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#timer?.dispose();
    this.#connection?.dispose();
  }

  #goneAway(detail: string): void {
    if (this.#away !== undefined || this.#isDisposed) return;
    this.#away = detail;
    const { clock, log, settings, onDidChange } = this.#options;
    const isNews = this.#backMs === undefined || clock.nowMs() - this.#backMs > STEADY_MS;
    log[isNews ? 'warn' : 'debug']('Redis is away', {
      at: this.#connection?.shown,
      detail,
      required: settings.required,
    });
    this.#healMs = isNews ? FIRST_HEAL_MS : Math.min(this.#healMs * 2, LAST_HEAL_MS);
    this.#healLater(this.#healMs);
    onDidChange(true);
  }

  #healLater(delayMs: number): void {
    this.#timer = this.#options.clock.after(delayMs, () => void this.#heal());
  }

  async #heal(): Promise<void> {
    const { clock, healthKey, log, onDidChange } = this.#options;
    try {
      await this.#connection?.script(CHECK, [healthKey], ['1000'], HEAL_DEADLINE_MS);
    } catch (error) {
      this.#away = errorMessage(error);
      this.#healMs = Math.min(this.#healMs * 2, LAST_HEAL_MS);
      if (!this.#isDisposed) this.#healLater(this.#healMs);
      return;
    }
    if (this.#isDisposed) return;
    this.#away = undefined;
    this.#backMs = clock.nowMs();
    log.info('Redis is back', { at: this.#connection?.shown });
    onDidChange(false);
  }
}
