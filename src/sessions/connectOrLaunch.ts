/**
 * "Connect or start" of a client, once nobody has answered (DESIGN section 4): a random pause, the start lock, a second
 * look, and only then a new host. Decides over ports; the simulation runs this very code.
 * Invariant: no host is spawned before a look under the start lock (or without it, if it can't be had) found none.
 */
import { delay, type Clock } from './clock';
import { DevServerError } from './errors';
import { failpoint } from './failpoints';
import type { HostReport } from './hostArguments';
import type { Logger } from './log';
import type { RetireResult } from './protocol';

/** A random pause before the start lock, so that fifty windows do not all knock at once (DESIGN section 4). */
const MAX_JITTER_MS = 50;
/** How long a spawned host may take until it answers: it fences first. */
const ANSWER_LIMIT_MS = 10_000;
/** After a host that found the lock held nobody answered for so long: its holder may have been about to end, so once more. */
const SPAWN_AGAIN_MS = 3000;
const FIRST_POLL_MS = 10;
/** A look costs a fifth of a millisecond where nobody listens, and each start waits for half of this. */
const MAX_POLL_MS = 25;

/** Which host is to make room first: an older one that is asked to (`force`: on a person's word), or one that hangs (the process that a person was told of). */
export type Replacing =
  { readonly kind: 'older'; readonly force: boolean } | { readonly kind: 'hung'; readonly pid?: number };

export interface SpawnedHost {
  /** Undefined while it runs; its exit code (or what went wrong) and what it had to say once it has ended. */
  ended(): { readonly code: number | string; readonly report: HostReport | undefined } | undefined;
}

export interface LaunchPorts<T> {
  readonly clock: Clock;
  /** At least 0, below 1. */
  readonly random: () => number;
  readonly log: Logger;
  /**
   * Runs the action under the start lock if it can be had, else without it. While another client has it `meanwhile` is asked
   * again and again: what it gives is given instead.
   */
  withStartLock<R>(action: () => Promise<R>, meanwhile: () => Promise<R | undefined>): Promise<R>;
  /** Undefined: nobody listens. */
  connect(): Promise<T | undefined>;
  /** Asks the host that runs to make room, and waits until it has gone if it does. Undefined: none answered. */
  retire(force: boolean): Promise<RetireResult['verdict'] | undefined>;
  spawnHost(): Promise<SpawnedHost>;
}

/**
 * Gives what `connect` gives, from the host that runs or from a new one. Throws what `connect` throws, `hostDidNotStart`,
 * `hostLockHeld` or `hostNotReplaced`.
 */
export async function connectOrLaunch<T>(ports: LaunchPorts<T>, replacing?: Replacing): Promise<T> {
  await delay(ports.clock, ports.random() * MAX_JITTER_MS);
  const underLock = async (): Promise<T> => {
    failpoint('client.locked');
    if (replacing?.kind === 'older') {
      const verdict = await ports.retire(replacing.force);
      ports.log.info('older session host asked to make room', { verdict: verdict ?? 'nobody answered' });
    }
    // The double check: while we waited another window may have spawned it.
    const found = await ports.connect().catch((error: unknown) => {
      if (replacing?.kind === 'hung' && error instanceof DevServerError && error.code === 'hostHangs') return undefined;
      throw error;
    });
    failpoint('client.lookedAgain');
    return found ?? spawnAndConnect(ports, replacing?.kind === 'hung');
  };
  // Whoever has the lock spawns one: fifty that wait for it need not take it one after another once that host answers.
  // What keeps this client from joining (an older host that is just being replaced) is told by the look under the lock.
  const joined = async () => (replacing ? undefined : ports.connect().catch(() => undefined));
  return ports.withStartLock(underLock, joined);
}

async function spawnAndConnect<T>(ports: LaunchPorts<T>, endsHung: boolean): Promise<T> {
  const { clock } = ports;
  const deadlineMs = clock.nowMs() + ANSWER_LIMIT_MS;
  let report: HostReport | undefined;
  let exit: number | string = 'none';
  while (clock.nowMs() < deadlineMs) {
    const host = await ports.spawnHost();
    failpoint('client.spawned');
    let endedMs: number | undefined;
    for (let pauseMs = FIRST_POLL_MS; clock.nowMs() < deadlineMs; pauseMs = Math.min(MAX_POLL_MS, pauseMs * 1.5)) {
      await delay(clock, pauseMs);
      const ended = host.ended(); // Asked first: whoever ended may have let another one answer since.
      if (ended?.report?.kind === 'notReplaced')
        throw new DevServerError('hostNotReplaced', { pid: ended.report.pid, detail: ended.report.detail });
      const found = await connectUnlessHung(ports, endsHung && !ended);
      if (found !== undefined) {
        failpoint('client.answered');
        return found;
      }
      if (!ended) continue;
      ({ code: exit, report } = ended);
      if (report?.kind === 'failed' && report.folder !== undefined)
        throw new DevServerError('stateFolderUnusable', { folder: report.folder, detail: report.detail });
      if (report?.kind === 'failed') throw new DevServerError('hostDidNotStart', { exit, detail: report.detail });
      // 0 means that another host has the scope: it will answer, or it was about to end.
      if (exit !== 0) throw new DevServerError('hostDidNotStart', { exit });
      endedMs ??= clock.nowMs();
      // Not at the very end: nobody would wait for that one.
      if (clock.nowMs() - endedMs >= SPAWN_AGAIN_MS && deadlineMs - clock.nowMs() >= SPAWN_AGAIN_MS) break;
    }
  }
  // This process may have been suspended all the while, and the host well.
  const found = await connectUnlessHung(ports, false);
  if (found !== undefined) return found;
  if (report?.kind === 'lockHeld') throw new DevServerError('hostLockHeld', holderFacts(report));
  throw new DevServerError('hostDidNotStart', { exit });
}

/** While the host that hangs is being ended its socket still takes connections. */
async function connectUnlessHung<T>(ports: LaunchPorts<T>, mayHang: boolean): Promise<T | undefined> {
  return ports.connect().catch((error: unknown) => {
    if (mayHang && error instanceof DevServerError && error.code === 'hostHangs') return undefined;
    throw error;
  });
}

function holderFacts({ pid, uid }: Extract<HostReport, { kind: 'lockHeld' }>): Record<string, number> {
  return { ...(pid === undefined ? {} : { pid }), ...(uid === undefined ? {} : { uid }) };
}
