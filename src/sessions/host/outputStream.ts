import type { Disposable } from '../event';
import { OUTPUT_CREDIT_CHARS } from '../protocol';
import type { Screen } from './screen';

/** Escaped as JSON six times as long at worst, and then still well below the limit of a message. */
const MAX_PIECE_CHARS = 64 * 1024;

export interface OutputChunk {
  readonly data: string;
  readonly reset: boolean;
  readonly cols: number;
  readonly rows: number;
}

/** One client's view of a session's output. */
export interface OutputReader extends Disposable {
  /** Gives credit for `chars` that the client took in. */
  ack(chars: number): void;
}

/**
 * Hands a session's output to any number of clients. Each has its own credit: one that does not read falls behind
 * alone, costs no memory, and goes on with a fresh snapshot of the screen when it reads again.
 */
export class OutputStream {
  readonly #readers = new Set<Reader>();
  readonly #screen: Screen;
  #pending = '';
  #flushScheduled = false;

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  /** Output of the program, or a line of our own about it. */
  write(data: string): void {
    this.#screen.write(data);
    this.#pending += data;
    if (this.#flushScheduled) return;
    this.#flushScheduled = true;
    // What arrives in one turn of the loop leaves as one message.
    setImmediate(() => this.#flush());
  }

  /** Begins with a snapshot; the caller disposes to end. */
  attach(send: (chunk: OutputChunk) => void): OutputReader {
    this.#flush();
    const reader = new Reader(this.#screen, send);
    this.#readers.add(reader);
    reader.begin();
    return {
      ack: (chars) => {
        // The credit may bring a new picture, which shows what is pending: it must not follow a second time.
        this.#flush();
        reader.ack(chars);
      },
      dispose: () => {
        reader.end();
        this.#readers.delete(reader);
      },
    };
  }

  /** All clients begin anew: after a resize their picture is another one. */
  resetAll(): void {
    this.#flush();
    for (const reader of this.#readers) reader.begin();
  }

  #flush(): void {
    this.#flushScheduled = false;
    const data = this.#pending;
    if (data === '') return;
    this.#pending = '';
    for (let at = 0; at < data.length; at += MAX_PIECE_CHARS) {
      const piece = data.slice(at, at + MAX_PIECE_CHARS);
      for (const reader of this.#readers) reader.write(piece);
    }
  }
}

class Reader {
  readonly #screen: Screen;
  readonly #send: (chunk: OutputChunk) => void;
  #unacked = 0;
  /** Collects what arrives while a snapshot is being made; undefined while live. */
  #waiting: string[] | undefined = [];
  #isBehind = false;
  #ended = false;

  constructor(screen: Screen, send: (chunk: OutputChunk) => void) {
    this.#screen = screen;
    this.#send = send;
  }

  begin(): void {
    const mine: string[] = [];
    this.#waiting = mine;
    this.#isBehind = false;
    const isWanted = () => !this.#ended && this.#waiting === mine;
    this.#screen.serialize((screen) => {
      this.#waiting = undefined;
      this.#push(screen, true);
      for (const data of mine) this.write(data);
    }, isWanted);
  }

  write(data: string): void {
    if (this.#ended || this.#isBehind) return;
    if (this.#waiting) {
      // Bounded by the screen, which pauses the program before it is a megabyte behind.
      this.#waiting.push(data);
      return;
    }
    if (this.#unacked + data.length > OUTPUT_CREDIT_CHARS) {
      this.#isBehind = true;
      return;
    }
    this.#push(data, false);
  }

  ack(chars: number): void {
    this.#unacked = Math.max(0, this.#unacked - chars);
    if (this.#isBehind && this.#unacked <= OUTPUT_CREDIT_CHARS / 4) this.begin();
  }

  end(): void {
    this.#ended = true;
    this.#waiting = undefined;
  }

  #push(data: string, reset: boolean): void {
    this.#unacked += data.length;
    this.#send({ data, reset, cols: this.#screen.cols, rows: this.#screen.rows });
  }
}
