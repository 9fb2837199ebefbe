import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { repoRoot } from '../hosts/paths.mjs';
import { actions } from './support/questions';
import { Editor, eventually, workspace, type Tab } from './support/workbench';

const PORT = 3170;
/** What a picture of the walkthrough is taken at: about the width at which the editor shows it. */
const PICTURE = { width: 760, height: 480 };
const takesPictures = process.env['CHEATCODE_SCREENSHOTS'] !== undefined;

/** Keeps a picture that the walkthrough itself shows: of the real thing, as WebP, a third of the size of a PNG. */
async function keep({ browser }: Editor, { page }: Tab, step: string, theme: string): Promise<void> {
  const folder = path.join(repoRoot, 'media', 'walkthrough');
  await mkdir(folder, { recursive: true });
  const png = (await page.screenshot()).toString('base64');
  const canvas = await browser.newPage();
  const webp = await canvas.evaluate(
    `new Promise((resolve) => {
      const image = new Image();
      image.onload = () => {
        const canvas = Object.assign(document.createElement('canvas'), { width: image.width, height: image.height });
        canvas.getContext('2d').drawImage(image, 0, 0);
        resolve(canvas.toDataURL('image/webp', 0.8));
      };
      image.src = 'data:image/png;base64,${png}';
    })`,
  );
  await canvas.close();
  await page.bringToFront();
  await writeFile(path.join(folder, `${step}-${theme}.webp`), Buffer.from(String(webp).split(',')[1] ?? '', 'base64'));
}

describe('the walkthrough', function () {
  this.timeout(240_000);
  let editor: Editor;
  let tab: Tab;

  before(async () => {
    editor = await Editor.open('walkthrough', {
      workspace: await workspace('walkthrough'),
      settings: { 'cheatcode.web.port': PORT, 'cheatcode.autoStart': 'off' },
    });
    tab = await editor.tab({ width: 1280, height: 900 });
    await tab.waitForStatus(/Web/);
    await openWalkthrough();
  });
  after(() => editor.close());
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await tab.picture('failed-walkthrough');
  });

  const step = (title: string) => tab.page.locator('.getting-started-step', { hasText: title });
  const isDone = (title: string) => step(title).locator('.codicon-getting-started-step-checked').isVisible();
  const becomesDone = (title: string) => eventually(`"${title}" to be done`, () => isDone(title), 30_000);
  /** Opens a step and presses the button in it, as a person does who follows the walkthrough. */
  const press = async (title: string, button: string): Promise<void> => {
    await openWalkthrough();
    if (!(await step(title).locator('.button-container').isVisible())) await step(title).click();
    await step(title).getByRole('button', { name: button }).click();
  };

  async function openWalkthrough(): Promise<void> {
    await tab.command('Welcome: Open Walkthrough...');
    const row = tab.page.locator('.quick-input-list .monaco-list-row', { hasText: 'Cheatcode Dev Server' });
    await row.first().click();
    await step('Your dev server starts by itself').waitFor();
  }

  it('has four steps with a picture that is there, and none is done before anything was', async () => {
    const titles = await tab.page.locator('.getting-started-step .step-title').allInnerTexts();
    assert.deepEqual(titles, [
      'Your dev server starts by itself',
      'See your app beside the code',
      'Look into its terminal',
      'Everything else is one click away',
    ]);
    for (const title of titles) {
      assert.equal(await isDone(title), false, title);
      if (!(await step(title).locator('.button-container').isVisible())) await step(title).click();
      const picture = tab.page.locator('.getting-started-media img');
      await eventually(`the picture of "${title}"`, () =>
        picture.evaluate((image) => (image as unknown as { readonly naturalWidth: number }).naturalWidth > 300),
      );
      assert.match((await picture.getAttribute('alt')) ?? '', /\w+ \w+/);
    }
  });

  it('is done by what a person does: step by step with its own buttons', async () => {
    await tab.command('Cheatcode: Start Dev Server');
    await tab.waitForStatus(`Web :${PORT}`, 120_000);
    await openWalkthrough();
    await becomesDone('Your dev server starts by itself');
    assert.equal(await isDone('See your app beside the code'), false);
    await press('See your app beside the code', 'Open Preview');
    await tab.appFrame('#counter');
    await press('Look into its terminal', 'Show Terminal');
    await eventually('the terminal', async () => /Next\.js|next dev/.test(await tab.terminalText()));
    await press('Everything else is one click away', 'Dev Server Actions');
    await tab.page.locator('.quick-input-widget .monaco-list-row').first().waitFor();
    await tab.page.keyboard.press('Escape');
    await openWalkthrough();
    for (const title of ['See your app beside the code', 'Look into its terminal', 'Everything else is one click away'])
      await becomesDone(title);
    await tab.clearNotifications();
    await tab.picture('walkthrough');
  });

  // No test: each picture shows what its step speaks of, and is looked at by whoever takes it anew.
  for (const theme of takesPictures ? (['Dark Modern', 'Light Modern'] as const) : [])
    it(`shows the real thing in its pictures (${theme})`, async () => {
      const name = theme.split(' ')[0]?.toLowerCase() ?? '';
      const closePanel = async (): Promise<void> => {
        const close = tab.page.locator('.part.panel .codicon-panel-close');
        if (await close.isVisible()) await close.click();
      };
      await editor.change({ 'workbench.colorTheme': theme, 'workbench.layoutControl.enabled': false });
      await tab.page.setViewportSize(PICTURE);
      await tab.command('View: Close All Editors');
      await tab.page.reload();
      await tab.waitForStatus(`Web :${PORT}`);
      await tab.clearNotifications();
      await closePanel();
      await tab.openFile('cheatcode-app/app/page.tsx');
      await tab.page.locator('.view-lines').first().click();
      await tab.page.keyboard.press('Control+Home');
      await tab.command('Cheatcode: Show Dev Servers');
      await tab.page
        .locator('.pane', { hasText: `port ${PORT}` })
        .first()
        .waitFor();
      await settled();
      await keep(editor, tab, 'runs', name);
      await tab.command('View: Toggle Primary Side Bar Visibility');
      await tab.command('Cheatcode: Open Preview');
      await tab.appFrame('#counter');
      await tab.clearNotifications();
      await settled();
      await keep(editor, tab, 'preview', name);
      await actions(tab, () => keep(editor, tab, 'actions', name));
      await tab.command('Cheatcode: Show Dev Server Terminal');
      await eventually('the terminal', async () => /Next\.js|next dev/.test(await tab.terminalText()));
      await tab.clearNotifications();
      await settled();
      await keep(editor, tab, 'terminal', name);
    });

  /** The quick pick has faded, and the theme is drawn. */
  async function settled(): Promise<void> {
    await eventually('no quick pick', async () => !(await tab.page.locator('.quick-input-widget').isVisible()));
    await tab.page.mouse.move(PICTURE.width / 2, PICTURE.height - 60);
    await eventually('no size over the terminal', async () => !(await tab.page.getByText(/^\d+ x \d+$/).isVisible()));
    await eventually('no hover', async () => !(await tab.page.locator('.monaco-hover').first().isVisible()));
    await tab.page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
  }
});
