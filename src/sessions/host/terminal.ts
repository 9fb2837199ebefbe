import type { Disposable } from '../event';

export interface TerminalOptions {
  /** Absolute path of the program. */
  readonly file: string;
  readonly args: readonly string[];
  /** Windows alone: the arguments as one text, for a program that takes its command line apart by rules of its own (`cmd.exe`). */
  readonly commandLine?: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly cols: number;
  readonly rows: number;
}

export interface TerminalExit {
  readonly exitCode: number | undefined;
  readonly signal: number | undefined;
}

/** A program in a terminal of its own. It leads its own process group, so that the group can be signalled whole. */
export interface TerminalProcess {
  /** Leader of the process group that holds the server's tree. */
  readonly pid: number;
  onData(listener: (data: string) => void): Disposable;
  /** Fires once, after the last data. */
  onExit(listener: (exit: TerminalExit) => void): Disposable;
  write(data: string): void;
  resize(cols: number, rows: number): void;
  /** Back-pressure: while paused the program's output waits in the kernel. */
  pause(): void;
  resume(): void;
}

/** One way to get a terminal; contract-tested for all kinds alike. */
export interface TerminalFactory {
  readonly kind: 'node-pty' | 'script' | 'pipes';
  /**
   * False: its programs see pipes. They have no size to draw for and hear of what is typed line by line, so that a person
   * who looks for either is to be told.
   */
  readonly isTerminal: boolean;
  /** Throws when the program can't be started. */
  spawn(options: TerminalOptions): TerminalProcess;
}
