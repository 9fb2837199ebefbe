import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import type { Locator } from 'playwright-core';
import { inRepo } from '../hosts/paths.mjs';
import { Editor, eventually, workspace, type Tab } from './support/workbench';

/** The port that nobody chose. */
const PORT = 3000;

describe('a newcomer with a fresh profile', function () {
  this.timeout(240_000);
  let editor: Editor;
  let tab: Tab;
  const clicks: string[] = [];
  const click = async (what: string, target: Locator): Promise<void> => {
    await target.click({ timeout: 60_000 });
    clicks.push(what);
  };

  before(async () => {
    editor = await Editor.open('newcomer', { workspace: await workspace('newcomer'), isFresh: true });
  });
  after(() => editor.close());
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await tab.picture('failed-newcomer');
  });

  it('sees the app in the preview after as many clicks as README says, without having read it', async () => {
    const beganMs = Date.now();
    const secondsSince = () => ((Date.now() - beganMs) / 1000).toFixed(1);
    tab = await editor.tab();
    // What the editor itself wants to know of every new folder; until then nothing runs, and nothing is wrong.
    await tab.waitForStatus('Web');
    assert.equal(await tab.page.locator('.statusbar-item.error-kind, .statusbar-item.warning-kind').count(), 0);
    await tab.picture('newcomer-untrusted');
    await click('Manage', tab.page.getByRole('button', { name: 'Manage', exact: true }).first());
    await click('Trust', tab.page.getByRole('button', { name: 'Trust', exact: true }).first());
    await tab.waitForStatus(/Web (:|starting)/);
    // The editor's page lies over everything.
    await click(
      'Close',
      tab.page
        .locator('.monaco-modal-editor-block')
        .getByRole('button', { name: /^Close/ })
        .last(),
    );
    await click('status bar', tab.page.locator('.statusbar-item[id*="cheatcode"]', { hasText: 'Web' }));
    const first = tab.page.locator('.quick-input-widget .monaco-list-row').first();
    await first.waitFor();
    assert.match(await first.innerText(), /Open Preview/, 'what comes first, also while it starts');
    await click('Open Preview', first);
    await tab.waitForStatus(new RegExp(`Web :${PORT}`), 120_000);
    await tab.appFrame('#counter');
    await tab.picture('newcomer');
    console.log(`      from the address to the app in the preview: ${secondsSince()} s, ${clicks.length} clicks`);
    const readme = await readFile(inRepo('README.md'), 'utf8');
    const said = /(\w+) clicks from a fresh profile/.exec(readme)?.[1];
    assert.equal(said, ['none', 'one', 'two', 'three', 'four', 'five', 'six'][clicks.length], clicks.join(', '));
  });

  it('has code, app and terminal on one screen, as README shows them', async () => {
    await tab.command('View: Close All Editors');
    await tab.command('View: Hide Secondary Side Bar');
    await tab.openFile('cheatcode-app/app/page.tsx');
    await tab.command('Cheatcode: Open Preview');
    await tab.command('Cheatcode: Show Dev Server Terminal');
    await tab.appFrame('#counter');
    await tab.page.locator('.part.editor .tab[data-resource-name="page.tsx"]').waitFor();
    await eventually('its terminal', async () => (await tab.terminalNames()).join().includes('dev_server_web'));
    await tab.clearNotifications();
    await tab.page.mouse.move(150, 600);
    await tab.picture('product');
  });
});
