import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, type BuildOptions, type Metafile } from 'esbuild';
import { importBreaches, packagesOf } from './support/importRule';
import { repoRoot, sourceFiles } from './support/repository';

describe('the import rule of DESIGN section 3', function () {
  this.timeout(20_000); // The compiler that reads the import lines is big.
  it('is kept by every source file, and each npm package has one importing file', () => {
    const files = sourceFiles();
    assert.ok(files.size > 50, 'the sources were not found');
    assert.deepEqual(importBreaches(files), []);
  });

  it('looks at the packages that do a job', () => {
    const packages = packagesOf(sourceFiles());
    for (const name of [
      'proper-lockfile',
      'execa',
      '@lydell/node-pty',
      'json-rpc-2.0',
      '@xterm/headless',
      'jsonc-parser',
      'package-manager-detector/detect',
    ])
      assert.ok(packages.has(name), `nobody imports ${name}`);
  });
});

describe('the checker of the import rule', () => {
  const house: Readonly<Record<string, string>> = {
    'src/extension.ts': "import * as vscode from 'vscode'; import { a } from './providers/a'; import './sessions/c';",
    'src/cli.ts':
      "import { version } from '../package.json'; import { p } from './providers/pure'; import { l } from './cli/l';",
    'src/cli/l.ts':
      "import { c } from '../sessions/c'; import type { H } from '../sessions/host/h'; import { m } from './m';",
    'src/cli/m.ts': 'export const m = 1;',
    'src/providers/a.ts':
      "import * as vscode from 'vscode'; import { p } from './pure'; import { c } from '../sessions/c';",
    'src/providers/b.ts': "import * as vscode from 'vscode';",
    'src/providers/pure.ts': 'export const p = 1;',
    'src/sessions/c.ts':
      "import type { H } from './host/h'; import { lock } from 'proper-lockfile'; import net from 'node:net';",
    'src/sessions/host/h.ts': "import { c } from '../c'; let x: typeof import('./i');",
    'src/sessions/host/i.ts': '',
    'src/gateway/g.ts': "import type { C } from '../sessions/c';",
  };
  const breachesWith = (file: string, line: string) =>
    importBreaches(new Map(Object.entries({ ...house, [file]: `${house[file] ?? ''}\n${line}` })));

  it('finds nothing in a house that keeps the rule', () => {
    assert.deepEqual(importBreaches(new Map(Object.entries(house))), []);
  });

  const planted: readonly (readonly [file: string, line: string])[] = [
    ['src/extension.ts', "import { h } from './sessions/host/h';"],
    ['src/extension.ts', "import type { H } from './sessions/host/h';"],
    ['src/cli.ts', "import * as vscode from 'vscode';"],
    ['src/cli.ts', "import { h } from './sessions/host/h';"],
    ['src/extension.ts', "import { version } from '../package.json';"],
    ['src/cli/l.ts', "import { version } from '../../package.json';"],
    ['src/cli/l.ts', "import { p } from '../providers/pure';"],
    ['src/cli/l.ts', "import { h } from '../sessions/host/h';"],
    ['src/cli/l.ts', "import * as vscode from 'vscode';"],
    ['src/cli/l.ts', "import '../cli';"],
    ['src/sessions/c.ts', "import { l } from '../cli/l';"],
    ['src/providers/a.ts', "import { l } from '../cli/l';"],
    ['src/providers/a.ts', "import { b } from './b';"],
    ['src/providers/a.ts', "import type { B } from './b';"],
    ['src/providers/a.ts', "import '../extension';"],
    ['src/providers/a.ts', "export { h } from '../sessions/host/h';"],
    ['src/providers/a.ts', "import { g } from '../gateway/g';"],
    ['src/sessions/c.ts', "import { h } from './host/h';"],
    ['src/sessions/c.ts', "import { type H } from './host/h';"],
    ['src/sessions/c.ts', "const h = await import('./host/h');"],
    ['src/sessions/c.ts', "const h = require('./host/h');"],
    ['src/sessions/c.ts', "import type * as vscode from 'vscode';"],
    ['src/sessions/c.ts', "import '../providers/pure';"],
    ['src/sessions/c.ts', "import fs from 'fs';"],
    ['src/sessions/c.ts', "import './nowhere';"],
    ['src/sessions/host/h.ts', "import '../../gateway/g';"],
    ['src/sessions/host/h.ts', "import { lock } from 'proper-lockfile';"],
    ['src/sessions/host/h.ts', "import type { LockOptions } from 'proper-lockfile';"],
    ['src/gateway/g.ts', "import { c } from '../sessions/c';"],
    ['src/other/o.ts', ''],
  ];
  for (const [file, line] of planted)
    it(`finds ${line === '' ? 'a file outside of it' : line} in ${file}`, () => {
      assert.equal(breachesWith(file, line).length, 1);
    });

  it('is not fooled by an import in a text or a comment', () => {
    assert.deepEqual(breachesWith('src/sessions/c.ts', `// import './host/h';\nconst text = "import './host/h'";`), []);
  });
});

