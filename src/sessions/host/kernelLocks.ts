/** Chooses the platform's kernel lock (DESIGN section 4). */
import { abstractSocketLock } from './abstractSocketLock';
import { exclusiveFileLock } from './exclusiveFileLock';
import type { KernelLock } from './kernelLock';
import { namedPipeLock } from './namedPipeLock';

/** The kernel lock of `platform`; `lockFolder` is used only where locks are files. */
export function platformKernelLock(platform: NodeJS.Platform, lockFolder: string): KernelLock {
  switch (platform) {
    case 'linux':
    case 'android':
      return abstractSocketLock;
    case 'win32':
      return namedPipeLock;
    default:
      return exclusiveFileLock(lockFolder);
  }
}
