import { SESSION_COOKIE } from '../serverEnvironment';
import { windowsCommand, type WindowsCommand } from '../windowsCommand';
import type { FamilyMarks } from './processFamily';
import type { ProcessIdentity, Processes } from './processes';
import type { Programs } from './programs';
import type { Reapers } from './reaper';
import type { TerminalExit, TerminalFactory, TerminalProcess } from './terminal';

/** A program in a terminal of its own whose whole group dies with the host: a server, or an install. */
export interface GuardedProcess {
  readonly terminal: TerminalProcess;
  readonly marks: FamilyMarks;
  /** Undefined when the process was gone before it could be looked at. */
  readonly identity: ProcessIdentity | undefined;
  readonly exited: Promise<TerminalExit>;
  /** To be called when nothing of the group is left: the guard goes. */
  release(): void;
}

export interface LaunchDependencies {
  readonly terminals: TerminalFactory;
  readonly reapers: Reapers;
  readonly processes: Processes;
  readonly programs: Programs;
}

export interface LaunchOptions {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly cookie: string;
  readonly cols: number;
  readonly rows: number;
  readonly onData: (data: string) => void;
  /** Aborted before the program was found: nothing is started. */
  readonly signal: AbortSignal;
}

/** Thrown when the program of a command is nowhere on the PATH. */
export class ProgramMissingError extends Error {
  constructor(readonly program: string) {
    super(`${program} was not found`);
    this.name = 'ProgramMissingError';
  }
}

/**
 * Starts the program and its guard. The guard is there first, so that between the birth and the guarding of the group
 * lies no more than one write to a pipe. Rejects when the program is missing or can't be started; undefined when the signal
 * aborted before.
 */
export async function launchGuarded(
  deps: LaunchDependencies,
  options: LaunchOptions,
): Promise<GuardedProcess | undefined> {
  const [program = '', ...args] = options.argv;
  const file = await deps.programs.find(program, options.env, options.cwd);
  if (file === undefined) throw new ProgramMissingError(program);
  if (options.signal.aborted) return undefined;
  const reaper = deps.reapers.create();
  let terminal: TerminalProcess;
  try {
    terminal = deps.terminals.spawn({
      ...commandFor(file, args),
      cwd: options.cwd,
      env: { ...options.env, [SESSION_COOKIE]: options.cookie },
      cols: options.cols,
      rows: options.rows,
    });
  } catch (error) {
    reaper.dispose();
    throw error;
  }
  reaper.guard(terminal.pid);
  terminal.onData(options.onData);
  const exited = new Promise<TerminalExit>((resolve) => terminal.onExit(resolve));
  // Without an answer it runs all the same: to reject now would leave a server that nobody knows.
  const identity = await deps.processes.identify(terminal.pid).catch(() => undefined);
  return {
    terminal,
    marks: { pgid: terminal.pid, cookie: options.cookie, ...(identity ? { leader: identity } : {}) },
    identity,
    exited,
    release: () => reaper.dispose(),
  };
}

function commandFor(file: string, args: readonly string[]): WindowsCommand {
  if (process.platform !== 'win32') return { file, args };
  return windowsCommand(file, args, process.env['ComSpec'] ?? 'cmd.exe');
}
