/**
 * The start lock: a client holds it while it looks again and spawns the host, so that fifty windows spawn one. It is the
 * only importer of proper-lockfile.
 * Invariant: it is courtesy and never a reason to fail. Whatever goes wrong with it is a warning, the action runs
 * exactly once, within `waitMs` (and the last look of who waits, which has a limit of its own), unless that look made it
 * needless, and nothing is thrown but what the two throw. No promise rests on it: waiters on a
 * stale lock win together and a suspended holder learns of its loss too late (FACTS "Files, locks, processes").
 */
import { lock } from 'proper-lockfile';
import { delay, systemClock } from './clock';
import { errorCode, errorMessage, type LogFacts } from './log';

export interface StartLockOptions {
  /** What is locked; the lock itself is the folder `<file>.lock`. The file need not exist, its folder must. */
  readonly file: string;
  /** Longest wait for another holder; then the action runs without the lock. */
  readonly waitMs: number;
  /** A lock that was not renewed for so long is taken over (proper-lockfile raises it to 2 s at least). */
  readonly staleMs: number;
  /** False runs the action without the lock: the negative control of the tests, which must then fail. */
  readonly enabled?: boolean;
  readonly onWarning: (message: string, facts: LogFacts) => void;
}

/** Shortest and longest pause between two tries; random, so that waiters do not march in step. */
const pollMs = { min: 20, max: 60 };

type Release = () => Promise<void>;

/**
 * Runs the action under the lock if it can be had in time, else without it, and gives what the action gives. While another
 * holds it `meanwhile` is asked again and again: what it gives is given, and the action is not run.
 */
export async function withStartLock<T>(
  options: StartLockOptions,
  action: () => Promise<T>,
  meanwhile: () => Promise<T | undefined> = () => Promise.resolve(undefined),
): Promise<T> {
  if (options.enabled === false) return action();
  const acquired = await acquireInTime(options, meanwhile);
  if ('found' in acquired) return acquired.found;
  try {
    return await action();
  } finally {
    if (acquired.release) await releaseQuietly(options, acquired.release);
  }
}

async function acquireInTime<T>(
  options: StartLockOptions,
  meanwhile: () => Promise<T | undefined>,
): Promise<{ readonly release: Release | undefined } | { readonly found: T }> {
  const { file, waitMs, onWarning } = options;
  const deadline = systemClock.nowMs() + waitMs;
  for (;;) {
    const attempt = await withinDeadline(options, tryLock(options), deadline);
    if (attempt !== 'held') return { release: attempt };
    const found = await meanwhile();
    if (found !== undefined) return { found };
    const leftMs = deadline - systemClock.nowMs();
    if (leftMs <= 0) {
      onWarning('start lock is still held, going on without it', { file, waitMs });
      return { release: undefined };
    }
    const pauseMs = pollMs.min + Math.random() * (pollMs.max - pollMs.min);
    await delay(systemClock, Math.min(pauseMs, leftMs));
  }
}

/** One try. Undefined: there is no lock to be had here, go on without. */
async function tryLock(options: StartLockOptions): Promise<Release | 'held' | undefined> {
  const { file, staleMs, onWarning } = options;
  try {
    return await lock(file, {
      stale: staleMs,
      retries: 0,
      // The target need not exist; with realpath it would have to.
      realpath: false,
      // The default one throws inside a timer, where nobody can catch it.
      onCompromised: (error) => onWarning('start lock was lost while held', { file, error: errorMessage(error) }),
    });
  } catch (error) {
    if (errorCode(error) === 'ELOCKED') return 'held';
    // A full disk, a read-only folder, a stray file in the lock folder (ENOTEMPTY, for ever): not worth a failed start.
    onWarning('start lock is not available, going on without it', {
      file,
      code: errorCode(error),
      error: errorMessage(error),
    });
    return undefined;
  }
}

/** A file system that hangs must not hang the window: the deadline counts for the single try too. */
async function withinDeadline(
  options: StartLockOptions,
  attempt: Promise<Release | 'held' | undefined>,
  deadline: number,
): Promise<Release | 'held' | undefined> {
  const late = new AbortController();
  // Even a waitMs of nothing allows one quick try.
  const graceMs = Math.max(deadline - systemClock.nowMs(), 500);
  const timeout = delay(systemClock, graceMs, late.signal).then(() => 'late' as const);
  const first = await Promise.race([attempt, timeout]);
  late.abort();
  if (first !== 'late') return first;
  options.onWarning('start lock does not answer, going on without it', { file: options.file });
  void attempt.then((result) => {
    if (typeof result === 'function') return releaseQuietly(options, result);
    return undefined;
  });
  return undefined;
}

async function releaseQuietly(options: StartLockOptions, release: Release): Promise<void> {
  try {
    await release();
  } catch (error) {
    // ERELEASED after a compromise, for one.
    options.onWarning('start lock could not be released', {
      file: options.file,
      code: errorCode(error),
      error: errorMessage(error),
    });
  }
}
