/** Chooses the platform's kernel lock (DESIGN section 4). */
import path from 'node:path';
import { abstractSocketLock } from './abstractSocketLock';
import { exclusiveFileLock } from './exclusiveFileLock';
import type { KernelLock } from './kernelLock';
import { namedPipeLock } from './namedPipeLock';

/** The kernel lock of `platform`. Only where locks are files they lie in the first of `lockFolders` that can be used. */
export function platformKernelLock(platform: NodeJS.Platform, ...lockFolders: readonly string[]): KernelLock {
  switch (platform) {
    case 'linux':
    case 'android':
      return abstractSocketLock;
    case 'win32':
      return namedPipeLock;
    default:
      return exclusiveFileLock(lockFolders);
  }
}

/**
 * Where all users of a machine meet that has its locks in files. Not the folder for temporary files: macOS empties that of what was not
 * used for three days, and with the file the lock would be gone.
 */
export function sharedLockFolder(platform: NodeJS.Platform): string {
  return path.posix.join(platform === 'darwin' ? '/Users/Shared' : '/var/tmp', '.cheatcode-dev-server-locks');
}
