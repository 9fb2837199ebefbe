// The benchmarks: ours beside what a user would pick instead, in one table.
// usage: npm run bench -- [NAME …] [--rounds N] [--keep]
//        no NAME: all rows; --keep writes them into bench/results.json (all samples), bench/table.md and the README's short table
import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { format } from 'prettier';
import { ensureChromium } from '../test/hosts/chromium.mjs';
import { installVsix } from '../test/hosts/codeServer.mjs';
import { ensureCodeServer } from '../test/hosts/codeServerInstall.mjs';
import { ensureCommand } from '../test/hosts/debian.mjs';
import { ensureDependencies } from '../test/hosts/dependencies.mjs';
import { endGroup, until } from '../test/hosts/ending.mjs';
import { ensureExpoWeb } from '../test/hosts/expoWeb.mjs';
import { endLeftovers } from '../test/hosts/leftovers.mjs';
import { ensureNextApps } from '../test/hosts/nextApps.mjs';
import { ensureVsix } from '../test/hosts/package.mjs';
import { inRepo, inSandbox, repoRoot } from '../test/hosts/paths.mjs';
import { ensureRedis } from '../test/hosts/redis.mjs';
import { endRunning, run, SetupError } from '../test/hosts/run.mjs';
import { endSessionHosts } from '../test/hosts/sessionHosts.mjs';
import { atEnd, end, endOnSignals, isEnding } from '../test/hosts/signals.mjs';
import { step, together } from '../test/hosts/step.mjs';
import { ensureWorkspace } from '../test/hosts/workspace.mjs';
import { headlines, rows } from './rows.mjs';

/**
 * `commit`: of what was measured, with a `+` where files had been changed. `load`: of the machine before the row, by the minute.
 * @typedef {import('./table.program').RowResult & { rounds: number, date: string, machine: string, commit?: string, load?: number }} Kept
 */

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string' }, keep: { type: 'boolean', default: false } },
});
const ownRounds = values.rounds === undefined ? undefined : Number(values.rounds);
const chosen = Object.keys(rows).filter((name) => positionals.length === 0 || positionals.includes(name));
const marker = `CHEATCODE_TEST_RUN=${randomBytes(8).toString('hex')}`;
/** Short, because Unix sockets below it must stay under 100 bytes. */
const runDir = await mkdtemp(path.join(await realpath(os.tmpdir()), 'ccb-'));
const kept = inRepo('bench', 'results.json');

atEnd(async () => {
  endRunning();
  await endLeftovers({ marker, runDir });
  await rm(runDir, { recursive: true, force: true });
});
endOnSignals((signal) => console.error(`\n${signal}: ending the benchmarks …`));
try {
  const unknown = positionals.filter((name) => !(name in rows));
  if (unknown.length > 0)
    throw new SetupError(`no row is called ${unknown.join(' or ')}; there are ${Object.keys(rows).join(', ')}`);
  if (ownRounds !== undefined && !(Number.isInteger(ownRounds) && ownRounds > 0))
    throw new SetupError(`--rounds ${values.rounds}: how many times? A number from 1 on`);
  const vsix = await prepare();
  const commit = await commitOf();
  const extensionsDir = path.join(runDir, 'x');
  await step('the extension as a user has it', () =>
    installVsix({ vsix, extensionsDir, userDataDir: path.join(runDir, 'install') }),
  );
  /** @type {Kept[]} */
  const results = [];
  for (const name of chosen)
    if (!isEnding())
      results.push({ ...(await measure(name, vsix, extensionsDir)), ...(commit === undefined ? {} : { commit }) });
  const { table, shortTable, missed, merged } = /** @type {typeof import('./table.program')} */ (
    createRequire(import.meta.url)(inRepo('out', 'test', 'bench', 'table.program.js'))
  );
  console.log(`\n${await markdown(table(results))}`);
  for (const line of missed(results)) console.log(`missed: ${line}`);
  await mkdir(inSandbox('logs'), { recursive: true });
  await writeFile(inSandbox('logs', 'bench.json'), json(results));
  console.log(`all samples: ${path.relative(process.cwd(), inSandbox('logs', 'bench.json'))}`);
  if (values.keep) await keep(results, { table, shortTable, missed, merged });
  // A number is no reason to fail; a row without numbers is.
  if (results.some(({ failure }) => failure !== undefined)) process.exitCode = 1;
} catch (error) {
  console.error(error instanceof SetupError ? `\n${error.message}` : error);
  process.exitCode = 1;
}
await end();

