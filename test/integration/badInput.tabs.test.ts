import assert from 'node:assert/strict';
import { rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { holdersOf } from '../hosts/witness';
import { Editor, eventually, workspace, type Tab } from './support/workbench';

const PORT = 3121;

describe('bad input gets a clear error and nothing else breaks', function () {
  this.timeout(180_000);
  let editor: Editor;
  let tab: Tab;
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') {
      console.log(editor.hostLog());
      await tab.picture(`failed-bad-input`);
    }
    await editor.close();
  });

  const notifications = async () => (await tab.page.locator('.notification-toast').allInnerTexts()).join('\n');
  const says = (text: RegExp) =>
    eventually(`a notification that says ${String(text)}`, async () => {
      const found = await notifications();
      if (text.test(found)) return true;
      throw new Error(found);
    });

  it('names the package manager that is not installed', async () => {
    const folder = await workspace('no-bun');
    // The lock file decides, and bun is nowhere on the sandbox's PATH.
    await rm(path.join(folder, 'cheatcode-app', 'pnpm-lock.yaml'));
    await writeFile(path.join(folder, 'cheatcode-app', 'bun.lock'), '{}');
    editor = await Editor.open('no-bun', { workspace: folder, settings: { 'cheatcode.web.port': PORT } });
    tab = await editor.tab();
    await tab.waitForStatus(/failed/);
    await says(/`?bun`? was not found/);
    await tab.picture('server-failed');
  });

  it('names the script that is missing, starts the other app, and uses the default for a wrong setting', async () => {
    const folder = await workspace('no-script');
    await writeFile(
      path.join(folder, 'cheatcode-app', 'package.json'),
      JSON.stringify({ name: 'cheatcode-app', dependencies: { next: '16' } }),
    );
    const api = {
      name: 'api',
      type: 'custom',
      path: '.',
      command: `node -e "require('http').createServer((q,s)=>s.end()).listen(process.env.PORT)"`,
      port: PORT,
    };
    await writeFile(path.join(folder, 'cheatcode.json'), JSON.stringify({ apps: [api, { path: 'nowhere', port: 1 }] }));
    editor = await Editor.open('no-script', {
      workspace: folder,
      settings: { 'cheatcode.autoStart': 'all', 'cheatcode.mobile.port': 99999 },
    });
    tab = await editor.tab();
    await tab.waitForStatus(new RegExp(`api :${PORT}|3`), 60_000);
    await eventually('the other app to run', async () => (await holdersOf(PORT)).length === 1);
    await says(/cheatcode\.mobile\.port/);
    assert.equal((await editor.hosts()).length, 1);
  });

  it('names the state folder that can not be used', async () => {
    const folder = await workspace('no-state');
    const file = path.join(path.dirname(folder), 'a-file');
    await writeFile(file, '');
    editor = await Editor.open('no-state', { workspace: folder, env: { CHEATCODE_STATE_DIR: file } });
    tab = await editor.tab();
    await says(new RegExp(file.replaceAll('.', '\\.')));
    assert.deepEqual(await holdersOf(3000), []);
    await rm(file);
    await symlink('/proc/nowhere', file);
    await tab.command('Cheatcode: Start Dev Server');
    await says(/state folder/i);
  });
});
