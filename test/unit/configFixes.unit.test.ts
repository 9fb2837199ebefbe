import assert from 'node:assert/strict';
import { discoverApps } from '../../src/sessions/appDiscovery';
import type { ConfigProblemCode } from '../../src/sessions/apps';
import { configFixes, type FixSources } from '../../src/sessions/configFixes';
import { configReader } from '../../src/sessions/configReader';
import type { TextChange } from '../../src/sessions/jsonText';
import { byNearness, nearest } from '../../src/sessions/nearest';
import { tempFolders, writeTree } from './support/tempFolders';

const NEXT = { scripts: { dev: 'next dev', serve: 'next start' }, dependencies: { next: '16.1.3' } };

function applied(text: string, changes: readonly TextChange[]): string {
  return [...changes]
    .sort((a, b) => b.offset - a.offset)
    .reduce((now, { offset, length, text: by }) => now.slice(0, offset) + by + now.slice(offset + length), text);
}

describe('the quick fixes of a cheatcode.json', () => {
  const tempFolder = tempFolders();
  let workspace: string;
  beforeEach(() => {
    workspace = tempFolder();
    writeTree(workspace, {
      'shop/package.json': NEXT,
      'site/package.json': { ...NEXT, scripts: { start: 'x', develop: 'y', lint: 'z' } },
      empty: undefined,
    });
  });
  const sources: FixSources = {
    folders: () => Promise.resolve(['.', 'shop', 'site', 'apps/store']),
    packageManager: (folder) => Promise.resolve(folder === 'site' ? 'npm' : 'pnpm'),
  };

  /** The titles for the one problem of this kind, and what the file says after each. */
  const fixesFor = async (code: ConfigProblemCode, text: string) => {
    const found = await discoverApps([workspace], { loadReader: () => configReader, unsaved: () => text });
    const problems = found.problems.filter((problem) => problem.code === code);
    assert.equal(problems.length, 1, JSON.stringify(found.problems));
    const [problem] = problems;
    assert.ok(problem);
    const fixes = await configFixes(problem, text, sources);
    // The likeliest, and no other, is the one that is done without a choice.
    assert.deepEqual(
      fixes.map(({ isPreferred }) => isPreferred),
      fixes.map((_, index) => index === 0),
    );
    return fixes.map(({ title, changes }) => {
      const after = applied(text, changes);
      const { problems: left } = configReader.parseCheatcodeConfig('cheatcode.json', after);
      assert.ok(
        left.every(({ code: now }) => now !== 'syntax'),
        `${title}: ${after}`,
      );
      return [title, after] as const;
    });
  };
  const first = async (code: ConfigProblemCode, text: string) => (await fixesFor(code, text))[0];
  const titles = async (code: ConfigProblemCode, text: string) => (await fixesFor(code, text)).map(([title]) => title);

  it('give the second app of a port the next one that no app of the file has', async () => {
    const of = (second: number) =>
      `{ "apps": [{ "path": "shop", "port": 3000 }, { "path": "site", "command": "x", "port": ${second} }, { "path": "empty", "command": "x", "type": "web", "port": 3001 }] }`;
    assert.deepEqual(await first('portTwice', of(3000)), ['Change to 3002', of(3002)]);
  });

  it('give the second app of a name another one, or take it away', async () => {
    const text = '{ "apps": [{ "name": "a", "path": "shop" }, { "name": "a", "path": "site" }] }';
    assert.deepEqual(await fixesFor('nameTwice', text), [
      ['Change to "a-2"', '{ "apps": [{ "name": "a", "path": "shop" }, { "name": "a-2", "path": "site" }] }'],
      ['Remove this app', '{ "apps": [{ "name": "a", "path": "shop" }] }'],
    ]);
  });

  it('lead to a folder that is there and no other app has, the one of the same name first', async () => {
    const text = '{ "apps": [{ "path": "shop" }, { "path": "packages/store" }] }';
    assert.deepEqual(await titles('folderMissing', text), [
      'Change to "apps/store"',
      'Change to "site"',
      'Change to "."',
      'Remove this app',
    ]);
    assert.match((await first('folderMissing', text))?.[1] ?? '', /\{ "path": "apps\/store" \}/);
  });

  it('lead from a folder without a package.json to one that has one', async () => {
    const text = '{ "apps": [{ "type": "web", "path": "empty" }] }';
    assert.equal((await titles('noPackageJson', text)).at(-1), 'Remove this app');
  });

  it('take away the second app of a folder', async () => {
    const text = '{ "apps": [{ "name": "a", "path": "shop" }, { "name": "b", "path": "shop" }] }';
    assert.deepEqual(await fixesFor('appTwice', text), [
      ['Remove this app', '{ "apps": [{ "name": "a", "path": "shop" }] }'],
    ]);
  });

  it('run a script that is there in place of one that is not', async () => {
    const text = '{ "apps": [{ "path": "shop", "command": "pnpm run srve -- --serve" }] }';
    assert.deepEqual(await fixesFor('scriptMissing', text), [
      ['Run the script "serve"', '{ "apps": [{ "path": "shop", "command": "pnpm run serve -- --serve" }] }'],
      ['Run the script "dev"', '{ "apps": [{ "path": "shop", "command": "pnpm run dev -- --serve" }] }'],
    ]);
  });

  it('run a script of another name where "dev" is missing, by the package manager of the app', async () => {
    const text = '{\n  "apps": [\n    { "path": "site" }\n  ]\n}\n';
    const [title, after] = (await first('noDevScript', text)) ?? [];
    assert.equal(title, 'Run the script "develop"');
    const { apps } = configReader.parseCheatcodeConfig('cheatcode.json', after ?? '');
    assert.deepEqual([apps[0]?.path, apps[0]?.command], ['site', 'npm run develop']);
    assert.deepEqual(await titles('noDevScript', text), ['Run the script "develop"', 'Run the script "start"']);
  });

  it('name the nearest app where autoStart names none', async () => {
    const text = '{ "autoStart": "shopp", "apps": [{ "path": "shop" }] }';
    assert.deepEqual((await fixesFor('unknownApp', text))[0], [
      'Change to "shop"',
      '{ "autoStart": "shop", "apps": [{ "path": "shop" }] }',
    ]);
    assert.equal((await titles('unknownApp', text)).at(-1), 'Change to "auto"');
  });

  it('give a port to an app that needs one', async () => {
    const text = '{ "apps": [{ "type": "custom", "path": "empty", "command": "x" }] }';
    const [title, after] = (await first('portMissing', text)) ?? [];
    assert.equal(title, 'Add port 4000');
    assert.equal(configReader.parseCheatcodeConfig('cheatcode.json', after ?? '').apps[0]?.port, 4000);
  });

  it('turn an unknown property into the nearest one that the app has not yet, or take it away', async () => {
    assert.deepEqual(await fixesFor('unknownProperty', '{ "apps": [{ "path": "shop", "prt": 4000 }] }'), [
      ['Change to "port"', '{ "apps": [{ "path": "shop", "port": 4000 }] }'],
      ['Remove "prt"', '{ "apps": [{ "path": "shop" }] }'],
    ]);
    assert.deepEqual(await titles('unknownProperty', '{ "apps": [{ "path": "shop", "colour": 1 }] }'), [
      'Remove "colour"',
    ]);
    assert.deepEqual(await titles('unknownProperty', '{ "app": [] }'), ['Change to "apps"', 'Remove "app"']);
  });

  const values: readonly (readonly [field: string, written: string, title: string, value: unknown])[] = [
    ['type', '"next"', 'Change to "web"', 'web'],
    ['type', '"Mobil"', 'Change to "mobile"', 'mobile'],
    ['type', '7', 'Change to "web"', 'web'],
    ['managed', '"extern"', 'Change to "external"', 'external'],
    ['managed', 'false', 'Change to "external"', 'external'],
    ['port', '"4000"', 'Change to 4000', 4000],
    ['port', '4000.4', 'Change to 4000', 4000],
    ['port', '70000', 'Remove "port"', undefined],
    ['port', '{}', 'Remove "port"', undefined],
    ['health', '"ok"', 'Change to "/ok"', '/ok'],
    ['name', '7', 'Change to "7"', '7'],
    ['command', '["next", "dev"]', 'Change to "next dev"', 'next dev'],
    ['command', 'null', 'Remove "command"', undefined],
    ['env', '[]', 'Remove "env"', undefined],
  ];
  for (const [field, written, title, value] of values)
    it(`make of "${field}": ${written} what was meant: ${title}`, async () => {
      const text = `{ "apps": [{ "path": "shop", "${field}": ${written} }] }`;
      const [named, after] = (await first('wrongValue', text)) ?? [];
      assert.equal(named, title);
      const app = (JSON.parse(after ?? '') as { apps: readonly Record<string, unknown>[] }).apps[0];
      assert.equal(app?.[field], value);
      assert.equal(app?.['path'], 'shop');
    });

  it('take away a variable that is no text', async () => {
    const text = '{ "apps": [{ "path": "shop", "env": { "A": null, "B": "b" } }] }';
    assert.deepEqual(await fixesFor('wrongValue', text), [
      ['Remove "A"', '{ "apps": [{ "path": "shop", "env": { "B": "b" } }] }'],
    ]);
  });

  it('are none where only a person knows', async () => {
    writeTree(workspace, { 'broken/package.json': '{' });
    assert.deepEqual(await fixesFor('badPackageJson', '{ "apps": [{ "type": "web", "path": "broken" }] }'), []);
    assert.deepEqual(await fixesFor('wrongValue', '[]'), []);
  });

  it('keep the comments and the layout of the file', async () => {
    const text =
      '{\r\n\t// ours\r\n\t"apps": [\r\n\t\t{ "path": "shop" }, // first\r\n\t\t{ "path": "gone" }\r\n\t]\r\n}';
    const fixes = await fixesFor('folderMissing', text);
    for (const [title, after] of fixes) assert.ok(after.includes('// ours') && after.includes('\r\n\t"apps"'), title);
  });
});

describe('the nearest word', () => {
  it('is the one that differs by a slip or two', () => {
    assert.equal(nearest('prt', ['path', 'port', 'type']), 'port');
    assert.equal(nearest('Heath', ['health', 'path']), 'health');
    assert.equal(nearest('colour', ['path', 'port', 'type']), undefined);
    assert.equal(nearest('x', []), undefined);
  });

  it('comes first, and of equals the one that was first', () => {
    assert.deepEqual(byNearness('srve', ['dev', 'start', 'serve']), ['serve', 'dev', 'start']);
    assert.deepEqual(byNearness('zzz', ['a', 'b']), ['a', 'b']);
  });
});
