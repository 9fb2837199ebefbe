// Collects the texts of the sources for translators: l10n/bundle.l10n.json anew, and of each other language what is left of it.
// Puts the texts of l10n/schema.*.json into the schema of cheatcode.json: the editor translates none, but takes the file that the manifest names.
// usage: npm run l10n
import { getL10nJson } from '@vscode/l10n-dev';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(fileURLToPath(import.meta.url));
const folder = path.join(root, 'l10n');
const ENGLISH = 'bundle.l10n.json';

const names = (await readdir(path.join(root, 'src'), { recursive: true })).filter((name) => name.endsWith('.ts'));
const sources = await Promise.all(names.map((name) => readFile(path.join(root, 'src', name), 'utf8')));
const texts = await getL10nJson(
  sources.filter((contents) => contents.includes('@vscode/l10n')).map((contents) => ({ extension: '.ts', contents })),
);
const keys = Object.keys(texts).sort();
await write(ENGLISH, texts);
console.log(`${keys.length} texts`);
for (const name of (await readdir(folder)).filter((file) => /^bundle\.l10n\..+\.json$/.test(file))) {
  /** @type {Record<string, string>} */
  const known = JSON.parse(await readFile(path.join(folder, name), 'utf8'));
  await write(name, known);
  const missing = keys.filter((key) => known[key] === undefined);
  tellMissing(name, missing);
}

const schema = JSON.parse(await readFile(path.join(root, 'media', 'cheatcode.schema.json'), 'utf8'));
for (const name of (await readdir(folder)).filter((file) => /^schema\..+\.json$/.test(file))) {
  /** @type {Record<string, string>} */
  const known = JSON.parse(await readFile(path.join(folder, name), 'utf8'));
  /** @type {Set<string>} */
  const missing = new Set();
  const translated = withTexts(schema, (text) => known[text] ?? (missing.add(text), text));
  await writeFile(path.join(root, 'media', `cheatcode.${name}`), `${JSON.stringify(translated, null, 2)}\n`);
  tellMissing(name, [...missing]);
}

/** @param {string} name @param {readonly string[]} texts */
function tellMissing(name, texts) {
  if (texts.length === 0) return;
  console.log(`${name} has no text for\n${texts.map((text) => `  ${JSON.stringify(text)}`).join('\n')}`);
  process.exitCode = 1;
}

/** What a schema says to people, each text by `translate`. @param {any} of @param {(text: string) => string} translate @returns {any} */
function withTexts(of, translate) {
  if (Array.isArray(of)) return of.map((one) => withTexts(one, translate));
  if (typeof of !== 'object' || of === null) return of;
  return Object.fromEntries(
    Object.entries(of).map(([key, value]) => {
      if (!/^(title|.*[dD]escriptions?|.*[mM]essage)$/.test(key)) return [key, withTexts(value, translate)];
      if (typeof value === 'string') return [key, translate(value)];
      return [key, Array.isArray(value) ? value.map(translate) : withTexts(value, translate)];
    }),
  );
}

/** In a fixed order, without what is no text of the sources (any more). @param {string} name @param {Record<string, any>} of */
async function write(name, of) {
  const kept = Object.fromEntries(keys.filter((key) => of[key] !== undefined).map((key) => [key, of[key]]));
  await writeFile(path.join(folder, name), `${JSON.stringify(kept, null, 2)}\n`);
}
