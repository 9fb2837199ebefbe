import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { chooseLanguage } from '../hosts/languagePack.mjs';
import { freePort } from '../hosts/ports.mjs';
import { told } from './support/questions';
import { Editor, eventually, workspace, type Tab } from './support/workbench';

describe('an editor in German', function () {
  this.timeout(240_000);
  let editor: Editor;
  let tab: Tab;
  let port: number;

  before(async () => {
    const name = 'german';
    await chooseLanguage({
      userDataDir: path.join(process.env['CHEATCODE_TEST_DIR'] ?? '', name, 'user'),
      languageId: 'de',
    });
    port = await freePort();
    const root = await workspace(name);
    await mkdir(path.join(root, '.vscode'), { recursive: true });
    await writeFile(path.join(root, '.vscode', 'settings.json'), '{ "cheatcode.restartOnChange": "never" }');
    editor = await Editor.open(name, {
      workspace: root,
      settings: { 'cheatcode.web.port': port },
    });
    tab = await editor.tab();
  });
  after(() => editor?.close());
  afterEach(async function () {
    if (this.currentTest?.state !== 'failed') return;
    console.log(editor.hostLog());
    await tab.picture('failed-german');
  });

  const item = () => tab.page.locator('.statusbar-item[id*="cheatcode"]').first();

  it('is told in German what is wrong with a setting', async () => {
    const buttons = await told(
      tab,
      /cheatcode\.restartOnChange ist "never", erlaubt ist einer der Werte offer, restart\./,
    );
    assert.deepEqual(buttons, ['Einstellungen öffnen']);
    await tab.clearNotifications();
    await rm(path.join(editor.workspace, '.vscode'), { recursive: true });
  });

  it('reads how the server is in the status bar', async () => {
    await tab.waitForStatus(`Web :${port}`, 120_000);
    await eventually('the spoken state', async () => {
      const labels = await item()
        .locator('xpath=descendant-or-self::*[@aria-label]')
        .evaluateAll((elements) => elements.map((element) => element.getAttribute('aria-label')));
      if (labels.some((label) => label?.includes(`Dev-Server Web: läuft, Port ${port}`))) return true;
      throw new Error(labels.join(' | '));
    });
  });

  it('reads it in the view, and finds commands by their German names', async () => {
    await tab.command('Cheatcode: Dev-Server anzeigen');
    const row = tab.page.locator('.monaco-list-row[aria-level="1"][aria-label^="Web,"]');
    await eventually('the row', async () => {
      const label = (await row.getAttribute('aria-label', { timeout: 5000 })) ?? '';
      if (label.startsWith(`Web, läuft, Port ${port}. Web läuft auf Port ${port}.`)) return true;
      throw new Error(label);
    });
    await row.click();
    await tab.page.keyboard.press('ArrowRight');
    const names = tab.page.locator('.monaco-list-row[aria-level="2"] .label-name');
    await eventually('the facts', async () => {
      const texts = await names.allInnerTexts();
      if (['Adresse', 'Prozess', 'Betriebszeit'].every((name) => texts.includes(name))) return true;
      throw new Error(texts.join(' | '));
    });
  });

  it('gets German words for the actions', async () => {
    await item().click();
    const rows = tab.page.locator('.quick-input-list .monaco-list-row .label-name');
    const wanted = ['Vorschau öffnen', 'Im Browser öffnen', 'Terminal anzeigen', 'Neu starten', 'Beenden'];
    await eventually('the actions', async () => {
      const texts = (await rows.allInnerTexts()).map((text) => text.trim());
      // Behind a sign.
      if (wanted.every((label) => texts.some((text) => text.endsWith(label)))) return true;
      throw new Error(texts.join(' | '));
    });
    await tab.page.keyboard.press('Escape');
  });

  it('has a preview that speaks German, and says so', async () => {
    await tab.command('Cheatcode: Vorschau öffnen');
    await tab.appFrame('#counter');
    const page = await tab.previewPage();
    assert.ok(page);
    assert.equal(await page.locator('html').getAttribute('lang'), 'de');
    assert.equal(await page.locator('#reload').getAttribute('aria-label'), 'Neu laden');
    assert.equal(await page.locator('#viewport').getAttribute('aria-label'), 'Vorschau von Web');
    await tab.page.locator('.tab', { hasText: 'Vorschau: Web' }).waitFor();
    await item().hover();
    await tab.page.locator('.monaco-hover', { hasText: 'Betriebszeit' }).waitFor();
    await tab.picture('german');
  });

  it('explains cheatcode.json in German', async () => {
    const { page } = tab;
    await writeFile(path.join(editor.workspace, 'cheatcode.json'), '{ "autoStart": "auto" }\n');
    await page.keyboard.press('Control+p');
    await page.locator('.quick-input-box input').fill('cheatcode.json');
    await page.locator('.quick-input-list .monaco-list-row.focused[aria-label*="cheatcode.json"]').waitFor();
    await page.keyboard.press('Enter');
    await page.locator('.monaco-editor .view-line').first().waitFor();
    for (let n = 0; n < 5; n++) await page.keyboard.press('ArrowRight');
    const hover = page.locator('.monaco-hover', { hasText: 'Welche App von selbst startet' });
    await eventually('the explanation', async () => {
      await page.keyboard.press('Control+k');
      await page.keyboard.press('Control+i');
      await hover.waitFor({ timeout: 3000 });
      return true;
    });
    await tab.picture('german-config');
    await page.keyboard.press('Escape');
  });
});
