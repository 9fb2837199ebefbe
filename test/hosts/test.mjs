// npm test: from a fresh clone to one line of numbers.
// usage: npm test -- [unit|contract|simulation|faults|host|tabs|oldestHost|oldestTabs|soak …] [--grep TEXT] [--file TEXT …]
//        npm test -- [host|tabs|soak …] --code-server VERSION     (default: the newest; without a suite: host and tabs)
//        npm test -- host --desktop [VERSION]                     (VS Code of the desktop, downloaded; without VERSION: the newest)
//        VSCODE_EXECUTABLE_PATH=/path/to/code npm test -- host    (one that is there)
//        npm run test:full -- [the same]   (every combination where npm test takes pairs; the last whole run is kept in test/full.md)
//        npm run soak -- [--minutes N] [--seed N] [--keep]
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ensureChromium } from './chromium.mjs';
import { codeServerVariable, ensureCodeServer, oldestCodeServer, wantedCodeServer } from './codeServerInstall.mjs';
import { ensureCommand, ensureShells } from './debian.mjs';
import { ensureDependencies } from './dependencies.mjs';
import { downloadedEditor, namedEditor, screen } from './desktop.mjs';
import { endGroup, until } from './ending.mjs';
import { ensureExpoWeb } from './expoWeb.mjs';
import { ensureFirefox } from './firefox.mjs';
import { endLeftovers } from './leftovers.mjs';
import { ensureNextApps } from './nextApps.mjs';
import { ensureNode } from './nodes.mjs';
import { ensureVsix } from './package.mjs';
import { ensureOpenssl } from './openssl.mjs';
import { ensureRedis } from './redis.mjs';
import { inRepo, inSandbox, repoRoot } from './paths.mjs';
import { endRunning, run, SetupError } from './run.mjs';
import { sandboxEnv } from './sandboxEnv.mjs';
import { endSessionHosts } from './sessionHosts.mjs';
import { atEnd, end, endOnSignals, isEnding } from './signals.mjs';
import { step, together } from './step.mjs';
import { copyWorkspace, ensureWorkspace } from './workspace.mjs';

/**
 * @typedef {object} Suite
 * @property {string} folder below test/
 * @property {string} kind files are called `*.<kind>.test.ts`
 * @property {number} timeoutMs of one test, unless it says otherwise
 * @property {boolean} editor it needs code-server, Chromium and the sample workspace
 * @property {number} [jobs] how many of its files run at once
 * @property {readonly string[]} [first] of these the longest: begun last, one of them would run alone at the end
 * @property {readonly string[]} [only] these files alone
 * @property {string} [codeServer] this version, whatever the run has chosen
 */

/** In the order in which they run: what fails fast comes first. @type {Record<string, Suite>} */
const suites = {
  unit: { folder: 'unit', kind: 'unit', timeoutMs: 10_000, editor: false },
  contract: {
    folder: 'contract',
    kind: 'contract',
    timeoutMs: 60_000,
    editor: false,
    jobs: 3,
    first: ['appFolder', 'hostLife', 'cliHungHost', 'cli', 'vsix', 'printedIssues'],
  },
  simulation: { folder: 'simulation', kind: 'simulation', timeoutMs: 180_000, editor: false },
  // Faults take their time waiting, each on a machine of its own: several files at once.
  faults: {
    folder: 'faults',
    kind: 'faults',
    timeoutMs: 60_000,
    editor: false,
    jobs: 3,
    first: ['failpoints', 'redis', 'serverFaults', 'processesKilled', 'hostKilled', 'redisHosts', 'redisDelay'],
  },
  host: { folder: 'integration', kind: 'host', timeoutMs: 120_000, editor: true },
  tabs: { folder: 'integration', kind: 'tabs', timeoutMs: 180_000, editor: true },
  // The oldest editor that the manifest promises: what happens inside of it, and the core of what a person sees.
  oldestHost: {
    folder: 'integration',
    kind: 'host',
    timeoutMs: 120_000,
    editor: true,
    codeServer: oldestCodeServer,
  },
  oldestTabs: {
    folder: 'integration',
    kind: 'tabs',
    timeoutMs: 180_000,
    editor: true,
    codeServer: oldestCodeServer,
    only: ['oneServer', 'preview'],
  },
  soak: { folder: 'soak', kind: 'soak', timeoutMs: 60_000, editor: true },
};

/** The suites that install the extension as a user does. @param {readonly string[]} names */
const needsVsix = (names) => names.some((name) => ['tabs', 'soak'].includes(suites[name]?.kind ?? ''));

