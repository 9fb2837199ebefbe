// How the package managers are run. On Windows their commands are batch files, which Node starts by a shell alone (EINVAL since
// CVE-2024-27980), and a shell would take the words apart: there the script behind them is run by the Node that runs this.
import path from 'node:path';

/**
 * @typedef {object} System what the choice depends on
 * @property {NodeJS.Platform} platform
 * @property {string} execPath of the Node that runs this
 * @property {string | undefined} npmScript the script of the package manager that runs us, as `npm_execpath` has it
 */

/** @returns {System} */
const thisSystem = () => ({
  platform: process.platform,
  execPath: process.execPath,
  npmScript: process.env['npm_execpath'],
});

/**
 * The words that npm is run by: a program, and what comes before npm's own words.
 * @param {System} [system]
 * @returns {[program: string, ...before: string[]]}
 */
export function npmCommand({ platform, execPath, npmScript = '' } = thisSystem()) {
  if (platform !== 'win32') return ['npm'];
  // Another manager may run us, and names its own script.
  const isNpm = path.win32.basename(npmScript) === 'npm-cli.js';
  const besideNode = path.win32.join(path.win32.dirname(execPath), 'node_modules', 'npm', 'bin', 'npm-cli.js');
  return [execPath, isNpm ? npmScript : besideNode];
}

/**
 * The same for pnpm.
 * @param {string} modules the folder `node_modules` that it is installed in
 * @param {System} [system]
 * @returns {[program: string, ...before: string[]]}
 */
export function pnpmCommand(modules, { platform, execPath } = thisSystem()) {
  if (platform !== 'win32') return [path.posix.join(modules, '.bin', 'pnpm')];
  return [execPath, path.win32.join(modules, 'pnpm', 'bin', 'pnpm.cjs')];
}
