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
