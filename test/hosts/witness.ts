// The witness: an independent look at processes and ports that a test trusts instead of the extension's own status.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { readlink } from 'node:fs/promises';
import { allProcesses, environmentOf, listenersOf, processOf, type Listener, type Process } from './proc.mjs';

export { isAlive, listenersOf, processOf, type Process } from './proc.mjs';

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
  if (process.platform === 'linux') return processes({ below: folder, command: /^next-server/ });
  // Where a folder can't be seen it is all of the machine; Windows shows the file and not the title.
  return processes({ command: /^next-server|next[\\/]dist[\\/]server[\\/]lib[\\/]start-server/ });
}

/** Where a process runs; undefined if that can't be seen. */
async function workingDirectoryOf(pid: number): Promise<string | undefined> {
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

/** What a watch looks for. */
export interface WatchedServers {
  /** `NAME=value` that every process of the test has in its environment. */
  marker: string;
  /** Command line of a server itself; its runners and helpers don't match. */
  command: RegExp;
}

/** How often a watch looks. */
const SAMPLE_MS = 15;
/** A process may still become another program by `exec`: it is looked at anew in each sample for so long. */
const YOUNG_MS = 3000;

interface Sighting {
  readonly startTicks: string;
  readonly firstMs: number;
  /** It carries a session's cookie: it may get the name of a server seconds after its birth, on a busy machine. */
  isMarked: boolean;
  /** The app's folder, when it is a server that was started for us; one that was started by hand has no cookie. */
  app: string | undefined;
}

/**
 * Looks at all processes every 15 ms, from outside and without a word of the host's, and counts the servers that were
 * started for us: those that carry the session's cookie, by the folder that they run in. The caller stops it.
 */
export class ServerWatch {
  readonly #what: WatchedServers;
  readonly #sightings = new Map<number, Sighting>();
  readonly #timer: NodeJS.Timeout;
  #current: ReadonlyMap<string, readonly number[]> = new Map();
  /** Most servers of one app at one moment. */
  peak = 0;
  /** The servers of that moment, for the message. */
  peakServers: readonly string[] = [];
  samples = 0;
  /** Identities of all servers that were seen, in the order of their birth. */
  readonly servers = new Set<string>();

  constructor(what: WatchedServers) {
    this.#what = what;
    this.#timer = setInterval(() => this.look(), SAMPLE_MS);
  }

  /** Pids of the servers that live now, of all apps. */
  get current(): readonly number[] {
    this.look();
    return [...this.#current.values()].flat();
  }

  /** One look; the timer's own. */
  look(): void {
    this.samples++;
    const now = performance.now();
    const found = new Map<number, { readonly app: string; readonly ppid: number; readonly startTicks: string }>();
    const pids = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
    const present = new Set(pids);
    for (const pid of this.#sightings.keys()) if (!present.has(pid)) this.#sightings.delete(pid);
    for (const pid of pids) {
      const known = this.#sightings.get(pid);
      if (known && !known.isMarked && now - known.firstMs > YOUNG_MS) continue;
      const stat = statOf(pid);
      if (!stat) continue;
      const sighting =
        known?.startTicks === stat.startTicks
          ? known
          : { startTicks: stat.startTicks, firstMs: now, isMarked: false, app: undefined };
      this.#sightings.set(pid, sighting);
      if (now - sighting.firstMs <= YOUNG_MS) sighting.isMarked = this.#isMarked(pid);
      if (sighting.app === undefined || now - sighting.firstMs <= YOUNG_MS)
        sighting.app = sighting.isMarked ? this.#appOf(pid) : undefined;
      if (sighting.app !== undefined && stat.state !== 'Z' && stat.state !== 'X')
        found.set(pid, { app: sighting.app, ppid: stat.ppid, startTicks: stat.startTicks });
    }
    const servers = new Map<string, number[]>();
    for (const [pid, { app, ppid, startTicks }] of found) {
      // A server's child is a copy of the server until it becomes the program that it was started for.
      if (found.has(ppid)) continue;
      this.servers.add(`${pid}:${startTicks}`);
      servers.set(app, [...(servers.get(app) ?? []), pid]);
    }
    this.#current = servers;
    for (const [app, members] of servers) {
      if (members.length <= this.peak) continue;
      this.peak = members.length;
      this.peakServers = members.map((pid) => `${pid} in ${app}: ${read(`/proc/${pid}/cmdline`)}`);
    }
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #isMarked(pid: number): boolean {
    const environment = read(`/proc/${pid}/environ`).split('\0');
    return environment.includes(this.#what.marker) && environment.some((line) => line.startsWith('CHEATCODE_SESSION='));
  }

  #appOf(pid: number): string | undefined {
    if (!this.#what.command.test(read(`/proc/${pid}/cmdline`).replaceAll('\0', ' '))) return undefined;
    try {
      return readlinkSync(`/proc/${pid}/cwd`);
    } catch {
      return undefined; // It has just ended.
    }
  }
}

function statOf(
  pid: number,
): { readonly state: string; readonly ppid: number; readonly startTicks: string } | undefined {
  const stat = read(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return stat === '' ? undefined : { state: fields[0] ?? '', ppid: Number(fields[1]), startTicks: fields[19] ?? '' };
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // The process ended meanwhile, or is another's.
  }
}
