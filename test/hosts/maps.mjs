// Maps from the packed bundles back to their sources, for the stack traces in people's reports: out/maps/<version>-<hash>/. They
// are part of no package; packing makes them.
import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { buildBundles } from './bundles.mjs';
import { inRepo } from './paths.mjs';
import { SetupError } from './run.mjs';

const mapsDir = inRepo('out', 'maps');

/**
 * Keeps the map of each bundle, in a folder whose name has the version and a hash of all bundles' bytes.
 * @param {object} [options]
 * @param {readonly import('./bundles.mjs').Bundle[]} [options.bundles] default: built anew
 * @param {string} [options.dir] the folder above
 * @returns {Promise<string>} the folder
 */
export async function writeMaps({ bundles, dir = mapsDir } = {}) {
  const kept = bundles ?? (await buildBundles());
  const hash = createHash('sha256');
  for (const { name, code } of kept) hash.update(`${name}\0`).update(code);
  const { version } = JSON.parse(await readFile(inRepo('package.json'), 'utf8'));
  const folder = path.join(dir, `${version}-${hash.digest('hex').slice(0, 12)}`);
  const aside = `${folder}.new`;
  await rm(aside, { recursive: true, force: true });
  await mkdir(aside, { recursive: true });
  for (const { name, map } of kept) await writeFile(path.join(aside, `${name}.map`), map);
  await rm(folder, { recursive: true, force: true });
  await rename(aside, folder);
  return folder;
}

/**
 * The newest maps of the version that a text names in a path of the extension, or of all versions where it names none.
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
  if (newest) return path.join(dir, newest.name);
  const where = path.relative(process.cwd(), dir);
  throw new SetupError(`there are no maps${version ? ` of ${version}` : ''} in ${where}: npm run package makes them`);
}

/** A place in a bundle: in the extension's folder, or in the copy that a host runs from. */
const place = /(?:[^\s()]*[\\/])?(?:dist|bin[\\/][0-9a-f]+)[\\/](\w+\.js):(\d+):(\d+)/g;

/**
 * Names the sources in a text with stack traces: each place in a bundle becomes the place in the sources that it was made from,
 * with the name that is written there. What no map knows stays as it is.
 * @param {string} text
 * @param {string} folder of {@link writeMaps}
 * @returns {Promise<string>}
 */
export async function withSources(text, folder) {
  const { TraceMap, originalPositionFor } = await import('@jridgewell/trace-mapping');
  /** @type {Map<string, import('@jridgewell/trace-mapping').TraceMap>} */
  const maps = new Map();
  for (const name of new Set([...text.matchAll(place)].map(([, bundle]) => `${bundle}`))) {
    const map = await readFile(path.join(folder, `${name}.map`), 'utf8').catch(() => undefined);
    if (map !== undefined) maps.set(name, new TraceMap(map));
  }
  return text.replaceAll(place, (whole, bundle, line, column) => {
    const map = maps.get(bundle);
    // A stack counts columns from 1, a map from 0.
    const found = map && originalPositionFor(map, { line: Number(line), column: Number(column) - 1 });
    if (!found?.source) return whole;
    const name = found.name ? ` [${found.name}]` : '';
    return `${path.posix.join('dist', found.source)}:${found.line}:${found.column + 1}${name}`;
  });
}
