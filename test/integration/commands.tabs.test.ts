import assert from 'node:assert/strict';
import { Editor, eventually, workspace, type Tab } from './support/workbench';

const PORT = 3131;
const RUNNING = `Web :${PORT}`;

describe('the commands, in a tab that did not start the server', function () {
  this.timeout(180_000);
  let editor: Editor;
  let first: Tab;
  let tab: Tab;

  before(async () => {
    editor = await Editor.open('commands', {
      workspace: await workspace('commands'),
      settings: { 'cheatcode.web.port': PORT, 'workbench.colorTheme': 'Default Dark Modern' },
    });
    first = await editor.tab();
    await first.waitForStatus(RUNNING, 120_000);
    console.log(`    one tab: activation to server process ${await editor.activationToServerMs()} ms`);
    tab = await editor.tab();
    await tab.waitForStatus(RUNNING);
  });
  after(() => editor.close());
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await tab.picture('failed-commands');
  });

  const quickPick = () => tab.page.locator('.quick-input-widget .monaco-list-row .label-name').allInnerTexts();

  it('offers in the palette what makes sense while the server runs', async () => {
    const offered = await tab.offeredCommands();
    for (const title of [
      'Stop Dev Server',
      'Restart Dev Server',
      'Show Dev Server Terminal',
      'Open Preview',
      'Open in Browser',
      'Copy URL',
      'Show Log',
      'Dev Server Actions',
    ])
      assert.ok(offered.includes(title), `${title} in ${offered.join(', ')}`);
    assert.ok(!offered.includes('Start Dev Server'), offered.join(', '));
  });

  it('opens the actions with a click on the status bar, those that fit the state, and closes them with Escape', async () => {
    await tab.page.locator('.statusbar-item[id*="cheatcode"] a').click();
    const titles = await eventually('the quick pick', async () => {
      const found = await quickPick();
      return found.length > 3 ? found : undefined;
    });
    const widget = tab.page.locator('.quick-input-widget');
    await eventually('the list to have faded in', () =>
      widget.evaluate((element) => getComputedStyle(element).opacity === '1'),
    );
    await tab.picture('actions');
    assert.ok(
      titles.some((title) => /stop/i.test(title)),
      titles.join(', '),
    );
    assert.ok(!titles.some((title) => /^\s*start/i.test(title)), titles.join(', '));
    await tab.page.keyboard.press('Escape');
  });

  it('opens the app in another tab of the browser', async () => {
    const [opened] = await Promise.all([
      tab.page.context().waitForEvent('page', { timeout: 60_000 }),
      (async () => {
        await tab.command('Cheatcode: Open in Browser');
        // The editor asks before it opens an address that it does not know.
        const open = tab.page.getByRole('button', { name: 'Open', exact: true });
        await eventually('the page or the question', async () =>
          tab.page.context().pages().length > 1 ? true : open.click({ timeout: 1000 }).then(() => true),
        );
      })(),
    ]);
    // The app's own title: the gateway's shell around it shows it when the app has said so from inside.
    await eventually('the app', async () => (await opened.title()) === 'Cheatcode sample');
    // Looked at only now: Playwright keeps to the empty document that a frame begins with when it is asked for that one.
    const texts = await Promise.all(opened.frames().map((frame) => frame.locator('body').innerText()));
    assert.match(texts.join('\n'), /Hello from cheatcode-app/);
    await opened.close();
  });

  it('shows the log of the extension', async () => {
    await tab.command('Cheatcode: Show Log');
    await eventually('a line of the log', async () =>
      (await tab.page.locator('.part.panel').innerText()).replace(/\s+/g, ' ').includes('session host joined'),
    );
  });

  it('shows a report for a bug report as a document that was written nowhere', async () => {
    await tab.command('Cheatcode: Show Dev Server Report');
    await tab.page.locator('.tab.active', { hasText: /Untitled/ }).waitFor();
    await eventually('the report', async () => {
      const text = (await tab.page.locator('.monaco-editor .view-lines').first().innerText()).replaceAll('\u00a0', ' ');
      if (/\| Extension \| \d/.test(text)) return true;
      throw new Error(text);
    });
    await tab.clearNotifications();
    await tab.picture('report');
    await tab.command('View: Revert and Close Editor');
  });

  it('stops and starts from the tab that started nothing', async () => {
    await tab.command('Cheatcode: Stop Dev Server');
    for (const one of [first, tab]) await one.waitForStatus('Web stopped', 30_000);
    const offered = await tab.offeredCommands();
    assert.ok(offered.includes('Start Dev Server') && !offered.includes('Stop Dev Server'), offered.join(', '));
    await tab.command('Cheatcode: Start Dev Server');
    for (const one of [first, tab]) await one.waitForStatus(RUNNING, 120_000);
  });
});
