import assert from 'node:assert/strict';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { inRepo } from '../hosts/paths.mjs';
import { holdersOf } from '../hosts/witness';
import { Editor, eventually, serversIn, workspace, type Tab } from './support/workbench';

const WEB_PORT = 3111;
const STUB_PORT = 3112;

/** A workspace folder that only its cheatcode.json makes one of ours: the stub server as a custom app. */
async function stubWorkspace(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await cp(inRepo('test', 'fixtures', 'stub'), path.join(folder, 'api'), { recursive: true });
  const apps = [{ name: 'api', type: 'custom', path: 'api', command: 'node server.mjs', port: STUB_PORT, health: '/' }];
  await writeFile(path.join(folder, 'cheatcode.json'), JSON.stringify({ apps }));
}

describe('which app starts by itself', function () {
  this.timeout(180_000);
  let editor: Editor;
  let tab: Tab;
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') {
      console.log(editor.hostLog());
      await tab.picture('failed-choice');
    }
    await editor.close();
  });

  it('is the one whose folder is the workspace folder', async () => {
    const folder = path.join(await workspace('itself'), 'cheatcode-app');
    editor = await Editor.open('itself', { workspace: folder, settings: { 'cheatcode.web.port': WEB_PORT } });
    tab = await editor.tab();
    await tab.waitForStatus(`Web :${WEB_PORT}`, 120_000);
    assert.equal((await serversIn(folder)).length, 1);
  });

  it('is every one of a multi-root workspace where the setting says all', async () => {
    const folder = await workspace('roots');
    const other = path.join(path.dirname(folder), 'other');
    await stubWorkspace(other);
    const file = path.join(path.dirname(folder), 'both.code-workspace');
    await writeFile(file, JSON.stringify({ folders: [{ path: folder }, { path: other }] }));
    editor = await Editor.open('roots', {
      workspace: file,
      settings: { 'cheatcode.web.port': WEB_PORT, 'cheatcode.autoStart': 'all' },
    });
    tab = await editor.tab();
    await tab.waitForStatus(`Web :${WEB_PORT} | api :${STUB_PORT}`, 120_000);
    await tab.command('Cheatcode: Stop All');
    await tab.waitForStatus('Web stopped | api stopped', 30_000);
    assert.deepEqual([...(await holdersOf(WEB_PORT)), ...(await holdersOf(STUB_PORT))], []);
  });

  it('is the one that the environment of the sandbox names, before what cheatcode.json says', async () => {
    const folder = await workspace('named');
    await stubWorkspace(folder);
    editor = await Editor.open('named', {
      workspace: folder,
      env: { CHEATCODE_APP_TYPE: 'custom' },
      settings: { 'cheatcode.web.port': WEB_PORT },
    });
    tab = await editor.tab();
    await tab.waitForStatus(new RegExp(`api :${STUB_PORT}`), 60_000);
    assert.deepEqual(await holdersOf(WEB_PORT), []);
    await eventually('one session host', async () => (await editor.hosts()).length === 1);
  });
});
