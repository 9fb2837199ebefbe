import type { Clock } from '../clock';
import { OutputStream, type OutputChunk, type OutputReader } from './outputStream';
import { Screen, withoutTerminalReplies } from './screen';
import type { TerminalProcess } from './terminal';

/** An exit this soon after a typed Ctrl+C is the user's stop. */
const INTERRUPT_WINDOW_MS = 5000;
/** Until a window says its size. */
const DEFAULT_COLS = 120;
const DEFAULT_ROWS = 30;

/**
 * The one terminal of a session as all windows see it: screen, output and typing. It outlives the programs that run in
 * it one after another.
 */
export class SessionTerminal {
  readonly #clock: Clock;
  readonly #screen = new Screen(DEFAULT_COLS, DEFAULT_ROWS);
  readonly #stream = new OutputStream(this.#screen);
  readonly #onIdleInterrupt: () => void;
  #program: TerminalProcess | undefined;
  #interruptedAtMs = -Infinity;

  /** `onIdleInterrupt` hears a Ctrl+C that no program is there to hear. */
  constructor(clock: Clock, onIdleInterrupt: () => void = () => undefined) {
    this.#clock = clock;
    this.#onIdleInterrupt = onIdleInterrupt;
    this.#screen.onReply((data) => this.#program?.write(data));
    this.#screen.onPressure((what) => (what === 'pause' ? this.#program?.pause() : this.#program?.resume()));
  }

  get size(): { readonly cols: number; readonly rows: number } {
    return { cols: this.#screen.cols, rows: this.#screen.rows };
  }

  /** The program that typing and size go to from now on; undefined: none. Its output is given to `print`. */
  connect(program: TerminalProcess | undefined): void {
    this.#program = program;
    if (program) this.forgetInterrupt();
    program?.resize(this.#screen.cols, this.#screen.rows);
  }

  print(text: string): void {
    this.#stream.write(text);
  }

  /** A person's typing in one of the windows. */
  input(data: string): void {
    const typed = withoutTerminalReplies(data);
    if (typed === '') return;
    if (typed.includes('\x03')) {
      if (!this.#program) return this.#onIdleInterrupt();
      this.#interruptedAtMs = this.#clock.nowMs();
    }
    this.#program?.write(typed);
  }

  /** Whether the user typed Ctrl+C just now. */
  wasInterrupted(): boolean {
    return this.#clock.nowMs() - this.#interruptedAtMs < INTERRUPT_WINDOW_MS;
  }

  /** What was typed for an earlier run says nothing about the next. */
  forgetInterrupt(): void {
    this.#interruptedAtMs = -Infinity;
  }

  /** The one size of the screen follows the window that last showed it or typed into it. */
  resize(cols: number, rows: number): void {
    if (cols === this.#screen.cols && rows === this.#screen.rows) return;
    this.#screen.resize(cols, rows);
    this.#program?.resize(cols, rows);
    this.#stream.resetAll();
  }

  /** Output from now on, beginning with a snapshot; the caller disposes. */
  attach(send: (chunk: OutputChunk) => void): OutputReader {
    return this.#stream.attach(send);
  }

  /** The last lines that hold text, without escape sequences. */
  lastLines(count: number): Promise<readonly string[]> {
    return this.#screen.lastLines(count);
  }

  dispose(): void {
    this.#program = undefined;
    this.#screen.dispose();
  }
}
