import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, lchownSync, lstatSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { holdersOf } from '../hosts/witness';
import { sandboxEnv } from '../hosts/sandboxEnv.mjs';
import { filesOf } from '../support/account';
import { skipBecause } from '../support/skip';
import { Editor, eventually, NEXT_OUTPUT, workspace, type Tab } from './support/workbench';

const PORT = 3190;
const UID = 12_345;

describe("root's code-server on another user's folder", function () {
  this.timeout(240_000);
  let editor: Editor | undefined;
  let tab: Tab;
  let folder: string;

  before(async function () {
    if (process.getuid?.() !== 0) skipBecause(this, 'only root can act as another user');
    const { PATH } = await sandboxEnv();
    const node = spawnSync('setpriv', [`--reuid=${UID}`, '--clear-groups', 'node', '--version'], { env: { PATH } });
    if (node.status !== 0) skipBecause(this, "another user can't run the Node of this sandbox");
    folder = await workspace('folder-owner');
    for (const file of filesOf(folder)) lchownSync(file, UID, UID);
    for (let at = path.dirname(folder); at !== path.dirname(at); at = path.dirname(at))
      if (at.includes('cct-')) chmodSync(at, 0o711);
    editor = await Editor.open('folder-owner', { workspace: folder, settings: { 'cheatcode.web.port': PORT } });
    // The owner's, as what lies in its home would be.
    lchownSync(editor.stateFolder, UID, UID);
    chmodSync(path.dirname(editor.stateFolder), 0o711);
    tab = await editor.tab();
  });
  after(() => editor?.close());
  afterEach(async function () {
    if (this.currentTest?.state !== 'failed' || !editor) return;
    console.log(editor.hostLog());
    await tab.picture('failed-folder-owner');
  });

  it('fault 51: runs the server as that user, shows it in the terminal, and leaves no file of root’s in the app', async () => {
    await tab.waitForStatus(`Web :${PORT}`, 120_000);
    const [holder] = await holdersOf(PORT);
    assert.ok(holder && editor);
    const [host] = await editor.hosts();
    assert.ok(host !== undefined);
    assert.deepEqual([uidOf(holder.pid), uidOf(host)], [UID, UID]);
    await tab.command('Cheatcode: Show Dev Server Terminal');
    await eventually('the output', async () => NEXT_OUTPUT.test(await tab.terminalText()));
    const app = path.join(folder, 'cheatcode-app');
    assert.ok(readdirSync(app).includes('.next'), 'the server has written');
    assert.deepEqual(
      filesOf(app).filter((file) => lstatSync(file).uid !== UID),
      [],
    );
  });
});

const uidOf = (pid: number): number => statSync(`/proc/${pid}`).uid;
