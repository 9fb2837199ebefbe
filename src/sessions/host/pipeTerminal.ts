/**
 * The last resort where no terminal can be had: the program on pipes, dressed up as a terminal.
 * Invariant: the program leads a session and group of its own, and its output looks on a screen as it would from a
 * terminal (colours asked for, line feeds with carriage returns). Sizes and raw keys can't be had this way.
 */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { Emitter } from '../event';
import type { Logger } from '../log';
import { ExitAfterData } from './exitAfterData';
import { signalNumber } from './signalNumbers';
import { sendSignal } from './signals';
import type { TerminalExit, TerminalFactory, TerminalOptions, TerminalProcess } from './terminal';
import { assertStartable } from './terminalProgram';

/** "Terminals" by pipes; works everywhere. */
export function pipeFactory(log: Logger): TerminalFactory {
  return {
    kind: 'pipes',
    spawn(options) {
      assertStartable(options);
      return new PipeTerminal(options, log);
    },
  };
}

const interruptKey = '\x03';

class PipeTerminal implements TerminalProcess {
  readonly pid: number;
  readonly #data = new Emitter<string>();
  readonly #exit = new Emitter<TerminalExit>();
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #drained: ExitAfterData;
  #isPaused = false;
  #result: TerminalExit = { exitCode: undefined, signal: undefined };

  constructor({ file, args, cwd, env }: TerminalOptions, log: Logger) {
    this.#child = spawn(file, args, {
      cwd,
      env: { FORCE_COLOR: '1', ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
      windowsHide: true,
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
    if (this.#drained.isReported || this.#child.stdin.destroyed) return;
    // A terminal's driver would do these two: turn Ctrl+C into a signal, and the Return key into a line feed.
    const [text, ...more] = data.split(interruptKey);
    if (more.length > 0 && this.#child.exitCode === null) sendSignal(-this.pid, 'SIGINT');
    this.#child.stdin.write([text, ...more].join('').replaceAll('\r', '\n'));
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
