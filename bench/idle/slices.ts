/** What groups of processes take in equal slices of time, once they have come to rest. */
import { setTimeout as delay } from 'node:timers/promises';
import { useOf, type Use } from './use';

/** Named groups of pids; looked up anew at each reading, because servers replace their own processes. */
export type Groups<Name extends string> = Readonly<Record<Name, () => readonly number[] | Promise<readonly number[]>>>;

/** Rates of one group, one entry a slice. */
export interface Rates {
  /** Seconds of CPU in an hour. */
  readonly cpuSecondsPerHour: number[];
  readonly wakeUpsPerMinute: number[];
}

/** Of a core, by a process that does nothing that anybody waits for. */
const REST_SHARE = 0.03;
const LOOK_MS = 5000;
const QUIET_LOOKS = 3;
const REST_LIMIT_MS = 240_000;

/** Waits until each of these processes has taken next to nothing for 15 s; false if that did not come. */
export async function areAtRest(pids: () => readonly number[] | Promise<readonly number[]>): Promise<boolean> {
  const endMs = performance.now() + REST_LIMIT_MS;
  for (let quiet = 0; quiet < QUIET_LOOKS;) {
    if (performance.now() > endMs) return false;
    const watched = await pids();
    const before = watched.map((pid) => useOf([pid]).cpuMs);
    await delay(LOOK_MS);
    const isQuiet = watched.every((pid, index) => useOf([pid]).cpuMs - (before[index] ?? 0) < REST_SHARE * LOOK_MS);
    quiet = isQuiet ? quiet + 1 : 0;
  }
  return true;
}

/** Reads before and after each slice, all groups within milliseconds. */
export async function measureSlices<Name extends string>(
  groups: Groups<Name>,
  count: number,
  sliceMs: number,
): Promise<Record<Name, Rates>> {
  const names = Object.keys(groups) as Name[];
  const read = async (): Promise<{ readonly atMs: number; readonly uses: readonly Use[] }> => {
    const pids = await Promise.all(names.map(async (name) => groups[name]()));
    return { atMs: performance.now(), uses: pids.map(useOf) };
  };
  const readings = [await read()];
  for (let n = 0; n < count; n++) {
    await delay(sliceMs);
    readings.push(await read());
  }
  const of = (index: number, field: keyof Use, perMs: number): number[] =>
    readings.slice(1).map(({ atMs, uses }, slice) => {
      const before = readings[slice];
      const ms = atMs - (before?.atMs ?? 0);
      return (((uses[index]?.[field] ?? 0) - (before?.uses[index]?.[field] ?? 0)) * perMs) / ms;
    });
  const rates = names.map((name, index): [Name, Rates] => [
    name,
    { cpuSecondsPerHour: of(index, 'cpuMs', 3600), wakeUpsPerMinute: of(index, 'wakeUps', 60_000) },
  ]);
  return Object.fromEntries(rates) as Record<Name, Rates>;
}
