import { readFile } from 'node:fs/promises';
import path from 'node:path';

/**
 * What `.next/dev/lock` says. `named`: Next 16.2 and later write which process listens where. `empty`: 16.0 and 16.1, or a
 * file that is not (yet) whole. The file stays behind after a SIGKILL: it tells where to look, and proves nothing alone.
 */
export type NextLock =
  { readonly kind: 'named'; readonly pid: number; readonly port: number } | { readonly kind: 'empty' };

/**
 * The lock file of a Next app in `folder`; undefined where there is none that can be read: Next 15 and earlier, no server yet,
 * or another `distDir`, where the working directory or the port has to lead to the server.
 */
export async function readNextLock(folder: string): Promise<NextLock | undefined> {
  try {
    return parseNextLock(await readFile(path.join(folder, '.next', 'dev', 'lock'), 'utf8'));
  } catch {
    return undefined;
  }
}

/** The text of a lock file; whatever is no pair of pid and port counts as empty. */
export function parseNextLock(text: string): NextLock {
  try {
    const { pid, port } = JSON.parse(text) as { readonly pid?: unknown; readonly port?: unknown };
    if (isNumber(pid, 2 ** 31) && isNumber(port, 65_535)) return { kind: 'named', pid, port };
  } catch {
    // Empty, half written, or something else.
  }
  return { kind: 'empty' };
}

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

function isNumber(value: unknown, max: number): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 && value <= max;
}
