import { createHash, randomBytes } from 'node:crypto';
import { cp, mkdir, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import path from 'node:path';
import { errorCode } from './log';

/** What a host needs beside itself; the native part may be missing on a platform that has none. */
const PARTS = ['host.js', 'native'];

/**
 * Copies the host out of the extension's folder, which an update deletes under it, to `<state>/bin/<content hash>/`, and
 * gives that folder. The rename makes it whole or absent, however many windows do this at once.
 */
export async function ensureHostCopy(distFolder: string, stateFolder: string): Promise<string> {
  const target = path.join(stateFolder, 'bin', await hashOf(distFolder));
  if (await exists(path.join(target, 'host.js'))) {
    const now = new Date();
    await utimes(target, now, now); // In use: not to be tidied away.
    return target;
  }
  const aside = path.join(stateFolder, 'bin', `.${process.pid}-${randomBytes(4).toString('hex')}`);
  // Not `recursive`: Node calls it ENOENT when the disk has no inode left for the first of two folders (measured).
  for (const folder of [path.dirname(aside), aside])
    await mkdir(folder, { mode: 0o700 }).catch((error: unknown) => {
      if (errorCode(error) !== 'EEXIST') throw error;
    });
  try {
    for (const part of PARTS)
      if (await exists(path.join(distFolder, part)))
        await cp(path.join(distFolder, part), path.join(aside, part), { recursive: true });
    await rename(aside, target);
  } catch (error) {
    await rm(aside, { recursive: true, force: true });
    // Another window was quicker: the same bytes are there.
    if (errorCode(error) !== 'ENOTEMPTY' && errorCode(error) !== 'EEXIST') throw error;
    if (await exists(path.join(target, 'host.js'))) return target;
    // Not whole, so not by a rename of ours: out of the way, and the next try makes it anew.
    await rm(target, { recursive: true, force: true });
    throw error;
  }
  return target;
}

async function hashOf(distFolder: string): Promise<string> {
  if (!(await exists(path.join(distFolder, 'host.js')))) throw new Error(`host.js is missing in ${distFolder}`);
  const hash = createHash('sha256');
  for (const part of PARTS) {
    const file = path.join(distFolder, part);
    if (!(await exists(file))) continue;
    const names = (await stat(file)).isDirectory()
      ? (await readdir(file)).sort().map((name) => path.join(file, name))
      : [file];
    for (const name of names) hash.update(path.basename(name)).update(await readFile(name));
  }
  return hash.digest('hex').slice(0, 16);
}

function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
