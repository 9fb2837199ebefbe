// Builds and packs the extension for one platform: out/cheatcode-dev-server-<platform>.vsix, again only when a source changed.
// usage: node test/hosts/package.mjs [--target=linux-x64] [--force]
import { createHash } from 'node:crypto';
import { access, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureDependencies } from './dependencies.mjs';
import { writeMaps } from './maps.mjs';
import { exclusive } from './once.mjs';
import { inRepo, repoRoot } from './paths.mjs';
import { run } from './run.mjs';
import { step } from './step.mjs';
import { packVsix } from './vsce.mjs';

/** What the VSIX is made from, files and folders. */
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
];

/** This machine's platform, as the marketplace calls it. */
export const thisTarget = `${process.platform}-${process.arch}`;

/**
 * @param {{ target?: string, force?: boolean }} [options]
 * @returns {Promise<string>} path of the VSIX
 */
export async function ensureVsix({ target = thisTarget, force = false } = {}) {
  await ensureDependencies();
  const vsix = inRepo('out', `cheatcode-dev-server-${target}.vsix`);
  const stamp = `${vsix}.sources`;
  return exclusive('package', async () => {
    const wanted = await hashOf(sources);
    const made = await readFile(stamp, 'utf8').catch(() => '');
    const there = await access(vsix).then(
      () => true,
      () => false,
    );
    if (there && made === wanted && !force) return vsix;
    await step(`extension package for ${target}`, async () => {
      await mkdir(path.dirname(vsix), { recursive: true });
      await rm(stamp, { force: true });
      await run(process.execPath, ['esbuild.mjs', '--production', `--target=${target}`], {
        cwd: repoRoot,
        missing: 'the extension could not be built',
      });
      await packVsix(vsix, ['--target', target]);
      await writeMaps();
      await writeFile(stamp, wanted);
    });
    return vsix;
  });
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

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const target = process.argv.find((argument) => argument.startsWith('--target='))?.slice('--target='.length);
  const vsix = await ensureVsix({ force: process.argv.includes('--force'), ...(target ? { target } : {}) });
  console.log(path.relative(process.cwd(), vsix));
}
