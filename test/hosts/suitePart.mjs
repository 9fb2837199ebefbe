// Runs a suite, or some files of it, to its end, and counts what passed.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { endGroup, until } from './ending.mjs';
import { endLeftovers } from './leftovers.mjs';
import { inRepo, inSandbox, repoRoot } from './paths.mjs';
import { sandboxEnv } from './sandboxEnv.mjs';
import { endSessionHosts } from './sessionHosts.mjs';
import { atEnd } from './signals.mjs';
import { copyWorkspace } from './workspace.mjs';

/** @typedef {{ passed: number, failed: number, skipped: number, tests?: { title: string, state: string, error?: string }[] }} Numbers */

/**
 * @typedef {object} Part
 * @property {string} suite
 * @property {import('./suites.mjs').Suite} of
 * @property {string} name of the suite, and of the file where it is one
 * @property {readonly string[]} files absolute; of the suites of the kind `host` none: their editor loads them
 */

/**
 * @typedef {object} Surroundings
 * @property {string} dir a short path for all that the part writes; parts that run at once have one each
 * @property {readonly string[]} [network] words before the command that give it a network of its own
 * @property {readonly string[]} wrapper words before the command that give it a screen
 * @property {string} marker `NAME=value`, in the environment of all that it starts
 * @property {string} program what the suites of the kind `host` run in
 * @property {Readonly<Record<string, string>>} env
 * @property {string | undefined} grep
 * @property {number} limitMs after which it hangs
 * @property {boolean} isQuiet its output is kept and printed at its end, because others run beside it
 */

/**
 * Runs it and ends what it left behind.
 * @param {Part} part
 * @param {Surroundings} surroundings
 * @returns {Promise<Numbers>}
 */
export async function runPart(part, { dir, network = [], wrapper, marker, program, env, grep, limitMs, isQuiet }) {
  const stateDir = path.join(dir, 's');
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  const results = inSandbox('logs', `${part.name.replace(/\W+/g, '-')}.json`);
  await mkdir(path.dirname(results), { recursive: true });
  await rm(results, { force: true });
  const [markerName, nonce] = /** @type {[string, string]} */ (marker.split('='));
  const ours = {
    ...env,
    [markerName]: nonce,
    CHEATCODE_TEST_DIR: dir,
    CHEATCODE_TEST_RESULTS: results,
    CHEATCODE_STATE_DIR: stateDir,
    ...(grep === undefined ? {} : { CHEATCODE_TEST_GREP: grep }),
  };
  const title = `\n── ${part.name} ${'─'.repeat(Math.max(0, 60 - part.name.length))}`;
  if (!isQuiet) console.log(title);
  const isHost = part.of.kind === 'host';
  const args = isHost
    ? [inRepo('test', 'hosts', 'runHostSuite.mjs'), program, await copyWorkspace(path.join(dir, 'w'))]
    : mochaArguments(part, grep);
  const [command = '', ...words] = [...network, ...wrapper, process.execPath, ...args];
  const child = spawn(command, words, {
    cwd: repoRoot,
    // What the editor under test has is what the servers get that it starts. A CI and a person at a keyboard run the same tests.
    env: isHost ? await sandboxEnv(ours) : { ...process.env, ...ours, CI: undefined },
    stdio: ['ignore', isQuiet ? 'pipe' : 'inherit', isQuiet ? 'pipe' : 'inherit'],
    detached: true,
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (/** @type {string} */ text) => (said += text));
  const tell = async () => {
    if (said !== '') console.log(`${title}\n${said.trimEnd()}`);
    said = '';
  };
  const stop = () => endGroup(child);
  const undone = [atEnd(tell), atEnd(stop)];
  const exited = new Promise((resolve) => child.on('exit', (exitCode, signal) => resolve(exitCode ?? signal)));
  const hung = await hangs(child, results, limitMs);
  await stop();
  const code = await exited;
  await tell();
  for (const forget of undone) forget();
  // A session host outlives its windows on purpose; whoever gave it a state folder ends it.
  await endSessionHosts(stateDir).catch((error) => console.error(error.message));
  const numbers = await readNumbers(results);
  const left = await endLeftovers({ marker, runDir: dir });
  for (const one of left) console.log(`left running by ${part.name}: ${one.pid} ${one.command}`);
  if (left.length > 0) numbers.failed++;
  if (hung) {
    console.log(`${part.name} had to be ended: ${hung}`);
    numbers.failed++;
  } else if (numbers.failed === 0 && code !== 0) {
    console.log(`${part.name} ended with ${code}`);
    numbers.failed++;
  }
  return numbers;
}

/**
 * Waits for its end.
 * @param {import('node:child_process').ChildProcess} child
 * @param {string} results the file that is written after the last test
 * @param {number} limitMs
 * @returns {Promise<string | undefined>} why it has to be ended, if it does not end by itself
 */
async function hangs(child, results, limitMs) {
  const ended = () => child.exitCode !== null || child.signalCode !== null;
  if (!(await until(async () => ended() || existsSync(results), limitMs)))
    return `no end after ${limitMs / 60_000} minutes`;
  if (!(await until(async () => ended(), 20_000)))
    return 'its tests are over, and something that they left keeps it running';
  return undefined;
}

/** @param {Part} part @param {string | undefined} grep */
function mochaArguments({ of, files }, grep) {
  return [
    inRepo('node_modules', 'mocha', 'bin', 'mocha.js'),
    ...['--no-config', '--enable-source-maps', '--timeout', String(of.timeoutMs)],
    ...['--reporter', inRepo('test', 'hosts', 'results.cjs')],
    ...(of.jobs === undefined ? [] : ['--parallel', '--jobs', String(of.jobs)]),
    ...(grep === undefined ? [] : ['--grep', grep]),
    // Without a file mocha would look for some by itself.
    ...(files.length > 0 ? files : ['--help']),
  ];
}

/** @param {string} file @returns {Promise<Numbers>} */
async function readNumbers(file) {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text ? JSON.parse(text) : { passed: 0, failed: 0, skipped: 0 };
}
