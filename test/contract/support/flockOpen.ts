import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import type { OpenLocked } from '../../../src/sessions/host/exclusiveFileLock';

/**
 * What O_EXLOCK does on macOS, on a system without it: flock(2) on the descriptor, which a child may take for it. Not in one step, so
 * that a moment between open and lock is left; nothing that is tested here lies in it.
 */
export const openWithFlock: OpenLocked = (file, flags, mode) => {
  const descriptor = openSync(file, flags, mode);
  const { status } = spawnSync('flock', ['-xn', '3'], { stdio: ['ignore', 'ignore', 'ignore', descriptor] });
  if (status === 0) return descriptor;
  closeSync(descriptor);
  throw Object.assign(new Error(`EAGAIN: ${file} is locked`), { code: 'EAGAIN' });
};
