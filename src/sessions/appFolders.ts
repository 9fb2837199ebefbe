import { access, readdir } from 'node:fs/promises';
import path from 'node:path';

/** Folders that are looked into, in all: a home folder opened by mistake must not cost seconds. */
const MAX_FOLDERS = 400;

/**
 * Folders that have a package.json: the workspace folder itself, those in it, and those one level deeper, as monorepos keep
 * their apps. Whole paths, the nearest first.
 */
export async function appFolders(workspaceFolder: string): Promise<readonly string[]> {
  const first = await foldersIn(workspaceFolder);
  const second = (await Promise.all(first.slice(0, MAX_FOLDERS / 10).map(foldersIn))).flat();
  const all = [workspaceFolder, ...first, ...second].slice(0, MAX_FOLDERS);
  const isApp = await Promise.all(
    all.map((folder) =>
      access(path.join(folder, 'package.json')).then(
        () => true,
        () => false,
      ),
    ),
  );
  return all.filter((_, index) => isApp[index]);
}

async function foldersIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== 'node_modules')
    .map((entry) => path.join(folder, entry.name))
    .sort();
}
