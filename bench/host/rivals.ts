import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { freePort, isAlive, repoRoot, waitFor } from '../../test/contract/support/hostRig';
import { Tmux } from '../connect/tmux';

const stub = path.join(repoRoot, 'test/fixtures/stub/server.mjs');

/** One process that holds the terminal of a stub. The caller ends it. */
export interface Holder {
  readonly pid: number;
  end(): Promise<void>;
}

/** Node with nothing in it. */
export async function bareNode(): Promise<Holder> {
  const script = "process.stdout.write('x'); setInterval(() => {}, 1e9)";
  return untilItSays(spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] }), 'x');
}

/** Node with a terminal for the stub, and nothing that keeps or shares its output. `until`: what the stub says last. */
export async function bareTerminal(env: Readonly<Record<string, string>>, until: string): Promise<Holder> {
  const program = path.join(repoRoot, 'out/test/bench/host/terminal.program.js');
  const words = [program, process.execPath, stub];
  const stubEnv = { ...process.env, ...env, PORT: String(await freePort()) };
  return untilItSays(spawn(process.execPath, words, { stdio: ['pipe', 'pipe', 'inherit'], env: stubEnv }), until);
}

/** The server of tmux with the stub in its one pane, and a client in control mode that is shown all of it. */
export async function tmuxServer(dir: string, env: Readonly<Record<string, string>>, until: string): Promise<Holder> {
  const tmux = new Tmux(dir, { ...process.env, ...env, PORT: String(await freePort()) });
  await tmux.run('new-session', '-d', '-s', 'bench', '-x', '120', '-y', '30', `exec ${process.execPath} ${stub}`);
  const pid = Number(await tmux.run('display-message', '-p', '#{pid}'));
  try {
    await waitFor('the end of the output', async () => (await tmux.run('capture-pane', '-p')).includes(until), 120_000);
  } catch (error) {
    await tmux.end();
    throw error;
  }
  return { pid, end: () => tmux.end() };
}

async function untilItSays(child: ChildProcess, text: string): Promise<Holder> {
  const { pid, stdout } = child;
  if (pid === undefined || stdout === null) throw new Error('it did not start');
  let said = '';
  stdout.setEncoding('utf8').on('data', (data: string) => (said = (said + data).slice(-10_000)));
  const end = async (): Promise<void> => {
    if (!isAlive(pid)) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  };
  try {
    await waitFor(text, () => said.includes(text), 120_000);
  } catch (error) {
    await end();
    throw error;
  }
  return { pid, end };
}
