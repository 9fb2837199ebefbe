import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';

/** How long anything may take that is measured here; far more than it does. */
const LIMIT_MS = 60_000;

/** A process that was started beforehand, and is released by a line. What it says is heard with the moment. */
export class Waiting {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: { readonly text: string; readonly atMs: number }[] = [];
  #rest = '';
  #heard: () => void = () => undefined;

  constructor(argv: readonly string[], env: NodeJS.ProcessEnv = process.env) {
    const [file = '', ...args] = argv;
    this.#child = spawn(file, args, { env, stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child.stdin.on('error', () => undefined); // That it has ended shows where it is listened to.
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const atMs = performance.now();
      const lines = (this.#rest + text).split('\n');
      this.#rest = lines.pop() ?? '';
      this.#lines.push(...lines.map((line) => ({ text: line, atMs })));
      this.#heard();
    });
    this.#child.on('close', () => this.#heard());
    this.#child.on('error', () => this.#heard());
  }

  tell(line: string): void {
    this.#child.stdin.write(`${line}\n`);
  }

  /** The next line that fits, and when it came; those before it are dropped. */
  async hear(fits: (line: string) => boolean = () => true): Promise<{ readonly text: string; readonly atMs: number }> {
    const endMs = performance.now() + LIMIT_MS;
    for (;;) {
      for (let line = this.#lines.shift(); line; line = this.#lines.shift()) if (fits(line.text)) return line;
      const leftMs = endMs - performance.now();
      if (this.#hasEnded || leftMs <= 0) throw new Error(this.#hasEnded ? 'a process has ended' : 'nothing was said');
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.#heard = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** Ends it by the end of its input, or by its own id. */
  async end(): Promise<void> {
    if (this.#hasEnded) return;
    const closed = new Promise<void>((resolve) => this.#child.once('close', () => resolve()));
    this.#child.stdin.end();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 3000);
    await closed;
    clearTimeout(timer);
  }

  get #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null || this.#child.pid === undefined;
  }
}
