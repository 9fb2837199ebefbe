// The package manager of cheatcode's sandboxes, in the version that their images carry.
import path from 'node:path';
import { npmInstall } from './npm.mjs';
import { once } from './once.mjs';
import { inSandbox } from './paths.mjs';

const version = '9.15.9';

/** The folder to put on the PATH. */
export const toolsBin = inSandbox('tools', 'node_modules', '.bin');

/**
 * Installs pnpm unless it is there, and returns the path of its command.
 * @returns {Promise<string>}
 */
export async function ensurePnpm() {
  await once({
    name: 'tools',
    key: `pnpm@${version}`,
    title: `pnpm ${version}`,
    make: (dir) =>
      npmInstall(dir, [`pnpm@${version}`], { missing: `pnpm ${version} could not be installed from the npm registry` }),
  });
  return path.join(toolsBin, process.platform === 'win32' ? 'pnpm.cmd' : 'pnpm');
}
