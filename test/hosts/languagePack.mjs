// A language pack of our own: it says in which language the editor runs, and translates nothing of the editor itself.
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { inRepo } from './paths.mjs';
import { run } from './run.mjs';

/**
 * Packs it as it would come from a marketplace.
 * @param {string} folder where it is made
 * @param {string} languageId
 * @returns {Promise<string>} path of the VSIX
 */
export async function packLanguagePack(folder, languageId) {
  const manifest = {
    name: `language-pack-${languageId}`,
    publisher: 'cheatcode-tests',
    version: '1.0.0',
    description: 'Of the tests',
    license: 'MIT',
    engines: { vscode: '^1.99.0' },
    categories: ['Language Packs'],
    contributes: {
      localizations: [
        { languageId, languageName: languageId, translations: [{ id: 'vscode', path: './main.i18n.json' }] },
      ],
    },
  };
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'package.json'), JSON.stringify(manifest));
  await writeFile(path.join(folder, 'main.i18n.json'), JSON.stringify({ version: '1.0.0', contents: {} }));
  await writeFile(path.join(folder, 'README.md'), 'A language pack of the tests.');
  const vsix = path.join(folder, 'languagePack.vsix');
  const vsce = inRepo('node_modules', '@vscode', 'vsce', 'vsce');
  await run(
    process.execPath,
    [vsce, 'package', '--no-dependencies', '--allow-missing-repository', '--skip-license', '--out', vsix],
    { cwd: folder, missing: 'the language pack could not be packed' },
  );
  return vsix;
}
