/** What a reader of a terminal's output has seen of it: ends of floods, and echoes of what it types. */

/** Said on stdout, a line of JSON each, by the programs that read a terminal. */
export type OutputReport =
  | { readonly event: 'ready' }
  /** `atMs` by the wall clock; `chars` and `resets` (a fresh picture instead of all that was printed) since the last mark. */
  | {
      readonly event: 'mark';
      readonly mark: string;
      readonly atMs: number;
      readonly chars: number;
      readonly resets: number;
    }
  | { readonly event: 'typed'; readonly latenciesMs: readonly number[] };

const MARK = /<<end:([\w-]+)>>/g;
/** A mark may be cut by the end of a piece. */
const TAIL_CHARS = 80;
/** Two keys of a person: what is still under way after one is none of the next. */
const KEY_PAUSE_MS = 15;

export class OutputWatch {
  readonly #seen = new Set<string>();
  #tail = '';
  #chars = 0;
  #resets = 0;
  #onData: ((data: string) => void) | undefined;

  /** All is connected: what is printed from now on is seen. */
  ready(): void {
    report({ event: 'ready' });
  }

  take(data: string, isReset = false): void {
    this.#chars += data.length;
    if (isReset) this.#resets++;
    this.#onData?.(data);
    const text = this.#tail + data;
    this.#tail = text.slice(-TAIL_CHARS);
    if (!text.includes('<<end:')) return;
    for (const [, mark = ''] of text.matchAll(MARK)) {
      if (this.#seen.has(mark)) continue;
      this.#seen.add(mark);
      report({ event: 'mark', mark, atMs: Date.now(), chars: this.#chars, resets: this.#resets });
      this.#chars = 0;
      this.#resets = 0;
    }
  }

  /** Types that many keys, each when the echo of the last is there, and says how long each echo took. */
  async type(keys: number, write: (data: string) => void): Promise<void> {
    const latenciesMs: number[] = [];
    for (let n = 0; n < keys; n++) {
      const key = String.fromCharCode(97 + (n % 26));
      latenciesMs.push(
        await new Promise<number>((resolve) => {
          const beginMs = performance.now();
          this.#onData = (data) => data.includes(key) && resolve(performance.now() - beginMs);
          write(key);
        }),
      );
      this.#onData = undefined;
      await new Promise((resolve) => setTimeout(resolve, KEY_PAUSE_MS));
    }
    write('\r');
    report({ event: 'typed', latenciesMs });
  }
}

/** Calls back for each `type N` on stdin, and at its end. */
export function onOrders(type: (keys: number) => void, end: () => void): void {
  process.stdin.setEncoding('utf8').on('data', (text: string) => {
    for (const [, keys] of text.matchAll(/^type (\d+)$/gm)) type(Number(keys));
  });
  process.stdin.on('end', end);
}

function report(line: OutputReport): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
