// Builds the extension once and packs it for the platforms: out/cheatcode-dev-server-<platform>.vsix each, again only when a source changed.
// usage: node test/hosts/package.mjs [--all | --target=linux-x64 …] [--force]     (default: this machine's platform)
import { createHash } from 'node:crypto';
import { access, mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ensureDependencies } from './dependencies.mjs';
import { writeMaps } from './maps.mjs';
import { ensureNativePackage, targets, thisTarget, writeNativePart } from './nativePart.mjs';
import { exclusive } from './once.mjs';
import { inRepo, repoRoot } from './paths.mjs';
import { run, SetupError } from './run.mjs';
import { step } from './step.mjs';
import { noticesOf } from './thirdParty.mjs';
import { packVsix } from './vsce.mjs';
import { checkVsix } from './vsixContents.mjs';

/** What the VSIX is made from and by, files and folders. */
const sources = [
  'src',
  'l10n',
  'media',
  'esbuild.mjs',
  'package.json',
  'package-lock.json',
  'package.nls.json',
  'package.nls.de.json',
  'tsconfig.json',
  '.vscodeignore',
  'README.md',
  'CHANGELOG.md',
  'LICENSE',
  'test/hosts/package.mjs',
  'test/hosts/nativePart.mjs',
  'test/hosts/thirdParty.mjs',
  'test/hosts/vsce.mjs',
  'test/hosts/vsixContents.mjs',
];

/** The bundles, which all platforms share, and what esbuild tells of them. */
const bundlesDir = inRepo('out', 'package', 'dist');
const metafilesName = inRepo('out', 'package', 'metafiles.json');

/**
 * The VSIX of this machine's platform.
 * @returns {Promise<string>} its path
 */
export async function ensureVsix() {
  const [vsix] = await ensureVsixes([thisTarget()]);
  return /** @type {string} */ (vsix);
}

/**
 * The VSIX of each of these platforms, packed and checked.
 * @param {readonly string[]} wanted
 * @param {{ force?: boolean }} [options] force: also when no source has changed
 * @returns {Promise<string[]>} their paths
 */
export async function ensureVsixes(wanted, { force = false } = {}) {
  const unknown = wanted.filter((target) => !targets.includes(target));
  if (unknown.length > 0)
    throw new SetupError(`there is no package for ${unknown.join(', ')}: name one of ${targets.join(', ')}`);
  await ensureDependencies();
  return exclusive('package', async () => {
    const hash = await hashOf(sources);
    const stale = [];
    for (const target of wanted) if (force || !(await isMade(vsixOf(target), hash))) stale.push(target);
    if (stale.length > 0) {
      const natives = new Map();
      for (const target of stale) natives.set(target, await ensureNativePackage(target));
      if (force || !(await isMade(metafilesName, hash))) await buildBundles(hash);
      for (const target of stale)
        await step(`extension package for ${target}`, () => pack(target, natives.get(target), hash));
    }
    return wanted.map(vsixOf);
  });
}

/** @param {string} target */
function vsixOf(target) {
  return inRepo('out', `cheatcode-dev-server-${target}.vsix`);
}

/** @param {string} hash of the sources */
async function buildBundles(hash) {
  await step('bundles of the extension', async () => {
    await mkdir(path.dirname(metafilesName), { recursive: true });
    await rm(stampOf(metafilesName), { force: true });
    await run(
      process.execPath,
      ['esbuild.mjs', '--production', `--outdir=${bundlesDir}`, `--metafiles=${metafilesName}`],
      { cwd: repoRoot, missing: 'the extension could not be built' },
    );
    await writeMaps();
    await writeFile(stampOf(metafilesName), hash);
  });
}

/** @param {string} target @param {string | undefined} native folder of its part of node-pty @param {string} hash of the sources */
async function pack(target, native, hash) {
  const vsix = vsixOf(target);
  await rm(stampOf(vsix), { force: true });
  /** @type {import('esbuild').Metafile[]} */
  const metafiles = JSON.parse(await readFile(metafilesName, 'utf8'));
  const notices = await noticesOf(metafiles, native);
  await packVsix(vsix, {
    dist: bundlesDir,
    how: ['--target', target],
    add: async (stage) => {
      await writeFile(path.join(stage, 'THIRD_PARTY_NOTICES.txt'), notices);
      if (native) await writeNativePart(target, path.join(stage, 'dist', 'native'), native);
    },
  });
  // The browser's scripts are texts in a bundle, and have no file.
  const outputs = metafiles.flatMap((metafile) => Object.keys(metafile.outputs)).map((name) => inRepo(name));
  const bundles = outputs.filter((file) => path.dirname(file) === bundlesDir).map((file) => path.basename(file));
  await checkVsix(vsix, { target, bundles });
  await writeFile(stampOf(vsix), hash);
}

/** @param {string} file */
function stampOf(file) {
  return `${file}.sources`;
}

/** Whether a file was made from these sources. @param {string} file @param {string} hash */
async function isMade(file, hash) {
  const made = await readFile(stampOf(file), 'utf8').catch(() => '');
  const isThere = await access(file).then(
    () => true,
    () => false,
  );
  return isThere && made === hash;
}

/** @param {string[]} names @returns {Promise<string>} hash of names and contents */
async function hashOf(names, dir = repoRoot) {
  const hash = createHash('sha256');
  for (const name of [...names].sort()) {
    const file = path.join(dir, name);
    const entries = await readdir(file).catch(() => undefined);
    const content = entries ? await hashOf(entries, file) : await readFile(file).catch(() => 'missing');
    hash.update(`${name}\0`).update(content);
  }
  return hash.digest('hex');
}

async function main() {
  const { values } = parseArgs({
    options: {
      all: { type: 'boolean', default: false },
      target: { type: 'string', multiple: true, default: [thisTarget()] },
      force: { type: 'boolean', default: false },
    },
  });
  const { all, target, force } = values;
  for (const vsix of await ensureVsixes(all ? targets : target, { force }))
    console.log(`${path.relative(process.cwd(), vsix)}  ${Math.ceil((await stat(vsix)).size / 1024)} KB`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  main().catch((error) => {
    console.error(error instanceof SetupError ? error.message : error);
    process.exitCode = 1;
  });
}
