/**
 * Terminals by util-linux's `script`, for Linux machines where no node-pty binary fits (Alpine) or loads.
 * Invariant: `pid` is the leader of the session that `script` makes for the program, not `script` itself: the server's
 * tree is in the leader's group, and signalling that of `script` would reach nothing but `script`.
 */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { Emitter } from '../event';
import type { Logger } from '../log';
import { runCommand } from '../runCommand';
import { isZombieState, procPids, readProcLink, readProcStat } from '../procFiles';
import { systemPrograms } from './programs';
import { signalNumber } from './signalNumbers';
import type { TerminalExit, TerminalFactory, TerminalOptions, TerminalProcess } from './terminal';
import { assertStartable, MAX_INPUT_BYTES } from './terminalProgram';

/** Longest wait for `script` to have started its child; it takes a few milliseconds. */
const startLimitMs = 3_000;

/** How long `script --version` may take. */
const versionLimitMs = 3_000;

/** The programs that make such a terminal, by their paths: the PATH of an app may name others. */
export interface ScriptTools {
  readonly script: string;
  /** Sets a terminal's size. */
  readonly stty: string;
}

/** The tools of this machine. Rejects, with what was found instead, unless `script` is the one of util-linux. */
export async function findScriptTools(env: Readonly<Record<string, string>>): Promise<ScriptTools> {
  const [script, stty] = await Promise.all(['script', 'stty'].map((name) => systemPrograms.find(name, env, '/')));
  if (script === undefined) throw new Error('there is no script');
  if (stty === undefined) throw new Error('there is no stty');
  const { exitCode, stdout, stderr } = await runCommand(script, ['--version'], {
    env: { ...env, LC_ALL: 'C' },
    timeoutMs: versionLimitMs,
  });
  if (exitCode !== 0 || !isUtilLinux(stdout))
    throw new Error(`script is not util-linux's: ${`${stdout}${stderr}`.trim().split('\n')[0] ?? ''}`);
  return { script, stty };
}

/** Whether `script --version` said that it is util-linux's: those of BSD (macOS) and BusyBox take other options. */
function isUtilLinux(version: string): boolean {
  return /^script .*\butil-linux \d/.test(version);
}

/** Terminals by these tools. */
export function scriptFactory(log: Logger, tools: ScriptTools): TerminalFactory {
  return {
    kind: 'script',
    isTerminal: true,
    spawn(options) {
      assertStartable(options);
      return new ScriptTerminal(options, tools, log);
    },
  };
}

type Child = ChildProcessByStdio<Writable, Readable, Readable> & {
  /** The fourth lets the program begin. */
  readonly stdio: readonly [Writable, Readable, Readable, Writable, unknown];
};

class ScriptTerminal implements TerminalProcess {
  readonly pid: number;
  readonly #data = new Emitter<string>();
  readonly #exit = new Emitter<TerminalExit>();
  readonly #child: Child;
  readonly #log: Logger;
  readonly #stty: string;
  /** The program's terminal, `/dev/pts/7`. */
  readonly #device: string;
  #isOpen = true;
  /** Sizes are set one after another, or an older one could come last. */
  #resizing: Promise<void> = Promise.resolve();

