import { StringDecoder } from 'node:string_decoder';

/**
 * Cuts a byte stream into lines, one JSON message each. Keeps at most `maxBytes` of an unfinished line: a peer that
 * sends more is refused before its message is buffered.
 */
export class LineReader {
  readonly #decoder = new StringDecoder('utf8');
  readonly #maxBytes: number;
  #parts: string[] = [];
  #pendingBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The complete lines that this chunk ends. Throws `LineTooLongError` when a line is over the limit. */
  push(chunk: Buffer): string[] {
    const lines: string[] = [];
    let from = 0;
    for (;;) {
      const end = chunk.indexOf(0x0a, from);
      const length = (end < 0 ? chunk.length : end) - from;
      this.#pendingBytes += length;
      if (this.#pendingBytes > this.#maxBytes) throw new LineTooLongError(this.#maxBytes);
      this.#parts.push(this.#decoder.write(chunk.subarray(from, from + length)));
      if (end < 0) return lines;
      lines.push(this.#parts.join('') + this.#decoder.end());
      this.#parts = [];
      this.#pendingBytes = 0;
      from = end + 1;
    }
  }
}

export class LineTooLongError extends Error {
  constructor(maxBytes: number) {
    super(`a message is longer than ${maxBytes} bytes`);
    this.name = 'LineTooLongError';
  }
}