describe('the bundle of the extension', function () {
  this.timeout(20_000);
  let metafile: Metafile;
  let code: string;
  before(async () => {
    const { product } = (await import(pathToFileURL(path.join(repoRoot, 'esbuild.mjs')).href)) as {
      product: readonly BuildOptions[];
    };
    const result = await build({ ...product[0], minify: true, sourcemap: false, write: false, metafile: true });
    metafile = result.metafile;
    code = result.outputFiles[0]?.text ?? '';
  });

  it('holds nothing that only the host, the gateway or a start of the host needs', () => {
    const inputs = Object.keys(metafile.inputs);
    assert.ok(inputs.includes('src/extension.ts'));
    for (const name of ['ioredis', 'node-pty', 'proper-lockfile', 'execa', '@xterm', 'src/sessions/host/'])
      assert.deepEqual(
        inputs.filter((input) => input.includes(name)),
        [],
      );
  });

  it('takes the API of the editor as it is, and copies it name by name into no file', () => {
    assert.match(code, /=require\("vscode"\)/);
    assert.deepEqual(code.match(/\w\(require\("vscode"\)/g) ?? [], []);
  });

  it('asks at run time for nothing but the editor, Node and the part that starts the host', () => {
    const asked = Object.values(metafile.outputs).flatMap((output) => output.imports.map((one) => one.path));
    assert.deepEqual(
      [...new Set(asked)].filter((name) => name !== 'vscode' && !name.startsWith('node:') && !isBuiltIn(name)).sort(),
      ['./hostLauncher.js'].filter((name) => asked.includes(name)),
    );
  });

  it('loads in a plain Node with a stand-in for the editor', () => {
    const require = createRequire(__filename);
    const module = { exports: {} as { activate?: unknown; deactivate?: unknown } };
    const standIn: unknown = new Proxy(class {}, {
      get: (target, name, receiver) => (name in target ? (Reflect.get(target, name, receiver) as unknown) : standIn),
    });
    // The bundle copies the editor's names one by one, so each must be there by name.
    const names = [...code.matchAll(/\.([A-Za-z]\w*)/g)].map(([, name = '']) => name);
    const editor: unknown = Object.fromEntries(names.map((name) => [name, standIn]));
    const ask = (name: string): unknown => {
      if (name === 'vscode') return editor;
      if (isBuiltIn(name)) return require(name);
      throw new Error(`the bundle asks for ${name}`);
    };
    // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call
    new Function('require', 'module', 'exports', '__filename', '__dirname', code)(
      ask,
      module,
      module.exports,
      __filename,
      __dirname,
    );
    assert.equal(typeof module.exports.activate, 'function');
  });
});

function isBuiltIn(name: string): boolean {
  return createRequire(__filename).resolve.paths(name) === null;
}
