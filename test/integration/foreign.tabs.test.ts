import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { holdersOf } from '../hosts/witness';
import { actions, answer, decide, question, told, tooltip } from './support/questions';
import { HandStarted } from './support/servers';
import { Editor, eventually, serversIn, workspace, type Tab } from './support/workbench';

const OWN_PORT = 3150;
const OTHER_PORT = 3155;
const ADOPTED = `Web :${OTHER_PORT} (adopted)`;
const settings = {
  'cheatcode.web.port': OWN_PORT,
  'cheatcode.healthIntervalSeconds': 1,
  'workbench.colorTheme': 'Default Dark Modern',
};

describe('a server that a person started by hand', function () {
  this.timeout(240_000);
  let editor: Editor;
  let tab: Tab;
  let folder: string;
  let hand: HandStarted;
  let listener: number;

  before(async () => {
    folder = await workspace('foreign-hand');
    hand = await HandStarted.nextDev(path.join(folder, 'cheatcode-app'), OTHER_PORT);
    listener = (await holdersOf(OTHER_PORT))[0]?.pid ?? 0;
    editor = await Editor.open('foreign-hand', { workspace: folder, settings });
    tab = await editor.tab();
  });
  after(async () => {
    await editor.close();
    await hand.end();
  });
  afterEach(async function () {
    if (this.currentTest?.state !== 'failed') return;
    console.log(editor.hostLog());
    await tab.picture('failed-foreign');
  });

  it('fault 21: is adopted on whatever port, no second one is started, and no terminal claims to show it', async () => {
    await tab.waitForStatus(ADOPTED);
    assert.equal((await serversIn(folder)).length, 1);
    assert.deepEqual(await holdersOf(OWN_PORT), []);
    assert.ok(!(await tab.terminalNames()).some((name) => name.includes('dev_server_web')));
    const offered = await tab.offeredCommands();
    assert.ok(!offered.includes('Show Dev Server Terminal') && !offered.includes('Start Dev Server'), offered.join());
    const says = await tooltip(tab);
    assert.match(says, /started outside Cheatcode/);
    assert.match(says, new RegExp(`pid ${listener}\\b`));
    await tab.picture('adopted');
  });

  it('offers to bring it into a terminal of ours, in so many words', async () => {
    const entries = await actions(tab, () => tab.picture('adopted-actions'));
    assert.ok(
      entries.some((entry) => entry.includes('Restart in a Cheatcode Terminal…')),
      entries.join(' | '),
    );
    assert.ok(!entries.some((entry) => entry.includes('Show Terminal')), entries.join(' | '));
  });

  it('is not stopped before a person has read the pids and agreed', async () => {
    await tab.command('Cheatcode: Stop Dev Server');
    const asked = await question(tab);
    assert.match(asked, /Stop Web\?/);
    assert.match(asked, new RegExp(`pid ${listener}\\b`));
    await tab.picture('adopted-stop');
    await decide(tab, undefined);
    await tab.waitForStatus(ADOPTED);
    assert.equal((await holdersOf(OTHER_PORT))[0]?.pid, listener);
  });

  it('fault 22: when it dies, ours takes its place', async () => {
    await hand.end();
    await tab.waitForStatus(`Web :${OWN_PORT}`, 120_000);
    assert.equal((await serversIn(folder)).length, 1);
    assert.equal((await editor.hosts()).length, 1);
  });

  it('is stopped alone, and the terminal and the editor that it was started from live on', async () => {
    await tab.command('Cheatcode: Stop Dev Server');
    await tab.waitForStatus('Web stopped', 30_000);
    await tab.command('Terminal: Create New Terminal');
    await eventually('a shell', async () => (await tab.terminalText()).trim() !== '');
    await tab.typeIntoTerminal(`cd cheatcode-app && node_modules/.bin/next dev --port ${OTHER_PORT}\n`);
    await tab.waitForStatus(ADOPTED, 120_000);
    const hosts = await editor.extensionHosts();
    await tab.command('Cheatcode: Stop Dev Server');
    await question(tab);
    await decide(tab, 'Stop');
    await tab.waitForStatus('Web stopped', 30_000);
    await eventually('a free port', async () => (await holdersOf(OTHER_PORT)).length === 0);
    assert.deepEqual(await serversIn(folder), []);
    assert.deepEqual(await editor.extensionHosts(), hosts);
    // The Escape that closed the palette's list went to the shell as well, and waits there for a key.
    await tab.typeIntoTerminal('\n\necho still-$((40+2))\n');
    await eventually('the shell to answer', async () => (await tab.terminalText()).includes('still-42'));
  });

  it('is restarted into a terminal of ours', async () => {
    hand = await HandStarted.nextDev(path.join(folder, 'cheatcode-app'), OTHER_PORT);
    await tab.waitForStatus(ADOPTED, 60_000);
    await tab.command('Cheatcode: Restart Dev Server');
    assert.match(await question(tab), /Restart Web in a Cheatcode terminal\?[\s\S]*dev_server_web/);
    await tab.picture('adopted-restart');
    await decide(tab, 'Restart');
    await tab.waitForStatus(`Web :${OWN_PORT}`, 120_000);
    assert.equal((await serversIn(folder)).length, 1);
    await eventually('our terminal', async () =>
      (await tab.terminalNames()).some((name) => name.includes('dev_server_web')),
    );
  });
});