  constructor(options: TerminalOptions, tools: ScriptTools, log: Logger) {
    this.#log = log;
    this.#stty = tools.stty;
    this.#child = startScript(options, tools);
    try {
      ({ pid: this.pid, device: this.#device } = waitForLeader(this.#child));
    } catch (error) {
      // A child that was never born has pid 0, and Node would kill that: this very process and its whole group.
      if (this.#child.pid !== undefined) this.#child.kill('SIGKILL');
      throw error;
    }
    const [, , , begin] = this.#child.stdio;
    begin.on('error', (error) => log.debug('terminal ended before it began', { error: error.message }));
    begin.end('\n');
    // Node's own decoder keeps a character that was split over two chunks together.
    this.#child.stdout.setEncoding('utf8').on('data', (data: string) => this.#data.fire(data));
    this.#child.stderr.setEncoding('utf8').on('data', (data: string) => this.#data.fire(data));
    // Written to a program that has just ended; the exit follows.
    this.#child.stdin.on('error', (error) => log.debug('terminal input was closed', { error: error.message }));
    // `close` comes after the exit and after the last output; `script` alone holds the pipes, so it always comes.
    this.#child.on('close', (code, signal) => {
      this.#isOpen = false;
      this.#exit.fire(toExit(code, signal));
    });
  }

  readonly onData = this.#data.event;
  readonly onExit = this.#exit.event;

  write(data: string): void {
    if (this.#isOpen && this.#child.stdin.writableLength < MAX_INPUT_BYTES) this.#child.stdin.write(data);
  }

  resize(cols: number, rows: number): void {
    if (!this.#isOpen) return;
    const args = ['-F', this.#device, 'cols', String(cols), 'rows', String(rows)];
    this.#resizing = this.#resizing.then(async () => {
      if (!this.#isOpen) return;
      const result = await runCommand(this.#stty, args, { timeoutMs: 2_000 });
      if (result.exitCode !== 0) this.#log.warn('terminal could not be resized', { error: result.stderr.trim() });
    });
  }

  pause(): void {
    this.#child.stdout.pause();
  }

  resume(): void {
    this.#child.stdout.resume();
  }
}

function startScript({ file, args, cwd, env, cols, rows }: TerminalOptions, tools: ScriptTools): Child {
  // `script` hands its command to $SHELL, which may be any program of the user's: it gets sh, and the command puts the
  // user's own value back. `stty` first: without a terminal of its own `script` makes one of no size, without echo.
  const shell = env['SHELL'] === undefined ? 'unset SHELL' : `export SHELL=${quote(env['SHELL'])}`;
  const size = `${quote(tools.stty)} sane cols ${cols} rows ${rows}`;
  const program = [file, ...args].map(quote).join(' ');
  // It begins when we have seen who it is (descriptor 3): one that ends at once would be gone before we looked.
  const command = `read -r _ <&3; exec 3<&-; ${size}; ${shell}; exec ${program}`;
  const child = spawn(tools.script, ['-qfec', command, '/dev/null'], {
    cwd,
    env: { ...env, SHELL: '/bin/sh' },
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    detached: true,
  }) as Child;
  // A failed spawn is told twice; waitForLeader throws for it, and an unheard event would end the host.
  child.once('error', () => undefined);
  return child;
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/**
 * The child of `script`, once it leads its own session and sits at its terminal. It blocks this process for the few
 * milliseconds that takes: a terminal without a pid could not be guarded by the reaper.
 */
function waitForLeader(child: Child): { pid: number; device: string } {
  const script = child.pid;
  if (script === undefined) throw new Error('script could not be started');
  const clock = new Int32Array(new SharedArrayBuffer(4));
  const deadline = performance.now() + startLimitMs;
  while (performance.now() < deadline) {
    for (const pid of procPids()) {
      // A child gets a higher pid, but for a wrap of the counter, so don't rely on it.
      const stat = readProcStat(pid);
      if (stat?.ppid !== script || stat.pgid !== pid || stat.sid !== pid) continue;
      // Not its input, which is descriptor 3 as long as it waits to begin.
      const device = readProcLink(pid, 'fd/1');
      if (device?.startsWith('/dev/')) return { pid, device };
    }
    const own = readProcStat(script);
    if (!own || isZombieState(own.state)) break;
    Atomics.wait(clock, 0, 0, 1);
  }
  throw new Error('script started no program');
}

/**
 * `script -e` exits as a shell would: 128 + n for a program that signal n ended. A program that exits with such a code
 * by itself (pnpm and 130) means the same by it.
 */
function toExit(code: number | null, signal: NodeJS.Signals | null): TerminalExit {
  if (code === null) return { exitCode: undefined, signal: signal === null ? undefined : signalNumber(signal) };
  return code > 128 && code < 160 ? { exitCode: undefined, signal: code - 128 } : { exitCode: code, signal: undefined };
}
