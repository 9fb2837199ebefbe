import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { BROKEN_PAGE } from './support/brokenPage';
import { Editor, eventually, workspace, type Tab } from './support/workbench';

const PORT = 3121;
const THROWING = `export default function Page() {
  throw new Error('boom at run time');
}
`;

describe('the Problems panel', function () {
  this.timeout(240_000);
  let editor: Editor;
  let tab: Tab;
  let page: string;
  let sound: string;

  before(async () => {
    const folder = await workspace('problems');
    page = path.join(folder, 'cheatcode-app', 'app', 'page.tsx');
    sound = await readFile(page, 'utf8');
    editor = await Editor.open('problems', {
      workspace: folder,
      // Of the few seconds that a round takes, so that a test sees one.
      settings: { 'cheatcode.web.port': PORT, 'cheatcode.healthIntervalSeconds': 2 },
    });
    tab = await editor.tab();
    await tab.waitForStatus(`Web :${PORT}`, 120_000);
    await tab.command('Problems: Focus on Problems View');
  });
  after(() => editor?.close());
  afterEach(async function () {
    if (this.currentTest?.state !== 'failed') return;
    console.log(editor.hostLog());
    await tab.picture('failed-problems');
  });

  /** What a row says to a screen reader, and to the eye. */
  const rows = async (of = tab): Promise<readonly string[]> => {
    const found = await of.page.locator('.markers-panel .monaco-list-row').all();
    return Promise.all(
      found.map(async (row) => (await row.innerText()).replaceAll('\u00a0', ' ').replaceAll('\n', ' ')),
    );
  };
  /** Those of the dev server: TypeScript has its own opinion of a file that is open. */
  const problems = async (of = tab) => (await rows(of)).filter((row) => row.includes('Next.js'));
  const shows = (what: RegExp, of = tab, limitMs = 60_000) =>
    eventually(
      `a problem like ${what}`,
      async () => {
        const all = await rows(of);
        if (all.some((row) => what.test(row))) return true;
        throw new Error(all.join(' | '));
      },
      limitMs,
    );
  const isClear = (of = tab) => eventually('no problem', async () => (await problems(of)).length === 0, 60_000);

  it('names file, line and column of what does not compile, though nobody has asked for the page', async () => {
    await writeFile(page, BROKEN_PAGE);
    // The first answer is as slow as the machine: it takes the module graph of all routes.
    await shows(/Expected '>', got '\)'.*Next\.js.*\[Ln 8, Col 3\]/, tab, 150_000);
    assert.match((await rows())[0] ?? '', /page\.tsx/);
    assert.equal((await problems()).length, 1);
  });

  it('leads to the place, where the editor underlines it', async () => {
    await tab.page.locator('.markers-panel .monaco-list-row', { hasText: 'Next.js' }).dblclick();
    const status = tab.page.locator('.statusbar-item[id*="editor.selection"]');
    await eventually('the line', async () => (await status.innerText()).includes('Ln 8, Col 3'));
    await tab.page.locator('.monaco-editor .squiggly-error').first().waitFor();
    await tab.clearNotifications();
    await tab.picture('problems');
  });

  it('shows it at once in a window that comes late', async () => {
    const other = await editor.tab();
    await other.command('Problems: Focus on Problems View');
    await shows(/Expected '>', got '\)'.*Next\.js.*\[Ln 8, Col 3\]/, other);
    await writeFile(page, sound);
    await isClear(other);
    await other.close();
  });

  it('is clear when it is fixed', () => isClear());

  it('names the place of what was thrown, until it is not thrown any more', async () => {
    await writeFile(page, THROWING);
    await eventually('an error page', async () => (await fetch(`http://localhost:${PORT}/`)).status === 500);
    await shows(/Thrown at run time: boom at run time.*Next\.js.*\[Ln 2, Col 9\]/);
    await writeFile(page, sound);
    await eventually('the page', async () => (await fetch(`http://localhost:${PORT}/`)).status === 200);
    await isClear();
  });

  it('is clear when the server stops: then nothing is known', async () => {
    await writeFile(page, `import './nowhere';\n${sound}`);
    await shows(/Module not found: Can't resolve '\.\/nowhere'.*Next\.js.*\[Ln 1, Col 1\]/);
    await tab.command('Cheatcode: Stop Dev Server');
    await isClear();
  });
});
