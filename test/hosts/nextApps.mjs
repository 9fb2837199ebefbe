// Small apps of older Next.js versions, for what those tell of themselves in other ways than the sample's version does.
import { cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ensureNode } from './nodes.mjs';
import { once } from './once.mjs';
import { inSandbox } from './paths.mjs';
import { ensurePnpm } from './pnpm.mjs';
import { run } from './run.mjs';
import { sandboxEnv } from './sandboxEnv.mjs';
import { together } from './step.mjs';
import { linkTree } from './workspace.mjs';

/** 16.1 has a lock file that says nothing, the others have none. With the React that each was made for. */
const reactOf = /** @type {const} */ ({ '16.1.3': '19.2.0', '15.5.29': '19.2.0', '14.2.35': '18.3.1' });

/** @typedef {keyof typeof reactOf} NextVersion */

const nextVersions = /** @type {NextVersion[]} */ (Object.keys(reactOf));

/**
 * Prepares `.sandbox/next-apps/<version>` for each version unless they are there.
 * @returns {Promise<string>} the folder above them
 */
export async function ensureNextApps() {
  const [pnpm] = await together([ensurePnpm(), ensureNode(24)]);
  const env = await sandboxEnv({ CI: '1' });
  return once({
    name: 'next-apps',
    key: JSON.stringify(reactOf),
    title: `apps of Next.js ${nextVersions.join(', ')}`,
    make: async (dir) => {
      await together(
        nextVersions.map(async (version) => {
          const app = path.join(dir, version);
          await writeApp(app, version);
          await run(
            /** @type {string} */ (pnpm),
            ['install', '--ignore-scripts', '--prefer-offline', '--store-dir', inSandbox('pnpm-store')],
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

/** @param {string} dir @param {NextVersion} version */
async function writeApp(dir, version) {
  const react = reactOf[version];
  const dependencies = { next: version, react, 'react-dom': react };
  await mkdir(path.join(dir, 'app'), { recursive: true });
  const files = {
    'package.json': JSON.stringify({
      name: 'cheatcode-app',
      private: true,
      scripts: { dev: 'next dev' },
      dependencies,
    }),
    'app/layout.js': 'export default function Layout({ children }) { return <html><body>{children}</body></html>; }\n',
    'app/page.js': 'export default function Page() { return <p>sample</p>; }\n',
  };
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(dir, name), text);
}
