/** The stub server without a session host: what pollers watch, and what the limits are measured with. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { freePort, repoRoot, waitFor } from '../../test/contract/support/hostRig';
import path from 'node:path';

export const stubFolder = path.join(repoRoot, 'test/fixtures/stub');

/** The moment from which a server takes connections, by its own clocks: `machineMs`, and the wall's that a browser has, too. */
export interface Listening {
  readonly machineMs: number;
  readonly wallMs: number;
}

/** Asks a stub that listens since when it does. */
export async function listeningSince(port: number): Promise<Listening> {
  const response = await fetch(`http://localhost:${port}/listening`, { headers: { connection: 'close' } });
  const { machineMs, wallMs } = (await response.json()) as Partial<Listening>;
  if (typeof machineMs !== 'number' || typeof wallMs !== 'number')
    throw new Error('the stub does not say when it listened');
  return { machineMs, wallMs };
}

/** A stub that the row itself has started. The caller ends it. */
export class BareStub {
  #child: ChildProcess | undefined;

  private constructor(readonly port: number) {}

  /** Nothing runs yet. */
  static async create(): Promise<BareStub> {
    return new BareStub(await freePort());
  }

  get child(): ChildProcess {
    if (!this.#child) throw new Error('the stub was not started');
    return this.#child;
  }

  start(env: Readonly<Record<string, string>> = {}): void {
    this.#child = spawn(process.execPath, ['server.mjs'], {
      cwd: stubFolder,
      env: { ...process.env, PORT: String(this.port), STUB_SILENT: '1', ...env },
      stdio: 'ignore',
    });
  }

  /** Resolves when it listens, with since when. */
  listening(): Promise<Listening> {
    return waitFor('the stub to listen', () => listeningSince(this.port).catch(() => undefined), 60_000);
  }

  async end(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
}
