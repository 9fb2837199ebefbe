// The sample workspace with its dependencies installed, and fresh copies of it for tests.
import { createHash } from 'node:crypto';
import { cp, link, mkdir, readFile, readdir, readlink, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import { ensureNode } from './nodes.mjs';
import { once } from './once.mjs';
import { inRepo, inSandbox } from './paths.mjs';
import { ensurePnpm, pnpm } from './pnpm.mjs';
import { sandboxEnv } from './sandboxEnv.mjs';
import { together } from './step.mjs';

const fixture = inRepo('test', 'fixtures', 'workspace');

/** The sample's apps. */
const apps = /** @type {const} */ (['cheatcode-app', 'cheatcode-mobile']);

/** What a dev server or an editor makes in an app: it is no part of the sample. */
export const generated = new Set(['node_modules', '.next', '.expo', 'next-env.d.ts', 'expo-env.d.ts']);

/**
 * Prepares `.sandbox/workspace` unless it is there: a copy of the fixture with its dependencies.
 * @returns {Promise<string>} the folder
 */
export async function ensureWorkspace() {
  await together([ensurePnpm(), ensureNode(24)]);
  const env = await sandboxEnv({ CI: '1' });
  return once({
    name: 'workspace',
    key: await contentHash(fixture),
    title: 'sample workspace (Next.js and Expo apps)',
    make: async (dir) => {
      await cp(fixture, dir, { recursive: true, filter: (from) => !generated.has(path.basename(from)) });
      await together(
        apps.map((app) =>
          pnpm(['install', '--frozen-lockfile', '--prefer-offline', '--store-dir', inSandbox('pnpm-store')], {
            cwd: path.join(dir, app),
            env,
            missing: `the dependencies of ${app} could not be installed from the npm registry`,
          }),
        ),
      );
    },
  });
}

/**
 * Makes a fresh copy of the prepared workspace in a second: installed packages are hard links, everything else a
 * copy that may be changed. Don't change files under `node_modules` in place: remove and write anew.
 * @param {string} to
 * @param {{ only?: readonly string[], dependencies?: boolean }} [options] `only` these apps; without `dependencies` they lack node_modules
 * @returns {Promise<string>} the folder
 */
export async function copyWorkspace(to, { only = apps, dependencies = true } = {}) {
  const from = await ensureWorkspace();
  await rm(to, { recursive: true, force: true });
  await mkdir(to, { recursive: true });
  for (const app of only) {
    await cp(path.join(fixture, app), path.join(to, app), {
      recursive: true,
      filter: (file) => !generated.has(path.basename(file)),
    });
    if (dependencies) await linkTree(path.join(from, app, 'node_modules'), path.join(to, app, 'node_modules'));
  }
  return to;
}

/**
 * Copies a tree of installed packages as hard links.
 * @param {string} from
 * @param {string} to a folder that is not there yet
 */
export async function linkTree(from, to) {
  await mkdir(to);
  const entries = await readdir(from, { withFileTypes: true });
  for (const entry of entries) {
    const [source, target] = [path.join(from, entry.name), path.join(to, entry.name)];
    if (entry.isDirectory()) await linkTree(source, target);
    else if (entry.isSymbolicLink()) await symlink(await readlink(source), target);
    else await link(source, target).catch(() => cp(source, target));
  }
}

/** Of all that is no product of a dev server or an editor. @param {string} dir @returns {Promise<string>} */
export async function contentHash(dir) {
  const hash = createHash('sha256');
  for (const entry of (await readdir(dir, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (generated.has(entry.name)) continue;
    const file = path.join(dir, entry.name);
    hash.update(`${entry.name}\0`).update(entry.isDirectory() ? await contentHash(file) : await readFile(file));
  }
  return hash.digest('hex');
}
