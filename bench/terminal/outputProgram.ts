import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { startProgram, waitFor } from '../../test/contract/support/hostRig';
import type { HolderOptions } from './holderOptions';
import type { OutputReport } from './outputWatch';
import type { WindowOptions } from './windowOptions';

export type Mark = Extract<OutputReport, { event: 'mark' }>;

/** Until the last of a flood is there, on a slow machine. */
const FLOOD_LIMIT_MS = 240_000;

/** A program beside this file that reads a terminal, in a process of its own. The caller closes it. */
export class OutputProgram {
  readonly #child: ChildProcess;
  readonly #reports: OutputReport[] = [];
  #typed = 0;

  private constructor(name: string, argument: string, env: Readonly<Record<string, string>>) {
    this.#child = startProgram(`bench/terminal/${name}.program.js`, [argument], env);
    if (this.#child.stdout)
      createInterface({ input: this.#child.stdout }).on('line', (line) =>
        this.#reports.push(JSON.parse(line) as OutputReport),
      );
    this.#child.stdin?.on('error', () => undefined); // It may end while it is spoken to.
  }

  static window(options: WindowOptions): Promise<OutputProgram> {
    return OutputProgram.#start('window', JSON.stringify(options));
  }

  static holder(options: HolderOptions): Promise<OutputProgram> {
    return OutputProgram.#start('holder', JSON.stringify(options));
  }

  static socketReader(file: string): Promise<OutputProgram> {
    return OutputProgram.#start('socketReader', file);
  }

  static async #start(name: string, argument: string): Promise<OutputProgram> {
    const program = new OutputProgram(name, argument, {});
    try {
      await program.#wait('it to be ready', () => program.#reports.some(({ event }) => event === 'ready'), 30_000);
      return program;
    } catch (error) {
      await program.close();
      throw error;
    }
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error('the program did not start');
    return this.#child.pid;
  }

  /** When it has seen this mark. */
  mark(mark: string): Promise<Mark> {
    const find = () => this.#reports.find((report): report is Mark => report.event === 'mark' && report.mark === mark);
    return this.#wait(`the mark ${mark}`, find, FLOOD_LIMIT_MS);
  }

  /** Types keys one after another, and gives how long each took to come back. */
  async type(keys: number): Promise<readonly number[]> {
    const wanted = ++this.#typed;
    this.#child.stdin?.write(`type ${keys}\n`);
    const all = () => this.#reports.filter((report) => report.event === 'typed');
    return this.#wait(`${keys} echoes`, () => all()[wanted - 1]?.latenciesMs, 60_000);
  }

  async close(): Promise<void> {
    this.#child.stdin?.end();
    await waitFor('a reader to end', () => this.#hasEnded, 5000).catch(() => this.#child.kill('SIGKILL'));
    await waitFor('a reader to be gone', () => this.#hasEnded);
  }

  get #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  #wait<T>(what: string, look: () => T, limitMs: number): Promise<NonNullable<T>> {
    const orEnd = () => {
      if (this.#hasEnded) throw new Error(`it ended before ${what}`);
      return look();
    };
    return waitFor(what, orEnd, limitMs);
  }
}
