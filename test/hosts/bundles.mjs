// The product's bundles as they are packed, in memory, with what esbuild tells of them.
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { inRepo } from './paths.mjs';

/**
 * @typedef {object} Bundle
 * @property {string} name as in dist/: `extension.js`
 * @property {Uint8Array} code
 * @property {Uint8Array} map back to the sources, without their text; no bundle names it
 * @property {import('esbuild').Metafile} metafile of it alone, with paths relative to the repository
 */

/** @returns {Promise<Bundle[]>} in the order of their names */
export async function buildBundles() {
  // Neither at the top: the set-up imports this file before `npm ci`, and a bundle of tests must not hold the build itself.
  const { build } = await import('esbuild');
  /** @type {typeof import('../../esbuild.mjs')} */
  const { product } = await import(pathToFileURL(inRepo('esbuild.mjs')).href);
  const built = product.flatMap(({ entryPoints, ...options }) =>
    Object.entries(/** @type {Record<string, string>} */ (entryPoints)).map(async ([name, source]) => {
      const { outputFiles, metafile } = await build({
        ...options,
        entryPoints: { [name]: source },
        minify: true,
        legalComments: 'none',
        sourcemap: 'external',
        sourcesContent: false,
        metafile: true,
        write: false,
        outdir: inRepo('dist'),
      });
      const contentsOf = (/** @type {string} */ end) => {
        const file = outputFiles.find((one) => path.basename(one.path) === `${name}${end}`);
        if (!file) throw new Error(`esbuild gave no ${name}${end}`);
        return file.contents;
      };
      return { name: `${name}.js`, code: contentsOf('.js'), map: contentsOf('.js.map'), metafile };
    }),
  );
  return (await Promise.all(built)).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * The packages of which some code is in a bundle: their folders below the repository, as a lock file names them. What the bundler
 * read and left out does not count.
 * @param {import('esbuild').Metafile} metafile
 * @returns {string[]}
 */
export function packageFolders(metafile) {
  const inputs = Object.values(metafile.outputs).flatMap((output) => Object.entries(output.inputs));
  const folders = inputs.flatMap(([file, { bytesInOutput }]) => {
    const [, folder] = /^(.*\bnode_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file) ?? [];
    return folder && bytesInOutput > 0 ? [folder] : [];
  });
  return [...new Set(folders)].sort();
}
