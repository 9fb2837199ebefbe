import assert from 'node:assert/strict';
import { readIndented } from '../../src/sessions/indentedText';
import {
  compareNpm,
  comparePnpm,
  compareYarnBerry,
  compareYarnClassic,
  isYarnBerry,
  yarnPnpPackages,
  yarnStatePackages,
} from '../../src/sessions/lockContents';

const without = <T>(of: Readonly<Record<string, T>>, ...names: readonly string[]): Record<string, T> =>
  Object.fromEntries(Object.entries(of).filter(([name]) => !names.includes(name)));
const lines = (...text: readonly string[]) => `${text.join('\n')}\n`;

describe('indented text', () => {
  it('has keys below keys, quoted or not, with the text behind the colon', () => {
    const { below } = readIndented(
      lines(
        "a: '1.0'",
        'b:',
        "  'c@1':",
        '    resolution: {integrity: x}',
        '  /d/1.0.0:',
        '    - e: no',
        "  'it''s': ok",
      ),
    );
    assert.equal(below.get('a')?.text, '1.0');
    assert.deepEqual([...(below.get('b')?.below.keys() ?? [])], ['c@1', '/d/1.0.0', "it's"]);
    assert.equal(below.get('b')?.below.get('c@1')?.below.get('resolution')?.text, '{integrity: x}');
    assert.equal(below.get('b')?.below.get("it's")?.text, 'ok');
  });

  it('may have its longest keys behind a question mark', () => {
    const { below } = readIndented(lines('p:', "  ? 'long@1(peer@2)'", '  : r: 1', '    s: 2', '  next@1: {}'));
    const long = below.get('p')?.below.get('long@1(peer@2)');
    assert.deepEqual([long?.below.get('r')?.text, long?.below.get('s')?.text], ['1', '2']);
    assert.ok(below.get('p')?.below.has('next@1'));
  });

  it('of several documents is the last one', () => {
    assert.deepEqual([...readIndented(lines('---', 'a: 1', '---', 'b: 2')).below.keys()], ['b']);
  });

  it('is never an exception', () => {
    for (const text of ['', '\0\x01', '{"a": 1}', ':::', '? ', '  : x', '<<<<<<< HEAD\n=======\n', '- a\n- b: 1'])
      assert.doesNotThrow(() => readIndented(text));
  });
});

