import assert from 'node:assert/strict';
import type { AxeResults } from 'axe-core';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Frame } from 'playwright-core';
import { inRepo, inSandbox } from '../hosts/paths.mjs';
import { freePort } from '../hosts/ports.mjs';
import { Editor, eventually, workspace, type Tab } from './support/workbench';

/** As the editor's own theme extension calls them: in its list, and for the page of a webview. */
const themes = {
  dark: { label: 'Dark Modern', id: 'Dark Modern' },
  light: { label: 'Light Modern', id: 'Light Modern' },
  contrast: { label: 'Dark High Contrast', id: 'Default High Contrast' },
  'contrast-light': { label: 'Light High Contrast', id: 'Default High Contrast Light' },
} as const;
type Theme = keyof typeof themes;
const themeNames: readonly Theme[] = ['dark', 'light', 'contrast', 'contrast-light'];

/** They are kept in media/. */
const takesPictures = process.env['CHEATCODE_SCREENSHOTS'] !== undefined;

/** Of the three below and the sample's web app. */
const NONE_RUNS = '0/4 running';

const WIDE = { width: 1280, height: 800 };
/** Of the panel, in CSS pixels: the narrowest that it must be usable in. */
const NARROW = 300;

/** Each control of the toolbar, in its order. */
const controls = ['back', 'forward', 'reload', 'address'];
const pageControls = ['openInBrowser', 'copyUrl', 'phone', 'tablet', 'full', 'rotate'];

/** Apps that only say what real ones would: a Metro with a web build, one that never gets ready, one that always fails. */
const scripts = {
  phone: `
    import { createServer } from 'node:http';
    createServer(({ url }, response) => {
      if (url.startsWith('/_expo/link')) response.writeHead(307, { location: 'exp://192.168.1.20:8081' }).end();
      else response.end(url === '/status' ? 'packager-status:running' : '');
    }).listen(process.env.PORT, () => console.log('Metro waiting on exp://192.168.1.20:8081'));`,
  slow: `
    let table = 0;
    console.log('Connected to the database. Importing the sample data:');
    setInterval(() => console.log('  imported table ' + ++table + ' of 4000'), 400);`,
  broken: `
    console.log('Reading config.json');
    console.error('Error: connect ECONNREFUSED 127.0.0.1:5432');
    console.error('    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1637:16)');
    console.error('The database does not answer. Is it started?');
    process.exitCode = 1;`,
};

async function makeWorkspace(): Promise<string> {
  const folder = await workspace('look');
  const apps = [];
  for (const [name, script] of Object.entries(scripts)) {
    const type = name === 'phone' ? 'mobile' : 'custom';
    await mkdir(path.join(folder, name, 'node_modules'), { recursive: true });
    await writeFile(path.join(folder, name, 'server.mjs'), script);
    // A web build beside the phones, so that there is the choice between them.
    const dependencies =
      type === 'mobile' ? { expo: '54.0.0', 'react-dom': '19.1.0', 'react-native-web': '0.21.0' } : {};
    await writeFile(path.join(folder, name, 'package.json'), JSON.stringify({ name, dependencies }));
    apps.push({ name, type, path: name, command: 'node server.mjs', port: await freePort() });
  }
  await writeFile(path.join(folder, 'cheatcode.json'), JSON.stringify({ apps }));
  return folder;
}

