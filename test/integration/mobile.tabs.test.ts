import assert from 'node:assert/strict';
import { environmentOf } from '../hosts/proc.mjs';
import { holdersOf, processes } from '../hosts/witness';
import { Editor, eventually, workspace, type Tab } from './support/workbench';

const PORT = 8081;

describe('a workspace with a mobile app', function () {
  this.timeout(420_000);
  let editor: Editor;
  let tab: Tab;

  before(async () => {
    assert.deepEqual(await holdersOf(PORT), [], `port ${PORT} must be free for this test`);
    // CI=1 as some sandbox images have it: Expo would switch watching off.
    editor = await Editor.open('mobile', {
      workspace: await workspace('mobile', ['cheatcode-mobile']),
      env: { CI: '1' },
    });
    tab = await editor.tab();
  });
  after(() => editor.close());
  afterEach(async function () {
    if (this.currentTest?.state !== 'failed') return;
    console.log(editor.hostLog(), await tab.terminalText());
    await tab.picture('failed-mobile');
  });

  it('gets one Metro in a terminal dev_server_mobile, without a tunnel where there is no network', async () => {
    await tab.waitForStatus(/Mobile/);
    await tab.command('Cheatcode: Show Dev Server Terminal');
    await eventually('the name of the terminal', async () =>
      (await tab.terminalNames()).some((name) => name.includes('dev_server_mobile')),
    );
    // The tunnel needs the network; whether its tool can be had or not, the local network is what remains.
    await eventually(
      'an Expo on the local network',
      async () => (await processes({ command: /expo start .*--lan/, cookieStateDir: editor.stateFolder })).length > 0,
      300_000,
    );
    await tab.waitForStatus(`Mobile :${PORT}`, 120_000);
    const response = await fetch(`http://localhost:${PORT}/status`);
    assert.equal(await response.text(), 'packager-status:running');
    assert.equal((await holdersOf(PORT)).length, 1);
    await tab.picture('mobile');
  });

  it('does not hand the CI of the sandbox on to Expo', async () => {
    const [holder] = await holdersOf(PORT);
    assert.ok(holder);
    const environment = await environmentOf(holder.pid);
    assert.ok(environment.some((line) => line.startsWith('PATH=')));
    assert.deepEqual(
      environment.filter((line) => line.startsWith('CI=')),
      [],
    );
  });

  it('leaves no question waiting: what is typed is a command of Expo', async () => {
    const text = await tab.terminalText();
    assert.doesNotMatch(text, /\?\s*(?:›|\(Y\/n\)|…)/);
  });

  it('leaves nothing behind after a stop', async () => {
    await tab.command('Cheatcode: Stop Dev Server');
    await tab.waitForStatus('Mobile stopped', 30_000);
    assert.deepEqual(await holdersOf(PORT), []);
    assert.deepEqual(await processes({ command: /expo start/, cookieStateDir: editor.stateFolder }), []);
  });
});
