import { mapFew, type ProcStat } from '../procFiles';

/** What one variable was found to be. */
interface Known {
  readonly startTicks: string;
  readonly layout: string;
  /** As a rule none or one; the environment is a list, in which a name can be twice. */
  readonly values: readonly string[];
}

/**
 * Remembers what was found in the environments of processes, so that who looks often reads those of new programs only.
 * Invariant: an exec is never missed. It alone gives a process another environment, and with it the memory in which that lies is
 * laid anew: what was found counts while the kernel names the same addresses (chosen at random at each exec). They are looked up
 * before the environment is read, so that an exec between the two is one that the next look sees.
 */
export class EnvironmentMemory {
  readonly #read: (pid: number) => Promise<Buffer | undefined>;
  /** By variable, then by pid. */
  readonly #known = new Map<string, ReadonlyMap<number, Known>>();

  /** `read` gives the NUL-separated environment of a process; undefined when hidden. */
  constructor(read: (pid: number) => Promise<Buffer | undefined>) {
    this.#read = read;
  }

  /** Those of the processes in whose environment the variable has a value that is wanted. `stats` are all there are, just read. */
  async withVariable(
    name: string,
    stats: readonly ProcStat[],
    isWanted: (value: string) => boolean,
  ): Promise<readonly ProcStat[]> {
    const before = this.#known.get(name);
    const known = new Map<number, Known>();
    const found: ProcStat[] = [];
    await mapFew(stats, async (stat) => {
      const { pid, startTicks, layout } = stat;
      const last = before?.get(pid);
      const isSame = last !== undefined && last.layout === layout && last.startTicks === startTicks;
      const values = isSame ? last.values : valuesOf(await this.#read(pid), name);
      if (values && layout !== undefined) known.set(pid, { startTicks, layout, values });
      if (values?.some(isWanted)) found.push(stat);
    });
    this.#known.set(name, known);
    return found;
  }
}

/** The values of a variable in a NUL-separated environment. */
export function valuesOf(environment: Buffer | undefined, name: string): readonly string[] | undefined {
  const start = `${name}=`;
  return environment
    ?.toString('utf8')
    .split('\0')
    .filter((entry) => entry.startsWith(start))
    .map((entry) => entry.slice(start.length));
}
