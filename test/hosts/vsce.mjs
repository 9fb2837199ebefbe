// Packs what was built into a VSIX, from a folder that holds nothing else. The same files give the same bytes, whenever, wherever
// and by whomever they are packed; only another version of Node may compress them in another way.
import { chmod, cp, mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { programs } from './nativePart.mjs';
import { inRepo } from './paths.mjs';
import { run } from './run.mjs';

/** What `.vscodeignore` chooses from. */
const packed = [
  'l10n',
  'media',
  'package.json',
  'package.nls.json',
  'package.nls.de.json',
  '.vscodeignore',
  'README.md',
  'CHANGELOG.md',
  'LICENSE',
];

/**
 * What the packer is told of its surroundings. It writes times of the given second in the local zone, and sorts names in the order
 * of the language; a zip begins in 1980.
 */
const anywhere = { SOURCE_DATE_EPOCH: String(Date.UTC(1980, 0, 1) / 1000), TZ: 'UTC', LC_ALL: 'C' };

/**
 * @param {string} vsix the file to write
 * @param {object} [options]
 * @param {string} [options.dist] the folder of the bundles (default: the build for tests and debugging)
 * @param {readonly string[]} [options.how] more of the packer's arguments: `--target`, or another version
 * @param {(stage: string) => Promise<void>} [options.add] writes what is not in the repository into the folder that is packed
 */
export async function packVsix(vsix, { dist = inRepo('dist'), how = [], add } = {}) {
  // The packer looks at every file below it, and the sandbox in the checkout has some 100,000: a minute and more.
  const stage = await mkdtemp(inRepo('out', 'package-'));
  try {
    for (const name of packed) await cp(inRepo(name), path.join(stage, name), { recursive: true });
    await cp(dist, path.join(stage, 'dist'), { recursive: true });
    await add?.(stage);
    await setModes(stage);
    await run(
      process.execPath,
      [
        inRepo('node_modules', '@vscode', 'vsce', 'vsce'),
        'package',
        ...how,
        '--no-dependencies',
        // The README of a version shows the pictures and pages of that version, whatever becomes of them later.
        '--githubBranch',
        `v${JSON.parse(await readFile(inRepo('package.json'), 'utf8')).version}`,
        '--out',
        vsix,
      ],
      { cwd: stage, env: { ...process.env, ...anywhere }, missing: 'the extension could not be packed' },
    );
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}

/** The editor installs each file with the mode that it was packed with: not what the packer's umask was. @param {string} stage */
async function setModes(stage) {
  for (const entry of await readdir(stage, { recursive: true, withFileTypes: true }))
    if (entry.isFile())
      await chmod(path.join(entry.parentPath, entry.name), programs.includes(entry.name) ? 0o755 : 0o644);
}
