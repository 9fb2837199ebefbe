import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import type { LaunchSpec } from '../protocol';
import { runCommand } from '../runCommand';
import { lockHolder, readNextLock } from '../nextLock';

/** `flock` answers at once; a file system that hangs does not. */
const FLOCK_TIMEOUT_MS = 2000;

/** Who holds the framework's own lock on an app's folder; facts as far as they can be seen. */
export interface FolderLockHolder {
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
}

/**
 * Next 16 locks `.next/dev/lock` with flock(2) before it listens and until it ends; the file itself stays (FACTS), so that
 * only the kernel tells. `/proc/locks` lists the locks of this pid namespace. Elsewhere than on Linux nothing is known.
 */
export const nextFolderLock: FolderLock = {
  async holder(spec, thorough) {
    if (spec.type !== 'web' || process.platform !== 'linux') return undefined;
    const file = path.join(spec.folder, '.next', 'dev', 'lock');
    const stats = await stat(file, { bigint: true }).catch(() => undefined);
    if (!stats) return undefined;
    const pid = lockHolder(await readFile('/proc/locks', 'utf8').catch(() => ''), stats.dev, stats.ino);
    if (pid === undefined && !(thorough && (await isLocked(file)))) return undefined;
    const lock = await readNextLock(spec.folder);
    const port = lock?.kind === 'named' ? { port: lock.port } : {};
    return pid === undefined ? { ...port, hidden: true } : { ...port, pid };
  },
};

async function isLocked(file: string): Promise<boolean> {
  const { exitCode, missing } = await runCommand('flock', ['-n', '-x', file, 'true'], { timeoutMs: FLOCK_TIMEOUT_MS });
  // 1 is "could not be had"; a machine without the tool does not know.
  return !missing && exitCode === 1;
}
