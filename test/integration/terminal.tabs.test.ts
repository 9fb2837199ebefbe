import assert from 'node:assert/strict';
import { cp, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { inRepo } from '../hosts/paths.mjs';
import { holdersOf } from '../hosts/witness';
import { Editor, eventually, workspace, Tab, NEXT_OUTPUT } from './support/workbench';

const PORT = 3190;
const BOARD_PORT = 3191;
const FLOOD_PORT = 3192;

describe('the terminal of a dev server', function () {
  this.timeout(240_000);
  let editor: Editor;
  let tab: Tab;
  let folder: string;

  before(async () => {
    folder = await workspace('terminal');
    await cp(inRepo('test', 'fixtures', 'fullScreen'), path.join(folder, 'board'), { recursive: true });
    const web = { name: 'cheatcode-app', path: 'cheatcode-app', port: PORT };
    const board = { name: 'board', type: 'custom', path: 'board', command: 'node server.mjs', port: BOARD_PORT };
    await writeFile(path.join(folder, 'cheatcode.json'), JSON.stringify({ apps: [web, board] }));
    editor = await Editor.open('terminal', {
      workspace: folder,
      settings: {
        'cheatcode.autoStart': 'web',
        // A list also of a single terminal, where its sign is seen.
        'terminal.integrated.tabs.hideCondition': 'never',
      },
    });
    tab = await editor.tab({ width: 1280, height: 1000 });
    await tab.page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await tab.waitForStatus(new RegExp(`Web :${PORT}`), 120_000);
  });
  after(() => editor.close());
  afterEach(async function () {
    if (this.currentTest?.state !== 'failed') return;
    console.log(editor.hostLog());
    await tab.picture('failed-terminal');
  });

  const show = async (label: string, output: RegExp): Promise<void> => {
    await tab.command('Cheatcode: Show Dev Server Terminal');
    const choice = tab.page.locator('.quick-input-list .monaco-list-row', { hasText: label });
    await eventually(
      `the terminal of ${label}`,
      async () => {
        // Asked for only where several apps have one.
        if (await choice.first().isVisible()) await choice.first().click();
        return output.test(await tab.terminalText());
      },
      20_000,
    );
  };
  const says = (text: string | RegExp) =>
    eventually(`the terminal to say ${String(text)}`, async () => {
      const seen = await tab.terminalText();
      // A long line is wrapped wherever it meets the edge.
      const flat = (lines: string) => lines.replace(/\s+/g, '');
      if (typeof text === 'string' ? flat(seen).includes(flat(text)) : text.test(seen)) return true;
      throw new Error(seen);
    });
  const entry = (name: string) => tab.page.locator('.terminal-tabs-entry', { hasText: name });
  const isNamed = (name: string) =>
    eventually(`a terminal named ${name}`, async () => {
      const names = await tab.terminalNames();
      if (names.includes(name)) return true;
      throw new Error(names.join(', '));
    });

  it('begins with what runs and where', async () => {
    await show('Web', NEXT_OUTPUT);
    const text = (await tab.terminalText()).replace(/\n/g, ' ');
    assert.match(text, new RegExp(`Cheatcode: Web \\(pnpm run dev\\) in cheatcode-app → +http://localhost:${PORT}`));
  });

  it('has the name of the session, and the icon of what it is of', async () => {
    await isNamed('dev_server_web');
    assert.equal(await entry('dev_server_web').locator('.codicon-globe').count(), 1);
  });

  it('leads from a place in the output to the line in the editor', async () => {
    const page = path.join(folder, 'cheatcode-app', 'app', 'about', 'page.tsx');
    const good = await readFile(page, 'utf8');
    await writeFile(page, `${good}\nexport const broken = ;\n`);
    try {
      await fetch(`http://localhost:${PORT}/about`).then((response) => response.text());
      await says(/app\/about\/page\.tsx:\d+/);
      const place = tab.page.locator('.terminal-wrapper.active .xterm-rows > div', { hasText: 'app/about/page.tsx:' });
      const row = place.last();
      const line = /page\.tsx:(\d+)/.exec(await row.innerText())?.[1];
      const box = await row.boundingBox();
      assert.ok(box && line !== undefined);
      const at = { x: box.x + 60, y: box.y + box.height / 2 };
      await eventually('the file at the line', async () => {
        // The link is found when the mouse comes over it with the key held.
        await tab.page.keyboard.down('Control');
        try {
          await tab.page.mouse.move(at.x + 8, at.y);
          await tab.page.mouse.move(at.x, at.y);
          await tab.page.locator('.terminal-wrapper.active .xterm-cursor-pointer').waitFor({ timeout: 2000 });
          await tab.page.mouse.click(at.x, at.y);
        } finally {
          await tab.page.keyboard.up('Control');
        }
        await tab.page.locator('.tab.active', { hasText: 'page.tsx' }).waitFor({ timeout: 3000 });
        return (await tab.page.locator('#status\\.editor\\.selection').innerText()).includes(`Ln ${line},`);
      });
    } finally {
      await writeFile(page, good);
    }
  });

  it('is selected and copied as any other', async () => {
    await show('Web', /./);
    await tab.command('Terminal: Select All');
    await tab.page.keyboard.press('Control+Shift+C');
    const copied = () => tab.page.evaluate('navigator.clipboard.readText()');
    await eventually('the copy', async () => NEXT_OUTPUT.test(String(await copied())));
    assert.match(String(await copied()), /^● Cheatcode: Web/);
    await tab.command('Terminal: Clear Selection');
  });

  it('says at its end why, and which key starts it again; the key does', async () => {
    await tab.command('Cheatcode: Stop Dev Server');
    await says('Press Enter to start it again.');
    await says('dev_server_web is stopped');
    await isNamed('dev_server_web (stopped)');
    await tab.picture('terminal-ended');
    assert.deepEqual(await holdersOf(PORT), []);
    await tab.typeIntoTerminal('');
    await tab.page.keyboard.press('Enter');
    await tab.waitForStatus(new RegExp(`Web :${PORT}`), 120_000);
    await isNamed('dev_server_web');
  });

  describe('of a full-screen program', () => {
    /** The program's own words, its frame whole to the last corner. */
    const drawn = (on: Tab) =>
      eventually('a frame as large as the terminal', async () => {
        const lines = (await on.terminalText()).split('\n');
        const [, columns, rows] = /size (\d+)x(\d+)/.exec(lines.join('\n')) ?? [];
        const edge = `+${'-'.repeat(Number(columns) - 2)}+`;
        if (lines.length === Number(rows) && lines[0] === edge && lines.at(-1) === edge) return `${columns}x${rows}`;
        throw new Error(lines.join('\n'));
      });

    before(async () => {
      // An open file would say which app is meant.
      await tab.command('View: Close All Editors');
      await tab.command('Cheatcode: Start Dev Server');
      await tab.waitForStatus(new RegExp(`board :${BOARD_PORT}`));
      await show('board', /size \d+x\d+/);
    });

    it('is drawn whole, and anew when the panel gets another size', async () => {
      const before = await drawn(tab);
      await tab.page.setViewportSize({ width: 1000, height: 800 });
      await eventually('another size', async () => (await drawn(tab)) !== before);
    });

    it('takes what is typed', async () => {
      await tab.typeIntoTerminal('abc');
      await says('typed abc');
    });

    it('is left when the program ends: the end is told on the screen that scrolls, with a cursor and a mouse that select', async () => {
      await tab.page.keyboard.press('Control+c');
      await says('Press Enter to start it again.');
      const text = await tab.terminalText();
      assert.match(text, /Cheatcode: board \(node server\.mjs\) in board/);
      assert.doesNotMatch(text, /size \d+x\d+|---/);
      await tab.waitForStatus(/board stopped/);
      const line = await tab.page.locator('.terminal-wrapper.active .xterm-rows > div').first().boundingBox();
      assert.ok(line);
      await tab.page.mouse.dblclick(line.x + 60, line.y + line.height / 2);
      await eventually('a word to be selected', async () => {
        const parts = tab.page.locator('.terminal-wrapper.active .xterm-selection > div');
        return (await parts.count()) > 0;
      });
    });
  });
});

describe('the terminal of a server that prints more than can be drawn', function () {
  this.timeout(240_000);
  let editor: Editor;
  let tab: Tab;
  /** How often the terminal of the page has said what it has drawn. */
  let answers = 0;

  before(async () => {
    const folder = path.join(process.env['CHEATCODE_TEST_DIR'] ?? '', 'flood-w');
    await cp(inRepo('test', 'fixtures', 'stub'), path.join(folder, 'flood'), { recursive: true });
    const env = { STUB_FLOOD_MB: '30' };
    const app = { name: 'flood', type: 'custom', path: 'flood', command: 'node server.mjs', port: FLOOD_PORT, env };
    await writeFile(path.join(folder, 'cheatcode.json'), JSON.stringify({ apps: [app] }));
    editor = await Editor.open('flood', { workspace: folder, settings: { 'cheatcode.autoStart': 'flood' } });
    const page = await editor.pageBeside();
    page.on('websocket', (socket) =>
      socket.on('framesent', ({ payload }) => {
        if (payload.includes('?7391;0$y')) answers++;
      }),
    );
    await page.goto(editor.server.folderUrl, { waitUntil: 'commit' });
    tab = new Tab(page);
    await tab.waitForStatus(new RegExp(`flood :${FLOOD_PORT}`), 120_000);
    await tab.command('Cheatcode: Show Dev Server Terminal');
  });
  after(() => editor.close());

  it('comes to its end, and what is asked of the terminal meanwhile reaches neither the screen nor the server', async () => {
    const ends = async (line: RegExp) =>
      eventually(`the terminal to say ${String(line)}`, async () => {
        const seen = await tab.terminalText();
        if (line.test(seen)) return seen;
        throw new Error(seen);
      });
    await ends(/end of flood/);
    assert.ok(answers > 0, 'nobody has asked the terminal, or it does not answer');
    await tab.typeIntoTerminal('q');
    await tab.page.keyboard.press('Enter');
    const seen = await ends(/heard "q/);
    assert.match(seen, /heard "q\\[rn]"/);
    assert.doesNotMatch(seen, /7391/);
  });
});