/** @typedef {{ passed: number, failed: number, skipped: number, tests?: { title: string, state: string, error?: string }[] }} Numbers */

const { values, positionals } = parseArgs({
  // Without a version it is the newest.
  args: process.argv
    .slice(2)
    .flatMap((word, at, words) =>
      word === '--desktop' && !/^(\d+\.|stable$|insiders$)/.test(words[at + 1] ?? '') ? [word, 'stable'] : [word],
    ),
  allowPositionals: true,
  options: {
    grep: { type: 'string', short: 'g' },
    // Only files with one of these in their names.
    file: { type: 'string', multiple: true },
    // Every combination of a matrix.
    full: { type: 'boolean' },
    // The editor.
    'code-server': { type: 'string' },
    desktop: { type: 'string' },
    // Of the soak: how long, what a failed run said, and whether bench/soak/result.md is written anew.
    minutes: { type: 'string' },
    seed: { type: 'string' },
    keep: { type: 'boolean' },
  },
});
/** More than any suite takes (tabs, the longest, about three quarters of an hour): one that hangs must not use up the whole time of a CI. */
const suiteLimitMs = (60 + (values.full ? 100 : 0) + Number(values.minutes ?? 0)) * 60_000;
/** All tests of the suites that were chosen. */
const isWhole = values.grep === undefined && values.file === undefined;
const unknown = positionals.filter((name) => !(name in suites));
/** An editor that is named is for the suites that run in one. */
const wanted =
  positionals.length > 0
    ? positionals
    : values.desktop !== undefined
      ? ['host']
      : values['code-server'] !== undefined
        ? ['host', 'tabs']
        : Object.keys(suites);
const chosen = Object.keys(suites).filter((name) => wanted.includes(name));
const launcher = inRepo('test', 'hosts', 'launcher.mjs');
const marker = `CHEATCODE_TEST_RUN=${randomBytes(8).toString('hex')}`;
/** Short, because Unix sockets below it must stay under 100 bytes. */
const runDir = await mkdtemp(path.join(await realpath(os.tmpdir()), 'cct-'));
const started = performance.now();

/**
 * @typedef {object} Prepared
 * @property {string} codeServer version for the suites that name none
 * @property {string} program what the suite `host` runs in
 * @property {string} vsix if a suite needs it
 */

/** @param {string[]} names @returns {Promise<Prepared>} */
async function prepare(names) {
  const codeServer = await wantedCodeServer(values['code-server']);
  const named = names.includes('host') ? await namedEditor() : undefined;
  if (values.desktop !== undefined && (named !== undefined || names.some((name) => name !== 'host')))
    throw new SetupError('--desktop is for the suite host alone, and not beside VSCODE_EXECUTABLE_PATH');
  const isElsewhere = named !== undefined || values.desktop !== undefined;
  const editor = names.some((name) => suites[name]?.editor);
  const inCodeServer = names.filter((name) => suites[name]?.editor && !(name === 'host' && isElsewhere));
  if (values['code-server'] !== undefined && inCodeServer.every((name) => suites[name]?.codeServer !== undefined))
    throw new SetupError('--code-server: no chosen suite runs in a code-server that can be chosen');
  const versions = new Set(inCodeServer.map((name) => suites[name]?.codeServer ?? codeServer));
  if (values.desktop !== undefined) await ensureDependencies();
  const downloaded = values.desktop === undefined ? undefined : await downloadedEditor(values.desktop);
  const [vsix] = await together([
    // One build after the other; the package has bundles of its own.
    ensureDependencies()
      .then(() => (needsVsix(names) ? ensureVsix() : ''))
      .then(async (file) => {
        await step('build', () =>
          run(process.execPath, ['esbuild.mjs', '--tests'], { cwd: repoRoot, missing: 'the build failed' }),
        );
        return file;
      }),
    ...(editor || names.includes('contract')
      ? /** @type {const} */ ([20, 22, 24]).map((major) => ensureNode(major))
      : []),
    // The shell of Alpine's images: the reaper must work in it.
    ...(names.includes('contract')
      ? [ensureCommand({ title: 'BusyBox', commands: ['busybox'], packages: ['busybox'] }), ...ensureShells()]
      : []),
    // The machines of a sandbox agree by a real one.
    ...(['contract', 'faults', 'tabs'].some((name) => names.includes(name)) ? [ensureRedis(), ensureOpenssl()] : []),
    // Servers of every kind are found by what they say of themselves: real ones, in all versions that differ in it.
    ...(editor || names.includes('contract') || names.includes('faults') ? [ensureWorkspace()] : []),
    ...(names.includes('contract') || names.includes('tabs') ? [ensureNextApps()] : []),
    ...(names.includes('tabs') ? [ensureExpoWeb(), ensureFirefox()] : []),
    ...(inCodeServer.length > 0 ? [ensureChromium()] : []),
    ...[...versions].map((version) => ensureCodeServer(version).then(({ dir }) => dir)),
  ]);
  return { codeServer, program: downloaded ?? named ?? launcher, vsix: /** @type {string | undefined} */ (vsix) ?? '' };
}

