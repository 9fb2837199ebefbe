import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

const repoRoot = __dirname.slice(0, __dirname.lastIndexOf(`${path.sep}out${path.sep}test`));
const readme = readFileSync(path.join(repoRoot, 'README.md'), 'utf8');
const read = (file: string) => JSON.parse(readFileSync(path.join(repoRoot, file), 'utf8')) as unknown;

interface Manifest {
  readonly scripts: Readonly<Record<string, string>>;
  readonly contributes: {
    readonly commands: readonly { readonly command: string; readonly title: string }[];
    readonly menus: { readonly commandPalette: readonly { readonly command: string; readonly when: string }[] };
    readonly configuration:
      | { readonly properties: Readonly<Record<string, { readonly default: unknown }>> }
      | readonly { readonly properties: Readonly<Record<string, { readonly default: unknown }>> }[];
  };
}
const manifest = read('package.json') as Manifest;
const texts = read('package.nls.json') as Readonly<Record<string, string>>;

describe('the README', () => {
  it('lists every setting with the default of the manifest, and no other', () => {
    const rows = [...readme.matchAll(/^\| `(cheatcode\.[\w.]+)`\s+\| (\S+)\s+\|/gm)].map(([, id, value]) => [
      id,
      value,
    ]);
    const settings = [manifest.contributes.configuration]
      .flat()
      .flatMap(({ properties }) => Object.entries(properties))
      .map(([id, { default: value }]) => [
        id,
        value === null || value === '' ? '–' : `\`${JSON.stringify(value).replaceAll('"', '')}\``,
      ]);
    assert.deepEqual(rows, settings);
  });

  it('names every command of the palette', () => {
    const hidden = manifest.contributes.menus.commandPalette.filter(({ when }) => when === 'false');
    for (const { command, title } of manifest.contributes.commands) {
      if (hidden.some((item) => item.command === command)) continue;
      const text = texts[title.slice(1, -1)] ?? title;
      // "Start, Stop, Restart Dev Server" names three.
      const word = text.replace(/ Dev Server$/, '').replaceAll(/\s+/g, '\\s+');
      assert.match(readme, new RegExp(word), text);
    }
  });

  it('names only scripts and pictures that exist', () => {
    for (const [, name] of readme.matchAll(/`npm run (\w+)/g)) assert.ok(name && manifest.scripts[name], name);
    const pictures = [...readme.matchAll(/\]\((media\/[^)]+)\)/g)].map(([, file]) => file ?? '');
    assert.ok(pictures.length >= 3);
    for (const file of pictures) assert.ok(existsSync(path.join(repoRoot, file)), file);
  });
});