/** What the chosen rows need; gives the VSIX. */
async function prepare() {
  const needs = new Set(chosen.flatMap((name) => rows[name]?.needs ?? []));
  const [vsix] = await together([
    ensureDependencies()
      .then(() => ensureVsix())
      .then(async (file) => {
        await step('build', () =>
          run(process.execPath, ['esbuild.mjs', '--tests'], { cwd: repoRoot, missing: 'the build failed' }),
        );
        return file;
      }),
    ensureCodeServer(),
    ensureWorkspace(),
    ...(needs.has('editor') ? [ensureChromium()] : []),
    ...(needs.has('nextApps') ? [ensureNextApps()] : []),
    ...(needs.has('expoWeb') ? [ensureExpoWeb()] : []),
    ...(needs.has('redis') ? [ensureRedis()] : []),
    ...(needs.has('tmux') ? [ensureCommand({ title: 'tmux', commands: ['tmux'], packages: ['tmux'] })] : []),
  ]);
  return /** @type {string} */ (vsix);
}

/** The commit that is checked out, shortened, with a `+` where a file of it was changed; undefined in a folder that is no clone. */
async function commitOf() {
  if (!existsSync(inRepo('.git'))) return undefined;
  const git = async (/** @type {string[]} */ ...args) =>
    (await promisify(execFile)('git', args, { cwd: repoRoot })).stdout;
  const [commit, changes] = await Promise.all([
    git('rev-parse', '--short', 'HEAD'),
    // What the rows themselves write.
    git('status', '--porcelain', '--', '.', ':!bench/table.md', ':!bench/results.json', ':!*.md'),
  ]);
  return `${commit.trim()}${changes.trim() === '' ? '' : '+'}`;
}

