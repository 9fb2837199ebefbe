/** What the machine itself takes: the quickest that anybody could notice. */
import { once } from 'node:events';
import net from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { machineMs } from '../../test/support/machineClock';
import { BareStub } from './stub';

export interface Limits {
  /** From listening to the first connection of somebody who tries again as soon as he is refused. */
  readonly answers: readonly number[];
  /** From the signal to the parent's news of its child's end. */
  readonly killed: readonly number[];
}

/** A second or two for each round. */
export async function measureLimits(rounds: number): Promise<Limits> {
  const answers: number[] = [];
  const killed: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const stub = await BareStub.create();
    try {
      stub.start({ STUB_LISTEN_DELAY_MS: '100-400' });
      const connectedMs = await firstConnection(stub.port);
      answers.push(connectedMs - (await stub.listening()).machineMs);
      const exited = once(stub.child, 'exit').then(() => machineMs());
      const killedMs = machineMs();
      stub.child.kill('SIGKILL');
      killed.push((await exited) - killedMs);
    } finally {
      await stub.end();
    }
  }
  return { answers, killed };
}

async function firstConnection(port: number): Promise<number> {
  const endMs = machineMs() + 60_000;
  while (machineMs() < endMs) {
    const socket = net.connect({ port, host: '127.0.0.1' });
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    const atMs = machineMs();
    socket.destroy();
    if (isOpen) return atMs;
    await nextTurn();
  }
  throw new Error(`nobody listened on ${port}`);
}
