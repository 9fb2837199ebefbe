// The VS Code server inside code-server, run bare: with its smoke-test driver on, a page can name an extension under
// development and a test module, which then runs in a real extension host.
import path from 'node:path';
import { ensureCodeServer } from './codeServerInstall.mjs';
import { writeSettings } from './codeServer.mjs';
import { freePort } from './ports.mjs';
import { sandboxEnv } from './sandboxEnv.mjs';
import { serve } from './serve.mjs';

/**
 * @typedef {object} ServerMainOptions
 * @property {string} dataDir everything that the server keeps
 * @property {number} [port] default: any free one
 * @property {Record<string, string | undefined>} [env] added to the sandbox's; `undefined` removes
 * @property {Record<string, unknown>} [settings] user settings
 * @property {string} [logFile]
 */

/**
 * Starts the server and waits until it serves; the caller stops it.
 * @param {ServerMainOptions} options
 * @returns {Promise<import('./serve.mjs').Server>}
 */
export async function startServerMain({ dataDir, port, env = {}, settings = {}, logFile }) {
  const { dir, node } = await ensureCodeServer();
  // It takes the user's settings from <server-data-dir>/data/User.
  await writeSettings(path.join(dataDir, 'data'), settings);
  const chosen = port ?? (await freePort());
  return serve({
    name: 'VS Code server',
    command: [
      node,
      path.join(dir, 'lib', 'vscode', 'out', 'server-main.js'),
      ...['--host', '127.0.0.1', '--port', String(chosen), '--server-data-dir', dataDir],
      ...['--without-connection-token', '--accept-server-license-terms', '--enable-smoke-test-driver'],
      ...['--disable-workspace-trust', '--disable-telemetry', '--telemetry-level', 'off'],
    ],
    env: await sandboxEnv(env),
    cwd: dataDir,
    url: `http://127.0.0.1:${chosen}`,
    healthPath: '/version',
    logFile,
  });
}

/**
 * The address of a page that runs `extensionTestsPath` in an extension host with the extension loaded from its folder.
 * @param {{ url: string, workspace?: string, extensionDevelopmentPath: string, extensionTestsPath: string }} what
 */
export function suiteUrl({ url, workspace, extensionDevelopmentPath, extensionTestsPath }) {
  const { host } = new URL(url);
  const remote = (/** @type {string} */ file) => `vscode-remote://${host}${encodeURI(file)}`;
  const payload = JSON.stringify([
    ['extensionDevelopmentPath', remote(extensionDevelopmentPath)],
    ['extensionTestsPath', remote(extensionTestsPath)],
    ['skipWelcome', 'true'],
  ]);
  const kind = workspace?.endsWith('.code-workspace') ? 'workspace' : 'folder';
  const open = workspace ? `${kind}=${encodeURIComponent(workspace)}` : 'ew=true';
  return `${url}/?${open}&payload=${encodeURIComponent(payload)}`;
}
