import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Frame, Locator } from 'playwright-core';
import { copyExpoWeb } from '../hosts/expoWeb.mjs';
import { holdersOf } from '../hosts/witness';
import { Editor, eventually, type Tab } from './support/workbench';

const PORT = 8117;
/** Metro compiles everything when the first page asks. */
const FIRST_LIMIT_MS = 150_000;

describe('the preview of a mobile app that has a web build', function () {
  this.timeout(240_000);
  let editor: Editor;
  let tab: Tab;
  let app: string;

  before(async () => {
    assert.deepEqual(await holdersOf(PORT), [], `port ${PORT} must be free for this test`);
    const root = process.env['CHEATCODE_TEST_DIR'];
    assert.ok(root !== undefined, 'CHEATCODE_TEST_DIR is not set: run the tests with npm test');
    const workspace = path.join(root, 'mobileWeb', 'w');
    app = await copyExpoWeb(path.join(workspace, 'cheatcode-mobile'));
    editor = await Editor.open('mobileWeb', {
      workspace,
      settings: { 'cheatcode.mobile.port': PORT, 'cheatcode.mobile.connection': 'lan' },
      env: { EXPO_OFFLINE: '1' },
    });
    tab = await editor.tab();
  });
  after(() => editor?.close());
  afterEach(async function () {
    if (this.currentTest?.state !== 'failed' || tab === undefined) return;
    console.log(editor.hostLog().split('\n').slice(-20).join('\n'));
    await tab.picture('failed-mobile-web');
  });

  const panel = (): Promise<Frame> => eventually('the page of the preview', () => tab.previewPage());
  const counter = async (): Promise<Locator> => (await tab.appFrame('#counter')).locator('#counter');

  it('shows the address for phones, and that there is a web build', async () => {
    await tab.waitForStatus(`Mobile :${PORT}`, 120_000);
    await tab.command('Cheatcode: Open Preview');
    await eventually('the button for the web build', async () => (await panel()).locator('#faceWeb').isVisible());
    await eventually('the face for phones', async () => {
      const page = await panel();
      const isPressed = (await page.locator('#facePhone').getAttribute('aria-pressed', { timeout: 5000 })) === 'true';
      return isPressed && !(await page.locator('#viewport').isVisible());
    });
  });

  it('shows it in the frame of a phone, alive: a click counts', async () => {
    // The page is made anew once the address of its frame is known.
    await eventually('the face of the web build', async () => {
      await (await panel()).locator('#faceWeb').click({ timeout: 5000 });
      return (await (await panel()).locator('#faceWeb').getAttribute('aria-pressed', { timeout: 5000 })) === 'true';
    });
    await eventually('React to have mounted the app', counter, FIRST_LIMIT_MS);
    await (await counter()).click();
    await eventually('the click to count', async () => (await (await counter()).innerText()) === '1');
    const page = await panel();
    const size = (await page.locator('#viewport iframe').boundingBox()) ?? { width: 0, height: 0 };
    assert.ok(size.width > 0 && size.width < size.height, `${size.width} x ${size.height} is no upright phone`);
    await eventually('the preview to be called alive', async () => {
      const now = await page.locator('body').getAttribute('data-truth');
      if (now === 'alive') return true;
      throw new Error(`it is ${now}: ${await page.locator('#notices').innerText()}`);
    });
    await eventually('the image', async () =>
      (await tab.appFrame('#counter')).evaluate<boolean>(`document.querySelector('#image img').naturalWidth === 16`),
    );
    await tab.clearNotifications();
    await tab.picture('mobile-web');
  });

  it('keeps its state over an edit', async () => {
    const file = path.join(app, 'components', 'Edited.js');
    await writeFile(file, (await readFile(file, 'utf8')).replace('before', 'after'));
    await eventually(
      'the edit to be shown',
      async () => (await (await tab.appFrame('#edited')).locator('#edited').innerText()) === 'after',
    );
    assert.equal(await (await counter()).innerText(), '1');
  });

  it('follows the app with its address, and goes back', async () => {
    const page = await panel();
    const at = (address: string) =>
      eventually(`the address ${address}`, async () => (await page.locator('#address').inputValue()) === address);
    await (await tab.appFrame('#soft')).locator('#soft').click();
    await at('/about?from=soft');
    const back = page.locator('#back');
    await eventually('a way back', async () => (await back.getAttribute('aria-disabled')) === 'false');
    await back.click();
    await at('/');
    await counter();
  });

  it('shows the address for phones again', async () => {
    const page = await panel();
    await page.locator('#facePhone').click();
    await eventually('the address', async () => (await page.locator('body').innerText()).includes('exp://'));
  });
});