describe('what pnpm installed', () => {
  const lock = (of: { alpha?: string; beta?: string; integrity?: string; dev?: string; version?: string } = {}) =>
    lines(
      `lockfileVersion: '${of.version ?? '9.0'}'`,
      'importers:',
      '  .:',
      '    dependencies:',
      '      alpha:',
      '        specifier: ^1.0.0',
      `        version: ${of.alpha ?? '1.0.0'}`,
      ...(of.dev
        ? ['    devDependencies:', '      dev:', '        specifier: 1.0.0', `        version: ${of.dev}`]
        : []),
      'packages:',
      `  alpha@${of.alpha ?? '1.0.0'}:`,
      `    resolution: {integrity: ${of.integrity ?? 'sha512-a'}}`,
      `  beta@${of.beta ?? '1.0.0'}:`,
      '    resolution: {integrity: sha512-b}',
      ...(of.dev ? [`  dev@${of.dev}:`, '    resolution: {integrity: sha512-d}'] : []),
      '  foreign@1.0.0:',
      '    resolution: {integrity: sha512-f}',
      'snapshots:',
      `  alpha@${of.alpha ?? '1.0.0'}:`,
      '    dependencies:',
      `      beta: ${of.beta ?? '1.0.0'}`,
      '    optionalDependencies:',
      '      foreign: 1.0.0',
      `  beta@${of.beta ?? '1.0.0'}: {}`,
      ...(of.dev ? [`  dev@${of.dev}: {}`] : []),
    );
  const compare = (wanted: string, copy: string, modules = '') => comparePnpm(wanted, copy, modules, '.');

  it('differs by a dependency of the app, one of those, and by the content of one version', () => {
    assert.equal(compare(lock(), lock()), 'installed');
    assert.equal(compare(lock({ alpha: '1.1.0' }), lock()), 'differs');
    assert.equal(compare(lock({ beta: '1.0.1' }), lock()), 'differs');
    assert.equal(compare(lock({ integrity: 'sha512-z' }), lock()), 'differs');
    assert.equal(compare(lock({ dev: '1.0.0' }), lock()), 'differs');
  });

  it('does not differ by comments, settings, order, or what is there beyond the lock', () => {
    assert.equal(compare(`# made by hand\n${lock()}`, lock()), 'installed');
    assert.equal(
      compare(lock().replace('importers:', 'settings:\n  autoInstallPeers: true\nimporters:'), lock()),
      'installed',
    );
    assert.equal(compare(lock(), lock({ dev: '1.0.0' })), 'installed');
  });

  it('does not differ by what was left out: development packages, and those for other platforms', () => {
    for (const modules of ['included:\n  devDependencies: false\n', '{"included":{"devDependencies": false}}'])
      assert.equal(compare(lock({ dev: '1.0.0' }), lock(), modules), 'installed');
    const withoutForeign = lock().replace('  foreign@1.0.0:\n    resolution: {integrity: sha512-f}\n', '');
    assert.notEqual(withoutForeign, lock());
    assert.equal(compare(lock(), withoutForeign), 'installed');
  });

  it('does not differ where it can’t be told: another format, garbage, a merge that is not done', () => {
    assert.equal(compare(lock({ version: '9.0', alpha: '2.0.0' }), lock({ version: '6.0' })), 'installed');
    for (const text of ['', 'garbage', '\0\0\0', '<<<<<<< HEAD\n'])
      for (const pair of [
        [text, lock()],
        [lock(), text],
        [text, text],
      ] as const)
        assert.notEqual(compare(...pair), 'differs', JSON.stringify(pair[0].slice(0, 20)));
  });

  it('is understood in the older formats, too', () => {
    const six = (version: string) =>
      lines(
        "lockfileVersion: '6.0'",
        'dependencies:',
        '  alpha:',
        '    specifier: ^1.0.0',
        `    version: ${version}`,
        'packages:',
        `  /alpha@${version}:`,
        '    resolution: {integrity: a}',
      );
    const five = (version: string) =>
      lines(
        'lockfileVersion: 5.4',
        'specifiers:',
        '  alpha: ^1.0.0',
        'dependencies:',
        `  alpha: ${version}`,
        'packages:',
        `  /alpha/${version}:`,
        '    resolution: {integrity: a}',
      );
    for (const format of [six, five]) {
      assert.equal(compare(format('1.0.0'), `${format('1.0.0')}\n# copy`), 'installed');
      assert.equal(compare(format('1.0.1'), format('1.0.0')), 'differs');
    }
  });

  it('in a workspace is asked for one app and what it links to', () => {
    const workspace = (web: string, lib: string, other: string) =>
      lines(
        "lockfileVersion: '9.0'",
        'importers:',
        ...[
          ['web', web],
          ['lib', lib],
          ['other', other],
        ].flatMap(([name, version]) => [
          `  apps/${name}:`,
          '    dependencies:',
          '      alpha:',
          '        specifier: 1',
          `        version: ${version}`,
          ...(name === 'web' ? ['      lib:', '        specifier: workspace:*', '        version: link:../lib'] : []),
        ]),
        'packages:',
      );
    const copy = workspace('1.0.0', '1.0.0', '1.0.0');
    const of = (wanted: string, member: string) => comparePnpm(wanted, copy, '', member);
    assert.equal(of(workspace('1.0.0', '1.0.0', '2.0.0'), 'apps/web'), 'installed');
    assert.equal(of(workspace('1.0.0', '1.0.0', '2.0.0'), 'apps/other'), 'differs');
    assert.equal(of(workspace('1.0.0', '2.0.0', '1.0.0'), 'apps/web'), 'differs');
    assert.equal(of(copy, 'apps/stranger'), 'notMember');
  });
});

