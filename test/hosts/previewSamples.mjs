// Sample apps for the preview: the same pages for every version of Next.js, both of its routers and both bundlers.
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ensureNextApps } from './nextApps.mjs';
import { ensureNode } from './nodes.mjs';
import { inRepo } from './paths.mjs';
import { freePort } from './ports.mjs';
import { sandboxEnv } from './sandboxEnv.mjs';
import { serve } from './serve.mjs';
import { ensureWorkspace, linkTree } from './workspace.mjs';

/**
 * One of the sample apps: the pages are the same in all of them.
 * @typedef {object} Sample
 * @property {'16.4' | '16.1' | '15.5' | '14.2'} version
 * @property {'app' | 'pages'} router
 * @property {'turbopack' | 'webpack'} bundler
 * @property {string} basePath empty, or as `/shop`
 */

const fixture = inRepo('test', 'fixtures', 'preview');

/** The app whose packages a version's samples share as hard links; the newest is the one of the sample workspace. */
const packagesOf = /** @type {const} */ ({
  16.4: async () => path.join(await ensureWorkspace(), 'cheatcode-app'),
  16.1: async () => path.join(await ensureNextApps(), '16.1.3'),
  15.5: async () => path.join(await ensureNextApps(), '15.5.29'),
  14.2: async () => path.join(await ensureNextApps(), '14.2.35'),
});

/** What `next dev` has to be told for a bundler; from 16 on Turbopack is what it takes by itself. */
const bundlerFlags = /** @type {const} */ ({
  16.4: { turbopack: [], webpack: ['--webpack'] },
  16.1: { turbopack: [], webpack: ['--webpack'] },
  15.5: { turbopack: ['--turbopack'], webpack: [] },
  14.2: { turbopack: ['--turbo'], webpack: [] },
});

/**
 * Lays the sample over the packages of its version.
 * @param {string} to a folder that is made anew
 * @param {Sample} sample
 * @returns {Promise<string>} the folder
 */
export async function layPreviewSample(to, { version, router }) {
  const packages = await packagesOf[version]();
  await rm(to, { recursive: true, force: true });
  await mkdir(to, { recursive: true });
  await linkTree(path.join(packages, 'node_modules'), path.join(to, 'node_modules'));
  for (const part of ['common', `${router}-router`]) await cp(path.join(fixture, part), to, { recursive: true });
  const manifest = { name: 'cheatcode-app', private: true, scripts: { dev: 'next dev' } };
  await writeFile(path.join(to, 'package.json'), JSON.stringify(manifest));
  return to;
}

/**
 * Runs `next dev` in a folder that {@link layPreviewSample} made, on a free port, and waits until it answers.
 * Always with Node 24: in Node 20 and 22 a `require` does not follow symbolic links when the last `stat` was of a socket
 * (https://github.com/nodejs/node/issues/51142). webpack's watcher looks at all that lies beside the parents of an app, and in
 * a folder for temporary files there are sockets, an editor's for one. Then, now and then, an app has two copies of React.
 * @param {string} folder
 * @param {Sample} sample
 * @returns {Promise<import('./serve.mjs').Server & { port: number }>}
 */
export async function startPreviewSample(folder, { version, bundler, basePath }) {
  const port = await freePort();
  const next = path.join(folder, 'node_modules', 'next', 'dist', 'bin', 'next');
  const server = await serve({
    name: `Next.js ${version}`,
    command: [await ensureNode(24), next, 'dev', '--port', String(port), ...bundlerFlags[version][bundler]],
    env: await sandboxEnv({ NEXT_PUBLIC_BASE_PATH: basePath === '' ? undefined : basePath }),
    cwd: folder,
    url: `http://localhost:${port}`,
    // Silent and there in all versions, with either router (FACTS).
    healthPath: `${basePath}/_next/static/development/_devPagesManifest.json`,
    timeoutMs: 120_000,
  });
  return { ...server, port };
}
