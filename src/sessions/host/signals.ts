/**
 * The bare system call under the process adapters.
 * Invariant: never pid 0, 1 or -1 (our own group, init, everybody), and never an exception for a process that is gone.
 */
import { errorCode } from '../log';

/** Signals a process (`target` > 1) or a group (`target` < -1). False: gone, or not ours to signal. */
export function sendSignal(target: number, signal: 'SIGINT' | 'SIGTERM' | 'SIGKILL'): boolean {
  if (!Number.isSafeInteger(target) || Math.abs(target) <= 1) return false;
  try {
    return process.kill(target, signal);
  } catch (error) {
    // ESRCH: gone. EPERM: another user's; macOS says so for a group of zombies, too.
    const code = errorCode(error);
    if (code === 'ESRCH' || code === 'EPERM') return false;
    throw error;
  }
}

/** Whether the system knows the pid at all; a zombie and another user's process count. */
export function existence(pid: number): 'some' | 'none' {
  try {
    process.kill(pid, 0);
    return 'some';
  } catch (error) {
    return errorCode(error) === 'ESRCH' ? 'none' : 'some';
  }
}

/** A number that can be the group of a server of ours. */
export function isForeignGroup(pgid: number): boolean {
  return Number.isSafeInteger(pgid) && pgid > 1 && pgid !== process.pid;
}
