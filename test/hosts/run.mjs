// Runs the commands of the set-up: quiet while they succeed, with their last lines when they do not.
import { spawn } from 'node:child_process';

/** A set-up step failed: the message names what is missing, and is all that a user needs to see. */
export class SetupError extends Error {
  /** @override */
  name = 'SetupError';
}

/** Children that run now; a set-up that is interrupted ends them. @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();

/**
 * @typedef {object} RunOptions
 * @property {string} [cwd]
 * @property {Record<string, string | undefined>} [env] the whole environment (default: ours)
 * @property {string} [missing] what is missing when this fails: the first words of the error
 * @property {number} [timeoutMs]
 * @property {boolean} [show] let the output through instead of collecting it
 */

/**
 * Runs a command to its end and returns its output.
 * It leads a group of its own, so that ending it ends what it started too.
 * @param {string} command
 * @param {string[]} args
 * @param {RunOptions} [options]
 * @returns {Promise<string>}
 */
export function run(command, args, { cwd, env, missing, timeoutMs = 15 * 60_000, show = false } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: /** @type {NodeJS.ProcessEnv} */ (env ?? process.env),
      stdio: ['ignore', show ? 'inherit' : 'pipe', show ? 'inherit' : 'pipe'],
      detached: true,
    });
    running.add(child);
    let output = '';
    const collect = (/** @type {Buffer} */ chunk) => {
      output = (output + chunk.toString()).slice(-256 * 1024);
    };
    child.stdout?.on('data', collect);
    child.stderr?.on('data', collect);
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      signalGroup(child, 'SIGKILL');
    }, timeoutMs);
    /** @param {string} why */
    const fail = (why) => {
      const last = output.trimEnd().split('\n').slice(-20).join('\n');
      const line = `${missing ?? 'a command failed'}: ${[command, ...args].join(' ')}: ${why}`;
      reject(new SetupError(last ? `${line}\n${last}` : line));
    };
    const done = () => {
      clearTimeout(timer);
      running.delete(child);
    };
    child.on('error', (error) => {
      done();
      fail(error.message);
    });
    child.on('close', (code, signal) => {
      done();
      if (code === 0) resolve(output);
      else fail(timedOut ? `no end after ${timeoutMs / 1000} s` : signal ? `ended by ${signal}` : `exit code ${code}`);
    });
  });
}

/** Ends every command that {@link run} has started and that still runs. */
export function endRunning() {
  for (const child of running) signalGroup(child, 'SIGKILL');
}

/** @param {import('node:child_process').ChildProcess} child @param {NodeJS.Signals} signal */
function signalGroup(child, signal) {
  if (child.pid === undefined) return;
  try {
    process.kill(process.platform === 'win32' ? child.pid : -child.pid, signal);
  } catch {
    // It ended by itself in the meantime.
  }
}
