/**
 * The look from outside at everything that belongs to one state folder: processes, the app's port, the host locks, the
 * files. Nothing is asked of the extension or its host. Synchronous, so that one sample is as close to one moment as it
 * gets, and frugal: what a process is gets read while it is young, afterwards only whether it lives.
 */
import { readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { findListener, lockName } from '../../src/sessions/host/abstractSocketLock';
import { hostNames } from '../../src/sessions/host/hostNames';
import { parseRecord, type SessionRecord } from '../../src/sessions/host/sessionRecords';

/** What a process of ours is: `member` is any process of a session, the server itself included. */
type Kind = 'host' | 'member' | 'reaper' | 'extensionHost' | 'ptyHost';

export interface Sight {
  readonly pid: number;
  /** With the pid the identity of a process within one boot. */
  readonly startTicks: string;
  readonly ppid: number;
  /** One letter: `Z` is a zombie, `T` is suspended. */
  readonly state: string;
  readonly kind: Kind;
  readonly command: string;
  /** First seen, on the clock of `Sample.atMs`. */
  readonly sinceMs: number;
  /** Of a member: which run of the server it belongs to. */
  readonly cookie?: string | undefined;
  /** Of a member: pid and start time of the host that started it; undefined when that was gone before the first look. */
  readonly host?: string | undefined;
}

export interface Sample {
  /** Monotonic, in milliseconds. */
  readonly atMs: number;
  readonly sights: readonly Sight[];
  /** Pids of ours that listen on the app's port. */
  readonly portHolders: readonly number[];
  /** Pids of hosts that hold a host lock. */
  readonly lockHolders: readonly number[];
  /** The pid that host.json names. */
  readonly hostFilePid: number | undefined;
  readonly records: readonly Pick<SessionRecord, 'id' | 'desired' | 'isSticky'>[];
  /** Files that lie there and can't be read as what they should be. */
  readonly unreadable: readonly string[];
}

/** `pid:startTicks`. */
export function identityOf({ pid, startTicks }: Pick<Sight, 'pid' | 'startTicks'>): string {
  return `${pid}:${startTicks}`;
}

/** Whether it is a dev server itself, and not its runners and helpers. */
export function isServer({ kind, command }: Sight): boolean {
  return kind === 'member' && command.startsWith('next-server');
}

/** A process may still become another program by `exec`: it is read anew in each sample for so long. */
const YOUNG_MS = 3000;

/** Read in turns, one in a sample: each costs the kernel some 5 ms, whatever stands in it (measured). */
const LISTEN_FILES = ['/proc/net/tcp', '/proc/net/tcp6'];

interface Known {
  readonly startTicks: string;
  readonly sinceMs: number;
  what: Pick<Sight, 'kind' | 'command' | 'cookie'> | undefined;
  host: string | undefined;
}

interface ReadFile {
  readonly stamp: string;
  readonly value: unknown;
}

export class MachineLook {
  readonly #stateFolder: string;
  readonly #portHex: string;
  readonly #known = new Map<number, Known>();
  /** Which host began a run of the server: those of its processes that came later may have lost their parents by then. */
  readonly #hostOfCookie = new Map<string, string>();
  readonly #files = new Map<string, ReadFile>();
  /** Inodes of the sockets that listen on the port, by the file that told. */
  readonly #listening = new Map<string, readonly string[]>();
  #listenTurn = 0;
  /** Socket inodes and who holds them. */
  readonly #holders = new Map<string, number>();

  /** `stateFolder` is what CHEATCODE_STATE_DIR was set to; `port` the app's. */
  constructor(stateFolder: string, port: number) {
    this.#stateFolder = stateFolder;
    this.#portHex = port.toString(16).toUpperCase().padStart(4, '0');
  }

  look(): Sample {
    const atMs = performance.now();
    const sights = this.#processes(atMs);
    const files = this.#readFiles();
    return {
      atMs,
      sights,
      portHolders: this.#listeners(sights),
      lockHolders: this.#holdersOf(this.#lockInodes(), sights),
      ...files,
    };
  }

  #processes(atMs: number): Sight[] {
    const pids = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
    const present = new Set(pids);
    for (const pid of this.#known.keys()) if (!present.has(pid)) this.#known.delete(pid);
    const sights: Sight[] = [];
    for (const pid of pids) {
      const before = this.#known.get(pid);
      if (before && before.what === undefined && atMs - before.sinceMs > YOUNG_MS) continue;
      const stat = statOf(pid);
      if (!stat) continue;
      const known =
        before?.startTicks === stat.startTicks
          ? before
          : { startTicks: stat.startTicks, sinceMs: atMs, what: undefined, host: undefined };
      this.#known.set(pid, known);
      // A server gets its name seconds after its birth on a busy machine: those of a session are read anew for good.
      if (known.what?.kind === 'member' || atMs - known.sinceMs <= YOUNG_MS) {
        const command = read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim();
        // A zombie has no command line any more: what it was stays known.
        if (command !== '') known.what = this.#whatIs(pid, stat.ppid, command);
      }
      if (known.what) sights.push({ pid, ...stat, ...known.what, sinceMs: known.sinceMs, host: known.host });
    }
    const byPid = new Map(sights.map((one) => [one.pid, one]));
    return (
      sights
        // A child is a copy of its parent until it becomes the program that it was started for.
        .filter(({ ppid, command }) => byPid.get(ppid)?.command !== command)
        .map((one) => (one.kind === 'member' ? { ...one, host: this.#hostOf(one, byPid) } : one))
    );
  }

  #whatIs(pid: number, ppid: number, command: string): Known['what'] {
    // The reaper is given nothing of ours in its environment; its parent tells whose it is.
    if (command.endsWith('cheatcode-reaper'))
      return this.#known.get(ppid)?.what?.kind === 'host'
        ? { kind: 'reaper', command: 'cheatcode-reaper', cookie: undefined }
        : this.#known.get(pid)?.what;
    const environment = read(`/proc/${pid}/environ`).split('\0');
    if (!environment.includes(`CHEATCODE_STATE_DIR=${this.#stateFolder}`)) return undefined;
    const cookie = environment.find((line) => line.startsWith('CHEATCODE_SESSION='));
    if (cookie !== undefined) return { kind: 'member', command, cookie: cookie.slice('CHEATCODE_SESSION='.length) };
    if (command.includes('host.js {')) return { kind: 'host', command, cookie: undefined };
    if (command.includes('--type=extensionHost')) return { kind: 'extensionHost', command, cookie: undefined };
    if (command.includes('--type=ptyHost')) return { kind: 'ptyHost', command, cookie: undefined };
    return undefined;
  }

  #hostOf(member: Sight, byPid: ReadonlyMap<number, Sight>): string | undefined {
    const known = this.#known.get(member.pid);
    if (!known || known.host !== undefined) return known?.host;
    let host = member.cookie === undefined ? undefined : this.#hostOfCookie.get(member.cookie);
    for (let one: Sight | undefined = member; host === undefined && one;) {
      one = byPid.get(one.ppid);
      if (one?.kind === 'host') host = identityOf(one);
    }
    known.host = host;
    if (host !== undefined && member.cookie !== undefined) this.#hostOfCookie.set(member.cookie, host);
    return host;
  }

  /** Pids of ours that listen on the port. What looks like a breach is looked at again before it counts. */
  #listeners(sights: readonly Sight[]): number[] {
    this.#listenTurn = 1 - this.#listenTurn;
    this.#readListening(this.#listenTurn);
    const holders = this.#holdersOf([...this.#listening.values()].flat(), sights);
    if (holders.length <= 1) return holders;
    for (const turn of LISTEN_FILES.keys()) this.#readListening(turn);
    return this.#holdersOf([...this.#listening.values()].flat(), sights);
  }

  #readListening(turn: number): void {
    const file = LISTEN_FILES[turn] ?? '';
    const inodes: string[] = [];
    for (const line of read(file).split('\n')) {
      if (!line.includes(`:${this.#portHex} `)) continue;
      const fields = line.trim().split(/\s+/);
      if (fields[1]?.endsWith(`:${this.#portHex}`) && fields[3] === '0A' && fields[9]) inodes.push(fields[9]);
    }
    this.#listening.set(file, inodes);
  }

  #lockInodes(): string[] {
    const text = read('/proc/net/unix');
    return this.#scopeFolders().flatMap((folder) => {
      const scopeFolder = statSync(folder, { bigint: true, throwIfNoEntry: false });
      if (!scopeFolder) return [];
      const { lockNames } = hostNames({
        uid: process.geteuid?.(),
        scopeId: path.basename(folder),
        stateFolder: realpathSync(this.#stateFolder),
        scopeFolder,
      });
      return lockNames.flatMap((name) => findListener(text, lockName(name)) ?? []);
    });
  }

  /** Who of ours has these sockets open. */
  #holdersOf(inodes: readonly string[], sights: readonly Sight[]): number[] {
    const live = new Set(sights.filter(({ state }) => state !== 'Z').map(({ pid }) => pid));
    for (const [inode, pid] of this.#holders) if (!live.has(pid)) this.#holders.delete(inode);
    if (inodes.some((inode) => !this.#holders.has(inode)))
      for (const pid of live)
        for (const inode of socketsOf(pid)) if (inodes.includes(inode)) this.#holders.set(inode, pid);
    return [...new Set(inodes.flatMap((inode) => this.#holders.get(inode) ?? []))];
  }

  #readFiles(): Pick<Sample, 'hostFilePid' | 'records' | 'unreadable'> {
    const unreadable: string[] = [];
    const records: SessionRecord[] = [];
    let hostFilePid: number | undefined;
    for (const folder of this.#scopeFolders()) {
      const host = this.#parsed(path.join(folder, 'host.json'), (text) => (JSON.parse(text) as { pid: number }).pid);
      if (host instanceof Error) unreadable.push(`host.json: ${host.message}`);
      else if (host !== undefined) hostFilePid = host;
      for (const name of entriesOf(path.join(folder, 'records'))) {
        if (!name.endsWith('.json')) continue;
        const record = this.#parsed(path.join(folder, 'records', name), parseRecord);
        if (record instanceof Error) unreadable.push(`${name}: ${record.message}`);
        else if (record) records.push(record);
      }
    }
    return { hostFilePid, records, unreadable };
  }

  /** Undefined: not there. Parsed again only when it has changed. */
  #parsed<T>(file: string, parse: (text: string) => T): T | Error | undefined {
    const stat = statSync(file, { bigint: true, throwIfNoEntry: false });
    if (!stat) return undefined;
    const stamp = `${stat.ino}:${stat.mtimeNs}:${stat.size}`;
    const before = this.#files.get(file);
    if (before?.stamp === stamp) return before.value as T | Error;
    let value: T | Error;
    try {
      value = parse(readFileSync(file, 'utf8'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined; // Removed between the two looks.
      value = error instanceof Error ? error : new Error(String(error));
    }
    this.#files.set(file, { stamp, value });
    return value;
  }

  #scopeFolders(): string[] {
    return entriesOf(this.#stateFolder)
      .filter((name) => /^[0-9a-f]{12}$/.test(name))
      .map((name) => path.join(this.#stateFolder, name));
  }
}

function statOf(pid: number): Pick<Sight, 'state' | 'ppid' | 'startTicks'> | undefined {
  const stat = read(`/proc/${pid}/stat`);
  // The name in parentheses may itself hold parentheses and spaces: the fields begin after the LAST one.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return stat === '' ? undefined : { state: fields[0] ?? '', ppid: Number(fields[1]), startTicks: fields[19] ?? '' };
}

function socketsOf(pid: number): string[] {
  return entriesOf(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
    } catch {
      return []; // Closed meanwhile.
    }
  });
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // Not there yet, or not any more.
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // The process ended meanwhile, or is another's.
  }
}
