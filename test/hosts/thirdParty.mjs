// The licences of what others wrote and a package of ours carries: the text of THIRD_PARTY_NOTICES.txt.
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { packageFolders } from './bundles.mjs';
import { inRepo } from './paths.mjs';
import { SetupError } from './run.mjs';

/** Licences that let anybody use and pass on the code, and ask for no more than their text beside it. */
const permissive = ['0BSD', 'Apache-2.0', 'BlueOak-1.0.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT'];

/** A few packages have no file with it, and name only this licence in their package.json. @param {string} holder */
const mit = (holder) => `MIT License

Copyright (c) ${holder}

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.`;

/**
 * The text for a package of ours.
 * @param {readonly import('esbuild').Metafile[]} metafiles of its bundles, with paths relative to the repository
 * @param {string | undefined} native folder of its part of node-pty
 * @returns {Promise<string>}
 */
export function noticesOf(metafiles, native) {
  return thirdPartyNotices([...bundledPackages(metafiles), ...(native ? [native] : [])]);
}

/**
 * The folders of the npm packages of which some code is in a bundle; what the bundler read and left out does not count.
 * @param {readonly import('esbuild').Metafile[]} metafiles with paths relative to the repository
 * @returns {string[]}
 */
function bundledPackages(metafiles) {
  return [...new Set(metafiles.flatMap(packageFolders))].map((folder) => inRepo(folder));
}

/**
 * Names each package with its version, its licence and the text of that. Rejects when a licence is not a permissive one, or its
 * text is nowhere.
 * @param {readonly string[]} folders of the packages
 * @returns {Promise<string>}
 */
async function thirdPartyNotices(folders) {
  /** @type {Map<string, string>} */
  const sections = new Map();
  for (const folder of folders) {
    const { name, version, license, author, repository } = JSON.parse(
      await readFile(path.join(folder, 'package.json'), 'utf8'),
    );
    if (!permissive.includes(license)) throw new SetupError(`${name} ${version} has the licence ${license}`);
    // The parts of node-pty have their text in node-pty.
    const texts = await licenceTexts(
      name.startsWith('@lydell/node-pty-') ? inRepo('node_modules/@lydell/node-pty') : folder,
    );
    if (texts.length === 0 && license !== 'MIT') throw new SetupError(`${name} ${version} has no text of its licence`);
    const holder = author?.name ?? author ?? `the authors of ${repository?.url ?? repository ?? name}`;
    const text = texts.length > 0 ? texts.join('\n\n') : mit(holder);
    sections.set(`${name} ${version} (${license})`, text);
  }
  const titles = [...sections.keys()].sort();
  const rule = '-'.repeat(80);
  return (
    [
      'Cheatcode Dev Server contains code of these packages, each under its own licence:',
      titles.map((title) => `- ${title}`).join('\n'),
      ...titles.map((title) => `${rule}\n${title}\n\n${sections.get(title)}`),
      '',
    ]
      .join('\n\n')
      .trimEnd() + '\n'
  );
}

/** @param {string} folder @returns {Promise<string[]>} the licence, and a notice that has to go with it */
async function licenceTexts(folder) {
  const names = (await readdir(folder)).filter((name) => /^(?:licen[cs]e|copying|notice)(?:[.-]|$)/i.test(name)).sort();
  const texts = await Promise.all(names.map((name) => readFile(path.join(folder, name), 'utf8')));
  return texts.map((text) => text.replaceAll('\r\n', '\n').trim());
}
