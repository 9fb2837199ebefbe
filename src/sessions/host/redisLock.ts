import type { Clock } from '../clock';
import type { Disposable } from '../event';
import { errorMessage, type Logger } from '../log';
import type { StartPermit } from './acrossMachines';
import type { RedisConnection } from './redis';
import type { RedisLink } from './redisLink';
import type { RedisNames } from './redisNames';
import { QUESTION_MS, tried, TRY_MS } from './redisQuestion';
import { ACQUIRE, RELEASE, RENEW } from './redisScripts';

/** The backend's: after this long without renewal the lock is anybody's. In seconds. */
const LOCK_SECONDS = 60;
/** A third of that: two renewals may fail. */
const RENEW_EVERY_MS = 20_000;
/** As long as a fence is of any use: nobody holds a start for a month. */
const FENCE_SECONDS = 30 * 24 * 3600;

/** What gives a lock back; to be asked of a `RedisLink`. */
export const releaseRedisLock = (names: RedisNames, token: string) => (connection: RedisConnection) =>
  connection.script(RELEASE, [names.lock, names.fence], [token, String(FENCE_SECONDS)], TRY_MS);

export interface RedisLockOptions {
  readonly link: RedisLink;
  readonly names: RedisNames;
  /** `<milliseconds>:cheatcode-<machine>-<nonce>`. */
  readonly token: string;
  /** What the tokens of this machine hold, and no other's. */
  readonly machineMark: string;
  readonly isRequired: boolean;
  readonly clock: Clock;
  readonly log: Logger;
  /** Waited for before the lock goes: what the next holder must be able to read. */
  readonly beforeRelease: () => Promise<void>;
  /** The lock may still be there under this token: to be released when Redis is back. */
  readonly onUnreleased: (names: RedisNames, token: string) => void;
}

export type Acquired = { readonly permit: RedisLock } | { readonly heldBy: string };

/**
 * Asks until there is an answer or the time is up: one that timed out may have been carried out, and the same token tells.
 * Rejects with `RedisError`; the lock is then released later if it was taken.
 */
export async function acquireRedisLock(options: RedisLockOptions, endMs: number): Promise<Acquired> {
  const { link, names, token, machineMark, clock } = options;
  let asked = momentOf(clock);
  const ask = (connection: RedisConnection, deadlineMs: number) => {
    asked = momentOf(clock);
    const args = [token, machineMark, LOCK_SECONDS, Math.round(clock.wallMs()), FENCE_SECONDS].map(String);
    return connection.script(ACQUIRE, [names.lock, names.fence], args, deadlineMs);
  };
  try {
    const [isOurs, value] = (await link.ask((connection) => tried(clock, (ms) => ask(connection, ms), endMs))) as [
      number,
      string | number,
    ];
    return isOurs === 1 ? { permit: new RedisLock(options, Number(value), asked) } : { heldBy: String(value) };
  } catch (error) {
    options.onUnreleased(names, token);
    throw error;
  }
}

/** By both clocks: the monotonic one stands still while the whole machine sleeps, the other jumps when it is set. */
interface Moment {
  readonly nowMs: number;
  readonly wallMs: number;
}

const momentOf = (clock: Clock): Moment => ({ nowMs: clock.nowMs(), wallMs: clock.wallMs() });

/** The longer of the two: one too long only asks again or refuses, one too short would start a second server. */
const ageMs = (moment: Moment, clock: Clock): number =>
  Math.max(clock.nowMs() - moment.nowMs, clock.wallMs() - moment.wallMs);

/** The lock of one start, held and renewed. */
export class RedisLock implements StartPermit {
  readonly fence: number;
  readonly #options: RedisLockOptions;
  #timer: Disposable | undefined;
  #isLost = false;
  /** When the question was sent that Redis last said yes to: the lock's time has begun no earlier. */
  #confirmed: Moment;
  #released: Promise<void> | undefined;
  #tellEnd = (): void => undefined;

  /** Resolves when it was released. */
  readonly ended = new Promise<void>((resolve) => (this.#tellEnd = resolve));

  constructor(options: RedisLockOptions, fence: number, asked: Moment) {
    this.#options = options;
    this.fence = fence;
    this.#confirmed = asked;
    this.#renewLater();
  }

  async mayStart(): Promise<boolean> {
    await this.#renew();
    const { clock, isRequired } = this.#options;
    // Suspended while the answer was on its way: what it said is of a time that has passed.
    if (!this.#isLost && ageMs(this.#confirmed, clock) > QUESTION_MS) await this.#renew();
    if (this.#isLost) return false;
    // Nobody else can have it before its time is up; after that the local guarantee stands alone, where that is allowed.
    return ageMs(this.#confirmed, clock) < LOCK_SECONDS * 1000 || !isRequired;
  }

  release(): Promise<void> {
    this.#released ??= this.#release().finally(() => this.#tellEnd());
    return this.#released;
  }

  async #release(): Promise<void> {
    this.#timer?.dispose();
    const { link, names, token, beforeRelease, onUnreleased } = this.#options;
    await beforeRelease();
    try {
      await link.ask(releaseRedisLock(names, token));
    } catch {
      onUnreleased(names, token);
    }
  }

  #renewLater(): void {
    this.#timer = this.#options.clock.after(RENEW_EVERY_MS, () => {
      void this.#renew().finally(() => {
        if (!this.#isLost && !this.#released) this.#renewLater();
      });
    });
  }

  /** Never rejects: what could not be asked is as it was. */
  async #renew(): Promise<void> {
    const { link, names, token, clock, log } = this.#options;
    const args = [token, this.fence, LOCK_SECONDS, FENCE_SECONDS].map(String);
    let asked = momentOf(clock);
    try {
      const reply = await link.ask((connection) =>
        tried(clock, (ms) => {
          if (this.#released) return Promise.resolve(1);
          asked = momentOf(clock);
          return connection.script(RENEW, [names.lock, names.fence], args, ms);
        }),
      );
      if (reply === 1) this.#confirmed = asked;
      else if (!this.#isLost) {
        this.#isLost = true;
        log.warn('the Redis lock was lost', { key: names.lock, fence: this.fence });
      }
    } catch (error) {
      log.debug('the Redis lock was not renewed', { key: names.lock, error: errorMessage(error) });
    }
  }
}
