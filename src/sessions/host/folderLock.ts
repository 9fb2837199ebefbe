import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import type { LaunchSpec } from '../protocol';
import { runCommand } from '../runCommand';
import { lockHolder, readNextLock } from '../nextLock';

/** `flock` answers at once; a file system that hangs does not. */
const FLOCK_TIMEOUT_MS = 2000;

/** Who holds the framework's own lock on an app's folder; facts as far as they can be seen. */
interface FolderLockHolder {
  readonly pid?: number;
  readonly port?: number;
  /** No process of ours to see has it: another container's. */
  readonly hidden?: true;
}

export interface FolderLock {
  /**
   * The holder of Next's own lock on the folder, who keeps a second server from starting; undefined where there is none.
   * `thorough` also finds one in another container, by trying the lock for a moment: only after a server of ours has just
   * failed, for a server that starts in that very moment would fail by the try.
   */
  holder(spec: LaunchSpec, thorough: boolean): Promise<FolderLockHolder | undefined>;
  /** Whether another server may have that lock, so that ours, although it answers, would give up in a moment. */
  mayBeAnothers(spec: FolderOfApp, isOurs: (pid: number) => Promise<boolean>): Promise<boolean>;
}

type FolderOfApp = Pick<LaunchSpec, 'type' | 'folder'>;

/**
 * Next 16 locks `.next/dev/lock` with flock(2) before it listens and until it ends; the file itself stays (FACTS), so that
 * only the kernel tells. `/proc/locks` lists the locks of this pid namespace. Elsewhere than on Linux nothing is known.
 */
export const nextFolderLock: FolderLock = {
  async holder(spec, thorough) {
    if (spec.type !== 'web' || process.platform !== 'linux') return undefined;
    const file = lockFile(spec);
    const seen = await visibleHolder(file);
    if (!seen) return undefined;
    const { pid } = seen;
    if (pid === undefined && !(thorough && (await isLocked(file)))) return undefined;
    const lock = await readNextLock(spec.folder);
    const port = lock?.kind === 'named' ? { port: lock.port } : {};
    return pid === undefined ? { ...port, hidden: true } : { ...port, pid };
  },

  async mayBeAnothers(spec, isOurs) {
    if (spec.type !== 'web') return false;
    if (process.platform !== 'linux') return true;
    const seen = await visibleHolder(lockFile(spec));
    // No file: nobody has a lock on this folder, not even a server that can't be seen from here. Next 15 makes none.
    return seen !== undefined && (seen.pid === undefined || !(await isOurs(seen.pid)));
  },
};

function lockFile({ folder }: FolderOfApp): string {
  return path.join(folder, '.next', 'dev', 'lock');
}

/** Undefined: there is no such file. Without a pid: nobody has locked it, or nobody that can be seen. */
async function visibleHolder(file: string): Promise<{ readonly pid: number | undefined } | undefined> {
  const stats = await stat(file, { bigint: true }).catch(() => undefined);
  if (!stats) return undefined;
  return { pid: lockHolder(await readFile('/proc/locks', 'utf8').catch(() => ''), stats.dev, stats.ino) };
}

async function isLocked(file: string): Promise<boolean> {
  const { exitCode, missing } = await runCommand('flock', ['-n', '-x', file, 'true'], { timeoutMs: FLOCK_TIMEOUT_MS });
  // 1 is "could not be had"; a machine without the tool does not know.
  return !missing && exitCode === 1;
}
