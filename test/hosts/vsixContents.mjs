// What a platform's VSIX holds, and the check that it is exactly that.
import { readdir, stat } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { nativeFiles, programs } from './nativePart.mjs';
import { inRepo } from './paths.mjs';
import { SetupError } from './run.mjs';

/** The budget of the design, of what is downloaded. */
const maxBytes = 1024 * 1024;

/** In every VSIX; the packer gives the texts names of its own. */
const always = [
  '[Content_Types].xml',
  'extension.vsixmanifest',
  'extension/package.json',
  'extension/package.nls.json',
  'extension/readme.md',
  'extension/changelog.md',
  'extension/LICENSE.txt',
  'extension/THIRD_PARTY_NOTICES.txt',
  'extension/media/icon.png',
  'extension/media/preview.js',
  'extension/media/preview.css',
  'extension/media/preview-dark.svg',
  'extension/media/preview-light.svg',
  'extension/media/cheatcode.schema.json',
];

/** A file for each language and each page of the walkthrough. @type {readonly (readonly [folder: string, names: RegExp])[]} */
const families = [
  ['', /^package\.nls\.[\w-]+\.json$/],
  ['l10n/', /^bundle\.l10n\.[\w-]+\.json$/],
  ['media/', /^cheatcode\.schema\.[\w-]+\.json$/],
  ['media/walkthrough/', /\.webp$/],
];

/**
 * Reads a VSIX.
 * @param {string} vsix
 * @returns {Promise<Map<string, { mode: number, content: Buffer }>>} its files by their paths with slashes; the mode is that of Unix
 */
export async function readVsix(vsix) {
  // Here, because the set-up itself is loaded before there are dependencies.
  const { open } = await import('yauzl');
  /** @type {(file: string, options: import('yauzl').Options) => Promise<import('yauzl').ZipFile>} */
  const openZip = promisify(open);
  const zip = await openZip(vsix, { lazyEntries: true });
  const read = promisify(zip.openReadStream.bind(zip));
  const files = new Map();
  return new Promise((resolve, reject) => {
    zip.on('error', reject);
    zip.on('end', () => resolve(files));
    zip.on('entry', (entry) => {
      const mode = (entry.externalFileAttributes >>> 16) & 0o777;
      read(entry)
        .then(buffer)
        .then((content) => {
          files.set(entry.fileName, { mode, content });
          zip.readEntry();
        }, reject);
    });
    zip.readEntry();
  });
}

/**
 * Rejects unless a VSIX holds every file that it needs and no other, starts its programs, and is no larger than its budget.
 * @param {string} vsix
 * @param {{ target: string, bundles: readonly string[] }} made the platform, and the names of the bundles
 */
export async function checkVsix(vsix, { target, bundles }) {
  const lists = families.map(async ([folder, names]) =>
    (await readdir(inRepo(folder))).filter((name) => names.test(name)).map((name) => `extension/${folder}${name}`),
  );
  const wanted = new Set([
    ...always,
    ...(await Promise.all(lists)).flat(),
    ...bundles.map((name) => `extension/dist/${name}`),
    ...nativeFiles(target).map((name) => `extension/dist/native/${name}`),
  ]);
  const files = await readVsix(vsix);
  const { size } = await stat(vsix);
  const wrong = [
    ...[...files.keys()].filter((name) => !wanted.has(name)).map((name) => `${name} does not belong there`),
    ...[...wanted].filter((name) => !files.has(name)).map((name) => `${name} is missing`),
    ...programs
      .map((name) => `extension/dist/native/${name}`)
      .filter((name) => files.has(name) && files.get(name)?.mode !== 0o755)
      .map((name) => `${name} can't be started`),
    ...(size > maxBytes ? [`it has ${size} bytes, and may have ${maxBytes}`] : []),
  ];
  if (wrong.length > 0) throw new SetupError(`the package for ${target} is wrong:\n  ${wrong.join('\n  ')}`);
}
