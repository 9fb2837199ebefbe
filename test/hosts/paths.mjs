// Where the tooling keeps things: everything downloaded or generated lies in `.sandbox/`, which git ignores.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root, looked for upwards: tests carry this module in bundles that lie elsewhere. */
export const repoRoot = findRoot(path.dirname(fileURLToPath(import.meta.url)));

/** @param {string} dir @returns {string} */
function findRoot(dir) {
  if (existsSync(path.join(dir, 'test', 'hosts', 'paths.mjs'))) return dir;
  const parent = path.dirname(dir);
  if (parent === dir) throw new Error('this module runs outside its repository');
  return findRoot(parent);
}

/** Everything that set-up downloads; deleting it costs a minute or two and nothing else. */
export const sandboxDir = path.join(repoRoot, '.sandbox');

/** @param {...string} parts */
export const inSandbox = (...parts) => path.join(sandboxDir, ...parts);

/** @param {...string} parts */
export const inRepo = (...parts) => path.join(repoRoot, ...parts);
