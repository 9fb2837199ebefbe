// Starts a server in a process group of its own, waits until it answers, and ends all of it.
import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import { endGroup, until } from './ending.mjs';

/**
 * @typedef {object} Server
 * @property {string} url without a slash at its end
 * @property {number} pid leader of the server's process group
 * @property {() => Promise<void>} stop ends the whole group; safe to call twice
 * @property {() => string} output the last lines that it printed
 * @property {Promise<void>} exited
 */

/**
 * Starts a server and waits until `healthPath` answers; the caller stops it.
 * @param {object} options
 * @param {string} options.name for errors
 * @param {string[]} options.command
 * @param {Record<string, string>} options.env
 * @param {string} options.cwd
 * @param {string} options.url
 * @param {string} options.healthPath answers 200 once the server serves
 * @param {string} [options.logFile] keeps all output
 * @param {number} [options.timeoutMs]
 * @returns {Promise<Server>}
 */
export async function serve({ name, command, env, cwd, url, healthPath, logFile, timeoutMs = 60_000 }) {
  const [file, ...args] = command;
  const child = spawn(/** @type {string} */ (file), args, {
    cwd,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  if (logFile) await mkdir(path.dirname(logFile), { recursive: true });
  const log = logFile ? createWriteStream(logFile) : undefined;
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (/** @type {Buffer} */ chunk) => {
      output = (output + chunk.toString()).slice(-64 * 1024);
      log?.write(chunk);
    });
  }
  /** @type {Error | undefined} */
  let broken;
  /** @type {Promise<void>} */
  const exited = new Promise((resolve) => {
    child.on('error', (error) => {
      broken = error;
      resolve();
    });
    child.on('exit', () => resolve());
  });
  void exited.then(() => log?.end());
  const reaper = child.pid === undefined ? undefined : reaperOf(child.pid);
  /** @type {Promise<void> | undefined} */
  let stopping;
  const stop = () => (stopping ??= endGroup(child).finally(() => reaper?.kill('SIGKILL')));
  const ended = () => broken !== undefined || child.exitCode !== null || child.signalCode !== null;
  await until(async () => ended() || (await answers(`${url}${healthPath}`)), timeoutMs);
  if (ended() || !(await answers(`${url}${healthPath}`))) {
    await stop();
    const why =
      broken?.message ??
      (child.exitCode !== null ? `exit code ${child.exitCode}` : `no answer at ${url} in ${timeoutMs / 1000} s`);
    throw new Error(`${name} does not start: ${why}\n${output.trimEnd().split('\n').slice(-20).join('\n')}`);
  }
  return { url, pid: /** @type {number} */ (child.pid), stop, output: () => output, exited };
}

/**
 * Ends the group when we are gone, even by SIGKILL: its stdin is a pipe whose other end only we hold.
 * @param {number} group
 */
function reaperOf(group) {
  if (process.platform === 'win32') return undefined;
  const script = 'read _; kill -s TERM -- "-$1"; sleep 5; kill -s KILL -- "-$1"';
  const reaper = spawn('sh', ['-c', script, 'reaper', String(group)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  reaper.unref();
  /** @type {import('node:net').Socket} */ (reaper.stdin).unref();
  return reaper;
}

/** @param {string} url @returns {Promise<boolean>} */
function answers(url) {
  return new Promise((resolve) => {
    const request = http.get(url, { timeout: 2000, agent: false }, (response) => {
      response.resume();
      resolve((response.statusCode ?? 500) < 400);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(false));
  });
}
