// The native part of each platform's package: what node-pty loads and runs as files of their own, beside the bundles.
import { cp, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { npm } from './npm.mjs';
import { once } from './once.mjs';
import { inRepo } from './paths.mjs';
import { SetupError } from './run.mjs';

/** The platforms that get a package, as the marketplace calls them. */
export const targets = [
  'linux-x64',
  'linux-arm64',
  'alpine-x64',
  'alpine-arm64',
  'darwin-x64',
  'darwin-arm64',
  'win32-x64',
  'win32-arm64',
];

/** Files of the platform's own package of node-pty, by its system. */
const binaries = {
  linux: ['pty.node'],
  darwin: ['pty.node', 'spawn-helper'],
  win32: ['conpty.node', 'conpty_console_list.node'],
  // None is published for musl: there the session host falls back to other terminals.
  alpine: [],
};

/** Files of node-pty itself that it runs on Windows, one forked and one in a worker: no bundle can hold them. */
const windowsScripts = ['conpty_console_list_agent.js', 'shared/conout.js', 'worker/conoutSocketWorker.js'];

/** Files of the platform's package that nothing loads: its debugging symbols are six times a whole VSIX. */
const leftOut = /^(?:package\.json|README\.md|.+\.pdb)$/;

/** Which of the native files the system starts as programs. */
export const programs = ['spawn-helper'];

/** This machine's platform, as the marketplace calls it: a Linux without glibc is Alpine. */
export function thisTarget() {
  const { header } = /** @type {{ header: { glibcVersionRuntime?: string } }} */ (process.report.getReport());
  const isMusl = process.platform === 'linux' && header.glibcVersionRuntime === undefined;
  return `${isMusl ? 'alpine' : process.platform}-${process.arch}`;
}

/** @param {string} target @returns {readonly string[]} the names of its native files, below `native/`, with slashes */
export function nativeFiles(target) {
  const system = /** @type {keyof typeof binaries} */ (target.split('-')[0]);
  return [...(binaries[system] ?? []), ...(system === 'win32' ? windowsScripts : [])].sort();
}

/**
 * The folder of node-pty's package for a platform, in the version and with the bytes that package-lock.json records: npm has
 * checked them. That of another platform than this machine's is installed into the sandbox.
 * @param {string} target
 * @returns {Promise<string | undefined>} undefined for a platform without a native part
 */
export async function ensureNativePackage(target) {
  if (nativeFiles(target).length === 0) return undefined;
  const name = `@lydell/node-pty-${target}`;
  const installed = inRepo('node_modules', name);
  if (existsSync(installed)) return installed;
  const lock = JSON.parse(await readFile(inRepo('package-lock.json'), 'utf8'));
  const { version, integrity } = lock.packages[`node_modules/${name}`] ?? {};
  if (!version || !integrity) throw new SetupError(`package-lock.json has no ${name}, so no package for ${target}`);
  const manifest = { name: 'native-part', private: true, dependencies: { [name]: version } };
  const packages = { '': manifest, [`node_modules/${name}`]: { version, integrity } };
  const dir = await once({
    name: `natives/${target}`,
    key: `${name}@${version} ${integrity}`,
    title: `native part for ${target}`,
    make: async (dir) => {
      await writeFile(path.join(dir, 'package.json'), JSON.stringify(manifest));
      await writeFile(path.join(dir, 'package-lock.json'), JSON.stringify({ lockfileVersion: 3, packages }));
      // Forced, because the package is for another machine than this one.
      await npm(['ci', '--force', '--ignore-scripts'], {
        cwd: dir,
        missing: `${name}@${version} could not be installed from the npm registry`,
      });
    },
  });
  return path.join(dir, 'node_modules', name);
}

/**
 * Writes a platform's native part into an empty or missing folder.
 * @param {string} target
 * @param {string} folder
 * @param {string} from the folder of node-pty's package for that platform
 */
export async function writeNativePart(target, folder, from) {
  const wanted = nativeFiles(target);
  const unknown = (await readdir(from)).filter((name) => !wanted.includes(name) && !leftOut.test(name));
  if (unknown.length > 0)
    throw new SetupError(`node-pty has new files for ${target}, to be packed or left out: ${unknown.join(', ')}`);
  const nodePty = inRepo('node_modules', '@lydell', 'node-pty');
  for (const name of wanted) {
    const to = path.join(folder, name);
    await mkdir(path.dirname(to), { recursive: true });
    await cp(path.join(windowsScripts.includes(name) ? nodePty : from, name), to);
  }
  if (!wanted.includes('conpty_console_list_agent.js')) return;
  const agent = path.join(folder, 'conpty_console_list_agent.js');
  const text = await readFile(agent, 'utf8');
  const beside = text.replace(/require\("@lydell\/node-pty-"[^)]*\)/, "require('./conpty_console_list.node')");
  if (beside === text) throw new SetupError('node-pty asks for its list of console processes in a new way');
  await writeFile(agent, beside);
}

/** This machine's native part into `folder`, where it has one that npm has installed. @param {string} folder */
export async function writeOwnNativePart(folder) {
  await rm(folder, { recursive: true, force: true });
  const from = inRepo('node_modules', `@lydell/node-pty-${process.platform}-${process.arch}`);
  const target = thisTarget();
  if (nativeFiles(target).length > 0 && existsSync(from)) await writeNativePart(target, folder, from);
}
