// npm test: from a fresh clone to one line of numbers.
// usage: npm test -- [unit|contract|simulation|faults|host|tabs|oldestHost|oldestTabs|soak …] [--grep TEXT] [--file TEXT …]
//        npm test -- [host|tabs|soak …] --code-server VERSION     (default: the newest; without a suite: host and tabs)
//        npm test -- host --desktop [VERSION]                     (VS Code of the desktop, downloaded; without VERSION: the newest)
//        VSCODE_EXECUTABLE_PATH=/usr/share/code/code npm test -- host    (one that is there)
//        npm run test:full -- [the same]   (every combination where npm test takes pairs; the last whole run is kept in test/full.md)
//        npm run soak -- [--minutes N] [--seed N] [--keep]
import { randomBytes } from 'node:crypto';
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ensureChromium } from './chromium.mjs';
import { codeServerVariable, ensureCodeServer, wantedCodeServer } from './codeServerInstall.mjs';
import { ensureCommand, ensureShells, ensureSystemTools } from './debian.mjs';
import { ensureDependencies } from './dependencies.mjs';
import { downloadedEditor, namedEditor, screen } from './desktop.mjs';
import { ensureExpoWeb } from './expoWeb.mjs';
import { ensureFirefox } from './firefox.mjs';
import { inLanes, ownNetwork } from './lanes.mjs';
import { endLeftovers } from './leftovers.mjs';
import { ensureNextApps } from './nextApps.mjs';
import { ensureNode } from './nodes.mjs';
import { ensureVsix } from './package.mjs';
import { ensureOpenssl } from './openssl.mjs';
import { ensureRedis } from './redis.mjs';
import { inRepo, repoRoot } from './paths.mjs';
import { endRunning, run, SetupError } from './run.mjs';
import { atEnd, end, endOnSignals, isEnding } from './signals.mjs';
import { step, together } from './step.mjs';
import { runPart } from './suitePart.mjs';
import { filesOf, suites } from './suites.mjs';
import { ensureWorkspace } from './workspace.mjs';

/** The suites that install the extension as a user does. @param {readonly string[]} names */
const needsVsix = (names) => names.some((name) => ['tabs', 'soak'].includes(suites[name]?.kind ?? ''));

/** @typedef {import('./suitePart.mjs').Numbers} Numbers */

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
/** More than any suite takes, or any one file of those that run side by side: what hangs must not use up the whole time of a CI. */
const limitMs = (/** @type {boolean} */ isFile) =>
  ((isFile ? 30 : 60) + (values.full ? 100 : 0) + Number(values.minutes ?? 0)) * 60_000;
/** A browser and an editor wait as much as they work; four of each are what a machine of many cores still has memory for. */
const lanesAtOnce = Math.min(Math.max(os.availableParallelism(), 2), 4);
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
    ...(names.includes('contract') ? ensureShells() : []),
    ...(names.includes('contract') || names.includes('faults') ? ensureSystemTools() : []),
    // The shell of Alpine's images: the reaper must work in it.
    ...(names.includes('contract') || names.includes('tabs')
      ? [ensureCommand({ title: 'BusyBox', commands: ['busybox'], packages: ['busybox'] })]
      : []),
    // Here, because a network of one's own has no registry and no mirror.
    ...(names.includes('tabs') ? [ensureCommand({ title: 'tini', commands: ['tini'], packages: ['tini'] })] : []),
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

/**
 * The chosen suites in their order. Those whose files may run beside each other make one stage, file by file.
 * @param {boolean} hasNetworks
 * @returns {Promise<{ parts: import('./suitePart.mjs').Part[], lanes: number }[]>}
 */
