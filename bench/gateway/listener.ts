import { once } from 'node:events';
import { startProgram } from '../../test/contract/support/hostRig';

/** A program that listens. Whoever started it stops it. */
export interface Listener {
  readonly port: number;
  readonly pid: number;
  readonly stop: () => Promise<void>;
}

/** Starts a program of this folder (`*.program.ts`) that says its port first. Rejects when it says none. */
export async function startListener(name: string, args: readonly string[]): Promise<Listener> {
  const child = startProgram(`bench/gateway/${name}`, args);
  const isOver = () => child.exitCode !== null || child.signalCode !== null;
  const stop = async () => {
    if (isOver()) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  };
  const port = await new Promise<number>((resolve, reject) => {
    child.stdout?.once('data', (line: Buffer) => resolve(Number(line.toString())));
    child.once('error', reject).once('exit', (code) => reject(new Error(`${name} ended with ${code}`)));
  });
  return { port, pid: child.pid ?? 0, stop };
}