/** @param {string} name @param {Prepared} prepared @returns {Promise<Numbers>} */
async function runSuite(name, { codeServer, program, vsix }) {
  const suite = /** @type {Suite} */ (suites[name]);
  const dir = path.join(runDir, name);
  const stateDir = path.join(dir, 's');
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  const results = inSandbox('logs', `${name}.json`);
  await mkdir(path.dirname(results), { recursive: true });
  await rm(results, { force: true });
  const [markerName, nonce] = /** @type {[string, string]} */ (marker.split('='));
  const ours = {
    [markerName]: nonce,
    [codeServerVariable]: suite.codeServer ?? codeServer,
    CHEATCODE_TEST_DIR: dir,
    CHEATCODE_TEST_RESULTS: results,
    CHEATCODE_TEST_VSIX: vsix,
    CHEATCODE_STATE_DIR: stateDir,
    ...(values.grep === undefined ? {} : { CHEATCODE_TEST_GREP: values.grep }),
    ...(values.full ? { CHEATCODE_TEST_FULL: '1' } : {}),
    ...(values.minutes === undefined ? {} : { CHEATCODE_SOAK_MINUTES: values.minutes }),
    ...(values.seed === undefined ? {} : { CHEATCODE_SOAK_SEED: values.seed }),
    ...(values.keep ? { CHEATCODE_SOAK_KEEP: '1' } : {}),
  };
  console.log(`\n── ${name} ${'─'.repeat(60 - name.length)}`);
  const isHost = suite.kind === 'host';
  const inside = suite.codeServer === undefined ? program : launcher;
  const args = isHost
    ? [inRepo('test', 'hosts', 'runHostSuite.mjs'), inside, await copyWorkspace(path.join(dir, 'w'))]
    : await mochaArguments(suite);
  const [command = '', ...words] = [
    ...(inside === launcher || !isHost ? [] : await screen()),
    process.execPath,
    ...args,
  ];
  const child = spawn(command, words, {
    cwd: repoRoot,
    // What the editor under test has is what the servers get that it starts. A CI and a person at a keyboard run the same tests.
    env: isHost ? await sandboxEnv(ours) : { ...process.env, ...ours, CI: undefined },
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: true,
  });
  const stop = () => endGroup(child);
  atEnd(stop);
  const exited = new Promise((resolve) => child.on('exit', (exitCode, signal) => resolve(exitCode ?? signal)));
  const hung = await hangs(child, results);
  await stop();
  const code = await exited;
  // A session host outlives its windows on purpose; whoever gave it a state folder ends it.
  await endSessionHosts(stateDir).catch((error) => console.error(error.message));
  const numbers = await readNumbers(results);
  const left = await endLeftovers({ marker, runDir: dir });
  for (const one of left) console.log(`left running by ${name}: ${one.pid} ${one.command}`);
  if (left.length > 0) numbers.failed++;
  if (hung) {
    console.log(`${name} had to be ended: ${hung}`);
    numbers.failed++;
  } else if (numbers.failed === 0 && code !== 0) {
    console.log(`${name} ended with ${code}`);
    numbers.failed++;
  }
  if (numbers.passed + numbers.failed + numbers.skipped === 0 && isWhole) {
    console.log(`${name} has no tests`);
    numbers.failed++;
  }
  return numbers;
}

/**
 * Waits for the end of a suite.
 * @param {import('node:child_process').ChildProcess} child
 * @param {string} results the file that is written after the last test
 * @returns {Promise<string | undefined>} why the suite has to be ended, if it does not end by itself
 */
async function hangs(child, results) {
  const ended = () => child.exitCode !== null || child.signalCode !== null;
  if (!(await until(async () => ended() || existsSync(results), suiteLimitMs)))
    return `no end after ${suiteLimitMs / 60_000} minutes`;
  if (!(await until(async () => ended(), 20_000)))
    return 'its tests are over, and something that they left keeps it running';
  return undefined;
}

