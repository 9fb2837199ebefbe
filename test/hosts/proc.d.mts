/** One process, with its identity: pid and start ticks within one boot. */
export interface Process {
  pid: number;
  ppid: number;
  pgid: number;
  sid: number;
  /** One letter: `Z` is a zombie. */
  state: string;
  startTicks: string;
  /** The command line, words joined by a space. */
  command: string;
}
/** Something that listens on a TCP port. */
export interface Listener {
  port: number;
  /** As the kernel shows it: hexadecimal. */
  address: string;
  uid: number;
  /** Undefined where the holder is another user's. */
  pid: number | undefined;
}
/** Undefined if there is none. */
export declare function processOf(pid: number): Promise<Process | undefined>;
/** Every process that we may see, zombies included. */
export declare function allProcesses(): Promise<Process[]>;
/** `NAME=value` lines that a process was started with; empty where they can't be read. */
export declare function environmentOf(pid: number): Promise<string[]>;
/** It is this very process, and no zombie. */
export declare function isAlive(pid: number, startTicks: string): Promise<boolean>;
/** What listens on a TCP port, on any address. */
export declare function listenersOf(port: number): Promise<Listener[]>;
