/**
 * The kernel lock on Linux: a listening abstract Unix socket.
 * Invariant: every process of one network namespace that names one identity competes for one name, whatever its Node
 * version. Node 20 binds the name padded to 108 bytes, 22 and 24 its exact length: NUL plus exactly 107 characters is
 * the only length at which they mean the same name (FACTS "Kernel locks").
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { socketHolders } from '../linuxSockets';
import { listenAsLock } from './listeningLock';
import type { KernelLock, LockHolder } from './kernelLock';
import { readUid } from '../procFiles';

const nameLength = 107;

/** The lock by abstract socket names; works in any process of the same network namespace, of any user. */
export const abstractSocketLock: KernelLock = {
  // EADDRINUSE is the one answer that means "held"; a bound name has no file and no permissions.
  tryAcquire: (identity) => listenAsLock(`\0${lockName(identity)}`, ['EADDRINUSE']),

  async describeHolder(identity): Promise<LockHolder | undefined> {
    const inode = findListener(await readFile('/proc/net/unix', 'utf8'), lockName(identity));
    if (inode === undefined) return undefined;
    const pid = (await socketHolders(new Set([inode]))).get(inode);
    return { pid, uid: pid === undefined ? undefined : readUid(pid) };
  },
};

/** The name without its NUL: hex of a hash, so that an identity may be of any length and hold any characters. */
export function lockName(identity: string): string {
  return createHash('sha512').update(identity).digest('hex').slice(0, nameLength);
}

/** Inode of the listening socket of that name in the text of /proc/net/unix, where the NUL is shown as `@`. */
export function findListener(procNetUnix: string, name: string): string | undefined {
  // Num RefCount Protocol Flags Type St Inode Path; flag 0x10000 is __SO_ACCEPTCON, set on listeners alone.
  for (const line of procNetUnix.split('\n')) {
    const fields = line.trim().split(/\s+/);
    if (fields[7] === `@${name}` && parseInt(fields[3] ?? '', 16) & 0x10000) return fields[6];
  }
  return undefined;
}
