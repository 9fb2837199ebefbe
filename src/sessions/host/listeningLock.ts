/**
 * A kernel lock made of a listening local socket: whoever listens on the name holds the lock.
 * Invariant: the name is bound for as long as the result is not disposed and this process lives, and no longer.
 */
import net from 'node:net';
import { errorCode } from '../log';
import type { HeldLock } from './kernelLock';

/** Listens on `path`; undefined when somebody else does, which the platform says with one of `heldCodes`. */
export function listenAsLock(path: string, heldCodes: readonly string[]): Promise<HeldLock | undefined> {
  return new Promise((resolve, reject) => {
    // Nobody has business here: a caller is turned away at once, so that connections can't pile up.
    const server = net.createServer((socket) => socket.destroy());
    server.once('error', (error) => {
      if (heldCodes.includes(errorCode(error) ?? '')) resolve(undefined);
      else reject(error);
    });
    // `exclusive`: a cluster worker would otherwise get the primary's handle, and both would "hold" it.
    server.listen({ path, exclusive: true }, () => {
      server.removeAllListeners('error');
      // A failed accept (no descriptors left) does not unbind the name, so it does not concern the lock.
      server.on('error', () => undefined);
      // The lock must not keep a process alive that has nothing else to do; bound it stays all the same.
      server.unref();
      let held = true;
      resolve({
        dispose() {
          if (!held) return;
          held = false;
          // Closes the descriptor in this turn: the name is free when dispose returns.
          server.close();
        },
      });
    });
  });
}
