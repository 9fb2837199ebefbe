// Small apps of older Next.js versions, for what those tell of themselves in other ways than the sample's version does.
import { cp, mkdir, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { ensureNode } from './nodes.mjs';
import { once } from './once.mjs';
import { inRepo, inSandbox } from './paths.mjs';
import { ensurePnpm, pnpm } from './pnpm.mjs';
import { sandboxEnv } from './sandboxEnv.mjs';
import { together } from './step.mjs';
import { contentHash, linkTree } from './workspace.mjs';

/** Of each version a package.json, with the React that it was made for, and a lock file; and the pages, the same for all. */
const fixture = inRepo('test', 'fixtures', 'nextApps');

/** 16.1 has a lock file of its server that says nothing, the others have none. */
const nextVersions = /** @type {const} */ (['16.1.3', '15.5.29', '14.2.35']);

/** @typedef {(typeof nextVersions)[number]} NextVersion */

/**
 * Prepares `.sandbox/next-apps/<version>` for each version unless they are there.
 * @returns {Promise<string>} the folder above them
 */
export async function ensureNextApps() {
  await together([ensurePnpm(), ensureNode(24)]);
  const env = await sandboxEnv({ CI: '1' });
  return once({
    name: 'next-apps',
    key: await contentHash(fixture),
    title: `apps of Next.js ${nextVersions.join(', ')}`,
    make: async (dir) => {
      await together(
        nextVersions.map(async (version) => {
          const app = path.join(dir, version);
          await cp(path.join(fixture, version), app, { recursive: true });
          await cp(path.join(fixture, 'app'), path.join(app, 'app'), { recursive: true });
          await pnpm(
            [
              'install',
              '--frozen-lockfile',
              '--ignore-scripts',
              '--prefer-offline',
              '--store-dir',
              inSandbox('pnpm-store'),
            ],
            { cwd: app, env, missing: `Next.js ${version} could not be installed from the npm registry` },
          );
        }),
      );
    },
  });
}

/**
 * Makes a fresh copy of the app of a version; its packages are hard links, not to be changed in place.
 * @param {NextVersion} version
 * @param {string} to
 * @returns {Promise<string>} the folder
 */
export async function copyNextApp(version, to) {
  const from = path.join(await ensureNextApps(), version);
  await rm(to, { recursive: true, force: true });
  await mkdir(to, { recursive: true });
  for (const entry of await readdir(from)) {
    if (entry === 'node_modules') await linkTree(path.join(from, entry), path.join(to, entry));
    else await cp(path.join(from, entry), path.join(to, entry), { recursive: true });
  }
  return to;
}
