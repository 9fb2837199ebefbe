// What most extensions do that start a dev server by themselves: each window looks whether the port is free, and types the
// command into a terminal of its own. Nothing stands between the look and the server, which listens seconds later.
const { existsSync } = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const vscode = require('vscode');

/** Next's own port: it needs no word, and with none it takes the next free one when it is taken. */
const DEFAULT_PORT = 3000;
const POLL_MS = 200;
const START_LIMIT_MS = 180_000;

/** @param {vscode.ExtensionContext} context */
exports.activate = async ({ subscriptions }) => {
  const settings = vscode.workspace.getConfiguration('naive');
  const workspaceFolder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
  if (workspaceFolder === undefined) return;
  const folder = path.join(workspaceFolder, settings.get('folder', '.'));
  const port = settings.get('port', DEFAULT_PORT);
  const healthIntervalMs = settings.get('healthIntervalSeconds', 0) * 1000;
  if (!existsSync(path.join(folder, 'package.json'))) return;

  const item = vscode.window.createStatusBarItem('naive.status', vscode.StatusBarAlignment.Left);
  subscriptions.push(item);
  const show = (/** @type {string} */ state) => {
    item.text = `$(globe) Dev server :${port} ${state}`;
    item.show();
  };

  if (await isFree(port)) {
    show('starts');
    const env = port === DEFAULT_PORT ? {} : { PORT: String(port) };
    const terminal = vscode.window.createTerminal({ name: 'Dev server', cwd: folder, env });
    terminal.show(true);
    terminal.sendText('pnpm run dev');
  }
  // An extension is activated before its server runs: not awaited.
  void (async () => {
    show((await answersWithin(port, START_LIMIT_MS)) ? 'runs' : 'failed');
    if (healthIntervalMs === 0) return;
    const timer = setInterval(async () => show((await answers(port)) ? 'runs' : 'stopped'), healthIntervalMs);
    subscriptions.push({ dispose: () => clearInterval(timer) });
  })();
};

/** @param {number} port @returns {Promise<boolean>} */
function isFree(port) {
  return new Promise((resolve) => {
    const server = http.createServer();
    server.once('error', () => resolve(false));
    server.listen(port, () => server.close(() => resolve(true)));
  });
}

/** @param {number} port @param {number} limitMs */
async function answersWithin(port, limitMs) {
  for (const end = Date.now() + limitMs; Date.now() < end; await sleep(POLL_MS)) if (await answers(port)) return true;
  return false;
}

/** Any answer is one. @param {number} port @returns {Promise<boolean>} */
function answers(port) {
  return new Promise((resolve) => {
    const request = http.get({ port, path: '/' }, () => {
      resolve(true);
      request.destroy();
    });
    request.on('error', () => resolve(false));
  });
}