describe('what npm installed', () => {
  const json = (packages: Readonly<Record<string, unknown>>, lockfileVersion = 3) =>
    JSON.stringify({ lockfileVersion, packages });
  const wanted = {
    '': { dependencies: { alpha: '^1.0.0' }, devDependencies: { dev: '1' } },
    'node_modules/alpha': {
      version: '1.0.0',
      integrity: 'a',
      dependencies: { beta: '1' },
      optionalDependencies: { foreign: '1' },
    },
    'node_modules/alpha/node_modules/beta': { version: '1.0.0' },
    'node_modules/foreign': { version: '1.0.0', optional: true },
    'node_modules/dev': { version: '1.0.0', dev: true },
  };
  const copy = without<unknown>(wanted, '', 'node_modules/foreign');
  const compare = (lock: Readonly<Record<string, unknown>>, of: Readonly<Record<string, unknown>> = copy) =>
    compareNpm(json(lock), json(of), '.');

  it('differs by a package in another version or with another content, wherever it lies, and by a new one', () => {
    assert.equal(compare(wanted), 'installed');
    assert.equal(
      compare({ ...wanted, 'node_modules/alpha': { ...wanted['node_modules/alpha'], version: '1.0.1' } }),
      'differs',
    );
    assert.equal(
      compare({ ...wanted, 'node_modules/alpha': { ...wanted['node_modules/alpha'], integrity: 'z' } }),
      'differs',
    );
    assert.equal(compare({ ...wanted, 'node_modules/alpha/node_modules/beta': { version: '2.0.0' } }), 'differs');
    assert.equal(compare(wanted, without(copy, 'node_modules/alpha')), 'differs');
  });

  it('does not differ by development packages that were left out, nor by what is there beyond the lock', () => {
    assert.equal(compare(wanted, without(copy, 'node_modules/dev')), 'installed');
    assert.equal(compare(wanted, { ...copy, 'node_modules/extra': { version: '1.0.0' } }), 'installed');
  });

  it('in a workspace is asked for one app', () => {
    const lock = {
      '': { workspaces: ['apps/*'] },
      'apps/web': { dependencies: { alpha: '1' } },
      'apps/other': { dependencies: { beta: '1' } },
      'node_modules/web': { resolved: 'apps/web', link: true },
      'node_modules/alpha': { version: '1.0.0' },
      'apps/other/node_modules/beta': { version: '2.0.0' },
    };
    const installed = { ...lock, 'apps/other/node_modules/beta': { version: '1.0.0' } };
    assert.equal(compareNpm(json(lock), json(installed), 'apps/web'), 'installed');
    assert.equal(compareNpm(json(lock), json(installed), 'apps/other'), 'differs');
    assert.equal(compareNpm(json(lock), json(installed), 'elsewhere'), 'notMember');
  });

  it('does not differ where it can’t be told: garbage, or the first format', () => {
    for (const text of ['', '{', '[]', 'null', '{"packages":3}', '{"lockfileVersion":1,"dependencies":{}}']) {
      assert.equal(compareNpm(text, json(copy), '.'), 'installed');
      assert.equal(compareNpm(json(wanted), text, '.'), 'installed');
    }
    assert.equal(compare({ '': { dependencies: [] }, 'node_modules/x': 7 }), 'installed');
  });
});

