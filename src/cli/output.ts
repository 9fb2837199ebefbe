import { wrap } from './table';

/** Where the command line writes: a part of Node's streams. */
export interface TextStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Columns where nobody says how wide a terminal is: a pipe has no end of a line. */
const NO_LIMIT = 10_000;
const USUAL_COLUMNS = 80;

export type Colour = 'red' | 'yellow' | 'green' | 'dim';

const CODES: Readonly<Record<Colour, number>> = { red: 31, yellow: 33, green: 32, dim: 2 };

export interface OutputOptions {
  readonly stdout: TextStream;
  readonly stderr: TextStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly noColor: boolean;
  readonly isJson: boolean;
}

/**
 * What the command line says: results to stdout, all else to stderr. Without a terminal there is neither a control code nor a
 * line about progress.
 */
export class Output {
  readonly #options: OutputOptions;

  constructor(options: OutputOptions) {
    this.#options = options;
  }

  /** Columns of stdout; without a terminal, more than any line has. */
  get width(): number {
    return widthOf(this.#options.stdout);
  }

  /** A result: whole lines to stdout. */
  print(text: string): void {
    this.#options.stdout.write(`${text}\n`);
  }

  /** As it is, to stdout. */
  raw(text: string): void {
    this.#options.stdout.write(text);
  }

  printJson(value: unknown): void {
    this.print(JSON.stringify(value, undefined, 2));
  }

  /** For people, on stderr: an error, an advice. */
  say(text: string): void {
    const width = widthOf(this.#options.stderr);
    for (const line of text.split('\n'))
      this.#options.stderr.write(`${(line.startsWith(' ') ? [line] : wrap(line, width)).join('\n')}\n`);
  }

  /** What happens meanwhile: only where a person looks on. */
  progress(text: string): void {
    if (this.#options.stderr.isTTY && !this.#options.isJson) this.say(text);
  }

  /** The text in a colour on a terminal that has one. */
  paint(text: string, colour: Colour | undefined): string {
    const { stdout, env, noColor } = this.#options;
    // An empty NO_COLOR counts as none (no-color.org).
    if (colour === undefined || !stdout.isTTY || noColor || env['NO_COLOR'] || env['TERM'] === 'dumb') return text;
    return `\u001b[${CODES[colour]}m${text}\u001b[0m`;
  }
}

function widthOf(stream: TextStream): number {
  if (!stream.isTTY) return NO_LIMIT;
  return stream.columns && stream.columns > 0 ? stream.columns : USUAL_COLUMNS;
}
