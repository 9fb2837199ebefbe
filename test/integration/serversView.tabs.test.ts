import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Locator } from 'playwright-core';
import { holdersOf } from '../hosts/witness';
import { freePort } from '../hosts/ports.mjs';
import { Editor, eventually, workspace, type Tab } from './support/workbench';

const PORT = 3198;

/** An app that always fails, beside the sample's. */
async function makeWorkspace(): Promise<string> {
  const folder = await workspace('servers-view');
  await mkdir(path.join(folder, 'api', 'node_modules'), { recursive: true });
  await writeFile(path.join(folder, 'api', 'package.json'), '{ "name": "api" }');
  const api = { name: 'api', type: 'custom', path: 'api', command: 'node missing.mjs', port: await freePort() };
  const web = { name: 'cheatcode-app', type: 'web', path: 'cheatcode-app' };
  await writeFile(path.join(folder, 'cheatcode.json'), JSON.stringify({ apps: [web, api], autoStart: 'all' }));
  return folder;
}

describe('the Dev Servers view', function () {
  this.timeout(240_000);
  let editor: Editor;
  let tab: Tab;

  before(async () => {
    editor = await Editor.open('servers-view', {
      workspace: await makeWorkspace(),
      settings: { 'cheatcode.web.port': PORT, 'cheatcode.healthIntervalSeconds': 1 },
    });
    tab = await editor.tab();
  });
  after(() => editor?.close());
  afterEach(async function () {
    if (this.currentTest?.state !== 'failed') return;
    console.log(editor.hostLog());
    await tab.picture('failed-servers-view');
  });

  const view = (of = tab) => of.page.locator('.pane', { has: of.page.locator('[aria-label*="Dev Servers Section"]') });
  const rowOf = (label: string, of = tab): Locator =>
    view(of).locator(`.monaco-list-row[aria-level="1"][aria-label^="${label},"]`);
  const says = (row: Locator, words: RegExp, limitMs?: number) =>
    eventually(
      String(words),
      async () => {
        const label = (await row.getAttribute('aria-label', { timeout: 5000 })) ?? '';
        if (words.test(label)) return true;
        throw new Error(label);
      },
      limitMs,
    );
  /** Values of the rows below the app, by their names. */
  const details = async (of = tab) => {
    const rows = await view(of).locator('.monaco-list-row[aria-level="2"]').all();
    const pairs = await Promise.all(
      rows.map(async (row) => [
        await row.locator('.label-name').first().innerText(),
        (await row.locator('.label-description').allInnerTexts()).join(''),
      ]),
    );
    return new Map(pairs.map(([name = '', value = '']) => [name, value]));
  };
  const press = async (label: string, title: string) => {
    await rowOf(label).hover();
    await rowOf(label).locator(`.action-label[aria-label^="${title}"]`).click();
  };

  it('is in the Explorer, and says of each app how it is', async () => {
    await tab.command('Cheatcode: Show Dev Servers');
    // The editor draws only rows that there is room for.
    await tab.page.locator('.pane-header[aria-label^="Explorer Section"]').click();
    await says(rowOf('Web'), new RegExp(`^Web, running, port ${PORT}\\.`), 120_000);
    await says(rowOf('api'), /^api, failed\./, 60_000);
  });

  it('opens by the keyboard and tells port, process, uptime, memory and windows', async () => {
    await rowOf('Web').click();
    await tab.page.keyboard.press('ArrowRight');
    const known = await eventually('its memory', async () => {
      const now = await details();
      return now.has('Memory') ? now : undefined;
    });
    const [holder] = await holdersOf(PORT);
    assert.equal(known.get('Port'), String(PORT));
    assert.equal(known.get('Process'), `pid ${holder?.pid}`);
    assert.match(known.get('Up for') ?? '', /^\d+ (?:s|min), since \d\d:\d\d:\d\d$/);
    assert.match(known.get('Memory') ?? '', /^[1-9]\d* MB$/);
    assert.equal(known.get('Windows'), '1');
    await tab.picture('servers-view');
  });

  it('counts the windows, in each of them', async () => {
    const other = await editor.tab();
    await other.command('Cheatcode: Show Dev Servers');
    await says(rowOf('Web', other), /running/, 60_000);
    await eventually('both windows', async () => (await details()).get('Windows') === '2');
    await other.close();
    await eventually('one window', async () => (await details()).get('Windows') === '1', 60_000);
  });

  it('stops and starts by the buttons of the row, and stays open', async () => {
    await press('Web', 'Stop Dev Server');
    await says(rowOf('Web'), /^Web, stopped/);
    await eventually('a free port', async () => (await holdersOf(PORT)).length === 0);
    assert.ok(!(await details()).has('Process'));
    assert.ok((await details()).has('Session'), 'it is still open');
    await press('Web', 'Start Dev Server');
    await says(rowOf('Web'), /^Web, running/, 120_000);
    assert.equal((await holdersOf(PORT)).length, 1);
  });

  it('opens the preview of the row’s app by its button', async () => {
    await press('Web', 'Open Preview');
    await tab.appFrame('#counter');
    await tab.command('View: Close All Editors');
  });

  it('offers in the menu of a row what fits its state', async () => {
    const menuOf = async (label: string) => {
      await rowOf(label).click({ button: 'right' });
      const items = tab.page.locator('.context-view .action-item .action-label[aria-label]');
      await items.first().waitFor();
      const titles = (await items.allInnerTexts()).map((text) => text.trim()).filter((text) => text !== '');
      await tab.page.keyboard.press('Escape');
      return titles;
    };
    const running = await menuOf('Web');
    for (const title of ['Stop Dev Server', 'Restart Dev Server', 'Open Preview', 'Copy URL'])
      assert.ok(running.includes(title), running.join());
    assert.ok(!running.includes('Start Dev Server'), running.join());
    const failed = await menuOf('api');
    assert.ok(failed.includes('Restart Dev Server'), failed.join());
    assert.ok(!failed.includes('Copy URL'), failed.join());
  });

  it('shows the terminal of the row that says the session', async () => {
    await view().locator('.monaco-list-row[aria-level="2"][aria-label^="Session"]').click();
    await eventually('the terminal', async () => (await tab.terminalNames()).join().includes('dev_server_web'));
  });
});

describe('the Dev Servers view of a workspace without an app', function () {
  this.timeout(120_000);
  let editor: Editor;
  let tab: Tab;

  before(async () => {
    const folder = await workspace('servers-none', []);
    await writeFile(path.join(folder, 'cheatcode.json'), '{ "apps": [] }');
    editor = await Editor.open('servers-none', { workspace: folder });
    tab = await editor.tab();
  });
  after(() => editor?.close());

  it('says what is looked for, and leads on', async () => {
    await tab.page.locator('.pane-header', { hasText: 'Dev Servers' }).click({ timeout: 60_000 });
    const welcome = tab.page.locator('.welcome-view-content', { hasText: 'No dev server was found' });
    await welcome.waitFor({ timeout: 60_000 });
    await tab.picture('servers-none');
    await welcome.getByRole('button', { name: 'Show Log' }).click();
    await tab.page.locator('.panel .composite.title', { hasText: /output/i }).waitFor();
  });
});
