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

function isNumber(value: unknown, max: number): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 && value <= max;
}
