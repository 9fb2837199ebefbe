// The editor in another language, without a marketplace.
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

/**
 * Leaves what the editor leaves when a person has installed a language pack and chosen its language: the note of the pack, and
 * the choice. This pack has no text, so that the editor itself goes on in English, while extensions speak the language.
 * @param {{ userDataDir: string, languageId: string }} options
 */
export async function chooseLanguage({ userDataDir, languageId }) {
  const texts = path.join(userDataDir, 'languagePack.i18n.json');
  const pack = {
    hash: 'tests',
    label: languageId,
    extensions: [{ extensionIdentifier: { id: `cheatcode-tests.language-pack-${languageId}` }, version: '1.0.0' }],
    translations: { vscode: texts },
  };
  await mkdir(path.join(userDataDir, 'User'), { recursive: true });
  await writeFile(texts, JSON.stringify({ version: '1.0.0', contents: {} }));
  await writeFile(path.join(userDataDir, 'languagepacks.json'), JSON.stringify({ [languageId]: pack }));
  await writeFile(path.join(userDataDir, 'User', 'argv.json'), JSON.stringify({ locale: languageId }));
}
