import assert from 'node:assert/strict';
import { Editor, eventually, workspace, type Tab } from './support/workbench';

const PORT = 3107;

describe('the preview panel', function () {
  this.timeout(240_000);
  let editor: Editor;
  let tab: Tab;

  before(async () => {
    editor = await Editor.open('preview', {
      workspace: await workspace('preview'),
      settings: { 'cheatcode.web.port': PORT, 'cheatcode.autoStart': 'off' },
    });
    tab = await editor.tab();
  });
  after(() => editor.close());
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await tab.picture('failed-preview');
  });

  const counter = async () => {
    const frame = tab.previewFrame(PORT);
    assert.ok(
      frame,
      `a frame of the app among ${tab.page
        .frames()
        .map((one) => one.url())
        .join(' ')}`,
    );
    const button = frame.locator('#counter');
    await eventually('the app to be hydrated', async () => (await button.getAttribute('data-alive')) === 'true');
    return button;
  };

  it('says that nothing runs, offers to start it, and waits until the server answers', async () => {
    await tab.waitForStatus(/Web/);
    await tab.command('Cheatcode: Open Preview');
    const page = await eventually('the page of the preview', () => tab.previewPage());
    await eventually('a sentence about the stopped server', async () =>
      /stopped|not (?:been )?(?:running|started)/i.test(await page.locator('#sentence').innerText()),
    );
    await tab.picture('preview-stopped');
    await page.getByRole('button', { name: /start/i }).click();
    await eventually(
      'the waiting page',
      async () => (await tab.status()) !== '' && (await page.locator('#sentence').isVisible()),
    );
    await tab.waitForStatus(`Web :${PORT}`, 120_000);
  });

  it('holds the living app: hydrated, and a click counts', async () => {
    const button = await eventually('the counter', counter);
    await button.click();
    await eventually('the click to count', async () => (await button.innerText()) === 'Clicked 1 times');
    await tab.clearNotifications();
    await tab.picture('preview');
  });

  it('survives a reload of the window', async () => {
    await tab.page.reload();
    await tab.waitForStatus(`Web :${PORT}`);
    const button = await eventually('the counter after the reload', counter, 90_000);
    assert.equal(await button.innerText(), 'Clicked 0 times');
  });

  it('shows that the server was stopped, and the app again when it returns', async () => {
    await tab.command('Cheatcode: Stop Dev Server');
    await tab.waitForStatus('Web stopped');
    const page = await eventually('the page of the preview', () => tab.previewPage());
    await eventually('a sentence about the stopped server', async () =>
      /stopped/i.test(await page.locator('#sentence').innerText()),
    );
    await tab.command('Cheatcode: Start Dev Server');
    await tab.waitForStatus(`Web :${PORT}`, 120_000);
    await eventually('the counter after the restart', counter, 90_000);
  });

  it('is usable in a narrow window', async () => {
    await tab.page.setViewportSize({ width: 700, height: 700 });
    await eventually('the counter', counter);
    await tab.clearNotifications();
    await tab.picture('preview-narrow');
  });
});