describe('a second server of an app whose server runs', function () {
  this.timeout(240_000);
  let editor: Editor;
  let tab: Tab;
  let second: HandStarted | undefined;
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') {
      console.log(editor.hostLog());
      await tab.picture('failed-second');
    }
    await editor.close();
    await second?.end();
  });

  it('fault 21: is reported once, can be stopped after a question, and is forgotten when it is gone', async () => {
    const folder = await workspace('foreign-second');
    const app = path.join(folder, 'cheatcode-app');
    // Next's own lock lies in its output folder: with another one a second server starts happily.
    await writeFile(
      path.join(app, 'next.config.ts'),
      'export default { turbopack: { root: import.meta.dirname }, distDir: process.env.SECOND ? ".next-second" : ".next" };\n',
    );
    editor = await Editor.open('foreign-second', { workspace: folder, settings });
    tab = await editor.tab();
    await tab.waitForStatus(`Web :${OWN_PORT}`, 120_000);
    process.env['SECOND'] = '1';
    try {
      second = await HandStarted.nextDev(app, OTHER_PORT);
    } finally {
      delete process.env['SECOND'];
    }
    const says = /A second dev server of Web runs on port 3155/;
    assert.deepEqual(await told(tab, says), ['Stop It…', 'Leave It']);
    await tab.picture('second-server');
    const entries = await actions(tab);
    assert.ok(
      entries.some((entry) => /Stop the Other….*port 3155/.test(entry)),
      entries.join(' | '),
    );
    await answer(tab, says, 'Stop It…');
    const asked = await question(tab);
    assert.match(asked, /Stop the second server of Web\?/);
    await decide(tab, 'Stop');
    await eventually('the end of the second server', async () => (await holdersOf(OTHER_PORT)).length === 0);
    assert.equal((await holdersOf(OWN_PORT)).length, 1);
    await eventually(
      'no offer to stop it',
      async () => !(await actions(tab)).some((entry) => entry.includes('Stop the Other')),
    );
    assert.equal(await tab.status(), `Web :${OWN_PORT}`);
  });
});

describe('an app that is declared as managed elsewhere', function () {
  this.timeout(240_000);
  let editor: Editor;
  let tab: Tab;
  let hand: HandStarted | undefined;
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') {
      console.log(editor.hostLog());
      await tab.picture('failed-external');
    }
    await editor.close();
    await hand?.end();
  });

  it('is waited for, watched and previewed, and never started', async () => {
    const folder = await workspace('foreign-external');
    const app = { name: 'cheatcode-app', type: 'web', path: 'cheatcode-app', managed: 'external' };
    await writeFile(path.join(folder, 'cheatcode.json'), JSON.stringify({ apps: [app] }));
    editor = await Editor.open('foreign-external', { workspace: folder, settings });
    tab = await editor.tab();
    await tab.waitForStatus('Web waiting');
    assert.match(await tooltip(tab), /started by another tool; waiting for it/);
    await tab.picture('external-waiting');
    const never = ['Start Dev Server', 'Restart Dev Server', 'Stop Dev Server', 'Show Dev Server Terminal'];
    const noneOfThem = async () => {
      const offered = await tab.offeredCommands();
      assert.deepEqual(
        offered.filter((title) => never.includes(title)),
        [],
      );
    };
    await noneOfThem();
    hand = await HandStarted.nextDev(path.join(folder, 'cheatcode-app'), OTHER_PORT);
    await tab.waitForStatus(ADOPTED, 60_000);
    await noneOfThem();
    await tab.command('Cheatcode: Open Preview');
    await eventually('the app in the preview', async () =>
      (await (await tab.appFrame('#counter')).locator('body').innerText({ timeout: 2000 })).includes('Hello'),
    );
    await hand.end();
    await tab.waitForStatus('Web waiting', 60_000);
    assert.deepEqual(await serversIn(folder), []);
    const page = await eventually('the page of the preview', () => tab.previewPage());
    await eventually('the preview to wait', async () =>
      (await page.locator('#sentence').innerText()).includes('started by another tool'),
    );
    await tab.picture('external-preview');
  });
});
