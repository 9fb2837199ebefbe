import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { repoRoot, type HostRig } from './hostRig';

export interface SeenByClient {
  readonly hostPid: number;
  readonly listenerPid: number;
}

export interface RigClientOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly node?: string;
  /** Runs the client through these words, as `unshare --net`. */
  readonly through?: readonly string[];
  readonly port?: number;
}

/** `client.program.ts` in a process of its own. The caller ends it, also when it was never told to go. */
export class RigClient {
  readonly child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(rig: HostRig, options: RigClientOptions = {}) {
    const [file, ...args] = [
      ...(options.through ?? []),
      options.node ?? process.execPath,
      path.join(repoRoot, 'out/test/contract/support/client.program.js'),
      rig.stateFolder,
      rig.appFolder,
      String(options.port ?? rig.port),
    ];
    this.child = spawn(file, args, {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, ...options.env },
    });
    this.child.stdin?.on('error', () => undefined); // It may be gone when it is told to leave.
    if (!this.child.stdout) throw new Error('the client has no output');
    this.#lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  async ready(): Promise<this> {
    const line = await this.#nextLine();
    if (line !== 'ready') throw new Error(`the client says ${line ?? 'nothing'}`);
    return this;
  }

  /** Lets it join and start; what it saw when its server ran, null when it was told of an error. */
  async go(): Promise<SeenByClient | null> {
    this.child.stdin?.write('go\n');
    return JSON.parse((await this.#nextLine()) ?? 'null') as SeenByClient | null;
  }

  async #nextLine(): Promise<string | undefined> {
    const next = await this.#lines.next();
    return next.done ? undefined : next.value;
  }

  async end(): Promise<void> {
    this.child.stdin?.end();
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit');
  }
}
