/** Servers that a test starts by hand, as a person or another tool would: nothing of ours knows of them. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { eventually } from './workbench';

/** A process group that the test made, and ends. */
export class HandStarted {
  private constructor(readonly child: ChildProcess) {}

  /** `next dev` in the app's folder, answering on this port. */
  static async nextDev(appFolder: string, port: number): Promise<HandStarted> {
    const next = path.join(appFolder, 'node_modules', 'next', 'dist', 'bin', 'next');
    const started = HandStarted.#run(process.execPath, [next, 'dev', '--port', String(port)], appFolder);
    await eventually(
      `next dev on ${port}`,
      async () => (await fetch(`http://localhost:${port}/__nextjs_server_status`)).ok,
      120_000,
    );
    return started;
  }

  /** Some other program that listens on the port and is no dev server. */
  static async blocker(folder: string, port: number): Promise<HandStarted> {
    const script = `require('net').createServer((s) => s.end()).listen(${port}, '0.0.0.0', () => console.log('up'))`;
    const started = HandStarted.#run(process.execPath, ['-e', script], folder);
    if (started.child.stdout) await once(started.child.stdout, 'data');
    return started;
  }

  static #run(file: string, args: readonly string[], cwd: string): HandStarted {
    const env = { ...process.env };
    delete env['CHEATCODE_STATE_DIR']; // By it a test finds what its editor runs.
    return new HandStarted(spawn(file, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'ignore'] }));
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Ends the whole group, if anything of it is left. */
  async end(): Promise<void> {
    this.child.stdout?.resume();
    for (const signal of ['SIGINT', 'SIGKILL'] as const) {
      try {
        process.kill(-this.pid, signal);
      } catch {
        return; // Nothing of it is left.
      }
      const gone = await eventually('the end of what was started by hand', () => !isAlive(-this.pid), 5000).catch(
        () => false,
      );
      if (gone) return;
    }
  }
}

function isAlive(target: number): boolean {
  try {
    process.kill(target, 0);
    return true;
  } catch {
    return false;
  }
}
