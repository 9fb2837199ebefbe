/**
 * Turns what a terminal is sent into plain lines: for pipes, files and agents. Not a terminal: text that is drawn over is kept as
 * far as it stood on its line last.
 */
export class PlainLines {
  #rest = '';
  #line = '';
  /** A return came last: what follows stands in place of the line, unless it is the end of it. */
  #isReturned = false;

  /** The lines that are whole now. */
  feed(data: string): readonly string[] {
    const text = this.#rest + data;
    // A sequence may be cut in two.
    const cut = unfinishedAt(text);
    this.#rest = text.slice(cut);
    const lines: string[] = [];
    for (const char of plain(text.slice(0, cut))) {
      if (char === '\n') {
        lines.push(this.#line);
        this.#line = '';
        this.#isReturned = false;
      } else if (char === '\r') this.#isReturned = true;
      else {
        if (this.#isReturned) this.#line = '';
        this.#isReturned = false;
        this.#line = char === '\b' ? this.#line.slice(0, -1) : this.#line + char;
      }
    }
    return lines;
  }

  /** The line that was begun, if any, which ends here. */
  end(): readonly string[] {
    const line = this.#line;
    this.#line = '';
    this.#isReturned = false;
    return line === '' ? [] : [line];
  }
}

const SEQUENCES =
  /\u001b\[([0-?]*)[ -/]*([@-~])|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)|\u001b[PX^_][^\u001b]*\u001b\\|\u001b[ -/]*[0-~]/g;
const OTHER_CONTROLS = /[\u0000-\u0007\u000b\u000c\u000e-\u001f\u007f-\u009f]/g;
const UNFINISHED = /\u001b(?:\[[0-?]*[ -/]*|\][^\u0007\u001b]*\u001b?|[PX^_][^\u001b]*\u001b?|[ -/]*)$/;

/** A sequence that never ends must not hold back the output for ever. */
const MAX_UNFINISHED = 4096;
const MAX_MOVED = 500;

function unfinishedAt(text: string): number {
  const at = UNFINISHED.exec(text)?.index;
  return at === undefined || text.length - at > MAX_UNFINISHED ? text.length : at;
}

function plain(text: string): string {
  return text
    .replace(SEQUENCES, (_all, parameters: string | undefined, final: string | undefined) =>
      // A screen's picture moves over blanks and empty lines instead of writing them.
      final === 'C' ? ' '.repeat(countOf(parameters)) : final === 'B' ? '\n'.repeat(countOf(parameters)) : '',
    )
    .replace(OTHER_CONTROLS, '');
}

function countOf(parameters: string | undefined): number {
  return Math.min(MAX_MOVED, Number.parseInt(parameters ?? '', 10) || 1);
}

/**
 * The lines of a screen that come after those that were shown already: a client that was too slow gets the screen anew. All of
 * them where none of the shown ones is on it.
 */
export function linesAfter(screen: readonly string[], shown: readonly string[]): readonly string[] {
  for (let count = Math.min(shown.length, screen.length); count > 0; count--) {
    const tail = shown.slice(-count);
    for (let at = screen.length - count; at >= 0; at--)
      if (tail.every((line, index) => screen[at + index] === line)) return screen.slice(at + count);
  }
  return screen;
}
