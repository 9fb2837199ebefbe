/**
 * Reads the parts of Linux's /proc that need no tool.
 * Invariant: a process that vanished between two reads, or that the system hides, is "not there", never an exception.
 * What is read synchronously (stat, status, links) never waits for the process it describes; its command line and its
 * environment can (they need the memory of the process, which one in an uninterruptible wait may hold locked), so those
 * are read in the background only.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { errorCode } from './log';

export interface ProcStat {
  readonly pid: number;
  /** One letter: R, S, D, T, Z, X, … */
  readonly state: string;
  readonly ppid: number;
  readonly pgid: number;
  readonly sid: number;
  readonly startTicks: string;
  /**
   * Where the kernel has laid the program, its arguments and its environment: an exec lays all of it anew. Undefined where the
   * system does not show it (another user's process, a zombie, a kernel thread, gVisor).
   */
  readonly layout: string | undefined;
}

/** Gone (ENOENT, ESRCH) or hidden (EACCES, EPERM): both are "we can't see it". */
const invisible = new Set(['ENOENT', 'ESRCH', 'EACCES', 'EPERM', 'ENOTDIR']);

function orInvisible(error: unknown): undefined {
  if (invisible.has(errorCode(error) ?? '')) return undefined;
  throw error;
}

/** Pids of all visible processes. */
export function procPids(): number[] {
  const pids: number[] = [];
  for (const name of readdirSync('/proc')) if (/^\d+$/.test(name)) pids.push(Number(name));
  return pids;
}

/** The text of /proc/pid/stat, parsed; the command in it may hold spaces and parentheses, so from the last `)` on. */
export function parseProcStat(text: string): ProcStat | undefined {
  const end = text.lastIndexOf(')');
  const pid = parseInt(text, 10);
  const fields = text.slice(end + 2).split(' ');
  // Field 3 is the first after the name; field 22 is the start time (proc_pid_stat(5)).
  const [state, ppid, pgid, sid] = fields;
  const startTicks = fields[19];
  // startcode, endcode, startstack; start_data, end_data, start_brk, arg_start, arg_end, env_start, env_end.
  const layout = [...fields.slice(23, 26), ...fields.slice(42, 49)];
  const isShown = layout.length === 10 && layout.slice(-2).every((address) => Number(address) > 0);
  if (end < 0 || !pid || !state || !ppid || !pgid || !sid || !startTicks) return undefined;
  return {
    pid,
    state,
    ppid: Number(ppid),
    pgid: Number(pgid),
    sid: Number(sid),
    startTicks,
    layout: isShown ? layout.join(' ') : undefined,
  };
}

/** The stat of a visible process. */
export function readProcStat(pid: number): ProcStat | undefined {
  try {
    return parseProcStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch (error) {
    return orInvisible(error);
  }
}

/** Zombies have ended; X is the moment after. */
export function isZombieState(state: string): boolean {
  return state === 'Z' || state === 'X' || state === 'x';
}

/** The real user of a visible process. */
export function readUid(pid: number): number | undefined {
  try {
    const uid = /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return uid === undefined ? undefined : Number(uid);
  } catch (error) {
    return orInvisible(error);
  }
}

/** Resident memory of a visible process, in bytes; 0 for a zombie or a kernel thread, which have none. */
export function readResidentBytes(pid: number): number | undefined {
  try {
    return parseResidentBytes(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch (error) {
    return orInvisible(error);
  }
}

/** From the text of /proc/pid/status, where it is in kB; statm has pages, whose size only a tool would tell. */
export function parseResidentBytes(status: string): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
}

/**
 * Device and inode of a file; of /proc/pid/cwd, too, where they are those of the folder that the process really is in,
 * whatever it is called in whose mount namespace. Undefined when gone, hidden or on a file system that does not answer.
 */
export async function readFileId(file: string): Promise<string | undefined> {
  const stats = await stat(file, { bigint: true }).catch(() => undefined);
  return stats && `${stats.dev}:${stats.ino}`;
}

/** Command line with its arguments separated by blanks; empty when hidden, a zombie or a kernel thread. */
export async function readCommandLine(pid: number): Promise<string> {
  const raw = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(orInvisible);
  return (raw ?? '').replaceAll('\0', ' ').trim();
}

/** The environment as it was at the start of the program, NUL-separated and raw; undefined when hidden. */
export function readEnvironment(pid: number): Promise<Buffer | undefined> {
  return readFile(`/proc/${pid}/environ`).catch(orInvisible);
}

/** Where a link under /proc/pid points (`cwd`, `exe`, `fd/7`); undefined when hidden. */
export function readProcLink(pid: number, name: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/${name}`);
  } catch (error) {
    return orInvisible(error);
  }
}

/** Numbers of the open descriptors of a process; empty when hidden. */
export function readDescriptors(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`);
  } catch (error) {
    orInvisible(error);
    return [];
  }
}

/** Calls `visit` for each item and lets other events in after each few milliseconds. `visit` says `stop` to end. */
export async function visitInSlices<T>(items: readonly T[], visit: (item: T) => 'stop' | undefined): Promise<void> {
  const sliceMs = 4;
  let sliceEnd = performance.now() + sliceMs;
  for (const item of items) {
    if (visit(item) === 'stop') return;
    if (performance.now() < sliceEnd) continue;
    await new Promise((resolve) => setImmediate(resolve));
    sliceEnd = performance.now() + sliceMs;
  }
}

/** Maps in the background, a few at a time: a thousand reads at once would keep everybody else's files waiting. */
export async function mapFew<T, R>(items: readonly T[], map: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const few = 32;
  for (let start = 0; start < items.length; start += few) {
    results.push(...(await Promise.all(items.slice(start, start + few).map(map))));
  }
  return results;
}
