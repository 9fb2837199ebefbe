import { spawn, type ChildProcess, type ChildProcessByStdio } from 'node:child_process';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { waitUntil } from './waitUntil';

/** A program of this folder (`<name>.program.ts`) in a process of its own, spoken to line by line. */
export class Program {
  /** All lines that it has written. */
  readonly lines: string[] = [];
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  #read = 0;

  constructor(child: ChildProcessByStdio<Writable, Readable, null>) {
    this.#child = child;
    let rest = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const parts = (rest + text).split('\n');
      rest = parts.pop() ?? '';
      this.lines.push(...parts);
    });
    // It may be killed while it is spoken to.
    child.stdin.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE' && error.code !== 'ECONNRESET') throw error;
    });
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error('the program did not start');
    return this.#child.pid;
  }

  tell(line: string): void {
    this.#child.stdin.write(`${line}\n`);
  }

  /** Its next line that was not asked for yet. */
  nextLine(limitMs?: number): Promise<string> {
    return waitUntil(
      `${this.pid} says something`,
      () => this.lines[this.#read] !== undefined && this.lines[this.#read++],
      limitMs,
    );
  }

  /** Waits for a line that starts like this, skipping others. */
  async lineWith(start: string, limitMs?: number): Promise<string> {
    for (;;) {
      const line = await this.nextLine(limitMs);
      if (line.startsWith(start)) return line;
    }
  }

  async ask(line: string): Promise<string> {
    this.tell(line);
    return this.nextLine();
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async exit(): Promise<number | NodeJS.Signals> {
    return waitUntil(`${this.pid} ends`, () => ended(this.#child));
  }
}

function ended(child: ChildProcess): number | NodeJS.Signals | undefined {
  return child.exitCode ?? child.signalCode ?? undefined;
}

/** Starts programs and ends what is left of them, each by its own pid. */
export class Programs {
  readonly #children: ChildProcess[] = [];

  start(
    name: string,
    args: readonly string[] = [],
    options: { node?: string; env?: Record<string, string> } = {},
  ): Program {
    const file = path.join(__dirname, 'support', `${name}.program.js`);
    const child = spawn(options.node ?? process.execPath, [file, ...args], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, ...options.env },
    });
    this.#children.push(child);
    return new Program(child);
  }

  /** Starts any other command, leader of its own group. */
  command(file: string, args: readonly string[], options: { cwd?: string; env?: Record<string, string> } = {}): number {
    const child = spawn(file, args, {
      ...options,
      env: { ...process.env, ...options.env },
      stdio: 'ignore',
      detached: true,
    });
    this.#children.push(child);
    if (child.pid === undefined) throw new Error(`${file} did not start`);
    return child.pid;
  }

  async endAll(): Promise<void> {
    const children = this.#children.splice(0).filter((child) => ended(child) === undefined && child.pid !== undefined);
    // SIGKILL works on a suspended process, too.
    for (const child of children) child.kill('SIGKILL');
    await waitUntil('all programs have ended', () => children.every((child) => ended(child) !== undefined));
  }
}
