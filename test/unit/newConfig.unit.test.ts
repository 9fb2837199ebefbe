import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { configReader } from '../../src/sessions/configReader';
import { discoverApps } from '../../src/sessions/appDiscovery';
import { appsForConfig, newConfigText } from '../../src/sessions/newConfig';
import { tempFolders, writeTree } from './support/tempFolders';

const next = (dev: string) => ({ scripts: { dev }, dependencies: { next: '16.1.3' } });

describe('a first cheatcode.json', () => {
  const tempFolder = tempFolders();
  let workspace: string;
  beforeEach(() => {
    workspace = tempFolder();
  });

  it('has the apps that are found, those of a monorepo too, with their ports and none twice', async () => {
    writeTree(workspace, {
      'package.json': { private: true, workspaces: ['apps/*'] },
      'cheatcode-app/package.json': next('next dev -p 4000'),
      'apps/shop/package.json': next('next dev'),
      'apps/admin/package.json': next('next dev --port=3000'),
      'apps/phone/package.json': { dependencies: { expo: '54' } },
      'packages/ui/package.json': { scripts: { dev: 'tsc -w' } },
      'node_modules/next/package.json': next('x'),
    });
    const apps = await appsForConfig(workspace);
    assert.deepEqual(
      apps.map(({ name, type, path: folder, port }) => [name, type, folder, port]),
      [
        ['cheatcode-app', 'web', 'cheatcode-app', 4000],
        ['admin', 'web', 'apps/admin', 3000],
        ['phone', 'mobile', 'apps/phone', 8081],
        ['shop', 'web', 'apps/shop', 3001],
      ],
    );
  });

  it('is read without a problem, and says what was found', async () => {
    writeTree(workspace, { 'apps/shop/package.json': next('next dev'), 'web/shop/package.json': next('next dev') });
    const found = await appsForConfig(workspace);
    assert.deepEqual(
      found.map(({ name }) => name),
      ['shop', 'shop-2'],
    );
    writeTree(workspace, { 'cheatcode.json': newConfigText(found) });
    const { apps, problems } = await discoverApps([workspace], { loadReader: () => configReader });
    assert.deepEqual(problems, []);
    assert.deepEqual(
      apps.map(({ name, declared }) => [name, declared.port]),
      [
        ['shop', 3000],
        ['shop-2', 3001],
      ],
    );
    assert.match(readFileSync(path.join(workspace, 'cheatcode.json'), 'utf8'), /^\{\n {2}\/\/ .+\n {2}"autoStart"/);
  });

  it('knows the app whose own folder is open', async () => {
    writeTree(workspace, { 'package.json': next('next dev') });
    assert.deepEqual(
      (await appsForConfig(workspace)).map((app) => app.path),
      ['.'],
    );
  });

  it('has an example that only needs its marks taken away where nothing was found', async () => {
    assert.deepEqual(await appsForConfig(workspace), []);
    const text = newConfigText([]);
    assert.deepEqual(configReader.parseCheatcodeConfig('cheatcode.json', text).apps, []);
    assert.deepEqual(configReader.parseCheatcodeConfig('cheatcode.json', text).problems, []);
    const { apps, problems } = configReader.parseCheatcodeConfig('cheatcode.json', text.replace('// {', '{'));
    assert.deepEqual(problems, []);
    assert.equal(apps.length, 1);
  });
});
