import { setTimeout as delay } from 'node:timers/promises';

/** A look at a page or a process list is no cheap thing; what was long in coming is not missed by so much. */
const SHARE_OF_WAIT = 1 / 8;

/**
 * Between two looks of a test that waits: short at first, then an eighth of what was waited so far. On a machine with few cores the
 * looks would otherwise take a tenth of what the waited-for has to run with.
 * @param sinceMs when the wait began, by `Date.now()`
 */
export function untilNextLook(
  sinceMs: number,
  { firstMs, mostMs }: { readonly firstMs: number; readonly mostMs: number },
): Promise<void> {
  return delay(Math.min(mostMs, Math.max(firstMs, (Date.now() - sinceMs) * SHARE_OF_WAIT)));
}
