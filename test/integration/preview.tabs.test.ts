import assert from 'node:assert/strict';
import type { Frame, Locator } from 'playwright-core';
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

  const panel = (): Promise<Frame> => eventually('the page of the preview', () => tab.previewPage());

  const counter = async (): Promise<Locator> => {
    const button = (await tab.appFrame('#counter')).locator('#counter');
    await eventually('the app to be hydrated', async () => (await button.getAttribute('data-alive')) === 'true');
    return button;
  };

  const truth = async (): Promise<string | null> => (await panel()).locator('body').getAttribute('data-truth');
  const isAlive = (): Promise<unknown> =>
    eventually('the preview to be called alive', async () => {
      const now = await truth();
      if (now === 'alive') return true;
      throw new Error(`it is ${now}: ${await (await panel()).locator('#notices').innerText()}`);
    });
  const address = async (): Promise<string> => (await panel()).locator('#address').inputValue();

  it('says that nothing runs, offers to start it, and waits until the server answers', async () => {
    await tab.waitForStatus(/Web/);
    await tab.command('Cheatcode: Open Preview');
    const page = await panel();
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

  it('has a gateway of which the editor says nothing: its port has a name, and no message', async () => {
    await counter();
    await tab.command('Ports: Focus on Ports View');
    const row = tab.page.locator('.tunnel-view-label, .monaco-list-row', { hasText: 'Cheatcode preview' }).first();
    await row.waitFor({ timeout: 30_000 });
    const port = /\b(\d{4,5})\b/.exec(await row.innerText())?.[1];
    assert.ok(port, await row.innerText());
    await tab.command('Notifications: Show Notifications');
    // It does say so of the app's own, once, when it sees that port first: what is not there was not just cleared away.
    const told = await eventually('the message about the app', async () => {
      const texts = await tab.page.locator('.notifications-center .notification-list-item-message').allInnerTexts();
      if (texts.some((text) => text.includes(String(PORT)))) return texts;
      throw new Error(texts.join(' | '));
    });
    assert.deepEqual(
      told.filter((text) => text.includes(port)),
      [],
    );
    await tab.picture('preview-ports');
    await tab.page.keyboard.press('Escape');
    await tab.command('View: Hide Panel');
  });

  it('holds the living app: hydrated, a click counts, and it says alive', async () => {
    const button = await counter();
    await button.click();
    await eventually('the click to count', async () => (await button.innerText()) === 'Clicked 1 times');
    await isAlive();
    assert.equal(await (await panel()).locator('.notice').count(), 0);
    await tab.clearNotifications();
    await tab.picture('preview');
  });

  it('shows the app as wide as a phone, upright and turned', async () => {
    const page = await panel();
    const frame = page.locator('#viewport iframe');
    const size = async () => (await frame.boundingBox()) ?? { width: 0, height: 0 };
    await page.locator('#phone').click();
    await eventually('an upright phone', async () => (await size()).width < (await size()).height);
    const upright = await size();
    await page.locator('#rotate').click();
    await eventually('a turned phone', async () => (await size()).height < upright.height);
  });

  it('follows the app with its address, and goes back and forward', async () => {
    const page = await panel();
    await (await tab.appFrame('#counter')).getByRole('link', { name: 'About' }).click();
    await eventually('the address of the other page', async () => (await address()) === '/about');
    const back = page.locator('#back');
    await eventually('a way back', async () => (await back.getAttribute('aria-disabled')) === 'false');
    await back.click();
    await eventually('the first page', async () => (await address()) === '/');
    await counter();
    await page.locator('#forward').click();
    await eventually('the other page again', async () => (await address()) === '/about');
  });

  it('goes where a person types, by the keyboard', async () => {
    const field = (await panel()).locator('#address');
    await field.fill('//nowhere.example.com');
    await field.press('Escape');
    assert.equal(await field.inputValue(), '/about');
    await field.fill('?typed=1');
    await field.press('Enter');
    await eventually('the typed address', async () => (await address()) === '/?typed=1');
    await counter();
    await isAlive();
  });

  it('gives keys that the app leaves to the editor back to it', async () => {
    await (await counter()).click();
    await tab.page.keyboard.press('F1');
    await tab.page.locator('.quick-input-box input').waitFor({ state: 'visible', timeout: 15_000 });
    await tab.page.keyboard.press('Escape');
  });

  it('survives a reload of the window, with its path and width', async () => {
    await tab.page.reload();
    await tab.waitForStatus(`Web :${PORT}`);
    const button = await counter();
    assert.equal(await button.innerText(), 'Clicked 0 times');
    assert.equal(await address(), '/?typed=1');
    const page = await panel();
    assert.equal(await page.locator('#phone').getAttribute('aria-pressed'), 'true');
    assert.equal(await page.locator('#rotate').getAttribute('aria-pressed'), 'true');
    await page.locator('#full').click();
  });

  it('does not take a page in its frame for the editor, nor a frame in that one, nor a page beside it', async () => {
    const forged = JSON.stringify({ type: 'show', page: { kind: 'failed', sentence: 'forged', actions: [] } });
    const app = await tab.appFrame('#counter');
    // Each window of the page gets it, from the topmost down: the editor hides from those below it what is above them. Also
    // from a frame that the app makes.
    const forge = `{ const forge = (to) => { to.postMessage(${forged}, '*'); for (let n = 0; n < to.length; n++) forge(to[n]); }; forge(top); }`;
    await app.evaluate(forge);
    await app.evaluate(`new Promise((done) => {
      const inner = document.createElement('iframe');
      inner.srcdoc = '<script>' + ${JSON.stringify(forge)} + 'parent.postMessage("sent", "*")</' + 'script>';
      addEventListener('message', ({ data }) => data === 'sent' && done());
      document.body.append(inner);
    })`);
    // Such as the page of another extension.
    await tab.page.evaluate(`document.body.append(Object.assign(document.createElement('iframe'), { id: 'beside' }))`);
    const beside = tab.page.locator('#beside');
    const besideFrame = await (await beside.elementHandle())?.contentFrame();
    assert.ok(besideFrame);
    await besideFrame.evaluate(forge);
    // What is sent after it is shown, so it has been dealt with.
    await (await panel()).locator('#tablet').click();
    const page = await panel();
    await eventually(
      'the new width',
      async () => (await page.locator('#tablet').getAttribute('aria-pressed')) === 'true',
    );
    assert.equal(await page.getByText('forged').count(), 0);
    await beside.evaluate('(element) => element.remove()');
    assert.equal(await page.locator('#viewport').isVisible(), true);
    await page.locator('#full').click();
  });

  it('shows that the server was stopped, and the app again when it returns', async () => {
    await tab.command('Cheatcode: Stop Dev Server');
    await tab.waitForStatus('Web stopped');
    const page = await panel();
    await eventually('a sentence about the stopped server', async () =>
      /stopped/i.test(await page.locator('#sentence').innerText()),
    );
    await tab.command('Cheatcode: Start Dev Server');
    await tab.waitForStatus(`Web :${PORT}`, 120_000);
    await counter();
    await isAlive();
  });

  it('is usable in a narrow window', async () => {
    await tab.page.setViewportSize({ width: 700, height: 700 });
    await counter();
    const page = await panel();
    const widest = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
    assert.ok(widest <= 0, `${widest} px too wide`);
    for (const button of await page.locator('#toolbar button:visible').all()) {
      const box = await button.boundingBox();
      assert.ok(box !== null && box.width >= 20, 'a button that can be hit');
    }
  });
});
