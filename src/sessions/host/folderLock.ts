import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import type { LaunchSpec } from '../protocol';
import { runCommand } from '../runCommand';
import { readNextLock } from '../nextLock';

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

/** The pid behind a flock in the text of `/proc/locks`: `1: FLOCK  ADVISORY  WRITE 24784 fe:00:5587005 0 EOF`. */
export function lockHolder(text: string, dev: bigint, ino: bigint): number | undefined {
  // As glibc's makedev(3) puts them together.
  const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & ~0xfffn);
  const minor = (dev & 0xffn) | ((dev >> 12n) & ~0xffn);
  for (const line of text.split('\n')) {
    const match = /^\d+: FLOCK\s+\S+\s+WRITE\s+(\d+)\s+([\da-f]+):([\da-f]+):(\d+)\s/.exec(line);
    if (!match || BigInt(match[4] ?? '') !== ino) continue;
    if (BigInt(`0x${match[2]}`) === major && BigInt(`0x${match[3]}`) === minor) return Number(match[1]);
  }
  return undefined;
}

async function isLocked(file: string): Promise<boolean> {
  const { exitCode, missing } = await runCommand('flock', ['-n', '-x', file, 'true'], { timeoutMs: FLOCK_TIMEOUT_MS });
  // 1 is "could not be had"; a machine without the tool does not know.
  return !missing && exitCode === 1;
}
