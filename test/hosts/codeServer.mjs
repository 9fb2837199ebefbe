// code-server as a user runs it: the extension comes from the VSIX, and there are the /proxy/<port>/ routes.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ensureCodeServer } from './codeServerInstall.mjs';
import { freePort } from './ports.mjs';
import { run } from './run.mjs';
import { sandboxEnv } from './sandboxEnv.mjs';
import { serve } from './serve.mjs';

/** An editor that talks to nobody and asks nothing. */
const quietSettings = {
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.welcomePage.walkthroughs.openOnInstall': false,
  'workbench.enableExperiments': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'security.workspace.trust.enabled': false,
  'chat.disableAIFeatures': true,
  'git.openRepositoryInParentFolders': 'never',
};

/**
 * @typedef {object} CodeServerOptions
 * @property {string} workspace folder or `.code-workspace` that the address opens
 * @property {string} userDataDir
 * @property {string} extensionsDir
 * @property {number} [port] default: any free one
 * @property {Record<string, string | undefined>} [env] added to the sandbox's; `undefined` removes
 * @property {Record<string, unknown>} [settings] user settings beside {@link quietSettings}
 * @property {string} [logFile]
 * @property {boolean} [isFresh] a profile that nobody has touched: no settings, and everything asked that a newcomer is asked
 * @property {readonly string[]} [wrapper] words before the command, that become it by `exec`
 */

/**
 * Starts code-server on 127.0.0.1 and waits until it serves.
 * @param {CodeServerOptions} options
 * @returns {Promise<import('./serve.mjs').Server & { folderUrl: string }>}
 */
export async function startCodeServer({
  workspace,
  userDataDir,
  extensionsDir,
  port,
  env = {},
  settings = {},
  logFile,
  isFresh = false,
  wrapper = [],
}) {
  const { dir, node } = await ensureCodeServer();
  if (!isFresh) await writeSettings(userDataDir, settings);
  const url = `http://127.0.0.1:${port ?? (await freePort())}`;
  const server = await serve({
    name: 'code-server',
    command: [
      ...wrapper,
      node,
      path.join(dir, 'out', 'node', 'entry.js'),
      ...where(userDataDir, extensionsDir),
      '--bind-addr',
      new URL(url).host,
      ...silent,
      ...(isFresh ? [] : quiet),
    ],
    env: await sandboxEnv(env),
    cwd: path.dirname(workspace),
    url,
    healthPath: '/healthz',
    logFile,
  });
  const kind = workspace.endsWith('.code-workspace') ? 'workspace' : 'folder';
  return { ...server, folderUrl: `${url}/?${kind}=${encodeURI(workspace)}` };
}

/**
 * Installs an extension as a user would: from its VSIX.
 * @param {{ vsix: string, userDataDir: string, extensionsDir: string }} options
 */
export async function installVsix({ vsix, userDataDir, extensionsDir }) {
  const { dir, node } = await ensureCodeServer();
  await mkdir(extensionsDir, { recursive: true });
  await run(
    node,
    [
      path.join(dir, 'out', 'node', 'entry.js'),
      ...where(userDataDir, extensionsDir),
      '--install-extension',
      vsix,
      '--force',
    ],
    {
      env: await sandboxEnv(),
      missing: `${path.basename(vsix)} could not be installed into code-server`,
    },
  );
}

const silent = ['--auth', 'none', '--disable-telemetry', '--disable-update-check'];
const quiet = ['--disable-getting-started-override', '--disable-workspace-trust'];

/** Its own config file too: without one code-server writes into the home folder. @param {string} userDataDir @param {string} extensionsDir */
function where(userDataDir, extensionsDir) {
  return [
    '--user-data-dir',
    userDataDir,
    '--extensions-dir',
    extensionsDir,
    '--config',
    path.join(userDataDir, 'config.yaml'),
  ];
}

/** Merges into `<userDataDir>/User/settings.json`. @param {string} userDataDir @param {Record<string, unknown>} settings */
export async function writeSettings(userDataDir, settings) {
  const file = path.join(userDataDir, 'User', 'settings.json');
  await mkdir(path.dirname(file), { recursive: true });
  // What a person changed in the sandbox's editor stays.
  const before = await readFile(file, 'utf8')
    .then(JSON.parse)
    .catch(() => ({}));
  await writeFile(file, `${JSON.stringify({ ...before, ...quietSettings, ...settings }, null, 2)}\n`);
}
