import type { Clock } from '../clock';
import { Emitter } from '../event';
import { OutputStream, type OutputChunk, type OutputReader } from './outputStream';
import { Screen, withoutTerminalReplies } from './screen';
import type { TerminalProcess } from './terminal';

/** An exit this soon after a typed Ctrl+C is the user's stop. */
const INTERRUPT_WINDOW_MS = 5000;
/** Until a window says its size. */
const DEFAULT_COLS = 120;
const DEFAULT_ROWS = 30;

/**
 * What a program that ended may have left on: the other screen (its cursor goes back to where it was; saved just before, it
 * stays where there was none), a scrolling region and an origin in it (both move the cursor home), application keys, bracketed paste, focus and mouse reports, inserting, no
 * wrapping, a hidden or another cursor, another character set, colours. A shell would get a clean terminal from no one, too, but nobody
 * could type `reset` here.
 */
const AFTER_PROGRAM =
  '\x1b7\x1b[?1049l\x1b7\x1b[r\x1b[?6l\x1b8\x1b[?1l\x1b>\x1b[?2004l\x1b[?1004l' +
  '\x1b[?9l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1005l\x1b[?1006l\x1b[?1015l\x1b[?1016l' +
  '\x1b[4l\x1b[?7h\x1b[?45l\x1b[?25h\x1b[0 q\x1b(B\x0f\x1b[0m';
/** Colours and the like, which move no cursor. */
const TRAILING_STYLE = /(?:\x1b\[[\d;:]*m|\x1b\[\??[\d;]*[hl])+$/;

/**
 * The one terminal of a session as all windows see it: screen, output and typing. It outlives the programs that run in
 * it one after another.
 */
export class SessionTerminal {
  readonly #clock: Clock;
  readonly #screen = new Screen(DEFAULT_COLS, DEFAULT_ROWS);
  readonly #stream = new OutputStream(this.#screen);
  readonly #onIdleInterrupt: () => void;
  readonly #printed = new Emitter<string>();
  #program: TerminalProcess | undefined;
  #interruptedAtMs = -Infinity;
  #isAtLineStart = true;

  /** What was just printed, raw. A listener must be quick: it is called for each piece of a flood. */
  readonly onDidPrint = this.#printed.event;

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
    // What is said of its end stands on a line of its own, on the screen that a person scrolls, whatever it left behind.
    if (this.#program && !program) this.print(`${AFTER_PROGRAM}${this.#isAtLineStart ? '' : '\r\n'}`);
    this.#program = program;
    if (program) this.forgetInterrupt();
    program?.resize(this.#screen.cols, this.#screen.rows);
  }

  print(text: string): void {
    if (text === '') return;
    const end = text.slice(-200).replace(TRAILING_STYLE, '');
    if (end !== '') this.#isAtLineStart = /[\n\r]$/.test(end);
    this.#stream.write(text);
    this.#printed.fire(text);
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
    this.#printed.dispose();
    this.#screen.dispose();
  }
}