async function stages(hasNetworks) {
  /** @type {{ parts: import('./suitePart.mjs').Part[], lanes: number }[]} */
  const all = [];
  for (const name of chosen) {
    const of = /** @type {import('./suites.mjs').Suite} */ (suites[name]);
    const files = of.kind === 'host' ? [] : await filesOf(of, values.file);
    const isApart = hasNetworks && of.isApart === true;
    const parts =
      isApart && files.length > 0
        ? files.map((file) => ({
            suite: name,
            of,
            name: `${name} ${path.basename(file).split('.')[0]}`,
            files: [file],
          }))
        : [{ suite: name, of, name, files }];
    const before = all.at(-1);
    if (isApart && before !== undefined && before.lanes > 1) before.parts.push(...parts);
    else all.push({ parts, lanes: isApart ? lanesAtOnce : 1 });
  }
  return all;
}

/** @param {import('./suitePart.mjs').Part} part @param {number} lane @param {Prepared} prepared */
async function surroundings(part, lane, { codeServer, program, vsix }) {
  const { suite, of } = part;
  const inside = of.codeServer === undefined ? program : launcher;
  return {
    dir: path.join(runDir, `${suite}${lane}`),
    wrapper: of.kind !== 'host' || inside === launcher ? [] : await screen(),
    program: inside,
    marker: `${marker}.${suite}${lane}`,
    grep: values.grep,
    limitMs: limitMs(part.name !== part.suite),
    env: {
      [codeServerVariable]: of.codeServer ?? codeServer,
      CHEATCODE_TEST_VSIX: vsix,
      ...(values.full ? { CHEATCODE_TEST_FULL: '1' } : {}),
      ...(values.minutes === undefined ? {} : { CHEATCODE_SOAK_MINUTES: values.minutes }),
      ...(values.seed === undefined ? {} : { CHEATCODE_SOAK_SEED: values.seed }),
      ...(values.keep ? { CHEATCODE_SOAK_KEEP: '1' } : {}),
    },
  };
}

/** @param {string} error @returns {string[]} what went wrong, with the differences, and where in our own tests */
function withoutStack(error) {
  const lines = error.split('\n');
  const message = lines.filter((line) => !/^\s+at /.test(line)).slice(0, 20);
  return [...message, ...lines.filter((line) => /^\s+at .*\btest\//.test(line)).slice(0, 1)];
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
  const outcomes = new Map(
    chosen.map((name) => [name, { ms: 0, numbers: /** @type {Numbers} */ ({ passed: 0, failed: 0, skipped: 0 }) }]),
  );
  /** @type {string[]} */
  const failed = [];
  /** @type {string[]} */
  const told = [];
  const network = chosen.some((name) => suites[name]?.isApart) ? await ownNetwork() : undefined;
  for (const { parts, lanes } of await stages(network !== undefined))
    await inLanes(parts, lanes, async (part, lane) => {
      if (isEnding()) return;
      const before = performance.now();
      const numbers = await runPart(part, {
        ...(await surroundings(part, lane, prepared)),
        ...(network !== undefined && part.of.isApart ? { network } : {}),
        isQuiet: lanes > 1 && parts.length > 1,
      });
      const outcome = /** @type {NonNullable<ReturnType<typeof outcomes.get>>} */ (outcomes.get(part.suite));
      outcome.ms += performance.now() - before;
      for (const key of /** @type {const} */ (['passed', 'failed', 'skipped'])) outcome.numbers[key] += numbers[key];
      for (const { title, error = '' } of (numbers.tests ?? []).filter(({ state }) => state === 'failed')) {
        failed.push(title);
        told.push(`\nfailed in ${part.name}: ${title}\n  ${withoutStack(error).join('\n  ')}`);
      }
    });
  const isBeside = (/** @type {string} */ name) => network !== undefined && suites[name]?.isApart === true;
  const lines = [];
  for (const [name, { ms, numbers }] of outcomes) {
    if (numbers.passed + numbers.failed + numbers.skipped === 0 && isWhole && !isEnding()) {
      console.log(`${name} has no tests`);
      numbers.failed++;
    }
    for (const key of /** @type {const} */ (['passed', 'failed', 'skipped'])) sum[key] += numbers[key];
    lines.push(
      `${name}: ${numbers.passed} passed, ${numbers.failed} failed, ${numbers.skipped} skipped in ${(ms / 1000).toFixed(1)} s${isBeside(name) ? ', side by side' : ''}`,
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
