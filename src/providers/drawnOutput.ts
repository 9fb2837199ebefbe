/**
 * Tells when a terminal of the editor has drawn what was written to it, which its API does not: the terminal is asked in the
 * output itself. Without this a program gone mad goes on on the screen for seconds after its Ctrl+C (bench/RESULTS.md).
 * Invariant: a question is written only behind a line's end, where no control sequence is cut in two by it.
 */
import { delay, systemClock, type Clock } from '../sessions/clock';

/**
 * DECRQM for a private mode that no terminal has, so that the answer is nobody else's: `CSI ? Ps $ p`, answered by
 * `CSI ? Ps ; 0 $ y` (xterm control sequences, https://invisible-island.net/xterm/ctlseqs/ctlseqs.html).
 */
const QUESTION = '\x1b[?7391$p';
const ANSWER = '\x1b[?7391;0$y';
/** After so many characters it is asked: a server that runs as ever prints less at a time, and is never asked. */
const ASK_AFTER_CHARS = 32 * 1024;
/** A terminal that has not answered by then, in milliseconds, is not waited for: never again if it has never answered. */
const PATIENCE_MS = 5000;

/** The output of one terminal. */
export class DrawnOutput {
  readonly #write: (data: string) => void;
  readonly #clock: Clock;
  #unaskedChars = 0;
  /** Of each question that is on its way, the oldest first. */
  #waiting: (() => void)[] = [];
  #last: Promise<void> = Promise.resolve();
  #answers: 'notYet' | 'yes' | 'no' = 'notYet';

  constructor(write: (data: string) => void, clock: Clock = systemClock) {
    this.#write = write;
    this.#clock = clock;
  }

  /** Writes; resolves when as much of it as matters has been drawn, or when that can't be known. */
  write(data: string): Promise<void> {
    this.#unaskedChars += data.length;
    const end = this.#unaskedChars < ASK_AFTER_CHARS || this.#answers === 'no' ? -1 : data.lastIndexOf('\n');
    if (end < 0) {
      this.#write(data);
      return this.#last;
    }
    this.#write(data.slice(0, end + 1) + QUESTION + data.slice(end + 1));
    this.#unaskedChars = data.length - end - 1;
    this.#last = this.#answered();
    return this.#last;
  }

  /** What was typed, without what the terminal itself has answered. */
  typed(data: string): string {
    const parts = data.split(ANSWER);
    for (let answers = parts.length - 1; answers > 0; answers--) {
      this.#answers = 'yes';
      this.#waiting.shift()?.();
    }
    return parts.join('');
  }

  /** The terminal is gone: what was written is not waited for any more. */
  release(): void {
    for (const answer of this.#waiting.splice(0)) answer();
  }

  async #answered(): Promise<void> {
    const over = new AbortController();
    let isAnswered = false;
    const answer = new Promise<void>((resolve) =>
      this.#waiting.push(() => {
        isAnswered = true;
        resolve();
      }),
    );
    await Promise.race([answer, delay(this.#clock, PATIENCE_MS, over.signal)]);
    over.abort();
    if (isAnswered) return;
    if (this.#answers === 'notYet') this.#answers = 'no';
    this.release();
  }
}
