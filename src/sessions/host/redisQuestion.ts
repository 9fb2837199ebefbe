import { delay, type Clock } from '../clock';
import { RedisError } from './redis';

/**
 * One try, and all tries of one question together, in milliseconds (DESIGN section 7: at most 2 s). Less would give up on a
 * Redis that is slow by half a second, which takes three round trips to agree.
 */
export const TRY_MS = 900;
export const QUESTION_MS = 1900;
const BETWEEN_TRIES_MS = 50;

/**
 * Tries again what was not answered, until `endMs` of the monotonic clock: of one question, where nothing else is said. Between
 * two tries time passes: one that fails at once would else be repeated without the event loop coming round.
 */
export async function tried<T>(
  clock: Clock,
  attempt: (deadlineMs: number) => Promise<T>,
  endMs = clock.nowMs() + QUESTION_MS,
): Promise<T> {
  for (;;) {
    const leftMs = endMs - clock.nowMs();
    try {
      return await attempt(Math.max(1, Math.min(TRY_MS, leftMs)));
    } catch (error) {
      const isOver = endMs - clock.nowMs() < TRY_MS / 2;
      if (isOver || (error instanceof RedisError && isFinal(error))) throw error;
      await delay(clock, BETWEEN_TRIES_MS);
    }
  }
}

/** Asking again changes nothing. */
const isFinal = ({ kind }: RedisError): boolean => kind === 'refused' || kind === 'closed';
