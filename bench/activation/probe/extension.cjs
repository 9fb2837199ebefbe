// Looks, in the extension host itself, at which extensions were activated, what the editor measured of each, and which scripts
// they have loaded. Itself activated last, and idle until the window is at rest.
const { rename, stat, writeFile } = require('node:fs/promises');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const vscode = require('vscode');

/** The window is at rest once nothing was loaded for so long. */
const REST_MS = 2000;
const LOOK_MS = 100;
const LIMIT_MS = 60_000;

exports.activate = () => {
  const settings = vscode.workspace.getConfiguration('probe');
  const folder = /** @type {string} */ (settings.get('folder'));
  void observe(/** @type {string[]} */ (settings.get('open')))
    .catch((error) => ({ error: String(error.stack) }))
    .then(async (found) => {
      const file = path.join(folder, `${process.pid}.json`);
      // Whole or not there: somebody waits for it.
      await writeFile(`${file}.new`, JSON.stringify(found));
      await rename(`${file}.new`, file);
    });
};

/** @param {string[]} open */
async function observe(open) {
  await rest();
  const atRest = await extensions();
  const root = vscode.workspace.workspaceFolders?.[0]?.uri;
  for (const file of open) {
    if (root === undefined) break;
    const document = await vscode.workspace.openTextDocument(vscode.Uri.joinPath(root, file));
    await vscode.window.showTextDocument(document, { preview: false });
  }
  await rest();
  return {
    atRest,
    inUse: await extensions(),
    nodeModules: /** @type {NodeJS.Process & { moduleLoadList?: string[] }} */ (process).moduleLoadList,
    marks: marks(),
    report: await report(),
  };
}

/** The editor's own marks of this host, each with its time in milliseconds. */
function marks() {
  return /** @type {any} */ (globalThis).MonacoPerformanceMarks.getMarks();
}

async function rest() {
  let [since, before] = [Date.now(), ''];
  for (const end = Date.now() + LIMIT_MS; Date.now() < since + REST_MS; await sleep(LOOK_MS)) {
    if (Date.now() > end) throw new Error('the window does not come to rest');
    const now = JSON.stringify([Object.keys(require.cache).length, active().map(({ id }) => id)]);
    if (now !== before) [since, before] = [Date.now(), now];
  }
}

function active() {
  return vscode.extensions.all.filter(({ isActive }) => isActive);
}

/** Those that are active in this host, each with its scripts that are loaded. */
function extensions() {
  return Promise.all(
    active().map(async ({ id, extensionPath }) => {
      const files = Object.keys(require.cache).filter((file) => file.startsWith(extensionPath + path.sep));
      const scripts = await Promise.all(
        files.map(async (file) => ({ file: path.relative(extensionPath, file), bytes: (await stat(file)).size })),
      );
      return { id, scripts };
    }),
  );
}

/** What "Developer: Startup Performance" shows. */
async function report() {
  await vscode.commands.executeCommand('perfview.show');
  for (const end = Date.now() + LIMIT_MS; Date.now() < end; await sleep(LOOK_MS)) {
    const text = vscode.workspace.textDocuments.find(({ uri }) => uri.scheme === 'perf')?.getText();
    if (text?.includes('Extension Activation Stats')) return text;
  }
  throw new Error('the editor shows no activation times');
}
