import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';

/** Longer names are nobody's file. */
const MAX_CHARS = 1000;

/**
 * The file of an app that a bundler, or a page, means by this name: absolute, relative to the app's folder, or to one above
 * it, where a bundler sees its root (`[project]/…`, `./web/app/page.js`). Relative to the app's folder and with slashes;
 * undefined if that is no file inside of it once all links are followed: the name comes from code that is not ours.
 */
export async function appFile(folder: string, told: string): Promise<string | undefined> {
  const name = told.replace(/^\[project\]\//, '');
  if (name === '' || name.length > MAX_CHARS || name.includes('\0')) return undefined;
  const root = await realpath(folder).catch(() => undefined);
  if (root === undefined) return undefined;
  for (const candidate of path.isAbsolute(name) ? [name] : above(root).map((base) => path.join(base, name))) {
    const found = await fileWithin(root, candidate);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The folder itself and all above it. */
function above(folder: string): readonly string[] {
  const parent = path.dirname(folder);
  return parent === folder ? [folder] : [folder, ...above(parent)];
}

async function fileWithin(root: string, candidate: string): Promise<string | undefined> {
  try {
    const real = await realpath(candidate);
    const relative = path.relative(root, real);
    const isInside = relative !== '' && relative.split(path.sep)[0] !== '..' && !path.isAbsolute(relative);
    return isInside && (await stat(real)).isFile() ? relative.split(path.sep).join('/') : undefined;
  } catch {
    return undefined; // Nothing there, or nothing that we may see.
  }
}
