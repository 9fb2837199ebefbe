import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Frame } from 'playwright-core';
import { BROKEN_PAGE } from './support/brokenPage';
import { Editor, eventually, workspace, type Tab } from './support/workbench';

const PORT = 3117;

describe('a compile error in the preview', function () {
  this.timeout(240_000);
  let editor: Editor;
  let tab: Tab;
  let page: string;
  let sound: string;

  before(async () => {
    const folder = await workspace('preview-error');
    page = path.join(folder, 'cheatcode-app', 'app', 'page.tsx');
    sound = await readFile(page, 'utf8');
    // It is broken before anything is asked for: Next has no page to show but its own.
    await writeFile(page, BROKEN_PAGE);
    editor = await Editor.open('preview-error', { workspace: folder, settings: { 'cheatcode.web.port': PORT } });
    tab = await editor.tab();
    await tab.waitForStatus(`Web :${PORT}`, 120_000);
    await tab.command('Cheatcode: Open Preview');
  });
  after(() => editor.close());
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await tab.picture('failed-preview-error');
  });

  const panel = (): Promise<Frame> => eventually('the page of the preview', () => tab.previewPage());
  const isTrue = async (truth: string): Promise<void> => {
    const shown = await panel();
    await eventually(`the preview to be called ${truth}`, async () => {
      const now = await shown.locator('body').getAttribute('data-truth');
      if (now === truth) return true;
      throw new Error(`it is ${now}: ${await shown.locator('#notices').innerText()}`);
    });
  };
  const notice = async (): Promise<string> =>
    eventually('the place in a notice', async () => {
      const said = await (await panel()).locator('.notice').innerText();
      if (/page\.tsx:\d/.test(said)) return said;
      throw new Error(said);
    });

  it('is shown with its place although the page never came up', async () => {
    await isTrue('compileError');
    assert.match(await notice(), /^Compile error in app\/page\.tsx:8: Expected '>', got '\)'/);
    await tab.clearNotifications();
    await tab.picture('preview-compile-error');
  });

  it('opens its file at the line, beside the preview', async () => {
    await (await panel()).getByRole('button', { name: 'Open File' }).click();
    const status = tab.page.locator('.statusbar-item[id*="editor.selection"]');
    await eventually('the line', async () => (await status.innerText()).includes('Ln 8, Col 3'));
    assert.equal(await tab.page.locator('.tab.active[data-resource-name="page.tsx"]').count(), 1);
    assert.ok(await tab.previewPage(), 'the preview is still to be seen');
  });

  it('goes by itself when it is fixed, and returns when hot reload brings another', async () => {
    await writeFile(page, sound);
    const button = (await tab.appFrame('#counter')).locator('#counter');
    await eventually('the app to be hydrated', async () => (await button.getAttribute('data-alive')) === 'true');
    await isTrue('alive');
    assert.equal(await (await panel()).locator('.notice').count(), 0);
    await writeFile(page, `import './nowhere';\n${sound}`);
    await isTrue('compileError');
    assert.match(await notice(), /^Compile error in app\/page\.tsx:1: Module not found: Can't resolve '\.\/nowhere'/);
    await writeFile(page, sound);
    await isTrue('alive');
  });
});