/** @param {Suite} suite */
async function mochaArguments(suite) {
  const dir = inRepo('out', 'test', suite.folder);
  const files = (await readdir(dir, { recursive: true }).catch(() => /** @type {string[]} */ ([])))
    .filter((file) => file.endsWith(`.${suite.kind}.test.js`))
    .filter((file) => suite.only === undefined || suite.only.includes(path.basename(file, `.${suite.kind}.test.js`)))
    .filter((file) => values.file === undefined || values.file.some((text) => file.includes(text)))
    .sort((a, b) => turnOf(suite, a) - turnOf(suite, b) || (a < b ? -1 : 1));
  return [
    inRepo('node_modules', 'mocha', 'bin', 'mocha.js'),
    ...[
      '--no-config',
      '--enable-source-maps',
      '--reporter',
      inRepo('test', 'hosts', 'results.cjs'),
      '--timeout',
      String(suite.timeoutMs),
    ],
    ...(suite.jobs === undefined ? [] : ['--parallel', '--jobs', String(suite.jobs)]),
    ...(values.grep === undefined ? [] : ['--grep', values.grep]),
    // Without a file mocha would look for some by itself.
    ...(files.length > 0 ? files.map((file) => path.join(dir, file)) : ['--help']),
  ];
}

/** @param {string} error @returns {string[]} what went wrong, with the differences, and where in our own tests */
function withoutStack(error) {
  const lines = error.split('\n');
  const message = lines.filter((line) => !/^\s+at /.test(line)).slice(0, 20);
  return [...message, ...lines.filter((line) => /^\s+at .*\btest\//.test(line)).slice(0, 1)];
}

/** @param {Suite} suite @param {string} file @returns {number} lower goes first */
function turnOf({ kind, first = [] }, file) {
  const place = first.indexOf(path.basename(file, `.${kind}.test.js`));
  return place < 0 ? first.length : place;
}

/** @param {string} file @returns {Promise<Numbers>} */
async function readNumbers(file) {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text ? JSON.parse(text) : { passed: 0, failed: 0, skipped: 0 };
}

/** @type {Numbers} */
const sum = { passed: 0, failed: 0, skipped: 0 };
atEnd(async () => {
  endRunning();
  await endLeftovers({ marker, runDir });
  await rm(runDir, { recursive: true, force: true });
});
endOnSignals((signal) => console.log(`\n${signal}: ending the tests …`));
try {
  if (unknown.length > 0)
    throw new SetupError(`no suite is called ${unknown.join(' or ')}; there are ${Object.keys(suites).join(', ')}`);
  const prepared = await prepare(chosen);
  const lines = [];
  /** @type {string[]} */
  const failed = [];
  /** @type {string[]} */
  const told = [];
  for (const name of chosen) {
    if (isEnding()) break;
    const before = performance.now();
    const numbers = await runSuite(name, prepared);
    for (const key of /** @type {const} */ (['passed', 'failed', 'skipped'])) sum[key] += numbers[key];
    for (const { title, error = '' } of (numbers.tests ?? []).filter(({ state }) => state === 'failed')) {
      failed.push(title);
      told.push(`\nfailed in ${name}: ${title}\n  ${withoutStack(error).join('\n  ')}`);
    }
    lines.push(
      `${name}: ${numbers.passed} passed, ${numbers.failed} failed, ${numbers.skipped} skipped in ${seconds(before)}`,
    );
  }
  // Last, where also who sees only the end of the output finds them.
  for (const line of told) console.log(line);
  console.log(`\n${lines.join('\n')}\nall in ${seconds(started)}`);
  if (sum.passed + sum.failed === 0) throw new SetupError('no test was run');
  if (values.full && positionals.length === 0 && isWhole && !isEnding()) await keepFull(lines, failed);
} catch (error) {
  console.error(error instanceof SetupError ? `\n${error.message}` : error);
  sum.failed++;
}
await end();
console.log(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`);
process.exitCode = sum.failed > 0 ? 1 : 0;

/**
 * The last run of every combination, with its date, what it ran on and what failed.
 * @param {readonly string[]} lines @param {readonly string[]} failed
 */
async function keepFull(lines, failed) {
  const date = new Date().toISOString().slice(0, 10);
  const list = lines.map((line) => `- ${line}`).join('\n');
  const failures = failed.length === 0 ? '' : `\nFailed:\n\n${failed.map((title) => `- ${title}`).join('\n')}\n`;
  const total = `${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped in ${seconds(started)}`;
  const machine = `${os.availableParallelism()} cores, ${Math.round(os.totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}`;
  const text = `# The last run of every combination\n\n${date}, by \`npm run test:full\`, with ${machine}: ${total}\n\n${list}\n${failures}`;
  await writeFile(inRepo('test', 'full.md'), text);
}

/** @param {number} since */
function seconds(since) {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}
