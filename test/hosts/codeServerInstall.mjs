// Installs code-server, which carries a whole VS Code server, from the npm registry in half a minute:
// without its install scripts, which compile for two minutes, then building only what it needs to run here.
import { access, copyFile, mkdir, readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { ensureCommand } from './debian.mjs';
import { ensureNode, nodeDir } from './nodes.mjs';
import { npm, npmInstall } from './npm.mjs';
import { once } from './once.mjs';
import { inRepo, inSandbox } from './paths.mjs';
import { SetupError } from './run.mjs';
import { together } from './step.mjs';

/** The oldest that the manifest promises, and the newest that the project knows: code-server 4.N is VS Code 1.N. */
export const oldestCodeServer = '4.99.4';
export const newestCodeServer = '4.139.1';

/** By it a choice reaches the processes that a suite starts. */
export const codeServerVariable = 'CHEATCODE_TEST_CODE_SERVER';

/** Native parts of the VS Code server that it does not start, log or open terminals without, by the names that they have had. */
const nativeParts = ['@vscode/spdlog', '@vscode/native-watchdog', 'native-watchdog', 'node-pty'];

/**
 * @typedef {object} CodeServer
 * @property {string} dir `out/node/entry.js` is code-server, `lib/vscode` the VS Code server
 * @property {string} node the Node that it wants
 */

/**
 * What `--code-server VERSION` asks for; the newest without one.
 * @param {string | undefined} version
 * @returns {Promise<string>} the version, for {@link ensureCodeServer} or {@link codeServerVariable}
 * @throws {SetupError} for what is no version, or older than the manifest promises
 */
export async function wantedCodeServer(version) {
  if (version === undefined) return newestCodeServer;
  const [, minor] = /^4\.(\d+)\.\d+$/.exec(version) ?? [];
  if (minor === undefined)
    throw new SetupError(`--code-server ${version}: no version of code-server, such as ${newestCodeServer}`);
  const { engines } = JSON.parse(await readFile(inRepo('package.json'), 'utf8'));
  const [, oldest] = /^\^1\.(\d+)\./.exec(engines.vscode) ?? [];
  if (Number(minor) < Number(oldest))
    throw new SetupError(
      `--code-server ${version}: that is VS Code 1.${minor}, and the manifest wants ${engines.vscode}`,
    );
  return version;
}

/**
 * Installs code-server unless it is there, and the Node that it wants.
 * @param {string} [version] default: the one that the run has chosen
 * @returns {Promise<CodeServer>}
 */
export async function ensureCodeServer(version = process.env[codeServerVariable] ?? newestCodeServer) {
  const name = `code-server/${version}`;
  const dir = inSandbox(...name.split('/'), 'node_modules', 'code-server');
  const missing = `code-server ${version} could not be installed from the npm registry`;
  await once({
    name,
    key: `code-server@${version} ${nativeParts.join()}`,
    title: `code-server ${version}`,
    make: async (into) => {
      await together([ensureCompiler(), npmInstall(into, [`code-server@${version}`], { missing })]);
      const major = await nodeOf(dir);
      const env = {
        ...process.env,
        PATH: [path.dirname(await ensureNode(major)), process.env['PATH']].join(path.delimiter),
        // The headers of that Node, which the registry's package carries: node-gyp would ask the internet for them.
        npm_config_nodedir: nodeDir(major),
        // What would look for a prebuilt binary on the internet first.
        npm_config_build_from_source: 'true',
      };
      const vscode = path.join(dir, 'lib', 'vscode');
      for (const part of [vscode, path.join(vscode, 'extensions')])
        await npm(['install', '--ignore-scripts', '--omit=dev'], { cwd: part, env, missing });
      for (const part of nativeParts) await build(vscode, part, { env, missing });
      // Hashes passwords, and is loaded even where there is none.
      await build(into, 'argon2', { env, missing });
      await searchTool(vscode);
    },
  });
  return { dir, node: await ensureNode(await nodeOf(dir)) };
}

/** The Node that a code-server wants. @param {string} dir @returns {Promise<import('./nodes.mjs').NodeMajor>} */
async function nodeOf(dir) {
  const { engines } = JSON.parse(await readFile(path.join(dir, 'package.json'), 'utf8'));
  return /** @type {import('./nodes.mjs').NodeMajor} */ (Number(/\d+/.exec(engines.node)?.[0]));
}

/**
 * Builds a native part that this version has, and that comes without a prebuilt binary.
 * @param {string} root has it below its `node_modules`
 * @param {string} part
 * @param {{ env: Record<string, string | undefined>, missing: string }} options
 */
async function build(root, part, { env, missing }) {
  const folder = path.join(root, 'node_modules', part);
  if ((await namesIn(folder)).length === 0) return;
  if ((await namesIn(path.join(folder, 'prebuilds'))).includes(`${process.platform}-${process.arch}`)) return;
  const why = `${missing}: its native part ${part} could not be built`;
  // What a part does after it was built (to download debugging symbols, say) may fail: the binary is what counts.
  const failure = await npm(['rebuild', part], { cwd: root, env, missing: why }).catch((error) => error);
  const built = await readdir(folder, { recursive: true });
  if (built.some((file) => file.endsWith('.node') && !file.includes('prebuilds'))) return;
  throw failure instanceof Error ? failure : new SetupError(`${why}: npm rebuild ran, and there is no binary`);
}

/** Older versions download ripgrep in an install script; Debian has it. @param {string} vscode */
async function searchTool(vscode) {
  const folder = path.join(vscode, 'node_modules', '@vscode', 'ripgrep');
  const isWanted = await access(folder).then(
    () => true,
    () => false,
  );
  if (!isWanted) return;
  const bin = path.join(folder, 'bin');
  await mkdir(bin, { recursive: true });
  await copyFile(
    await ensureCommand({ title: 'ripgrep', commands: ['rg'], packages: ['ripgrep'] }),
    path.join(bin, 'rg'),
  );
}

/** What node-gyp needs. */
async function ensureCompiler() {
  await ensureCommand({ title: 'a C++ compiler', commands: ['g++', 'clang++'], packages: ['g++'] });
  await ensureCommand({ title: 'make', commands: ['make', 'gmake'], packages: ['make'] });
  await ensureCommand({ title: 'Python 3', commands: ['python3'], packages: ['python3'] });
}

/** @param {string} folder @returns {Promise<string[]>} what is in it, nothing where it is missing */
function namesIn(folder) {
  return readdir(folder).catch(() => []);
}
