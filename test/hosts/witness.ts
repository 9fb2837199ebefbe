// The witness: an independent look at processes and ports that a test trusts instead of the extension's own status.
import { readlink } from 'node:fs/promises';
import { allProcesses, environmentOf, listenersOf, processOf, type Listener, type Process } from './proc.mjs';

export { isAlive, listenersOf, processOf, type Listener, type Process } from './proc.mjs';

/** What a look at all processes may be narrowed to. */
export interface ProcessFilter {
  /** Only processes whose environment has this `CHEATCODE_STATE_DIR`: the host of a test and all that it started. */
  cookieStateDir?: string;
  /** Only processes whose environment has this exact `NAME=value`. */
  environment?: string;
  /** Only processes whose working directory is this folder or below it. */
  below?: string;
  /** Only processes whose command line matches. */
  command?: RegExp;
}

/** The live processes, zombies left out, that fit every part of the filter. */
export async function processes(filter: ProcessFilter = {}): Promise<Process[]> {
  const live = (await allProcesses()).filter(isLive);
  const fits = await Promise.all(live.map((one) => matches(one, filter)));
  return live.filter((_, index) => fits[index]);
}

/** The live members of a process group. */
export async function groupMembers(pgid: number): Promise<Process[]> {
  return (await allProcesses()).filter((one) => one.pgid === pgid && isLive(one));
}

/** A process and all its live descendants. */
export async function treeOf(pid: number): Promise<Process[]> {
  const all = (await allProcesses()).filter(isLive);
  const below = (parent: number): Process[] =>
    all.filter((one) => one.ppid === parent).flatMap((one) => [one, ...below(one.pid)]);
  return [...all.filter((one) => one.pid === pid), ...below(pid)];
}

/** Zombies whose parent is this process: children that it never waited for. */
export async function zombiesOf(pid: number): Promise<Process[]> {
  return (await allProcesses()).filter((one) => one.ppid === pid && one.state === 'Z');
}

/** The processes that listen on a port; a server that forked shows once per holder. */
export async function holdersOf(port: number): Promise<Process[]> {
  const pids = new Set((await listenersOf(port)).map((listener: Listener) => listener.pid));
  const found = await Promise.all([...pids].map(async (pid) => (pid === undefined ? undefined : processOf(pid))));
  return found.filter((one) => one !== undefined);
}

/** The `next-server` processes that serve a folder: the count that must never exceed one. */
export function nextServersOf(folder: string): Promise<Process[]> {
  return processes({ below: folder, command: /^next-server/ });
}

/** Where a process runs; undefined if that can't be seen. */
export async function workingDirectoryOf(pid: number): Promise<string | undefined> {
  return readlink(`/proc/${pid}/cwd`).catch(() => undefined);
}

function isLive(one: Process): boolean {
  return one.state !== 'Z' && one.state !== 'X';
}

async function matches(one: Process, filter: ProcessFilter): Promise<boolean> {
  if (filter.command && !filter.command.test(one.command)) return false;
  if (filter.below !== undefined) {
    const cwd = await workingDirectoryOf(one.pid);
    if (cwd !== filter.below && !cwd?.startsWith(`${filter.below}/`)) return false;
  }
  const wanted = [
    ...(filter.environment === undefined ? [] : [filter.environment]),
    ...(filter.cookieStateDir === undefined ? [] : [`CHEATCODE_STATE_DIR=${filter.cookieStateDir}`]),
  ];
  if (wanted.length === 0) return true;
  const environment = await environmentOf(one.pid);
  return wanted.every((line) => environment.includes(line));
}
