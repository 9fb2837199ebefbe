import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { linksOf } from '../support/pages';
import { repoRoot } from './support/repository';

const readme = readFileSync(path.join(repoRoot, 'README.md'), 'utf8');
const features = readFileSync(path.join(repoRoot, 'docs/features.md'), 'utf8');
const read = (file: string) => JSON.parse(readFileSync(path.join(repoRoot, file), 'utf8')) as unknown;

interface Manifest {
  readonly scripts: Readonly<Record<string, string>>;
  readonly contributes: {
    readonly commands: readonly { readonly command: string; readonly title: string }[];
    readonly menus: { readonly commandPalette: readonly { readonly command: string; readonly when: string }[] };
  };
}
const manifest = read('package.json') as Manifest;
const texts = read('package.nls.json') as Readonly<Record<string, string>>;

describe('the README', () => {
  it('shows the product and the two commands on its first screen', () => {
    const [screen = ''] = readme.split(/^## /m);
    const lines = screen.trim().split('\n');
    assert.ok(lines.length <= 25, `${lines.length} lines`);
    assert.match(lines[0] ?? '', /^# /);
    assert.deepEqual(linksOf(screen).filter((link) => /\.(?:png|svg|webp|gif)$/.test(link)).length, 1, 'one picture');
    for (const command of ['npm start', 'npm test']) assert.match(screen, new RegExp(`^${command} `, 'm'));
    assert.match(screen, /--install-extension \S+\.vsix/);
  });

  it('is short: what is not for everybody has a page', () => {
    assert.ok(readme.length < 12_000, `${readme.length} characters`);
  });

  it('has a place for the short table of the benchmarks', () => {
    const [, after = ''] = readme.split('<!-- short table of the benchmarks -->');
    assert.match(after, /^\n+\|[\s\S]*\|\n+<!-- end of it -->/);
  });

  it('says what could not be run, each with the page that says more', () => {
    const [, section = ''] = readme.split('## Not there yet\n');
    const items = section.split(/^- /m).slice(1);
    for (const [what, page] of [
      [/\bmacOS and Windows\b/, 'docs/platforms.md'],
      [/\bVS Code of the desktop\b/, 'docs/hosts.md'],
      [/\bmusl and `docker build`/, 'docs/sandbox.md'],
      [/\bCI workflows and both marketplaces\b/, 'docs/releasing.md'],
      [/\baudit\b/, 'docs/releasing.md'],
    ] as const) {
      const item = items.find((text) => what.test(text));
      assert.ok(item !== undefined, what.source);
      assert.ok(
        linksOf(item).some((link) => link.split('#')[0] === page),
        `${what.source}: no link to ${page}`,
      );
    }
  });

  it('tells what a clone needs, and where the file to install lies', () => {
    const [screen = ''] = readme.split(/^## /m);
    for (const need of [/Node 20\.19/, /`git`/, /\bDebian\b/, /contributing\.md#set-up/]) assert.match(screen, need);
    for (const [, file] of readme.matchAll(/--install-extension (\S+)\.vsix/g)) assert.match(file ?? '', /^out\//);
  });

  it('names only scripts and pictures that exist', () => {
    for (const [, name] of readme.matchAll(/`npm run (\w+)/g)) assert.ok(name && manifest.scripts[name], name);
    const pictures = [...readme.matchAll(/\]\((media\/[^)]+)\)/g)].map(([, file]) => file ?? '');
    assert.ok(pictures.length >= 1);
    for (const file of pictures) assert.ok(existsSync(path.join(repoRoot, file)), file);
  });
});

describe('docs/features.md', () => {
  it('names every command of the palette', () => {
    const hidden = manifest.contributes.menus.commandPalette.filter(({ when }) => when === 'false');
    for (const { command, title } of manifest.contributes.commands) {
      if (hidden.some((item) => item.command === command)) continue;
      const text = texts[title.slice(1, -1)] ?? title;
      // "Start, Stop, Restart Dev Server" names three.
      const word = text.replace(/ Dev Server$/, '').replaceAll(/\s+/g, '\\s+');
      assert.match(features.slice(features.indexOf('## Commands')), new RegExp(word), text);
    }
  });
});
