import { repoRoot, waitFor } from '../../test/contract/support/hostRig';
import path from 'node:path';

/** The program that talks; it needs `PORT` in its environment. */
export const talkerCommand: readonly string[] = [
  process.execPath,
  path.join(repoRoot, 'out/test/bench/terminal/talker.program.js'),
];

let marks = 0;

/** Tells a talker on this port what to print. Each gives the mark that it prints after the last line. */
export class Talker {
  readonly #port: number;

  constructor(port: number) {
    this.#port = port;
  }

  /** Resolves when it listens. */
  async ready(): Promise<void> {
    await waitFor('the talker to answer', () => this.#ask('/').catch(() => false), 30_000);
  }

  /** `beganMs` by the wall clock: when the first byte was about to be printed. */
  async flood(bytes: number): Promise<{ readonly mark: string; readonly beganMs: number }> {
    const mark = newMark();
    await this.#ask(`/flood?bytes=${bytes}&mark=${mark}`);
    return { mark, beganMs: Date.now() };
  }

  /** The output of an hour of work within `ms`. */
  async hour(ms: number): Promise<{ readonly mark: string }> {
    const mark = newMark();
    await this.#ask(`/hour?ms=${ms}&mark=${mark}`);
    return { mark };
  }

  async #ask(question: string): Promise<true> {
    const response = await fetch(`http://127.0.0.1:${this.#port}${question}`, { signal: AbortSignal.timeout(10_000) });
    await response.text();
    return true;
  }
}

function newMark(): string {
  return `m${++marks}`;
}
