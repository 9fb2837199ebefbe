// Installs code-server, which carries a whole VS Code server, from the npm registry in half a minute:
// without its install scripts, which compile for two minutes, then building only what it needs to run here.
import { access } from 'node:fs/promises';
import path from 'node:path';
import { ensureCommand } from './debian.mjs';
import { ensureNode, nodeDir } from './nodes.mjs';
import { npm, npmInstall } from './npm.mjs';
import { once } from './once.mjs';
import { inSandbox } from './paths.mjs';
import { SetupError } from './run.mjs';
import { together } from './step.mjs';

const version = '4.139.1';

/** The Node that this code-server wants, and which must come first on its PATH. */
export const codeServerNode = /** @type {const} */ (24);

/** Native parts that have no prebuilt binary, and that the server does not start or log without. */
const built = ['@vscode/spdlog', '@vscode/native-watchdog'];

/**
 * Installs code-server unless it is there.
 * @returns {Promise<string>} its folder: `out/node/entry.js` is code-server, `lib/vscode` the VS Code server
 */
export async function ensureCodeServer() {
  const dir = inSandbox('code-server', 'node_modules', 'code-server');
  const missing = `code-server ${version} could not be installed from the npm registry`;
  await once({
    name: 'code-server',
    key: `code-server@${version} node${codeServerNode} ${built.join()}`,
    title: `code-server ${version}`,
    make: async (into) => {
      const [node] = await together([
        ensureNode(codeServerNode),
        ensureCompiler(),
        npmInstall(into, [`code-server@${version}`], { missing }),
      ]);
      const vscode = path.join(dir, 'lib', 'vscode');
      const env = {
        ...process.env,
        PATH: [path.dirname(/** @type {string} */ (node)), process.env['PATH']].join(path.delimiter),
        // The headers of that Node, which the registry's package carries: node-gyp would ask the internet for them.
        npm_config_nodedir: nodeDir(codeServerNode),
      };
      for (const part of [vscode, path.join(vscode, 'extensions')]) {
        await npm(['install', '--ignore-scripts', '--omit=dev'], { cwd: part, env, missing });
      }
      await npm(['rebuild', ...built], {
        cwd: vscode,
        env,
        missing: `${missing}: its native parts ${built.join(', ')} could not be built`,
      });
      for (const name of built) {
        const file = path.join(vscode, 'node_modules', name, 'build', 'Release');
        await access(file).catch(() => {
          throw new SetupError(`${missing}: npm rebuild ran, but ${name} was not built`);
        });
      }
    },
  });
  return dir;
}

/** What node-gyp needs. */
async function ensureCompiler() {
  await ensureCommand({ title: 'a C++ compiler', commands: ['g++', 'clang++'], packages: ['g++'] });
  await ensureCommand({ title: 'make', commands: ['make', 'gmake'], packages: ['make'] });
  await ensureCommand({ title: 'Python 3', commands: ['python3'], packages: ['python3'] });
}
