import type { Clock } from '../sessions/clock';
import type { Disposable } from '../sessions/event';

/** Between two looks at the output of a server that is on its way, in milliseconds; only while its page is in sight. */
const INTERVAL_MS = 1000;

/** The last lines of a server's output, as long as somebody wants to see them. */
export class OutputTail implements Disposable {
  readonly #clock: Clock;
  readonly #onChange: () => void;
  readonly #onError: (error: unknown) => void;
  #lines: readonly string[] = [];
  #timer: Disposable | undefined;
  #isReading = false;
  #isFollowed = false;
  /** It was asked for a last look while one was under way, which may have missed the last lines. */
  #isAskedAgain = false;

  constructor(clock: Clock, onChange: () => void, onError: (error: unknown) => void) {
    this.#clock = clock;
    this.#onChange = onChange;
    this.#onError = onError;
  }

  get lines(): readonly string[] {
    return this.#lines;
  }

  /** Reads now, unless the last look is too young; `mayGrow` is asked after it and says whether to look again by itself. */
  follow(read: () => Promise<readonly string[]>, mayGrow: () => boolean): void {
    this.#isFollowed = true;
    const isLast = !mayGrow();
    if (this.#isReading) this.#isAskedAgain ||= isLast;
    // What ended has said more since the last look, and there is none after this.
    if (this.#isReading || (this.#timer !== undefined && !isLast)) return;
    this.#timer?.dispose();
    this.#timer = undefined;
    this.#isReading = true;
    this.#isAskedAgain = false;
    read()
      .then((lines) => {
        if (this.#isFollowed) this.#lines = lines;
      }, this.#onError)
      .finally(() => {
        this.#isReading = false;
        if (!this.#isFollowed) return;
        this.#onChange();
        if (this.#isAskedAgain) this.follow(read, mayGrow);
        else if (mayGrow()) this.#timer = this.#clock.after(INTERVAL_MS, () => this.#again(read, mayGrow));
      })
      .catch(this.#onError);
  }

  #again(read: () => Promise<readonly string[]>, mayGrow: () => boolean): void {
    this.#timer = undefined;
    if (mayGrow()) this.follow(read, mayGrow);
  }

  /** Nobody looks. */
  stop(): void {
    this.#isFollowed = false;
    this.#timer?.dispose();
    this.#timer = undefined;
    this.#lines = [];
  }

  dispose(): void {
    this.stop();
  }
}
