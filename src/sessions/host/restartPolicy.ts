/**
 * How often a crashed server is started again: an immutable value that the session replaces. Five crashes in a row
 * without a healthy minute between them are enough (DESIGN section 4).
 */
export interface RestartPolicy {
  /** Crashes in a row. */
  readonly crashes: number;
}

const FIRST_DELAY_MS = 1000;
const MAX_DELAY_MS = 30_000;
const MAX_CRASHES = 5;
/** A server that was well for this long has earned a fresh count. */
export const HEALTHY_MS = 60_000;

export const freshPolicy: RestartPolicy = { crashes: 0 };

/** After a crash: how long to wait, or `giveUp`. `hadHealthyMinute`: the server was well for `HEALTHY_MS` before. */
export function afterCrash(
  policy: RestartPolicy,
  hadHealthyMinute: boolean,
): { readonly policy: RestartPolicy; readonly next: 'giveUp' | { readonly delayMs: number } } {
  const crashes = (hadHealthyMinute ? 0 : policy.crashes) + 1;
  if (crashes >= MAX_CRASHES) return { policy: { crashes }, next: 'giveUp' };
  return { policy: { crashes }, next: { delayMs: Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (crashes - 1)) } };
}

/** The crashes of one session: each run of a server counts once, however often it is asked. */
export class CrashCount {
  #policy = freshPolicy;
  #next: ReturnType<typeof afterCrash>['next'] | undefined;

  /** Restarts after crashes in a row. */
  get crashes(): number {
    return this.#policy.crashes;
  }

  /** A person or a new start: earlier crashes do not count any more. */
  forget(): void {
    this.#policy = freshPolicy;
  }

  /** Another server runs from now on. */
  begin(): void {
    this.#next = undefined;
  }

  /** The server has crashed: what comes next, as `afterCrash` has it. */
  count(hadHealthyMinute: boolean): ReturnType<typeof afterCrash>['next'] {
    if (this.#next === undefined) {
      const { policy, next } = afterCrash(this.#policy, hadHealthyMinute);
      this.#policy = policy;
      this.#next = next;
    }
    return this.#next;
  }
}