describe('the look of the preview', function () {
  this.timeout(300_000);
  let editor: Editor;
  let tab: Tab;
  let folder: string;
  let axe: string;
  let round = 0;

  before(async () => {
    axe = await readFile(inRepo('node_modules', 'axe-core', 'axe.min.js'), 'utf8');
    folder = await makeWorkspace();
    editor = await Editor.open('look', {
      workspace: folder,
      settings: {
        'cheatcode.web.port': await freePort(),
        'cheatcode.autoStart': 'off',
        'workbench.colorTheme': 'Dark Modern',
        'workbench.reduceMotion': 'auto', // As the browser says, which here says both.
      },
    });
    tab = await editor.tab();
    await tab.waitForStatus(NONE_RUNS);
    await tab.command('View: Close Primary Side Bar');
  });
  after(() => editor.close());
  afterEach(async function () {
    if (this.currentTest?.state !== 'failed') return;
    console.log(editor.hostLog());
    await tab.picture('failed-look');
  });

  const panel = (): Promise<Frame> => eventually('the page of the preview', () => tab.previewPage());

  /** The preview of this app alone, whatever was open and running before. */
  async function open(label: string): Promise<void> {
    await tab.page.setViewportSize(WIDE);
    if ((await tab.status()) !== NONE_RUNS) await tab.command('Cheatcode: Stop All');
    await tab.waitForStatus(NONE_RUNS);
    await tab.command('View: Close All Editors');
    await tab.command('Cheatcode: Open Preview');
    const choice = tab.page
      .locator('.quick-input-list .monaco-list-row')
      .filter({ hasText: new RegExp(`^\\s*${label}`) });
    await eventually(`the preview of ${label}`, async () => {
      if (await choice.first().isVisible()) await choice.first().click({ timeout: 2000 });
      const page = await tab.previewPage();
      return page && (await page.locator(`#viewport[aria-label="Preview of ${label}"]`).count()) > 0;
    });
  }

  const start = async (): Promise<void> => (await panel()).getByRole('button', { name: /^(re)?start$/i }).click();
  const kind = async (wanted: string): Promise<void> => {
    await eventually(
      `the page to be of the kind ${wanted}`,
      async () => {
        const page = await panel();
        const now = await page.locator('body').getAttribute('data-kind');
        if (now === wanted) return true;
        throw new Error(`it is ${now}: ${await page.locator('#sentence').innerText()}`);
      },
      120_000,
    );
  };
  const hasLines = (): Promise<unknown> =>
    eventually('lines of output', async () => (await panel()).locator('#output').isVisible());

  async function wear(name: Theme): Promise<void> {
    const { label, id } = themes[name];
    const worn = async (): Promise<string | null> =>
      (await panel()).locator('body').getAttribute('data-vscode-theme-id');
    if ((await worn()) === id) return;
    await tab.command('Preferences: Color Theme');
    const input = tab.page.locator('.quick-input-box input');
    await input.fill(label);
    const row = tab.page.locator('.quick-input-list .monaco-list-row.focused .label-name', { hasText: label });
    await row.waitFor({ timeout: 30_000 });
    await input.press('Enter');
    await eventually(`the theme ${id}`, async () => (await worn()) === id);
  }

  /** Makes the window so narrow that the panel has this width. */
  async function narrow(width = NARROW): Promise<void> {
    await eventually(`a panel of ${width} px`, async () => {
      const now = await (await panel()).evaluate<number>('innerWidth');
      const size = tab.page.viewportSize() ?? WIDE;
      if (now !== width) await tab.page.setViewportSize({ width: size.width + width - now, height: 700 });
      return now === width;
    });
  }

  /** What axe finds in the panel's page that keeps somebody from using it. */
  async function troubles(): Promise<string[]> {
    const page = await panel();
    await page.evaluate(`globalThis.axe ?? (() => { ${axe} })()`);
    const { violations } = await page.evaluate<AxeResults>(
      `axe.run(document, { iframes: false, resultTypes: ['violations'] })`,
    );
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary ?? ''}`));
  }

  /** Elements that are wider than their room. */
  const overflowing = async (): Promise<string[]> =>
    (await panel()).evaluate(
      `[document.documentElement, ...document.querySelectorAll('body, #toolbar, #toolbar *, #notices, #notices *, #stage, #status')]
        .filter((one) => one.clientWidth > 0 && one.scrollWidth > one.clientWidth)
        .map((one) => (one.id || one.className || one.tagName) + ' ' + one.scrollWidth + ' > ' + one.clientWidth)`,
    );

  /** The panel alone, where the run is told to take pictures: for the README, or to be looked at. */
  async function picture(name: string): Promise<void> {
    if (!takesPictures) return;
    const dir = kept.has(name) ? inRepo('media') : inSandbox('pictures');
    await mkdir(dir, { recursive: true });
    await tab.clearNotifications();
    const around = await (await panel()).parentFrame()?.frameElement();
    const clip = await around?.boundingBox();
    assert.ok(clip, 'a panel that can be seen');
    await tab.page.screenshot({ path: path.join(dir, `screenshot-${name}.png`), clip });
  }

  /** In every theme, wide or at 300 px by turns; each in both where every combination is asked for. */
  async function isUsable(state: string): Promise<void> {
    round++;
    for (const [turn, name] of themeNames.entries())
      for (const isNarrow of [false, true]) {
        const isItsTurn = isNarrow === ((turn + round) % 2 === 0);
        if (!isItsTurn && !takesPictures && process.env['CHEATCODE_TEST_FULL'] === undefined) continue;
        if (isNarrow) await narrow();
        else await tab.page.setViewportSize(WIDE);
        await wear(name);
        const where = `${state}, ${name}${isNarrow ? `, ${NARROW} px` : ''}`;
        assert.deepEqual(await troubles(), [], where);
        assert.deepEqual(await overflowing(), [], where);
        await picture(`look-${state}-${name}${isNarrow ? '-narrow' : ''}`);
      }
    await tab.page.setViewportSize(WIDE);
    await wear('dark');
  }

  it('is usable by all while nothing runs', async () => {
    await open('Web');
    await kind('stopped');
    await isUsable('stopped');
  });

  it('would not be if a button had no name', async () => {
    const page = await panel();
    await page.evaluate(
      `for (const name of ['aria-label', 'title']) document.getElementById('back').removeAttribute(name)`,
    );
    const found = await troubles();
    assert.ok(
      found.some((one) => one.startsWith('button-name: ')),
      found.join('\n'),
    );
  });

  it('is usable by all while the app runs', async () => {
    await open('Web');
    await start();
    await kind('app');
    await (await tab.appFrame('#counter')).locator('#counter[data-alive=true]').waitFor({ timeout: 120_000 });
    await isUsable('running');
    for (const theme of ['dark', 'light', 'contrast'] as const) {
      await wear(theme);
      await picture(`preview-${theme}`);
    }
    await wear('dark');
    await narrow();
    await picture('preview-narrow');
  });

  it('has a toolbar that the keyboard reaches, all of it, with a focus that can be seen', async () => {
    await tab.page.setViewportSize(WIDE);
    const page = await panel();
    const { keyboard } = tab.page;
    const at = (): Promise<string> => page.evaluate('document.activeElement.id');
    const reached: string[] = [];
    const press = async (key: string): Promise<void> => {
      await keyboard.press(key);
      reached.push(await at());
      assert.ok(await page.evaluate(focusShows), `the focus of ${await at()} can be seen`);
    };
    for (const theme of themeNames) {
      await wear(theme);
      reached.length = 0;
      // The stops of an earlier round are where the arrows left them: each begins at its first again.
      for (const first of ['openInBrowser', 'back']) await page.locator(`#${first}`).focus();
      await press('End');
      await press('Home');
      for (const key of ['ArrowRight', 'ArrowRight', 'Tab', 'Tab']) await press(key);
      for (let step = 1; step < pageControls.length; step++) await press('ArrowRight');
      assert.deepEqual(reached, ['reload', 'back', ...controls.slice(1), ...pageControls], theme);
      await press('ArrowRight');
      assert.equal(await at(), 'openInBrowser');
      await press('Shift+Tab');
      await press('ArrowRight');
      assert.equal(await at(), 'address', 'arrows move the cursor there');
    }
    await wear('dark');
  });

  it('has buttons that Enter and Space press, and an address that Escape takes back', async () => {
    const page = await panel();
    const { keyboard } = tab.page;
    for (const [id, key] of [
      ['phone', 'Enter'],
      ['full', 'Space'],
    ] as const) {
      await page.locator(`#${id}`).focus();
      await keyboard.press(key);
      await eventually(
        `${id} to be pressed by ${key}`,
        async () => (await page.locator(`#${id}`).getAttribute('aria-pressed')) === 'true',
      );
    }
    const field = page.locator('#address');
    const before = await field.inputValue();
    await field.focus();
    await keyboard.type('nowhere');
    assert.notEqual(await field.inputValue(), before);
    await keyboard.press('Escape');
    assert.equal(await field.inputValue(), before);
  });

  it('opens a browser for a page that the app wants in a window of its own, when a person asked for it', async () => {
    const app = await tab.appFrame('#counter');
    await app.evaluate(`document.querySelector('a[href="/about"]').target = '_blank'`);
    const [opened] = await Promise.all([
      tab.page.context().waitForEvent('page', { timeout: 60_000 }),
      app.getByRole('link', { name: 'About' }).click(),
    ]);
    await eventually('the page of the app', () => opened.url().endsWith('/__cheatcode/#/about'));
    await opened.close();
    assert.equal(await (await panel()).locator('#address').inputValue(), '/');
  });

  it('tells by the colours of the system what is pressed, where those are forced', async () => {
    const page = await panel();
    const background = (id: string): Promise<string> =>
      page.evaluate(`getComputedStyle(document.getElementById('${id}')).backgroundColor`);
    await tab.page.emulateMedia({ forcedColors: 'active' });
    assert.notEqual(await background('full'), await background('phone'));
    assert.deepEqual(await troubles(), []);
    await tab.page.emulateMedia({ forcedColors: 'none' });
  });

  it('is usable by all while the app has a compile error', async () => {
    const file = path.join(folder, 'cheatcode-app', 'app', 'page.tsx');
    const before = await readFile(file, 'utf8');
    await writeFile(file, before.replace('return (', 'return (<'));
    try {
      await eventually('a notice of the error', async () =>
        (await panel()).locator('.notice[data-severity=error]').isVisible(),
      );
      await isUsable('compile-error');
    } finally {
      await writeFile(file, before);
    }
    await eventually('no notice', async () => (await (await panel()).locator('.notice').count()) === 0);
  });

  it('is usable by all while an app is on its way, and then nothing moves for who wants that', async () => {
    await open('slow');
    await start();
    await kind('wait');
    await hasLines();
    await isUsable('slow');
    await picture('preview-slow');
    const page = await panel();
    const animation = (): Promise<string> =>
      page.evaluate(`getComputedStyle(document.getElementById('progress'), '::before').animationName`);
    assert.equal(await animation(), 'progress');
    await tab.page.emulateMedia({ reducedMotion: 'reduce' });
    await eventually('no animation', async () => (await animation()) === 'none');
    await tab.page.emulateMedia({ reducedMotion: 'no-preference' });
  });

  it('is usable by all when the server failed', async () => {
    await open('broken');
    await start();
    await kind('failed');
    await hasLines();
    await isUsable('failed');
    await picture('preview-failed');
    await narrow();
    const output = (await panel()).locator('#output');
    await eventually('the last line in sight, however the lines wrap', () =>
      output.evaluate((pre) => pre.scrollHeight - pre.clientHeight - pre.scrollTop <= 1 && pre.scrollTop > 0),
    );
  });

  it('is usable by all with the address for a phone', async () => {
    await open('Mobile');
    await start();
    await kind('mobile');
    await eventually('the code', async () => (await panel()).locator('#code svg').isVisible());
    await isUsable('mobile');
    await picture('preview-mobile');
  });
});

/** Pictures of the README and the review. */
const kept = new Set(
  ['dark', 'light', 'contrast', 'narrow', 'slow', 'failed', 'mobile'].map((name) => `preview-${name}`),
);

/** In the page: whether the focused element has an outline of another colour than what is around it. */
const focusShows = `(() => {
  const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(document.activeElement);
  const ground = getComputedStyle(document.body).backgroundColor;
  return outlineStyle !== 'none' && parseFloat(outlineWidth) >= 1 && outlineColor !== ground;
})()`;
