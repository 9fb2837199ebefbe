import { SerializeAddon } from '@xterm/addon-serialize';
import { Terminal } from '@xterm/headless';
import { Emitter } from '../event';
import { MAX_MESSAGE_BYTES } from '../protocol';

/** Lines of scrollback that a window gets back: five times as many cost 110 ms of blocked loop a look (FACTS). */
const SCROLLBACK_LINES = 1000;
/** Characters that the model has yet to digest before its source is asked to pause. */
const HIGH_WATER_CHARS = 1024 * 1024;
const LOW_WATER_CHARS = 128 * 1024;

/** Room for the rest of the message below the limit of the protocol. */
const MAX_SNAPSHOT_BYTES = MAX_MESSAGE_BYTES - 100_000;

/**
 * What @xterm/addon-serialize 0.13 leaves out, by number, as a new terminal has it: whether the cursor is seen, and how the mouse
 * is reported (in UTF-8, SGR, urxvt's way, in pixels). Without it a full-screen program in a window that attaches late shows a
 * cursor that it had hidden, and reads clicks that it can't understand.
 */
const UNKNOWN_MODES: Readonly<Record<number, boolean>> = {
  25: true,
  1005: false,
  1006: false,
  1015: false,
  1016: false,
};

/**
 * The one screen of a session, kept as a terminal model: windows that attach get it serialised, never raw bytes, and it
 * alone answers the terminal's queries, so that three windows do not answer three times.
 */
export class Screen {
  readonly #terminal: Terminal;
  readonly #serializer = new SerializeAddon();
  readonly #reply = new Emitter<string>();
  readonly #pressure = new Emitter<'pause' | 'resume'>();
  /** Private modes that the serialiser does not know of, by number, as they were set last. */
  readonly #modes = new Map<number, boolean>();
  #undigestedChars = 0;
  #isPaused = false;

  /** What the model answers to queries such as "where is the cursor": input for the program. */
  readonly onReply = this.#reply.event;
  /** The source writes faster than the model reads. */
  readonly onPressure = this.#pressure.event;

  constructor(cols: number, rows: number) {
    this.#terminal = new Terminal({
      cols,
      rows,
      scrollback: SCROLLBACK_LINES,
      allowProposedApi: true,
      logLevel: 'off',
    });
    this.#terminal.loadAddon(this.#serializer);
    this.#terminal.onData((data) => this.#reply.fire(data));
    for (const final of ['h', 'l'])
      this.#terminal.parser.registerCsiHandler({ prefix: '?', final }, (numbers) => {
        for (const number of numbers.flat()) if (number in UNKNOWN_MODES) this.#modes.set(number, final === 'h');
        return false; // And then as ever.
      });
    // A full and a soft reset put them back.
    const forget = () => {
      this.#modes.clear();
      return false;
    };
    this.#terminal.parser.registerEscHandler({ final: 'c' }, forget);
    this.#terminal.parser.registerCsiHandler({ intermediates: '!', final: 'p' }, forget);
  }

  get cols(): number {
    return this.#terminal.cols;
  }

  get rows(): number {
    return this.#terminal.rows;
  }

  write(data: string): void {
    this.#undigestedChars += data.length;
    this.#terminal.write(data, () => {
      this.#undigestedChars -= data.length;
      if (this.#isPaused && this.#undigestedChars < LOW_WATER_CHARS) {
        this.#isPaused = false;
        this.#pressure.fire('resume');
      }
    });
    if (!this.#isPaused && this.#undigestedChars > HIGH_WATER_CHARS) {
      this.#isPaused = true;
      this.#pressure.fire('pause');
    }
  }

  resize(cols: number, rows: number): void {
    this.#terminal.resize(cols, rows);
  }

  /** Calls back with the screen as it is after everything written so far, unless it is no longer wanted by then. */
  serialize(callback: (screen: string) => void, isWanted: () => boolean = () => true): void {
    this.#terminal.write('', () => {
      if (!isWanted()) return;
      let scrollback = SCROLLBACK_LINES;
      let screen = this.#serializer.serialize({ scrollback });
      const modes = this.#modesText();
      // Very wide and colourful lines: fewer of them, rather than a message that ends the connection.
      while (scrollback > 0 && Buffer.byteLength(JSON.stringify(screen)) > MAX_SNAPSHOT_BYTES) {
        scrollback = Math.floor(scrollback / 4);
        screen = this.#serializer.serialize({ scrollback });
      }
      callback(screen + modes);
    });
  }

  /** The last lines that hold text, without escape sequences; wrapped lines are joined. */
  lastLines(count: number): Promise<string[]> {
    return new Promise((resolve) => {
      this.#terminal.write('', () => {
        const buffer = this.#terminal.buffer.active;
        const lines: string[] = [];
        for (let y = buffer.length - 1, tail = ''; y >= 0 && lines.length < count; y--) {
          const line = buffer.getLine(y);
          if (!line) continue;
          const text = line.translateToString(true) + tail;
          if (line.isWrapped) {
            tail = text;
            continue;
          }
          tail = '';
          if (text.trim() !== '' || lines.length > 0) lines.unshift(text.trimEnd());
        }
        resolve(lines);
      });
    });
  }

  /** Switches on and off what is other than in a new terminal and left out by the serialiser. */
  #modesText(): string {
    return [...this.#modes]
      .filter(([number, isOn]) => UNKNOWN_MODES[number] !== isOn)
      .map(([number, isOn]) => `\x1b[?${number}${isOn ? 'h' : 'l'}`)
      .join('');
  }

  dispose(): void {
    this.#reply.dispose();
    this.#pressure.dispose();
    this.#terminal.dispose();
  }
}

/**
 * Takes out of a window's input what its terminal answered to queries that it saw in the output: the model has answered
 * already, and a program reads a second answer as typing. Cursor reports, device attributes, modes, sizes, keyboard flags,
 * colours, versions.
 */
export function withoutTerminalReplies(input: string): string {
  if (!input.includes('\x1b')) return input;
  return input.replace(
    /\x1b\[\??\d+;\d+(?:;\d+)?R|\x1b\[[?>=][\d;]*c|\x1b\[(?:[03]|\?[\d;]+)n|\x1b\[\??[\d;]+\$y|\x1b\[[468];\d+;\d+t|\x1b\[\?\d+u|\x1b\](?:4;\d+|1\d);[^\x07\x1b]*(?:\x07|\x1b\\)|\x1bP[>01][^\x1b]*\x1b\\/g,
    '',
  );
}
