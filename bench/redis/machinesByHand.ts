import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import { startProgram } from '../../test/contract/support/hostRig';

/** What a machine by hand is started with; `byHand.program.ts` is the other side. */
export interface MachineByHand {
  readonly redisFile: string;
  readonly url: string;
  readonly sandbox: string;
  readonly folder: string;
  readonly port: number;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

interface Machine {
  readonly child: ChildProcess;
  readonly lines: Interface;
  /** Rejects when it has ended. */
  readonly end: Promise<never>;
}

/** Machines that agree by hand, each a process. The caller closes them. */
export class MachinesByHand {
  readonly #machines: readonly Machine[];

  private constructor(options: readonly MachineByHand[]) {
    this.#machines = options.map((one) => {
      const child = startProgram('bench/redis/byHand.program.js', [JSON.stringify(one)]);
      if (!child.stdout) throw new Error('it says nothing');
      const end = once(child, 'exit').then(([code]) => {
        throw new Error(`a machine by hand has ended with ${code}`);
      });
      end.catch(() => undefined); // Heard by whoever waits for an answer.
      return { child, lines: createInterface({ input: child.stdout }), end };
    });
  }

  /** Resolves when all of them have a connection to Redis. */
  static async open(options: readonly MachineByHand[]): Promise<MachinesByHand> {
    const machines = new MachinesByHand(options);
    await machines.#all((said) => said === 'ready');
    return machines;
  }

  /** Resolves when each knows where the server runs. */
  async start(): Promise<void> {
    await this.#all((said) => said === 'runs' || said === 'knows', 'start');
  }

  async stop(): Promise<void> {
    await this.#all((said) => said === 'stopped', 'stop');
  }

  async close(): Promise<void> {
    await Promise.all(
      this.#machines.map(async ({ child }) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const gone = once(child, 'exit');
        child.stdin?.end();
        await gone;
      }),
    );
  }

  /** Says a word to all, if one is given, and waits for the answer of each. */
  async #all(isAnswer: (said: string) => boolean, word?: string): Promise<void> {
    await Promise.all(
      this.#machines.map(async ({ child, lines, end }) => {
        const answered = once(lines, 'line') as Promise<[string]>;
        if (word !== undefined) child.stdin?.write(`${word}\n`);
        const [said] = await Promise.race([answered, end]);
        if (!isAnswer(said)) throw new Error(`a machine by hand said ${said}`);
      }),
    );
  }
}
