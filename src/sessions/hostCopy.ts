import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { errorCode } from './log';

/**
 * What a host needs beside itself, and the command line with what it needs to start one; the native part may be missing on a
 * platform that has none.
 */
const PARTS = [
  'host.js',
  'gateway.js',
  'redis.js',
  'runCommand.js',
  'jsonText.js',
  'cli.js',
  'mcp.js',
  'hostLauncher.js',
  'asOwner.js',
  'native',
];

/** Without one, Node looks for it upwards, and a home whose own says `"type": "module"` would stop every script of the copy. */
const OWN_MANIFEST: HostPart = {
  name: 'package.json',
  content: Buffer.from(JSON.stringify({ type: 'commonjs' })),
  mode: 0o644,
};

/** How often a copy that is held by another program is tried to be moved to its place, and how soon again. */
const HELD_TRIES = 40;
const HELD_POLL_MS = 50;

/** One file of the host, as it was read. */
export interface HostPart {
  /** Relative to the folder that it is copied to. */
  readonly name: string;
  readonly content: Buffer;
  /** Permission bits: one of the native files is a program. */
  readonly mode: number;
}

/** Reads the host, its gateway and its native part (some 2 MB) out of the extension's folder, which is open to its own user only. */
export async function readHostParts(distFolder: string): Promise<readonly HostPart[]> {
  const parts: HostPart[] = [];
  for (const part of PARTS) {
    const file = path.join(distFolder, part);
    if (!(await exists(file))) continue;
    const isFolder = (await stat(file)).isDirectory();
    const names = isFolder ? (await readdir(file, { recursive: true })).sort() : [''];
    for (const name of names) {
      const from = path.join(file, name);
      const found = await stat(from);
      // Windows has folders in it.
      if (found.isFile())
        parts.push({ name: path.join(part, name), content: await readFile(from), mode: found.mode & 0o777 });
    }
  }
  if (parts[0]?.name !== 'host.js') throw new Error(`host.js is missing in ${distFolder}`);
  return [...parts, OWN_MANIFEST];
}

/**
 * Writes the host to `<state>/bin/<content hash>/`, away from the extension's folder, which an update deletes under it,
 * and gives that folder. The rename makes it whole or absent, however many windows do this at once.
 */
export async function ensureHostCopy(parts: readonly HostPart[], stateFolder: string): Promise<string> {
  const target = path.join(stateFolder, 'bin', hashOf(parts));
  if (await exists(path.join(target, 'host.js'))) {
    const now = new Date();
    await utimes(target, now, now); // In use: not to be tidied away.
    return target;
  }
  const aside = path.join(stateFolder, 'bin', `.${process.pid}-${randomBytes(4).toString('hex')}`);
  const folders = [path.dirname(aside), aside, ...foldersOf(parts).map((name) => path.join(aside, name))];
  try {
    // Not `recursive`: Node calls it ENOENT when the disk has no inode left for the first of two folders (measured).
    for (const folder of folders)
      await mkdir(folder, { mode: 0o700 }).catch((error: unknown) => {
        if (errorCode(error) !== 'EEXIST') throw error;
      });
    for (const { name, content, mode } of parts) await writeFile(path.join(aside, name), content, { mode, flag: 'wx' });
    await moveTo(target, aside);
  } catch (error) {
    await rm(aside, { recursive: true, force: true });
    // Another window was quicker: the same bytes are there.
    if (await exists(path.join(target, 'host.js'))) return target;
    // What is in the way of a rename Windows calls EPERM, as it does a file in it that a virus scanner looks at.
    if (!['ENOTEMPTY', 'EEXIST', 'EPERM'].includes(errorCode(error) ?? '')) throw error;
    // Not whole, so not by a rename of ours: out of the way, and the next try makes it anew.
    await rm(target, { recursive: true, force: true });
    throw error;
  }
  return target;
}

/** What is new on a disk of Windows a virus scanner looks at first, and holds for a moment. */
async function moveTo(target: string, aside: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      return await rename(aside, target);
    } catch (error) {
      const isHeld = ['EPERM', 'EACCES', 'EBUSY'].includes(errorCode(error) ?? '');
      if (process.platform !== 'win32' || !isHeld || tries === HELD_TRIES || (await exists(target))) throw error;
      await new Promise((resolve) => setTimeout(resolve, HELD_POLL_MS));
    }
  }
}

/** Each folder after the one that it lies in. */
function foldersOf(parts: readonly HostPart[]): readonly string[] {
  const folders = new Set<string>();
  for (const { name } of parts) for (let at = path.dirname(name); at !== '.'; at = path.dirname(at)) folders.add(at);
  return [...folders].sort();
}

function hashOf(parts: readonly HostPart[]): string {
  const hash = createHash('sha256');
  for (const { name, content } of parts) hash.update(name).update(content);
  return hash.digest('hex').slice(0, 16);
}

function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
