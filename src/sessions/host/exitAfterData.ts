/**
 * Decides when a terminal may report its exit.
 * Invariant: the exit is reported once, and after the last data. A program's end and the end of its output are two
 * events, and the second may never come: a child that was left behind keeps the pipe or the terminal open. So an exit
 * waits for the end of the output, or for a quiet moment, or, while something goes on talking, for a limited time. A
 * paused reader stops the clock: what waits in the kernel then is not lost.
 */
const quietMs = 100;
const limitMs = 2_000;

/** Gathers what is known about the end of a terminal's program and calls `report` at the right moment. */
export class ExitAfterData {
  #exited = false;
  #paused = false;
  #reported = false;
  #quiet: NodeJS.Timeout | undefined;
  #limit: NodeJS.Timeout | undefined;
  readonly #report: () => void;

  constructor(report: () => void) {
    this.#report = report;
  }

  get isReported(): boolean {
    return this.#reported;
  }

  /** The program has ended. */
  exited(): void {
    if (this.#exited) return;
    this.#exited = true;
    this.#wait();
  }

  /** Data came. */
  data(): void {
    if (this.#exited) this.#waitForQuiet();
  }

  /** The output has ended; nothing more can come. */
  ended(): void {
    if (this.#exited) this.#fire();
  }

  pause(): void {
    this.#paused = true;
    this.#stopWaiting();
  }

  resume(): void {
    this.#paused = false;
    if (this.#exited) this.#wait();
  }

  #wait(): void {
    if (this.#paused || this.#reported) return;
    this.#limit ??= setTimeout(() => this.#fire(), limitMs);
    this.#waitForQuiet();
  }

  #waitForQuiet(): void {
    if (this.#paused || this.#reported) return;
    clearTimeout(this.#quiet);
    this.#quiet = setTimeout(() => this.#fire(), quietMs);
  }

  #stopWaiting(): void {
    clearTimeout(this.#quiet);
    clearTimeout(this.#limit);
    this.#limit = undefined;
  }

  #fire(): void {
    if (this.#reported) return;
    this.#reported = true;
    this.#stopWaiting();
    this.#report();
  }
}
