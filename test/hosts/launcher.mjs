#!/usr/bin/env node
// Stands in for the VS Code executable: `runTests` of @vscode/test-electron starts it with the paths of an extension
// and of a test module. It runs the module in a real extension host of the VS Code server, with a headless Chromium
// as its window, and exits with the suite's exit code. The desktop build can't be had on machines that reach package
// registries alone.
import { createWriteStream } from 'node:fs';
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { launchChromium } from './chromium.mjs';
import { inSandbox } from './paths.mjs';
import { startServerMain, suiteUrl } from './serverMain.mjs';

/** @param {string} name the value of each `--name=value` */
const options = (name) =>
  process.argv
    .filter((argument) => argument.startsWith(`--${name}=`))
    .map((argument) => argument.slice(name.length + 3));
const [extensionDevelopmentPath, ...otherExtensions] = options('extensionDevelopmentPath');
const [extensionTestsPath] = options('extensionTestsPath');
const workspace = process.argv.slice(2).find((argument) => !argument.startsWith('-'));
const timeoutMs = 15 * 60_000;

if (!extensionDevelopmentPath || !extensionTestsPath) {
  console.error('usage: launcher.mjs --extensionDevelopmentPath=DIR --extensionTestsPath=FILE [WORKSPACE]');
  process.exit(2);
}

/** What to undo, last first. @type {(() => Promise<unknown>)[]} */
const undo = [];

/** @type {(code: number) => void} */
let finish = () => {};
/** @type {Promise<number>} */
const finished = new Promise((resolve) => (finish = resolve));
for (const [signal, number] of /** @type {const} */ ([
  ['SIGINT', 2],
  ['SIGTERM', 15],
  ['SIGHUP', 1],
])) {
  process.on(signal, () => finish(128 + number));
}

/** @returns {Promise<void>} once the suite runs; its end comes through `finish` */
async function open() {
  const dataDir = await mkdtemp(path.join(process.env['CHEATCODE_TEST_DIR'] ?? os.tmpdir(), 'ccl-'));
  undo.push(() => rm(dataDir, { recursive: true, force: true }));
  // The page's address takes one extension under development: the others are there as if they were installed.
  for (const folder of otherExtensions)
    await cp(folder, path.join(dataDir, 'extensions', path.basename(folder)), { recursive: true });
  const logs = inSandbox('logs', path.basename(process.env['CHEATCODE_TEST_DIR'] ?? 'host'));
  await mkdir(logs, { recursive: true });
  const workbenchLog = createWriteStream(path.join(logs, 'workbench.log'));
  const server = await startServerMain({
    dataDir,
    logFile: path.join(logs, 'server.log'),
    env: Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith('CHEATCODE_'))),
  });
  undo.push(() => server.stop());
  void server.exited.then(() => fail('the VS Code server ended before the suite did'));
  const browser = await launchChromium({ handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false });
  undo.push(() => browser.close());
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  browser.on('disconnected', () => fail('Chromium ended before the suite did'));
  page.on('crash', () => fail('the page crashed before the suite ended'));
  await page.exposeFunction('codeAutomationLog', (/** @type {string} */ type, /** @type {unknown[]} */ args) => {
    const text = args.join(' ');
    // What mocha prints is marked by hostSuite.ts; all the rest is the workbench talking to itself.
    if (text.startsWith('[test] ')) console.log(text.slice('[test] '.length));
    else workbenchLog.write(`${type} ${text}\n`);
  });
  await page.exposeFunction('codeAutomationExit', (/** @type {number} */ code) => finish(code));
  setTimeout(() => {
    const picture = path.join(logs, 'timeout.png');
    void page
      .screenshot({ path: picture })
      .catch(() => undefined)
      .then(() => fail(`the suite did not end in ${timeoutMs / 1000} s, see ${path.relative(process.cwd(), picture)}`));
  }, timeoutMs).unref();
  await page.goto(
    suiteUrl({
      url: server.url,
      extensionDevelopmentPath: /** @type {string} */ (extensionDevelopmentPath),
      extensionTestsPath: /** @type {string} */ (extensionTestsPath),
      ...(workspace ? { workspace: path.resolve(workspace) } : {}),
    }),
  );
}

let over = false;
/** @param {string} why */
function fail(why) {
  if (over) return;
  console.error(why);
  finish(1);
}

open().catch((error) => fail(error instanceof Error ? error.message : String(error)));
const code = await finished;
over = true;
for (const step of undo.reverse()) await step().catch(() => undefined);
process.exit(code);
