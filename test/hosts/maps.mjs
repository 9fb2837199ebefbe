// Maps from the production bundles back to their sources, for the stack traces in people's reports: out/maps/<version>-<hash>/.
// They are no part of any package, and no bundle names one.
import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { inRepo } from './paths.mjs';
import { SetupError } from './run.mjs';

const mapsDir = inRepo('out', 'maps');

/**
 * Builds the bundles as they are packed, and keeps their maps. The hash in the folder's name is one of all bundles' bytes.
 * @param {string} [dir] the folder above
 * @returns {Promise<string>} the folder that has a map for each bundle
 */
export async function writeMaps(dir = mapsDir) {
  // Not at the top: the set-up imports this file before `npm ci`.
  const [{ build }, { product }] = await Promise.all([import('esbuild'), import('../../esbuild.mjs')]);
  const results = await Promise.all(
    product.map((options) =>
      build({
        ...options,
        minify: true,
        legalComments: 'none',
        sourcemap: 'external',
        sourcesContent: false,
        write: false,
        outdir: inRepo('dist'),
      }),
    ),
  );
  const files = results.flatMap(({ outputFiles }) => outputFiles).sort((a, b) => (a.path < b.path ? -1 : 1));
  const hash = createHash('sha256');
  for (const { path: file, contents } of files) if (file.endsWith('.js')) hash.update(contents);
  const { version } = JSON.parse(await readFile(inRepo('package.json'), 'utf8'));
  const folder = path.join(dir, `${version}-${hash.digest('hex').slice(0, 12)}`);
  const aside = `${folder}.new`;
  await rm(aside, { recursive: true, force: true });
  await mkdir(aside, { recursive: true });
  for (const { path: file, contents } of files)
    if (file.endsWith('.map')) await writeFile(path.join(aside, path.basename(file)), contents);
  await rm(folder, { recursive: true, force: true });
  await rename(aside, folder);
  return folder;
}

/**
 * The maps of the version that a text names in a path of the extension; the newest ones of all where it names none.
 * @param {string} text
 * @param {string} [dir] the folder above
 * @returns {Promise<string>} the folder; rejects where there is none
 */
export async function mapsFor(text, dir = mapsDir) {
  const [, version] = /cheatcode-dev-server-(\d+\.\d+\.\d+)/.exec(text) ?? [];
  const names = await readdir(dir).catch(() => /** @type {string[]} */ ([]));
  const fit = names.filter((name) => !name.endsWith('.new') && (!version || name.startsWith(`${version}-`)));
  const made = await Promise.all(fit.map(async (name) => ({ name, ms: (await stat(path.join(dir, name))).mtimeMs })));
  const [newest] = made.sort((a, b) => b.ms - a.ms);
  if (!newest)
    throw new SetupError(`there are no maps${version ? ` of ${version}` : ''} in ${dir}: npm run package makes them`);
  return path.join(dir, newest.name);
}

/** A place in a bundle: in the extension's folder, or in the copy that a host runs from. */
const place = /(?:[^\s()]*[\\/])?(?:dist|bin[\\/][0-9a-f]+)[\\/](\w+\.js):(\d+):(\d+)/g;

/**
 * Names the sources in a stack trace, or in any text that holds some: each place in a bundle becomes the place that it was made
 * from, with the name that was written there. What no map knows stays as it is.
 * @param {string} text
 * @param {string} folder of {@link writeMaps}
 * @returns {Promise<string>}
 */
export async function withSources(text, folder) {
  const { TraceMap, originalPositionFor } = await import('@jridgewell/trace-mapping');
  const bundles = new Set([...text.matchAll(place)].map(([, name]) => /** @type {string} */ (name)));
  /** @type {Map<string, import('@jridgewell/trace-mapping').TraceMap>} */
  const maps = new Map();
  for (const name of bundles) {
    const map = await readFile(path.join(folder, `${name}.map`), 'utf8').catch(() => undefined);
    if (map !== undefined) maps.set(name, new TraceMap(map));
  }
  return text.replaceAll(place, (whole, bundle, line, column) => {
    const map = maps.get(bundle);
    // A stack counts columns from 1, a map from 0.
    const found = map && originalPositionFor(map, { line: Number(line), column: Number(column) - 1 });
    if (!found?.source) return whole;
    const file = path.posix.join('dist', found.source);
    return `${file}:${found.line}:${found.column + 1}${found.name ? ` [${found.name}]` : ''}`;
  });
}
