import type { NamedProcess } from '../protocol';
import { stillAlive } from './processFamily';
import type { ProcessIdentity, ProcessInfo, Processes } from './processes';
import { isRunner, isShell } from '../runners';
import { climbLadder, type StopDependencies } from './stopLadder';

/**
 * The processes that ending a server which we did not start would signal (DESIGN section 4): the listener, and those of
 * its ancestors that work in `folder` and are known runners, up to the first that is neither that nor a shell between
 * them. Never its group, never pid 1, never this host or what it descends from. Empty: it can't be ended from here.
 */
export async function foreignFamily(
  processes: Processes,
  listener: ProcessIdentity,
  folder: string,
): Promise<readonly ProcessInfo[]> {
  const all = new Map((await processes.list()).map((info) => [info.pid, info]));
  const untouchable = new Set([1, ...lineOf(all, process.pid)]);
  const family: ProcessInfo[] = [];
  const first = all.get(listener.pid);
  if (!first || first.startTicks !== listener.startTicks || untouchable.has(first.pid)) return [];
  family.push(first);
  for (let info = all.get(first.ppid); info && !untouchable.has(info.pid); info = all.get(info.ppid)) {
    const isBetween = isShell(info.command);
    if (!isBetween && !isRunner(info.command)) break;
    if ((await processes.runsIn(info.pid, folder)) !== true) break;
    if (!isBetween) family.push(info);
  }
  return family;
}

/**
 * Ends exactly these processes, each by its verified identity: SIGINT, SIGTERM, SIGKILL, with the waits of the stop
 * ladder. Resolves with those that are left. Only for processes that a person has agreed to end (I6).
 */
export async function endForeign(
  deps: StopDependencies,
  members: readonly ProcessInfo[],
): Promise<readonly ProcessIdentity[]> {
  return climbLadder(
    deps,
    async () => stillAlive(deps.processes, members),
    async (signal, left) => {
      deps.log.info('ending what a person agreed to', { signal, processes: left.map(({ pid }) => pid).join(',') });
      for (const info of left) await deps.processes.signal(info, signal);
    },
  );
}

/** What a person is shown and sends back as agreed. */
export function named({ pid, startTicks, command, uid }: ProcessInfo): NamedProcess {
  return { pid, startTicks, command: command.slice(0, 300), ...(uid === undefined ? {} : { uid }) };
}

/** Whether a person's word covers all of these processes. */
export function covers(confirmed: readonly NamedProcess[] | undefined, members: readonly ProcessIdentity[]): boolean {
  return members.every(({ pid, startTicks }) =>
    confirmed?.some((agreed) => agreed.pid === pid && agreed.startTicks === startTicks),
  );
}

/** Thrown when a person has not agreed to all that would be signalled. */
export class ConfirmationNeededError extends Error {
  constructor(readonly processes: readonly NamedProcess[]) {
    super('a person must agree to end these processes first');
    this.name = 'ConfirmationNeededError';
  }
}

function lineOf(all: ReadonlyMap<number, ProcessInfo>, pid: number): readonly number[] {
  const line: number[] = [];
  for (let at: number | undefined = pid; at !== undefined && !line.includes(at); at = all.get(at)?.ppid) line.push(at);
  return line;
}
