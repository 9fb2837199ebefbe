// Bundles the tests to out/test/, and the benchmarks to out/test/bench/. The bundles of unit, contract and simulation tests do not know `vscode`: an import of it in
// the core fails here, and that is the proof that the core runs without an editor.
import { build } from 'esbuild';
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { inRepo, repoRoot } from './paths.mjs';

/** Left to Node's own resolution: they load files beside themselves. */
const external = [
  'mocha',
  'playwright-core',
  'puppeteer-core',
  '@vscode/test-electron',
  'esbuild',
  'typescript',
  'systeminformation',
  '@lydell/node-pty*',
];

/** The programs that tests start as processes of their own are built like tests. */
const plainNode =
  /^(unit|contract|faults|simulation|soak)\/.*\.test\.ts$|^integration\/.*\.tabs\.test\.ts$|\.program\.ts$/;
const inExtensionHost = /^integration\/.*\.host\.test\.ts$/;

/** @param {import('esbuild').BuildOptions} common the options of the product's build */
export async function buildTests(common) {
  const outdir = inRepo('out', 'test');
  await rm(outdir, { recursive: true, force: true });
  const files = await filesBelow(inRepo('test'));
  const options = {
    ...common,
    absWorkingDir: repoRoot,
    minify: false,
    sourcemap: /** @type {const} */ ('inline'),
    outdir,
    outbase: 'test',
  };
  /** @param {RegExp} pattern */
  const entries = (pattern) => files.filter((file) => pattern.test(file)).map((file) => `test/${file}`);
  const hostTests = entries(inExtensionHost);
  const rows = (await filesBelow(inRepo('bench')))
    .filter((file) => /\.(?:bench|program)\.ts$/.test(file))
    .map((file) => `bench/${file}`);
  await Promise.all([
    // Without the switches of tests: what is measured is the product.
    build({
      ...options,
      external,
      entryPoints: rows,
      outbase: '.',
      define: { ...common.define, TEST_BUILD: 'false' },
    }),
    build({ ...options, external, entryPoints: entries(plainNode) }),
    build({ ...options, external: [...external, 'vscode'], entryPoints: [...hostTests, 'test/hosts/hostSuite.ts'] }),
  ]);
}

/** @param {string} root @returns {Promise<string[]>} paths below it, with slashes, without the fixtures */
async function filesBelow(root, below = '') {
  const entries = await readdir(path.join(root, below), { withFileTypes: true });
  const lists = await Promise.all(
    entries.map(async (entry) => {
      const name = below ? `${below}/${entry.name}` : entry.name;
      if (entry.isDirectory())
        return name === 'fixtures' || entry.name === 'node_modules' ? [] : filesBelow(root, name);
      return [name];
    }),
  );
  return lists.flat().sort();
}
