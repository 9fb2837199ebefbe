// An Expo app with a web build: Expo Router, react-native-web, one page of HTML for all paths.
import { cp, mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { ensureNode } from './nodes.mjs';
import { once } from './once.mjs';
import { inRepo, inSandbox } from './paths.mjs';
import { ensurePnpm, pnpm } from './pnpm.mjs';
import { freePort } from './ports.mjs';
import { sandboxEnv } from './sandboxEnv.mjs';
import { serve } from './serve.mjs';
import { together } from './step.mjs';
import { contentHash, generated, linkTree } from './workspace.mjs';

const fixture = inRepo('test', 'fixtures', 'expoWeb');
/** @param {string} file */
const isSource = (file) => !generated.has(path.basename(file));

/**
 * Prepares `.sandbox/expo-web` unless it is there: a copy of the fixture with its dependencies.
 * @returns {Promise<string>} the folder
 */
export async function ensureExpoWeb() {
  await together([ensurePnpm(), ensureNode(24)]);
  const env = await sandboxEnv({ CI: '1' });
  return once({
    name: 'expo-web',
    key: await contentHash(fixture),
    title: 'Expo app with a web build',
    make: async (dir) => {
      await cp(fixture, dir, { recursive: true, filter: isSource });
      await pnpm(['install', '--frozen-lockfile', '--prefer-offline', '--store-dir', inSandbox('pnpm-store')], {
        cwd: dir,
        env,
        missing: 'the dependencies of the Expo web app could not be installed from the npm registry',
      });
    },
  });
}

/**
 * Makes a fresh copy of the app; its packages are hard links, not to be changed in place.
 * @param {string} to a folder that is made anew
 * @returns {Promise<string>} the folder
 */
export async function copyExpoWeb(to) {
  const from = await ensureExpoWeb();
  await rm(to, { recursive: true, force: true });
  await mkdir(to, { recursive: true });
  await cp(fixture, to, { recursive: true, filter: isSource });
  await linkTree(path.join(from, 'node_modules'), path.join(to, 'node_modules'));
  return to;
}

/**
 * Runs `expo start` in a folder that {@link copyExpoWeb} made, on a free port and without a network, and waits until Metro
 * answers. It compiles the web build when a page asks for it.
 * @param {string} folder
 * @param {Record<string, string>} [env]
 * @returns {Promise<import('./serve.mjs').Server & { port: number }>}
 */
export async function startExpoWeb(folder, env = {}) {
  const port = await freePort();
  const server = await serve({
    name: 'Expo',
    command: [
      process.execPath,
      path.join(folder, 'node_modules', 'expo', 'bin', 'cli'),
      'start',
      '--localhost',
      '--port',
      String(port),
    ],
    env: await sandboxEnv({ EXPO_OFFLINE: '1', ...env }),
    cwd: folder,
    url: `http://localhost:${port}`,
    healthPath: '/status',
    timeoutMs: 120_000,
  });
  return { ...server, port };
}
