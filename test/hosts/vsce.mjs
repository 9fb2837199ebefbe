// Packs what was built into a VSIX, from a folder that holds nothing else.
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { inRepo } from './paths.mjs';
import { run } from './run.mjs';

/** What `.vscodeignore` chooses from. */
const packed = [
  'dist',
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
 * @param {string} vsix the file to write
 * @param {readonly string[]} [how] more of the packer's arguments: `--target`, or another version
 */
export async function packVsix(vsix, how = []) {
  // The packer looks at every file below it, and the sandbox in the checkout has some 100,000: a minute and more.
  const stage = await mkdtemp(inRepo('out', 'package-'));
  try {
    for (const name of packed) await cp(inRepo(name), path.join(stage, name), { recursive: true });
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
      { cwd: stage, missing: 'the extension could not be packed' },
    );
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}
