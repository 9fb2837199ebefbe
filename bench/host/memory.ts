import { readFileSync } from 'node:fs';

/** What a process has for itself and its share of what it has with others, in MB: several Nodes share their binary. */
export function proportionalMb(pid: number): number {
  return kilobytes(`/proc/${pid}/smaps_rollup`, 'Pss') / 1024;
}

/** The most that a process ever had in memory, shared pages counted whole, in MB. */
export function peakMb(pid: number): number {
  return kilobytes(`/proc/${pid}/status`, 'VmHWM') / 1024;
}

function kilobytes(file: string, name: string): number {
  const value = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(readFileSync(file, 'utf8'))?.[1];
  if (value === undefined) throw new Error(`${file} has no ${name}`);
  return Number(value);
}