/** @param {string} name @param {string} vsix @param {string} extensionsDir @returns {Promise<Omit<Kept, 'commit'>>} */
async function measure(name, vsix, extensionsDir) {
  const row = /** @type {import('./rows.mjs').Row} */ (rows[name]);
  const rounds = ownRounds ?? row.rounds;
  const [load = NaN] = os.loadavg();
  const dir = path.join(runDir, name);
  const stateDir = path.join(dir, 's');
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  const file = path.join(runDir, `${name}.json`);
  const [markerName, nonce] = /** @type {[string, string]} */ (marker.split('='));
  const [installed] = (await readdir(extensionsDir, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  if (!installed) throw new SetupError('the extension was not installed');
  /** @type {Omit<import('./figures').BenchContext, 'say'>} */
  const context = { rounds, dir, extensionDir: path.join(extensionsDir, installed.name), vsix, extensionsDir };
  /** @type {NodeJS.ProcessEnv} */
  const env = {
    ...process.env,
    [markerName]: nonce,
    CHEATCODE_TEST_DIR: dir,
    CHEATCODE_TEST_VSIX: vsix,
    CHEATCODE_STATE_DIR: stateDir,
  };
  delete env['CI'];
  console.error(`\n── ${name} ${'─'.repeat(Math.max(0, 60 - name.length))}`);
  const child = spawn(process.execPath, [inRepo('bench', 'row.mjs'), name, JSON.stringify(context), file], {
    cwd: repoRoot,
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: true,
  });
  const stop = () => endGroup(child);
  atEnd(stop);
  const isOver = await until(async () => child.exitCode !== null || child.signalCode !== null, row.minutes * 60_000);
  await stop();
  await endSessionHosts(stateDir).catch((error) => console.error(error.message));
  const left = await endLeftovers({ marker, runDir: dir });
  await rm(dir, { recursive: true, force: true, maxRetries: 5 });
  const text = await readFile(file, 'utf8').catch(() => undefined);
  const reasons = [
    ...(isOver ? [] : [`no end after ${row.minutes} minutes`]),
    ...(text === undefined ? [`it ended with ${child.exitCode ?? child.signalCode}`] : []),
    ...left.map(({ pid, command }) => `left running: ${pid} ${command}`),
  ];
  return {
    name,
    title: row.title,
    figures: text === undefined ? [] : JSON.parse(text),
    ...(reasons.length === 0 ? {} : { failure: reasons.join('; ') }),
    rounds,
    date: new Date().toISOString().slice(0, 10),
    load,
    machine: `${os.availableParallelism()} cores, ${Math.round(os.totalmem() / 2 ** 30)} GiB, ${os.platform()} ${os.arch()}, Node ${process.versions.node}, ${os.cpus()[0]?.model.trim() ?? 'an unknown processor'}`,
  };
}

/**
 * New numbers take the place of those of their row; the others stay as they were.
 * @param {Kept[]} results @param {Pick<typeof import('./table.program'), 'table' | 'shortTable' | 'missed' | 'merged'>} tables
 */
async function keep(results, { table, shortTable, missed, merged }) {
  const before = /** @type {Kept[]} */ (JSON.parse(await readFile(kept, 'utf8').catch(() => '[]')));
  const all = merged(Object.keys(rows), results, before);
  await writeFile(kept, await format(json(all), { parser: 'json', printWidth: 120 }));
  const when = all.map(({ name, rounds, date, machine, commit, load }) => {
    const usual = rows[name]?.rounds;
    const count = `${rounds} ${rounds === 1 ? 'round' : 'rounds'}${rounds === usual ? '' : ` (the row’s own: ${usual})`}`;
    const rest = commit === undefined ? '' : `, commit ${commit}, load before it ${load?.toFixed(1)}`;
    return `- \`${name}\`: ${date}, ${count}, ${machine}${rest}`;
  });
  const misses = missed(all);
  const text = [
    '# Results of the benchmarks',
    'Written by `npm run bench -- --keep`; all samples are in [results.json](results.json), what they mean and what was changed for them in [RESULTS.md](RESULTS.md). Medians, and in brackets the middle half, or of fewer than five the least, the most and their number (n); ratios and differences are of pairs where both sides were measured in turn, and of medians otherwise.',
    table(all),
    ...(misses.length === 0 ? ['No budget is missed.'] : ['## Missed', misses.map((line) => `- ${line}`).join('\n')]),
    '## Measured',
    when.join('\n'),
  ];
  await writeFile(inRepo('bench', 'table.md'), await markdown(text.join('\n\n')));
  const readme = await readFile(inRepo('README.md'), 'utf8');
  const [begin, finish] = ['<!-- short table of the benchmarks -->\n', '\n<!-- end of it -->'];
  const [from, to] = [readme.indexOf(begin), readme.indexOf(finish)];
  if (from < 0 || to < from) throw new SetupError('the README has no place for the short table');
  const short = await markdown(shortTable(all, headlines));
  await writeFile(inRepo('README.md'), `${readme.slice(0, from)}${begin}\n${short}${readme.slice(to)}`);
}

/** @param {string} text */
function markdown(text) {
  return format(text, { parser: 'markdown', printWidth: 120 });
}

/** Samples with what a clock can tell. @param {unknown} value */
function json(value) {
  return `${JSON.stringify(value, (_key, one) => (typeof one === 'number' ? Number(one.toPrecision(5)) : one), 1)}\n`;
}
