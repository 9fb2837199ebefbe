/** What processes take while nothing happens, read from /proc: a look costs nobody but the one who looks. */
import { readdirSync, readFileSync } from 'node:fs';

/** Since the birth of the processes. */
export interface Use {
  readonly cpuMs: number;
  /** How often a thread of theirs went to sleep by itself: as often it was woken. */
  readonly wakeUps: number;
}

/** Linux's clock ticks, of which /proc/PID/stat tells: a hundredth of a second on every platform that we know. */
const TICK_MS = 10;

/** All of them together; one that has ended counts nothing. */
export function useOf(pids: readonly number[]): Use {
  const uses = pids.map(useOfOne);
  return {
    cpuMs: uses.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
    wakeUps: uses.reduce((sum, { wakeUps }) => sum + wakeUps, 0),
  };
}

function useOfOne(pid: number): Use {
  const stat = read(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const tickedMs = (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * TICK_MS;
  let scheduledMs = 0;
  let wakeUps = 0;
  for (const task of tasksOf(pid)) {
    scheduledMs += Number(read(`${task}/schedstat`).split(' ')[0]) / 1e6;
    wakeUps += Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(read(`${task}/status`))?.[1] ?? 0);
  }
  // Ticks are coarse, and rounded down; the threads, exact to the nanosecond, lack those that have ended: neither says too much.
  return { cpuMs: Math.max(tickedMs, scheduledMs), wakeUps };
}

function tasksOf(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map((tid) => `/proc/${pid}/task/${tid}`);
  } catch {
    return []; // It has ended.
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
