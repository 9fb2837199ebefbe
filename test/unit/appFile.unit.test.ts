import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { appFile } from '../../src/sessions/appFile';
import { tempFolders } from './support/tempFolders';

describe('the file of an app that a bundler names', () => {
  const tempFolder = tempFolders();
  let root: string;
  let web: string;
  beforeEach(() => {
    root = tempFolder();
    web = path.join(root, 'web');
    mkdirSync(path.join(web, 'app'), { recursive: true });
    writeFileSync(path.join(web, 'app', 'page.js'), '');
    writeFileSync(path.join(root, 'secret.js'), '');
  });

  it('is found from the app, from a folder above it, and by its whole path', async () => {
    const names = ['./app/page.js', 'app/page.js', '[project]/app/page.js', '[project]/web/app/page.js'];
    for (const name of [...names, './web/app/page.js', path.join(web, 'app', 'page.js')])
      assert.equal(await appFile(web, name), 'app/page.js', name);
  });

  it('is found where the app itself is reached by a link', async () => {
    symlinkSync(web, path.join(root, 'link'));
    assert.equal(await appFile(path.join(root, 'link'), './app/page.js'), 'app/page.js');
  });

  it('is none outside of the app, by whatever way', async () => {
    symlinkSync(root, path.join(web, 'up'));
    symlinkSync(path.join(root, 'secret.js'), path.join(web, 'app', 'harmless.js'));
    const names = ['../secret.js', './secret.js', 'app/../../secret.js', '[project]/secret.js', '/etc/passwd'];
    for (const name of [...names, path.join(root, 'secret.js'), 'up/secret.js', './app/harmless.js'])
      assert.equal(await appFile(web, name), undefined, name);
  });

  it('is none where there is no file', async () => {
    for (const name of ['', '.', './app', './app/none.js', 'app/page.js\0.txt', 'a'.repeat(5000)])
      assert.equal(await appFile(web, name), undefined, name);
    assert.equal(await appFile(path.join(root, 'gone'), 'app/page.js'), undefined);
  });
});
