// What `npm run check` takes for used: the entry points of the product, as esbuild.mjs names them, of the tests and of the benchmarks.
// All else that no other file asks for is reported: files, exports, types, packages.
import { product } from './esbuild.mjs';

/** @type {import('knip').KnipConfig} */
export default {
  entry: [
    ...product.flatMap(({ entryPoints }) => Object.values(/** @type {Record<string, string>} */ (entryPoints))),
    'src/gateway/browser/{head,worker,shell}.ts',
    'media/preview.js',
    'test/**/*.test.ts',
    'test/hosts/hostSuite.ts',
    '{test,bench}/**/*.program.ts',
    'bench/rows/*.bench.ts',
    // Extensions that the editor loads beside ours.
    'bench/**/extension.cjs',
    // The simulation is a bundle of its own, and these two take the place of modules in it (test/simulation/build.mjs).
    'test/simulation/schedule.ts',
    'test/simulation/model/{globals,screen}.ts',
    // Run as processes of their own by a path.
    'test/hosts/{launcher,runHostSuite}.mjs',
    'test/hosts/results.cjs',
    'test/simulation/worker.mjs',
    'bench/row.mjs',
  ],
  // Not the fixtures: they are apps and extensions with packages of their own, copied whole.
  project: ['*.mjs', '{src,test,bench,media}/**/*.{ts,mjs,cjs,js}', '!test/fixtures/**'],
  // Run by its path, in a folder where nothing is installed (test/hosts/vsce.mjs).
  ignoreDependencies: ['@vscode/vsce'],
  // Circles of imports too, and no binaries: programs of the system are no packages, and whoever runs one says what is missing.
  include: [
    'files',
    'dependencies',
    'unlisted',
    'unresolved',
    'exports',
    'types',
    'nsExports',
    'nsTypes',
    'enumMembers',
    'namespaceMembers',
    'duplicates',
    'cycles',
  ],
};
