import { failpoint } from '../failpoints';
import { delay, type Clock } from '../clock';
import { errorMessage, type Logger } from '../log';
import { findFamily, stillAlive, type FamilyMarks } from './processFamily';
import type { Ports, ProcessIdentity, ProcessEntry, Processes } from './processes';

/** How long each rung waits before the next, in milliseconds (DESIGN section 4). */
const INTERRUPT_MS = 5000;
const TERMINATE_MS = 3000;
const KILL_MS = 3000;
/** Looked at again after this long: quick at first, since a well-behaved server is gone in 250 ms (FACTS). */
const FIRST_POLL_MS = 20;
const MAX_POLL_MS = 200;

/** How long processes that can't be looked at are asked for again, and how often. */
const LOOK_LIMIT_MS = 10_000;
const LOOK_AGAIN_MS = 500;

type Signal = 'SIGINT' | 'SIGTERM' | 'SIGKILL';

export interface StopOutcome {
  /** Processes that outlived even SIGKILL, or that could not be looked at. */
  readonly left: readonly ProcessIdentity[];
  readonly portFree: boolean;
}

export interface StopDependencies {
  readonly clock: Clock;
  readonly processes: Processes;
  readonly ports: Ports;
  readonly log: Logger;
}

interface LadderOptions {
  /** The user has typed Ctrl+C: the first rung only waits, since a second one would cut the tidying short. */
  readonly interrupted?: boolean;
  /** Short waits, for what nobody sees end. */
  readonly quick?: boolean;
}

/**
 * Ends a server as Ctrl+C would and makes sure: SIGINT to the group, so that parents wait for their children; then
 * SIGTERM; then SIGKILL to each member. Who belongs to it is collected before the first signal, while parents and groups
 * still tell, and again before each next one. Done only when every one of them is gone and the port is free.
 */
export async function stopFamily(
  deps: StopDependencies,
  marks: FamilyMarks,
  port: number | undefined,
  options: LadderOptions = {},
): Promise<StopOutcome> {
  const { processes, clock } = deps;
  const known = new Map<string, ProcessEntry>();
  const collect = async () => {
    for (const info of await findFamily(processes, marks)) known.set(`${info.pid}:${info.startTicks}`, info);
    return stillAlive(processes, [...known.values()]);
  };
  failpoint('stop.asked');
  const left = await climbLadder(deps, collect, (signal, members) => send(deps, marks, signal, members), options);
  failpoint('stop.done');
  const portFree =
    port === undefined || left.length > 0 ? left.length === 0 : await until(clock, 1000, () => deps.ports.isFree(port));
  return { left, portFree };
}

/**
 * The rungs: sends, waits until those that were signalled are gone, collects again. Resolves with what is left after
 * the last.
 */
export async function climbLadder<T extends ProcessIdentity>(
  { clock, processes, log }: StopDependencies,
  collect: () => Promise<readonly T[]>,
  signalAll: (signal: Signal, members: readonly T[]) => Promise<void>,
  options: LadderOptions = {},
): Promise<readonly T[]> {
  const rungs = [
    { signal: 'SIGINT' as const, waitMs: options.quick ? 1000 : INTERRUPT_MS, isSent: options.interrupted !== true },
    { signal: 'SIGTERM' as const, waitMs: options.quick ? 500 : TERMINATE_MS, isSent: true },
    { signal: 'SIGKILL' as const, waitMs: KILL_MS, isSent: true },
  ];
  const look = async () => {
    for (const endMs = clock.nowMs() + LOOK_LIMIT_MS; ;) {
      try {
        const members = await collect();
        // One empty look is no proof: what a process forks while it is looked at, and before it ends, is in neither half.
        return members.length > 0 ? members : await collect();
      } catch (error) {
        // Who can't be looked at may be alive: a machine under load is asked again before the stop counts as failed.
        if (clock.nowMs() >= endMs) throw error;
        log.warn('processes could not be looked at', { error: errorMessage(error) });
        await delay(clock, LOOK_AGAIN_MS);
      }
    }
  };
  let left = await look();
  for (const rung of rungs) {
    if (left.length === 0) break;
    const members = left;
    if (rung.isSent) await signalAll(rung.signal, members);
    failpoint('stop.interrupted');
    await until(clock, rung.waitMs, async () => (await stillAlive(processes, members)).length === 0);
    left = await look();
  }
  return left;
}

async function send(
  { processes, log }: StopDependencies,
  marks: FamilyMarks,
  signal: Signal,
  members: readonly ProcessEntry[],
): Promise<void> {
  log.debug('signalling', {
    signal,
    group: marks.pgid ?? 'none',
    processes: members.map(({ pid }) => pid).join(','),
  });
  // With only strays left the group's number may be another's by now.
  if (signal !== 'SIGKILL' && marks.pgid !== undefined && members.some(({ pgid }) => pgid === marks.pgid))
    processes.signalGroup(marks.pgid, signal);
  for (const info of members) {
    // The group has heard its signal as a whole; a second SIGINT would be a second Ctrl+C.
    if (signal === 'SIGKILL' || info.pgid !== marks.pgid) await processes.signal(info, signal);
  }
}

/** Polls until `condition` holds or `limitMs` is over; says whether it held. */
async function until(clock: Clock, limitMs: number, condition: () => Promise<boolean>): Promise<boolean> {
  const end = clock.nowMs() + limitMs;
  for (let pauseMs = FIRST_POLL_MS; ; pauseMs = Math.min(MAX_POLL_MS, pauseMs * 2)) {
    if (await condition()) return true;
    if (clock.nowMs() >= end) return false;
    await delay(clock, pauseMs);
  }
}
