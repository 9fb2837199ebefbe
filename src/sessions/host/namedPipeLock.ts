/**
 * The kernel lock on Windows: the first instance of a named pipe.
 * Invariant: libuv opens a listening pipe with FILE_FLAG_FIRST_PIPE_INSTANCE, so a second one fails as long as any
 * handle of the first is open, and Windows closes handles with their process.
 */
import { createHash } from 'node:crypto';
import type { KernelLock } from './kernelLock';
import { listenAsLock } from './listeningLock';

/** The lock by pipe names; works in any process of the machine's session, of any user. */
export const namedPipeLock: KernelLock = {
  // EACCES: the first instance is another user's, whose access list does not let us near it. It is held all the same.
  tryAcquire: (identity) => listenAsLock(pipePath(identity), ['EADDRINUSE', 'EACCES']),

  // Only GetNamedPipeServerProcessId knows, which takes native code: not worth it for a message.
  describeHolder: () => Promise.resolve(undefined),
};

function pipePath(identity: string): string {
  const name = createHash('sha512').update(identity).digest('hex').slice(0, 64);
  return `\\\\.\\pipe\\cheatcode-dev-server-lock-${name}`;
}
