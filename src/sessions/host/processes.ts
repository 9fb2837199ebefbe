/**
 * Processes as the host sees and ends them. Identity is pid AND start time: a pid alone is reused. A signal goes only
 * to an identity that was verified in the same turn, or to a group that we made.
 */
export interface ProcessIdentity {
  readonly pid: number;
  /** Start time as the system counts it since boot (Linux: field 22 of /proc/pid/stat), an opaque string. */
  readonly startTicks: string;
}

/** A row of the process table. */
export interface ProcessEntry extends ProcessIdentity {
  readonly ppid: number;
  readonly pgid: number;
  readonly sid: number;
  readonly isZombie: boolean;
}

/** With what may take a read of its own. */
export interface ProcessInfo extends ProcessEntry {
  readonly uid: number | undefined;
  /** Command line, for people; empty when hidden. */
  readonly command: string;
}

export interface Processes {
  /** All processes that this user may see, zombies included (marked). */
  list(): Promise<readonly ProcessInfo[]>;
  /** The same, without what would take more of the machine: for who looks often. */
  table(): Promise<readonly ProcessEntry[]>;
  /** `alive` only for this very process and no zombie; `unknown` when the system would not say. */
  liveness(identity: ProcessIdentity): Promise<'alive' | 'dead' | 'unknown'>;
  /** The identity of a live process; undefined when there is none of that pid. Rejects when the system would not say. */
  identify(pid: number): Promise<ProcessIdentity | undefined>;
  /** The process group of a live process; undefined when there is none of that pid, or no such thing as groups. Rejects as above. */
  groupOf(pid: number): Promise<number | undefined>;
  /** Identities of processes whose environment holds `name=value`, or `name=` and a value with this prefix when `prefix`. */
  findByEnvironment(
    name: string,
    value: string,
    options?: { readonly prefix?: boolean },
  ): Promise<readonly ProcessEntry[]>;
  /** Working directory, undefined when hidden. For people: compare folders with `runsIn`. */
  workingDirectory(pid: number): Promise<string | undefined>;
  /** Whether the working directory is this very folder, by device and inode; undefined when hidden. */
  runsIn(pid: number, folder: string): Promise<boolean | undefined>;
  /** Resident memory of these processes together, in bytes; those that are gone or hidden count as nothing. */
  memory(pids: readonly number[]): Promise<number>;
  /** Verifies the identity, then signals that one process. False: it was gone or is another's. */
  signal(identity: ProcessIdentity, signal: 'SIGINT' | 'SIGTERM' | 'SIGKILL'): Promise<boolean>;
  /** Signals a group that this host made, if any live member is left. False: none was. */
  signalGroup(pgid: number, signal: 'SIGINT' | 'SIGTERM' | 'SIGKILL'): boolean;
}

/** A listening TCP socket. */
export interface Listener {
  readonly address: string;
  readonly port: number;
  readonly pid: number | undefined;
  readonly uid: number | undefined;
  /** Opaque name of this very socket, which no other gets before the next boot; absent where the system has none. */
  readonly socket?: string;
}

export interface Ports {
  /** Tried by binding 127.0.0.1, 0.0.0.0, ::1 and :: one after another: one alone says little (FACTS). */
  isFree(port: number): Promise<boolean>;
  /** Who listens on the port, as far as visible; empty when nobody does. */
  listeners(port: number): Promise<readonly Listener[]>;
  /** All listening sockets of this network namespace. */
  allListeners(): Promise<readonly Listener[]>;
}
