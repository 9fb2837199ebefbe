/**
 * The kernel lock on macOS and the BSDs: a file opened with O_EXLOCK, which locks in the same system call.
 * Invariant: the descriptor stays open exactly as long as the lock is held. The file itself is never removed: with it
 * gone, a newcomer would lock a new file of that name while the old one is still held.
 */
import { createHash } from 'node:crypto';
import { closeSync, constants, ftruncateSync, openSync, writeSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { errorCode } from '../log';
import type { KernelLock, LockHolder } from './kernelLock';

/** O_EXLOCK of the BSD family; Node has no name for it, and Linux no such flag. */
const exclusiveLock = 0x20;

/** The lock by files in `folder`, which must be on a local disk and the same for all that compete. */
export function exclusiveFileLock(folder: string): KernelLock {
  const fileOf = (identity: string) =>
    path.join(folder, `${createHash('sha512').update(identity).digest('hex').slice(0, 32)}.lock`);
  return {
    async tryAcquire(identity) {
      await mkdir(folder, { recursive: true });
      let descriptor: number;
      try {
        // A bare descriptor and no FileHandle: a handle that the collector finds is closed, and the lock with it.
        // O_NONBLOCK: answer EAGAIN instead of waiting for the holder.
        const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NONBLOCK | exclusiveLock;
        descriptor = openSync(fileOf(identity), flags, 0o666);
      } catch (error) {
        const code = errorCode(error);
        if (code === 'EAGAIN' || code === 'EWOULDBLOCK') return undefined;
        throw error;
      }
      // A note for describeHolder; the lock is the descriptor alone.
      ftruncateSync(descriptor);
      writeSync(descriptor, `${process.pid} ${process.getuid?.() ?? ''}\n`);
      let held = true;
      return {
        dispose() {
          if (!held) return;
          held = false;
          closeSync(descriptor);
        },
      };
    },

    async describeHolder(identity): Promise<LockHolder | undefined> {
      const note = await readFile(fileOf(identity), 'utf8').catch((error: unknown) => {
        if (errorCode(error) === 'ENOENT') return '';
        throw error;
      });
      const [pid, uid] = note.trim().split(' ').map(Number);
      return pid ? { pid, uid } : undefined;
    },
  };
}
