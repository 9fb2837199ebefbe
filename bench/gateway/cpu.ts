import { readFileSync } from 'node:fs';

/** What the kernel counts in: USER_HZ, 100 on every platform of Linux that there is a build for. */
const TICK_MS = 10;

/** Milliseconds of CPU that a whole process has taken so far, user and system. Throws when it is gone. */
export function cpuMsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name in parentheses may itself hold parentheses and spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}
