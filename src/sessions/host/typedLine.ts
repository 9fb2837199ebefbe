/**
 * What a terminal's driver makes of typing, for programs that have no terminal: it shows what is typed, lets it be changed, and
 * gives it to the program with the Return key. Pure.
 */

/** What became of some typing. */
export interface Typed {
  /** For the screen. */
  readonly shown: string;
  /** For the program: whole lines, as a rule. */
  readonly input: string;
  /** Ctrl+C was among it. */
  readonly isInterrupt: boolean;
  /** Ctrl+D at the beginning of a line: the program's input ends. */
  readonly isEnd: boolean;
}

/** As long as a line of Linux's driver. */
const MAX_LINE_CHARS = 4095;
/** Arrows and the like, and the terminal's own answers: a driver has no use for them, and neither has a line. */
const ESCAPE = /\x1b(?:\[[0-?]*[ -/]*[@-~]|O.|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)?/gs;
const ERASED = '\b \b';

/** The line that is being typed. */
export class TypedLine {
  #chars: string[] = [];

  /** Takes what was typed, one or many keys. */
  type(data: string): Typed {
    let shown = '';
    let input = '';
    let isInterrupt = false;
    let isEnd = false;
    for (const char of data.replaceAll(ESCAPE, '')) {
      switch (char) {
        case '\r':
        case '\n':
          input += `${this.#take()}\n`;
          shown += '\r\n';
          break;
        case '\x03':
          isInterrupt = true;
          this.#chars = [];
          shown += '^C';
          break;
        case '\x04':
          if (this.#chars.length === 0) isEnd = true;
          input += this.#take();
          break;
        case '\b':
        case '\x7f':
          if (this.#chars.pop() !== undefined) shown += ERASED;
          break;
        case '\x15':
          shown += ERASED.repeat(this.#chars.length);
          this.#chars = [];
          break;
        default:
          if ((char < ' ' && char !== '\t') || this.#chars.length >= MAX_LINE_CHARS) break;
          this.#chars.push(char);
          shown += char;
      }
    }
    return { shown, input, isInterrupt, isEnd };
  }

  #take(): string {
    return this.#chars.splice(0).join('');
  }
}
