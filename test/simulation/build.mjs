// Bundles the simulation: the real code of host and client, Node's globals and the terminal screen replaced by models.
import { build } from 'esbuild';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, '../..');
const model = (/** @type {string} */ name) => path.join(here, 'model', name);

/**
 * A deliberate fault of the protocol: `from`, which must be in the file exactly once, becomes `to`.
 * @typedef {{ readonly file: string, readonly from: string, readonly to: string }} SourceChange
 */

/**
 * What a host's terminal shows decides nothing, and its real model costs more than the rest of a schedule.
 * @type {import('esbuild').Plugin}
 */
const withoutScreen = {
  name: 'without-screen',
  setup(build) {
    build.onResolve({ filter: /\/screen$/ }, () => ({ path: model('screen.ts') }));
  },
};

/** @param {readonly SourceChange[]} changes @returns {import('esbuild').Plugin} */
function changed(changes) {
  return {
    name: 'mutation',
    setup(build) {
      build.onLoad({ filter: /src[\\/]sessions[\\/].*\.ts$/ }, async ({ path: file }) => {
        const mine = changes.filter((change) => path.join(root, change.file) === file);
        if (mine.length === 0) return undefined;
        let contents = await readFile(file, 'utf8');
        for (const { from, to } of mine) contents = contents.replace(from, () => to);
        return { contents, loader: 'ts' };
      });
    },
  };
}

/** Fails when a mutation's text is not in its file exactly once: then the list has rotted. @param {readonly SourceChange[]} changes */
async function checkChanges(changes) {
  for (const { file, from } of changes) {
    const count = (await readFile(path.join(root, file), 'utf8')).split(from).length - 1;
    if (count !== 1) throw new Error(`mutation: this text is ${count} times in ${file}, not once:\n${from}`);
  }
}

/** @param {string} outfile @param {readonly SourceChange[]} [changes] */
export async function buildSimulation(outfile, changes = []) {
  await checkChanges(changes);
  await build({
    absWorkingDir: root,
    entryPoints: [path.join(here, 'schedule.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    sourcemap: 'inline',
    mainFields: ['module', 'main'],
    inject: [model('globals.ts')],
    define: {
      TEST_BUILD: 'false',
      'process.pid': 'simProcess.pid',
      'process.getuid': 'simProcess.getuid',
      'process.platform': 'simProcess.platform',
    },
    plugins: [withoutScreen, changed(changes)],
    logLevel: 'warning',
  });
}
