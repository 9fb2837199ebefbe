import assert from 'node:assert/strict';
import type { Frame, Locator } from 'playwright-core';
import { tooltip } from './support/questions';
import { Editor, eventually, workspace, type Tab } from './support/workbench';

const WEB_PORT = 3181;
const MOBILE_PORT = 8181;

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

describe('a preview as a view, and two side by side', function () {
  this.timeout(240_000);
  let editor: Editor;
  let tab: Tab;

  before(async function () {
    this.timeout(420_000);
    editor = await Editor.open('previewView', {
      workspace: await workspace('previewView', ['cheatcode-app', 'cheatcode-mobile']),
      settings: {
        'cheatcode.autoStart': 'all',
        'cheatcode.web.port': WEB_PORT,
        'cheatcode.mobile.port': MOBILE_PORT,
        'cheatcode.mobile.connection': 'lan',
        'cheatcode.terminal.attachAutomatically': false,
        'workbench.colorTheme': 'Default Dark Modern',
      },
    });
    tab = await editor.tab();
    await tab.waitForStatus(`Web :${WEB_PORT} | Mobile :${MOBILE_PORT}`, 300_000);
  });
  after(() => editor.close());
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await tab.picture('failed-preview-view');
  });

  /** The pages that show this app's preview, in whatever. */
  const pagesOf = async (label: string): Promise<Frame[]> => {
    const found = await Promise.all(
      tab.page.frames().map(async (frame) => {
        const viewport = frame.locator(`#viewport[aria-label="Preview of ${label}"]`);
        return (await viewport.count().catch(() => 0)) > 0 ? frame : undefined;
      }),
    );
    return found.filter((frame) => frame !== undefined);
  };
  const pageOf = (label: string): Promise<Frame> =>
    eventually(`one preview of ${label}`, async () => {
      const pages = await pagesOf(label);
      return pages.length === 1 ? pages[0] : undefined;
    });
  /** Where a page lies on the screen; undefined while it is hidden. */
  const boxOf = async (page: Frame): Promise<Box | undefined> => {
    // The editor keeps hidden pages in their places, and hides the outermost frame.
    let outermost = page;
    for (let above = page.parentFrame(); above?.parentFrame(); above = above.parentFrame()) outermost = above;
    const isVisible = await (await outermost.frameElement()).isVisible();
    return isVisible ? ((await (await page.frameElement()).boundingBox()) ?? undefined) : undefined;
  };
  const isInside = (inner: Box, outer: Box): boolean =>
    inner.x >= outer.x - 1 &&
    inner.y >= outer.y - 1 &&
    inner.x + inner.width <= outer.x + outer.width + 1 &&
    inner.y + inner.height <= outer.y + outer.height + 1;
  const isShownIn = async (label: string, part: '.part.panel' | '.part.editor'): Promise<void> => {
    await eventually(`the preview of ${label} in ${part}`, async () => {
      const [page, ...others] = await pagesOf(label);
      if (page === undefined || others.length > 0) return false;
      const [inner, outer] = [await boxOf(page), await tab.page.locator(part).boundingBox()];
      return inner !== undefined && outer !== null && isInside(inner, outer);
    });
  };
  const counter = async (): Promise<Locator> => {
    const button = (await tab.appFrame('#counter')).locator('#counter');
    await eventually('the app to be hydrated', async () => (await button.getAttribute('data-alive')) === 'true');
    return button;
  };
  const address = async (): Promise<string> => (await pageOf('Web')).locator('#address').inputValue();
  /** By the keyboard: the list's own tooltips lie over its rows. */
  const pick = async (label: string): Promise<void> => {
    const name = tab.page.locator('.label-name', { hasText: new RegExp(`^\\s*${label}$`) });
    await tab.page.locator('.quick-input-list').filter({ has: name }).waitFor({ timeout: 30_000 });
    await tab.page.locator('.quick-input-box input').fill(label);
    await tab.page.locator('.quick-input-list .monaco-list-row.focused').filter({ has: name }).waitFor();
    await tab.page.keyboard.press('Enter');
  };
  /** Presses one of the buttons in the title of the view or of the editors. */
  const press = async (part: '.part.panel' | '.part.editor', title: string): Promise<void> => {
    await tab.page.locator(`${part} .action-label[aria-label^="${title}"]`).first().click({ timeout: 15_000 });
  };
  const editorTabs = (): Promise<string[]> =>
    tab.page.locator('.part.editor .tabs-container .tab .label-name').allInnerTexts();

  it('shows the app below the editors, alive', async () => {
    await tab.command('Cheatcode: Open Preview in View');
    await pick('Web');
    await isShownIn('Web', '.part.panel');
    const button = await counter();
    await button.click();
    await eventually('the click to count', async () => (await button.innerText()) === 'Clicked 1 times');
    const page = await pageOf('Web');
    await eventually(
      'the preview to be called alive',
      async () => (await page.locator('body').getAttribute('data-truth')) === 'alive',
    );
    assert.deepEqual(await editorTabs(), []);
    await tab.clearNotifications();
    await tab.picture('preview-view');
    assert.match(await tooltip(tab), /Preview.*alive/i);
  });

  it('keeps what was done in it while another view is in its place', async () => {
    const field = (await pageOf('Web')).locator('#address');
    await field.fill('/?typed=1');
    await field.press('Enter');
    await eventually('the typed address', async () => (await address()) === '/?typed=1');
    await (await pageOf('Web')).locator('#phone').click();
    // The field says so before the page is there, and what is clicked in the one before it is forgotten.
    await eventually(
      'the page of the typed address',
      async () => (await (await tab.appFrame('#counter')).evaluate<string>('location.search')) === '?typed=1',
    );
    const button = await counter();
    await button.click();
    await eventually('the click to count', async () => (await button.innerText()) === 'Clicked 1 times');
    await tab.command('Terminal: Create New Terminal');
    // It takes the focus once its shell runs, and a list that opens before would be closed by that.
    await tab.page.locator('.part.panel .terminal-wrapper.active .xterm.focus').waitFor();
    await eventually('a prompt', async () => (await tab.terminalText()).trim() !== '');
    await eventually('a hidden preview', async () => (await boxOf(await pageOf('Web'))) === undefined);
    await tab.command('Cheatcode: Open Preview');
    await pick('Web');
    await isShownIn('Web', '.part.panel');
    assert.equal(await (await counter()).innerText(), 'Clicked 1 times');
    assert.deepEqual(await editorTabs(), [], 'Open Preview shows it where it is');
  });

  it('has its path and width again after a reload of the window, once it is opened', async () => {
    assert.equal(await (await pageOf('Web')).locator('#phone').getAttribute('aria-pressed'), 'true');
    await tab.page.reload();
    await tab.waitForStatus(`Web :${WEB_PORT} | Mobile :${MOBILE_PORT}`);
    // The editor shows another view in its place until it is asked for (microsoft/vscode#142610).
    await tab.command('Preview: Focus on Preview View');
    await isShownIn('Web', '.part.panel');
    assert.equal(await (await counter()).innerText(), 'Clicked 0 times');
    assert.equal(await address(), '/?typed=1');
    assert.equal(await (await pageOf('Web')).locator('#phone').getAttribute('aria-pressed'), 'true');
  });

  it('moves to an editor with its path and width, and the view says so', async () => {
    await press('.part.panel', 'Move Preview to Editor');
    await isShownIn('Web', '.part.editor');
    await counter();
    assert.equal(await address(), '/?typed=1');
    assert.equal(await (await pageOf('Web')).locator('#phone').getAttribute('aria-pressed'), 'true');
    assert.deepEqual(await editorTabs(), ['Preview: Web']);
    await eventually('a word in the view', async () => {
      const texts = await Promise.all(
        tab.page.frames().map((frame) =>
          frame
            .locator('body')
            .innerText({ timeout: 1000 })
            .catch(() => ''),
        ),
      );
      return texts.some((text) => text.includes('The preview of Web is open among the editors.'));
    });
    const offered = await tab.offeredCommands();
    assert.ok(!offered.includes('Move Preview to Editor'), offered.join(', '));
  });

  it('moves back by the button in the title of its editor', async () => {
    await (await pageOf('Web')).locator('#full').click();
    await press('.part.editor', 'Open Preview in View');
    await isShownIn('Web', '.part.panel');
    await counter();
    assert.equal(await address(), '/?typed=1');
    await eventually('no editor', async () => (await editorTabs()).length === 0);
  });

  it('moves by the links of the view, too', async () => {
    await tab.command('Cheatcode: Move Preview to Editor');
    await isShownIn('Web', '.part.editor');
    await tab.command('Preview: Focus on Preview View');
    await eventually('the link', async () => {
      for (const frame of tab.page.frames()) {
        const link = frame.getByRole('link', { name: 'Move it here' });
        if ((await link.count().catch(() => 0)) === 0) continue;
        await link.click({ timeout: 2000 });
        return true;
      }
      return false;
    });
    await isShownIn('Web', '.part.panel');
    await counter();
    assert.equal(await address(), '/?typed=1');
  });

  it('shows the app that is chosen in its title', async () => {
    await press('.part.panel', 'Choose App of Preview View');
    await pick('Mobile');
    await isShownIn('Mobile', '.part.panel');
    assert.equal((await pagesOf('Web')).length, 0);
    await eventually('the code for phones', async () => (await pageOf('Mobile')).locator('#code svg').isVisible());
  });

  it('offers no integrated browser where the editor has none', async () => {
    await tab.page.keyboard.press('F1');
    await tab.page.locator('.quick-input-box input').fill('>Cheatcode: Open in');
    const rows = tab.page.locator('.quick-input-list .monaco-list-row .label-name');
    const titles = await eventually('Open in Browser', async () => {
      const found = await rows.allInnerTexts();
      return found.includes('Cheatcode: Open in Browser') ? found : undefined;
    });
    assert.ok(!titles.includes('Cheatcode: Open in Integrated Browser'), titles.join(', '));
    await tab.page.keyboard.press('Escape');
  });

  it('shows both previews beside the code with one command', async () => {
    await tab.command('Cheatcode: Move Preview to Editor');
    await isShownIn('Mobile', '.part.editor');
    await tab.command('View: Close All Editors');
    await tab.command('View: Hide Panel');
    await tab.openFile('cheatcode-app/app/page.tsx');
    await tab.command('Cheatcode: Open Previews Side by Side');
    await besideEachOther();
    await counter();
    await eventually('the code for phones', async () => (await pageOf('Mobile')).locator('#code svg').isVisible());
    assert.deepEqual((await editorTabs()).sort(), ['Preview: Mobile', 'Preview: Web', 'page']);
    await tab.page.locator('.part.editor .tab[data-resource-name="page.tsx"]').waitFor();
    await tab.clearNotifications();
    await tab.picture('side-by-side');
  });

  it('puts them beside each other when they were in one column', async () => {
    const mobile = tab.page.locator('.part.editor .tab', { hasText: 'Preview: Mobile' });
    await mobile.dragTo(tab.page.locator('.part.editor .tab', { hasText: 'Preview: Web' }));
    await eventually('one of them to be hidden', async () => {
      const boxes = await Promise.all([boxOf(await pageOf('Web')), boxOf(await pageOf('Mobile'))]);
      return boxes.filter((box) => box !== undefined).length === 1;
    });
    await tab.command('Cheatcode: Open Previews Side by Side');
    await besideEachOther();
  });

  it('opens the second beside the first, not over it', async () => {
    await tab.command('View: Close All Editors');
    await tab.openFile('cheatcode-app/app/page.tsx');
    await tab.command('Cheatcode: Open Preview');
    await isShownIn('Web', '.part.editor');
    await counter();
    await tab.command('View: Focus First Editor Group');
    await tab.openFile('cheatcode-mobile/App.tsx');
    await tab.command('Cheatcode: Open Preview');
    await besideEachOther();
    assert.equal(await (await counter()).getAttribute('data-alive'), 'true');
  });

  async function besideEachOther(): Promise<void> {
    await eventually('both previews beside each other', async () => {
      const [web, mobile] = [await boxOf(await pageOf('Web')), await boxOf(await pageOf('Mobile'))];
      if (web === undefined || mobile === undefined) return false;
      const [left, right] = web.x < mobile.x ? [web, mobile] : [mobile, web];
      return left.x + left.width <= right.x + 1 && left.width > 100 && right.width > 100;
    });
  }
});
