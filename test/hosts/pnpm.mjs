// The package manager of cheatcode's sandboxes, in the version that their images carry.
import path from 'node:path';
import { pnpmCommand } from './nodeCommands.mjs';
import { npmInstall } from './npm.mjs';
import { once } from './once.mjs';
import { inSandbox } from './paths.mjs';
import { run } from './run.mjs';

const version = '9.15.9';

const modules = inSandbox('tools', 'node_modules');

/** The folder to put on the PATH. */
export const toolsBin = path.join(modules, '.bin');

/**
 * Installs pnpm unless it is there, and returns the words that it is run by: a program, and what comes before pnpm's own.
 * @returns {Promise<[program: string, ...before: string[]]>}
 */
export async function ensurePnpm() {
  await once({
    name: 'tools',
    key: `pnpm@${version}`,
    title: `pnpm ${version}`,
    make: (dir) =>
      npmInstall(dir, [`pnpm@${version}`], { missing: `pnpm ${version} could not be installed from the npm registry` }),
  });
  return pnpmCommand(modules);
}

/**
 * Runs it, installing it before if need be.
 * @param {string[]} args
 * @param {import('./run.mjs').RunOptions} options
 */
export async function pnpm(args, options) {
  const [program, ...before] = await ensurePnpm();
  return run(program, [...before, ...args], options);
}