describe('what Yarn installed', () => {
  const classic = (alpha: string) =>
    lines(
      '# yarn lockfile v1',
      '',
      '"@s/x@1", "@s/x@^1.0.0":',
      '  version "1.0.0"',
      '  resolved "http://r/x-1.0.0.tgz#1"',
      '',
      'alpha@^1.0.0:',
      `  version "${alpha}"`,
      `  resolved "http://r/alpha-${alpha}.tgz#1"`,
    );
  const integrity = (entries: object, flags: readonly string[] = []) =>
    JSON.stringify({ flags, lockfileEntries: entries });
  const X = { '@s/x@1': 'http://r/x-1.0.0.tgz#1', '@s/x@^1.0.0': 'http://r/x-1.0.0.tgz#1' };
  const ALPHA = { 'alpha@^1.0.0': 'http://r/alpha-1.0.0.tgz#1' };
  const needs = new Map([['alpha', '^1.0.0']]);

  it('1 differs by what the lock resolves to, and by a dependency of the app that is new in it', () => {
    assert.equal(compareYarnClassic(classic('1.0.0'), integrity({ ...X, ...ALPHA }), needs), 'installed');
    assert.equal(compareYarnClassic(classic('1.1.0'), integrity({ ...X, ...ALPHA }), needs), 'differs');
    assert.equal(compareYarnClassic(classic('1.0.0'), integrity(X), needs), 'differs');
  });

  it('1 does not differ by what is left over in the lock, was left out, or can’t be read', () => {
    assert.equal(compareYarnClassic(classic('1.0.0'), integrity(ALPHA), needs), 'installed');
    assert.equal(compareYarnClassic(classic('1.0.0'), integrity(X, ['production']), needs), 'installed');
    for (const text of ['', '{', '{"lockfileEntries":[]}'])
      assert.equal(compareYarnClassic(classic('1.0.0'), text, needs), 'installed');
    assert.equal(compareYarnClassic('garbage', integrity(ALPHA), needs), 'installed');
  });

  const berry = lines(
    '__metadata:',
    '  version: 8',
    '"alpha@npm:^1.0.0, alpha@npm:~1.0.0":',
    '  version: 1.0.0',
    '  resolution: "alpha@npm:1.0.0"',
    '  dependencies:',
    '    fsevents: "npm:2"',
    '    other: "npm:1"',
    '  dependenciesMeta:',
    '    fsevents:',
    '      optional: true',
    '"fsevents@npm:2":',
    '  resolution: "fsevents@npm:2.0.0"',
    '"other@npm:1":',
    '  resolution: "other@npm:1.0.0"',
    '  conditions: os=darwin',
    '"web@workspace:apps/web":',
    '  resolution: "web@workspace:apps/web"',
    '  dependencies:',
    '    alpha: "npm:^1.0.0"',
  );

  it('2 and later differs by a package that the app needs, but not by another platform’s', () => {
    assert.ok(isYarnBerry(berry) && !isYarnBerry(classic('1.0.0')));
    assert.equal(compareYarnBerry(berry, new Set(['alpha@npm:1.0.0']), 'apps/web'), 'installed');
    assert.equal(compareYarnBerry(berry, new Set(['alpha@npm:0.9.0']), 'apps/web'), 'differs');
    assert.equal(compareYarnBerry(berry, new Set(['alpha@npm:1.0.0']), 'apps/none'), 'notMember');
    assert.equal(compareYarnBerry(berry, new Set(), 'apps/web'), 'installed');
  });

  it('2 and later says what is installed, one name for all sets of peers', () => {
    const state = lines(
      '__metadata:',
      '  version: 1',
      '"p@virtual:0123#npm:1.2.0":',
      '  locations:',
      '    - "node_modules/p"',
      '"a@npm:1.0.0":',
    );
    assert.deepEqual([...yarnStatePackages(state)], ['p@npm:1.2.0', 'a@npm:1.0.0']);
    const pnp = lines(
      '    ["p", [\\',
      '      ["virtual:0123#npm:1.2.0", {\\',
      '        "packageDependencies": [\\',
      '          ["a", "npm:1.0.0"],\\',
      '    ["a", [\\',
      '      ["npm:1.0.0", {\\',
    );
    assert.deepEqual([...yarnPnpPackages(pnp)], ['p@npm:1.2.0', 'a@npm:1.0.0']);
    assert.deepEqual([...yarnPnpPackages(pnp.replaceAll('\\', ''))], ['p@npm:1.2.0', 'a@npm:1.0.0']);
  });
});
