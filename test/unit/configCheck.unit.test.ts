import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { discoverApps } from '../../src/sessions/appDiscovery';
import { scriptIn } from '../../src/sessions/configCheck';
import { configReader } from '../../src/sessions/configReader';
import { repoRoot } from './support/repository';
import { tempFolders, writeTree } from './support/tempFolders';
import { skipOnWindows } from '../support/skip';

const NEXT = { scripts: { dev: 'next dev', serve: 'next start' }, dependencies: { next: '16.1.3' } };
const EXPO = { scripts: {}, dependencies: { expo: '54.0.0' } };

describe('a look at what a cheatcode.json declares', () => {
  const tempFolder = tempFolders();
  let workspace: string;
  beforeEach(() => {
    workspace = tempFolder();
  });
  /** Each problem as its code, its severity, the text that it points to, and what it says. */
  const problemsOf = async (config: string, tree: Readonly<Record<string, unknown>> = {}, ...others: string[]) => {
    writeTree(workspace, { 'cheatcode.json': config, ...tree });
    const { problems } = await discoverApps([workspace, ...others], { loadReader: () => configReader });
    return problems.map(({ code, severity, offset, length, message, related }) => ({
      code,
      severity,
      at: config.slice(offset, offset + length),
      message,
      related: related && config.slice(related.offset, related.offset + related.length),
    }));
  };
  const withApps = (...apps: string[]) => `{ "apps": [${apps.join(', ')}] }`;

  it('finds nothing wrong with apps of each kind', async () => {
    const config = withApps(
      '{ "path": "shop", "port": 4000 }',
      '{ "path": "phone" }',
      '{ "name": "api", "type": "custom", "path": "api", "command": "node .", "port": 5000 }',
      '{ "path": "site", "managed": "external" }',
      '{ "name": "other", "path": "shop2", "command": "pnpm run serve" }',
    );
    const tree = {
      'shop/package.json': NEXT,
      'shop2/package.json': NEXT,
      'phone/package.json': EXPO,
      api: undefined,
      site: undefined,
    };
    assert.deepEqual(await problemsOf(config, tree), []);
  });

  it('names a folder that is missing at its path', async () => {
    const [problem, ...others] = await problemsOf(withApps('{ "name": "a", "path": "gone" }'));
    assert.deepEqual(others, []);
    assert.deepEqual(
      [problem?.code, problem?.severity, problem?.at, problem?.message],
      ['folderMissing', 'error', '"gone"', 'There is no folder "gone".'],
    );
  });

  it('takes a file for no folder', async () => {
    assert.equal((await problemsOf(withApps('{ "path": "a" }'), { a: 'text' }))[0]?.code, 'folderMissing');
  });

  it('names a package.json that is missing, unless a command or another tool needs none', async () => {
    const tree = { a: undefined };
    assert.deepEqual(
      (await problemsOf(withApps('{ "path": "a", "type": "web" }'), tree)).map(({ code, at }) => [code, at]),
      [['noPackageJson', '"a"']],
    );
    assert.deepEqual(await problemsOf(withApps('{ "path": "a", "type": "web", "command": "serve" }'), tree), []);
    assert.deepEqual(await problemsOf(withApps('{ "path": "a", "type": "web", "managed": "external" }'), tree), []);
  });

  it('names a package.json that is broken', async () => {
    const [problem] = await problemsOf(withApps('{ "path": "a", "type": "web" }'), { 'a/package.json': '{' });
    assert.equal(problem?.code, 'badPackageJson');
    assert.match(problem.message, /^The package\.json in "a" can't be read: .+/);
  });

  it('names the script "dev" that is missing, at the path, and wants none of Expo', async () => {
    const tree = { 'a/package.json': { ...NEXT, scripts: { start: 'x' } }, 'b/package.json': EXPO };
    assert.deepEqual(
      (await problemsOf(withApps('{ "path": "a" }', '{ "path": "b" }'), tree)).map(({ code, at }) => [code, at]),
      [['noDevScript', '"a"']],
    );
  });

  it('names the script that a command runs and package.json has not, at the command', async () => {
    const tree = { 'a/package.json': NEXT };
    const problem = (await problemsOf(withApps('{ "path": "a", "command": "pnpm run srve" }'), tree))[0];
    assert.deepEqual([problem?.code, problem?.severity, problem?.at], ['scriptMissing', 'error', '"pnpm run srve"']);
    assert.equal(problem?.message, 'The package.json of this app has no script "srve".');
  });

  it('lets yarn and bun run programs of the dependencies', async () => {
    const tree = { 'a/package.json': NEXT, 'a/node_modules/.bin/next': '' };
    const of = (command: string) => problemsOf(withApps(`{ "path": "a", "command": "${command}" }`), tree);
    assert.deepEqual(await of('yarn run next dev'), []);
    assert.equal((await of('yarn run nxt dev'))[0]?.code, 'scriptMissing');
    assert.equal((await of('npm run next'))[0]?.code, 'scriptMissing');
  });

  it('understands only commands that plainly run a script', () => {
    const names = (command: string) => scriptIn(command)?.name;
    assert.equal(names('npm run dev'), 'dev');
    assert.equal(names('npm run-script dev -- --port {port}'), 'dev');
    assert.equal(names('pnpm run --silent dev:web'), 'dev:web');
    for (const unclear of [
      'npm start',
      'pnpm dev',
      'npm --prefix x run dev',
      'pnpm run --filter x dev',
      'pnpm run /dev/',
      'node run x',
      'npm run dev && x',
      '',
    ])
      assert.equal(names(unclear), undefined, unclear);
  });

  it('warns of a folder outside of the workspace, not of one in another of its folders', async function () {
    skipOnWindows(this, 'the paths here are written as POSIX has them');
    const other = tempFolder();
    writeTree(other, { 'package.json': NEXT });
    const config = withApps(`{ "path": "${path.relative(workspace, other)}" }`);
    assert.deepEqual(
      (await problemsOf(config)).map(({ code, severity }) => [code, severity]),
      [['outsideWorkspace', 'warning']],
    );
    assert.deepEqual(await problemsOf(config, {}, other), []);
  });

  it('warns of two apps of one type in one folder, whatever they call it, and points to the first', async () => {
    const config = withApps('{ "name": "a", "path": "a" }', '{ "name": "b", "path": "./a/" }');
    const [problem, ...others] = await problemsOf(config, { 'a/package.json': NEXT });
    assert.deepEqual(others, []);
    assert.deepEqual(
      [problem?.code, problem?.severity, problem?.at, problem?.related],
      ['appTwice', 'warning', '"./a/"', '"a"'],
    );
  });

  it('wants a port of an app of another kind', async () => {
    const [problem] = await problemsOf(withApps('{ "type": "custom", "path": "a", "command": "x" }'), { a: undefined });
    assert.deepEqual([problem?.code, problem?.at], ['portMissing', '"custom"']);
  });

  it('warns of an autoStart that names no app, and knows those that are found by their folders', async () => {
    const tree = { 'cheatcode-app/package.json': NEXT };
    const of = async (name: string) =>
      (await problemsOf(`{ "autoStart": "${name}" }`, tree)).map(({ code, at }) => [code, at]);
    assert.deepEqual(await of('shop'), [['unknownApp', '"shop"']]);
    for (const name of ['auto', 'all', 'off', 'web', 'cheatcode-app']) assert.deepEqual(await of(name), [], name);
    assert.deepEqual(await of('mobile'), [['unknownApp', '"mobile"']]);
  });

  it('finds nothing wrong with the example of the documentation but that its folders are not here', async () => {
    const page = readFileSync(path.join(repoRoot, 'docs/cheatcode-json.md'), 'utf8');
    const example = /```jsonc\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
    const config = configReader.parseCheatcodeConfig('cheatcode.json', example);
    assert.deepEqual(config.problems, []);
    assert.deepEqual(
      config.apps.map(({ name }) => name),
      ['shop', 'docs', 'site'],
    );
    const tree = {
      'apps/shop/package.json': NEXT,
      'docs/package.json': { scripts: { serve: 'x' } },
      site: undefined,
    };
    assert.deepEqual(await problemsOf(example, tree), []);
    const readme = readFileSync(path.join(repoRoot, 'README.md'), 'utf8');
    for (const [, text] of readme.matchAll(/```jsonc\n([\s\S]*?)```/g))
      assert.deepEqual(configReader.parseCheatcodeConfig('cheatcode.json', text ?? '').problems, []);
  });
});
