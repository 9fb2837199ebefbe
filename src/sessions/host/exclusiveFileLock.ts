/**
 * The kernel lock on macOS and the BSDs: a file opened with O_EXLOCK, which locks in the same system call.
 * Invariant: the descriptor stays open exactly as long as the lock is held. The file itself is never removed: with it
 * gone, a newcomer would lock a new file of that name while the old one is still held.
 */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  writeSync,
} from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { errorCode } from '../log';
import type { HeldLock, KernelLock, LockHolder } from './kernelLock';

/** O_EXLOCK of the BSD family; Node has no name for it, and Linux no such flag. */
const exclusiveLock = 0x20;

/** Opens and locks in one step; throws EAGAIN where another descriptor holds the lock. */
export type OpenLocked = (file: string, flags: number, mode: number) => number;

const openLocked: OpenLocked = (file, flags, mode) => openSync(file, flags | exclusiveLock, mode);

/** The place for locks may not be used, and another has to do. */
const UNUSABLE = new Set(['ENOENT', 'EACCES', 'EPERM', 'ENOTDIR', 'ELOOP', 'EROFS', 'EMLINK']);

/**
 * The lock by files in the first of `folders` that can be used. They must be on a local disk and the same for all that compete; one
 * that several users share is made so that each of them may lock, and none may take away what another has.
 */
export function exclusiveFileLock(folders: readonly string[], open: OpenLocked = openLocked): KernelLock {
  const nameOf = (identity: string) => `${createHash('sha512').update(identity).digest('hex').slice(0, 32)}.lock`;

  /**
   * A bare descriptor and no FileHandle: a handle that the collector finds is closed, and the lock with it. O_NONBLOCK: answer
   * EAGAIN instead of waiting for the holder. To read is enough to lock, where the file is another user's.
   */
  const openIn = (file: string): number => {
    const { O_RDWR, O_RDONLY, O_CREAT, O_NONBLOCK, O_NOFOLLOW } = constants;
    const how = O_CREAT | O_NONBLOCK | O_NOFOLLOW;
    try {
      return open(file, O_RDWR | how, 0o644);
    } catch (error) {
      if (errorCode(error) !== 'EACCES') throw error;
      return open(file, O_RDONLY | how, 0o644);
    }
  };

  /** Undefined: held by another. */
  const lockIn = (folder: string, identity: string, isShared: boolean): HeldLock | undefined => {
    makeFolder(folder, isShared);
    const file = path.join(folder, nameOf(identity));
    let descriptor: number;
    try {
      descriptor = openIn(file);
    } catch (error) {
      const code = errorCode(error);
      if (code === 'EAGAIN' || code === 'EWOULDBLOCK') return undefined;
      throw error;
    }
    note(descriptor, isShared);
    let held = true;
    return {
      dispose() {
        if (!held) return;
        held = false;
        closeSync(descriptor);
      },
    };
  };

  return {
    tryAcquire(identity) {
      return Promise.resolve().then(() => {
        for (const [index, folder] of folders.entries()) {
          const isLast = index === folders.length - 1;
          try {
            return lockIn(folder, identity, !isLast);
          } catch (error) {
            if (isLast || !UNUSABLE.has(errorCode(error) ?? '')) throw error;
          }
        }
        throw new Error('there is no folder for locks');
      });
    },

    async describeHolder(identity): Promise<LockHolder | undefined> {
      for (const folder of folders) {
        const text = await readFile(path.join(folder, nameOf(identity)), 'utf8').catch(() => '');
        const [pid, uid] = text.trim().split(' ').map(Number);
        if (pid) return { pid, uid };
      }
      return undefined;
    },
  };
}

function makeFolder(folder: string, isShared: boolean): void {
  if (!isShared) return void mkdirSync(folder, { recursive: true });
  try {
    mkdirSync(folder);
    // Not by `mkdir` itself, which the umask cuts. Sticky: nobody deletes another's file.
    chmodSync(folder, 0o1777);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  }
}

/** As much as a pid and a uid take. */
const NOTE_BYTES = 64;

/**
 * Says who holds it, for `describeHolder`; the lock is the descriptor alone, so that a note which can't be written costs a name.
 * By the descriptor and into what looks like a note only: in a shared folder somebody may have put another name of a file of ours.
 */
function note(descriptor: number, isShared: boolean): void {
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile() || stats.nlink !== 1 || stats.size > NOTE_BYTES) return;
    ftruncateSync(descriptor);
    writeSync(descriptor, `${process.pid} ${process.getuid?.() ?? ''}\n`, 0);
    if (isShared && stats.uid === process.geteuid?.()) fchmodSync(descriptor, 0o666);
  } catch {
    // Another user's, made with a strict mode.
  }
}
