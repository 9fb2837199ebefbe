import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { isAlive, waitFor } from '../../test/contract/support/hostRig';
import { processes } from '../../test/hosts/witness';
import { Waiting } from './waiting';

/** What the shell in tmux prints, so that a client can tell a screen from none. */
const MARK = 'tmux-has-a-screen';
/** Asks for what the terminal shows, which a client in control mode is not sent by itself; then the mark of its end. */
const ASK_FOR_SCREEN = 'capture-pane -p -e\ndisplay-message -p screen-is-over';

export interface TmuxRelease {
  /** The others have ended: clients that come at once may end each other's server ("server exited unexpectedly"). */
  readonly attached: number;
  /** Until the last of these had the screen; undefined where there is none. */
  readonly totalMs?: number;
}

/** A tmux server of its own, or none yet, and clients in control mode that make or join its one session. */
export class Tmux {
  readonly #socket: string;
  readonly #options: readonly string[];

  constructor(
    dir: string,
    private readonly env: NodeJS.ProcessEnv = process.env,
  ) {
    this.#socket = path.join(dir, 'tmux');
    this.#options = ['-S', this.#socket, '-f', '/dev/null'];
  }

  /** Its one session begins, and shows something. */
  async start(): Promise<void> {
    await this.run('new-session', '-d', '-s', 'bench', '-x', '120', '-y', '30', `echo ${MARK}; exec cat`);
    await waitFor('the screen of tmux', async () => (await this.run('capture-pane', '-p')).includes(MARK));
  }

  /** So many clients at once, each a process that waits before it becomes tmux. `hasScreen`: of a server that has one to show. */
  async attach(count: number, hasScreen: boolean): Promise<TmuxRelease> {
    const words = ['tmux', ...this.#options, '-C', 'new-session', '-A', '-s', 'bench', '-x', '120', '-y', '30'];
    const argv = ['sh', '-c', 'echo ready; read _; exec "$@"', 'sh', ...words, `echo ${MARK}; exec cat`];
    const clients = Array.from({ length: count }, () => new Waiting(argv));
    try {
      for (const one of clients) await one.hear((line) => line === 'ready');
      const beganMs = performance.now();
      for (const one of clients) one.tell(`go\n${ASK_FOR_SCREEN}`);
      const results = await Promise.allSettled(
        clients.map(async (one) => {
          if (hasScreen) await one.hear((line) => line.includes(MARK));
          return (await one.hear((line) => line === 'screen-is-over')).atMs;
        }),
      );
      const ends = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
      return { attached: ends.length, ...(ends.length > 0 ? { totalMs: Math.max(...ends) - beganMs } : {}) };
    } finally {
      await Promise.all(clients.map((one) => one.end()));
    }
  }

  /** Nothing is there. */
  async end(): Promise<void> {
    await this.kill('SIGTERM');
    // Of many servers that begin at once all but one lose the socket, and stay.
    const mine = (await processes({ command: /^tmux/ })).filter(({ command }) => command.includes(this.#socket));
    for (const { pid } of mine) {
      process.kill(pid, 'SIGKILL');
      await waitFor('tmux to end', () => !isAlive(pid));
    }
    await rm(this.#socket, { force: true });
  }

  /** Its server is gone, if there was one, and the socket lies there still. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const pid = Number(await this.run('display-message', '-p', '#{pid}').catch(() => ''));
    if (pid === 0) return;
    process.kill(pid, signal);
    await waitFor('tmux to end', () => !isAlive(pid));
  }

  /** One command; gives what it prints. */
  async run(...args: readonly string[]): Promise<string> {
    return (await promisify(execFile)('tmux', [...this.#options, ...args], { env: this.env })).stdout;
  }
}
