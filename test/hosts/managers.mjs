// The package managers whose installs the tests look at, beside npm and the pnpm of cheatcode's sandboxes (pnpm.mjs).
import { npmInstall } from './npm.mjs';
import { once } from './once.mjs';
import { inSandbox } from './paths.mjs';

const packages = {
  pnpm10: 'pnpm@10.34.9',
  pnpm12: 'pnpm@12.21.0',
  yarn1: 'yarn@1.22.22',
  yarn4: '@yarnpkg/cli-dist@4.18.1',
};

/**
 * Installs them unless they are there.
 * @returns {Promise<Record<keyof typeof packages, string>>} the script of each, to be run by Node
 */
export async function ensureManagers() {
  const wanted = Object.entries(packages).map(([alias, name]) => `${alias}@npm:${name}`);
  await once({
    name: 'managers',
    key: wanted.join(' '),
    title: 'pnpm 10 and 12, Yarn 1 and 4',
    make: (dir) => npmInstall(dir, wanted, { missing: 'pnpm and Yarn could not be installed from the npm registry' }),
  });
  /** @param {string[]} parts */
  const script = (...parts) => inSandbox('managers', 'node_modules', ...parts);
  return {
    pnpm10: script('pnpm10', 'bin', 'pnpm.cjs'),
    pnpm12: script('pnpm12', 'bin', 'pnpm.mjs'),
    yarn1: script('yarn1', 'bin', 'yarn.js'),
    yarn4: script('yarn4', 'bin', 'yarn.js'),
  };
}
