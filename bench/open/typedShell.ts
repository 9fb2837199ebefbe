import { spawn, type IPty } from '@lydell/node-pty';
import { waitFor } from '../../test/contract/support/hostRig';
import { machineMs } from '../../test/support/machineClock';

/** Nothing that a program would print. */
const PROMPT = 'at-your-command> ';

/** An interactive bash in a terminal of its own: what a person types a command into. The caller ends it. */
export class TypedShell {
  readonly #terminal: IPty;
  #output = '';
  #hasEnded = false;

  private constructor(cwd: string, env: Readonly<Record<string, string>>) {
    this.#terminal = spawn('bash', ['--noprofile', '--norc', '-i'], {
      cwd,
      env: { ...env, PS1: PROMPT, TERM: 'xterm-256color' },
      cols: 120,
      rows: 30,
    });
    this.#terminal.onData((data) => (this.#output += data));
    this.#terminal.onExit(() => (this.#hasEnded = true));
  }

  /** Resolves when it shows its prompt. */
  static async open(cwd: string, env: Readonly<Record<string, string>>): Promise<TypedShell> {
    const shell = new TypedShell(cwd, env);
    await shell.#prompts(1);
    return shell;
  }

  /** Gives the moment of the Enter, by `machineMs`. */
  type(line: string): number {
    this.#terminal.write(line);
    const atMs = machineMs();
    this.#terminal.write('\r');
    return atMs;
  }

  /** What it has shown so far. */
  get output(): string {
    return this.#output;
  }

  /** Ctrl+C if something runs, then `exit`; resolves when the shell is gone. */
  async end(): Promise<void> {
    if (this.#hasEnded) return;
    const before = this.#promptCount();
    this.#terminal.write('\x03');
    await this.#prompts(before + 1).catch(() => undefined);
    this.#terminal.write('exit\r');
    await waitFor('the shell to end', () => this.#hasEnded, 5000).catch(() => this.#terminal.kill('SIGKILL'));
  }

  #promptCount(): number {
    return this.#output.split(PROMPT).length - 1;
  }

  async #prompts(count: number): Promise<void> {
    await waitFor(
      `prompt ${count} of the shell`,
      () => this.#promptCount() >= count,
      20_000,
      () => this.#output,
    );
  }
}
