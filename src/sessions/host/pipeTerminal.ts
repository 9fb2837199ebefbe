/**
 * The last resort where no terminal can be had: the program on pipes, dressed up as a terminal.
 * Invariant: the program leads a session and group of its own (not on Windows, which has none), and its output looks on a
 * screen as it would from a terminal (colours asked for, line feeds with carriage returns, typing shown). Sizes and raw keys
 * can't be had this way, which `isTerminal` says.
 */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { Emitter } from '../event';
import type { Logger } from '../log';
import { ExitAfterData } from './exitAfterData';
import { signalNumber } from './signalNumbers';
import { sendSignal } from './signals';
import type { TerminalExit, TerminalFactory, TerminalOptions, TerminalProcess } from './terminal';
import { assertStartable, MAX_INPUT_BYTES } from './terminalProgram';
import { TypedLine } from './typedLine';

/** "Terminals" by pipes; works everywhere. */
export function pipeFactory(log: Logger, platform: NodeJS.Platform = process.platform): TerminalFactory {
  return {
    kind: 'pipes',
    isTerminal: false,
    spawn(options) {
      assertStartable(options);
      return new PipeTerminal(options, log, platform === 'win32');
    },
  };
}

/** What programs are asked for colours by; one of them is enough for most. A person's NO_COLOR stands. */
const COLOURS = { FORCE_COLOR: '1', CLICOLOR_FORCE: '1' };

class PipeTerminal implements TerminalProcess {
  readonly pid: number;
  readonly #data = new Emitter<string>();
  readonly #exit = new Emitter<TerminalExit>();
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #drained: ExitAfterData;
  readonly #isWindows: boolean;
  readonly #typing = new TypedLine();
  #isPaused = false;
  #result: TerminalExit = { exitCode: undefined, signal: undefined };

  constructor({ file, args, commandLine, cwd, env }: TerminalOptions, log: Logger, isWindows: boolean) {
    this.#isWindows = isWindows;
    this.#child = spawn(file, commandLine === undefined ? args : [commandLine], {
      cwd,
      env: { ...(env['NO_COLOR'] ? {} : COLOURS), ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
      // On Windows "detached" means without a console: each console program below would open a window of its own. What is not
      // detached the system ends there with this process (libuv's job object), though not what it has started.
      detached: !isWindows,
      windowsHide: true,
      windowsVerbatimArguments: commandLine !== undefined,
    });
    this.#child.on('error', (error) => log.warn('process reported an error', { file, error: error.message }));
    if (this.#child.pid === undefined) throw new Error(`${file} could not be started`);
    this.pid = this.#child.pid;

    this.#drained = new ExitAfterData(() => {
      for (const stream of [this.#child.stdin, this.#child.stdout, this.#child.stderr]) stream.destroy();
      this.#exit.fire(this.#result);
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      const toScreen = carriageReturns();
      // Node's own decoder keeps a character that was split over two chunks together.
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#drained.data();
        this.#data.fire(toScreen(text));
      });
    }
    this.#child.stdin.on('error', (error) => log.debug('terminal input was closed', { error: error.message }));
    this.#child.on('exit', (exitCode, signal) => {
      this.#result = signal
        ? { exitCode: undefined, signal: signalNumber(signal) }
        : { exitCode: exitCode ?? undefined, signal: undefined };
      this.#drained.exited();
      // Node resumes the streams of a process that ended; what its children go on writing would ignore the pause.
      setImmediate(() => {
        if (this.#isPaused) this.pause();
      });
    });
    this.#child.on('close', () => this.#drained.ended());
  }

  readonly onData = this.#data.event;
  readonly onExit = this.#exit.event;

  write(data: string): void {
    if (this.#drained.isReported) return;
    const { stdin } = this.#child;
    const { shown, input, isInterrupt, isEnd } = this.#typing.type(data);
    if (shown !== '') this.#data.fire(shown);
    if (isInterrupt) this.#interrupt();
    if (stdin.destroyed || stdin.writableEnded) return;
    if (input !== '' && stdin.writableLength < MAX_INPUT_BYTES) stdin.write(input);
    if (isEnd) stdin.end();
  }

  #interrupt(): void {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    // Without a console there is no Ctrl+C on Windows: its program ends, and the stop that follows ends what it started.
    if (this.#isWindows) this.#child.kill();
    else sendSignal(-this.pid, 'SIGINT');
  }

  resize(): void {
    // A pipe has no size.
  }

  pause(): void {
    this.#isPaused = true;
    this.#drained.pause();
    this.#child.stdout.pause();
    this.#child.stderr.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#drained.resume();
    this.#child.stdout.resume();
    this.#child.stderr.resume();
  }
}

/** Puts a carriage return before each line feed that has none, over the borders of chunks. */
function carriageReturns(): (text: string) => string {
  let last = '';
  return (text) => {
    const screen = (last + text).replaceAll(/(?<!\r)\n/g, '\r\n').slice(last.length);
    last = text.endsWith('\r') ? '\r' : '';
    return screen;
  };
}
