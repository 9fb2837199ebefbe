import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { holdersOf } from '../hosts/witness';
import { actions, answer, decide, notifications, question, told } from './support/questions';
import { Editor, eventually, serversIn, workspace, type Tab, NEXT_OUTPUT } from './support/workbench';

const PORT = 3180;
const RUNNING = `Web :${PORT}`;

describe('fault 17: a terminal that is open in three windows', function () {
  this.timeout(240_000);
  let editor: Editor;
  let folder: string;
  let tabs: Tab[];

  before(async () => {
    folder = await workspace('windows-terminal');
    editor = await Editor.open('windows-terminal', { workspace: folder, settings: { 'cheatcode.web.port': PORT } });
    tabs = [await editor.tab(), await editor.tab(), await editor.tab()];
    for (const tab of tabs) await tab.waitForStatus(RUNNING, 120_000);
  });
  after(() => editor.close());
  afterEach(async function () {
    if (this.currentTest?.state !== 'failed') return;
    console.log(editor.hostLog());
    for (const [n, tab] of tabs.entries()) await tab.picture(`failed-windows-${n}`);
  });

  const all = (status: string, limitMs?: number) => Promise.all(tabs.map((tab) => tab.waitForStatus(status, limitMs)));
  const startAgain = async (tab: Tab) => {
    await tab.command('Cheatcode: Start Dev Server');
    await all(RUNNING, 120_000);
  };
  const showTerminal = async (tab: Tab) => {
    await tab.page.bringToFront();
    await tab.command('Cheatcode: Show Dev Server Terminal');
    await eventually('the output', async () => NEXT_OUTPUT.test(await tab.terminalText()));
  };

  it('stops the server when it is closed in one of them, and the others follow', async () => {
    const [, second, third] = tabs;
    assert.ok(second && third);
    await showTerminal(second);
    await second.command('Terminal: Kill the Active Terminal Instance');
    await all('Web stopped', 30_000);
    assert.deepEqual(await serversIn(folder), []);
    assert.deepEqual(await holdersOf(PORT), []);
    await third.page.reload();
    await third.waitForStatus('Web stopped');
    await startAgain(third);
  });

  it('stops it for all with Ctrl+C, and nothing comes of Ctrl+Z', async () => {
    const [first] = tabs;
    assert.ok(first);
    await showTerminal(first);
    const before = (await holdersOf(PORT))[0]?.pid;
    await first.typeIntoTerminal('');
    await first.page.keyboard.press('Control+z');
    await first.typeIntoTerminal('after-ctrl-z');
    await eventually('the terminal to echo', async () => (await first.terminalText()).includes('after-ctrl-z'));
    assert.equal((await holdersOf(PORT))[0]?.pid, before);
    await all(RUNNING);
    await first.page.keyboard.press('Control+c');
    await all('Web stopped', 30_000);
    assert.deepEqual(await serversIn(folder), []);
    await startAgain(first);
  });
});

describe('fault 17: a terminal that is open in two windows, with a setting that closing it only lets go of it', function () {
  this.timeout(240_000);
  let editor: Editor;
  let tabs: Tab[] = [];
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') {
      console.log(editor.hostLog());
      for (const [n, tab] of tabs.entries()) await tab.picture(`failed-detach-${n}`);
    }
    await editor.close();
  });

  it('leaves the server alone, and shows it again on demand', async () => {
    editor = await Editor.open('windows-detach', {
      workspace: await workspace('windows-detach'),
      settings: { 'cheatcode.web.port': PORT, 'cheatcode.terminal.onClose': 'detach' },
    });
    const [first, second] = (tabs = [await editor.tab(), await editor.tab()]);
    assert.ok(first && second);
    for (const tab of tabs) await tab.waitForStatus(RUNNING, 120_000);
    const before = (await holdersOf(PORT))[0]?.pid;
    const show = async () => {
      await second.command('Cheatcode: Show Dev Server Terminal');
      await eventually('the output', async () => NEXT_OUTPUT.test(await second.terminalText()));
    };
    await show();
    await second.command('Terminal: Kill the Active Terminal Instance');
    await eventually('the terminal to be gone', async () => (await second.terminalNames()).length === 0);
    await show();
    for (const tab of tabs) await tab.waitForStatus(RUNNING);
    assert.equal((await holdersOf(PORT))[0]?.pid, before);
  });
});

describe('fault 34: windows with different settings for one app', function () {
  this.timeout(240_000);
  let editor: Editor;
  let tabs: Tab[] = [];
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') {
      console.log(editor.hostLog());
      for (const [n, tab] of tabs.entries()) await tab.picture(`failed-settings-${n}`);
    }
    await editor.close();
  });
  /** In the settings of the folder, which count in the window that has it open. */
  const setPort = async (of: string, port: number) => {
    await mkdir(path.join(of, '.vscode'), { recursive: true });
    await writeFile(path.join(of, '.vscode', 'settings.json'), JSON.stringify({ 'cheatcode.web.port': port }));
  };
  const says = /Web runs with other settings than this window's/;

  it('the first wins, the second is told and may restart, and a setting that changes while it runs is told too', async () => {
    const folder = await workspace('windows-settings');
    const app = path.join(folder, 'cheatcode-app');
    await setPort(app, PORT + 1);
    editor = await Editor.open('windows-settings', {
      workspace: folder,
      settings: { 'cheatcode.web.port': PORT, 'workbench.colorTheme': 'Default Dark Modern' },
    });
    const first = await editor.tab();
    tabs = [first];
    await first.waitForStatus(RUNNING, 120_000);
    const before = (await holdersOf(PORT))[0]?.pid;

    const second = await editor.tab();
    tabs = [first, second];
    const url = new URL(editor.server.folderUrl);
    url.searchParams.set('folder', app);
    await second.page.goto(url.href, { waitUntil: 'commit' });
    await second.waitForStatus(RUNNING);
    assert.deepEqual(await told(second, says), ['Restart', 'Not Now']);
    await second.picture('other-settings');
    assert.equal((await holdersOf(PORT))[0]?.pid, before);
    const tellsFirst = async () =>
      (await notifications(first)).filter((text) => text.includes("Web runs with other settings than this window's"));
    assert.deepEqual(await tellsFirst(), []);

    await answer(second, says, 'Restart');
    for (const tab of tabs) await tab.waitForStatus(`Web :${PORT + 1}`, 120_000);
    // Now it is the first that differs: it tells as soon as the person, who is in the second, goes there.
    assert.deepEqual(await tellsFirst(), []);
    await actions(first);
    await told(first, says);
    assert.deepEqual(await holdersOf(PORT), []);
    assert.equal((await serversIn(folder)).length, 1);

    // And of its own change it is told as well.
    await first.clearNotifications();
    await setPort(folder, PORT + 2);
    await told(first, says);
    await answer(first, says, 'Restart');
    for (const tab of tabs) await tab.waitForStatus(`Web :${PORT + 2}`, 120_000);
  });
});

describe('fault 11: a session host that hangs', function () {
  this.timeout(240_000);
  let editor: Editor;
  let tab: Tab;
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') {
      console.log(editor.hostLog());
      await tab.picture('failed-hung');
    }
    await editor.close();
  });

  it('is told to a window that opens, and replaced only on a word', async () => {
    editor = await Editor.open('windows-hung', {
      workspace: await workspace('windows-hung'),
      settings: { 'cheatcode.web.port': PORT },
    });
    tab = await editor.tab();
    await tab.waitForStatus(RUNNING, 120_000);
    await tab.close();
    const [host] = await editor.hosts();
    assert.ok(host);
    process.kill(host, 'SIGSTOP');
    try {
      tab = await editor.tab();
      const hangs = /The session host \(pid \d+\) does not answer/;
      assert.deepEqual(await told(tab, hangs, 60_000), ['Replace It…', 'Show Log']);
      await tab.picture('host-hangs');
      assert.deepEqual(await editor.hosts(), [host]);
      await answer(tab, hangs, 'Replace It…');
      assert.match(await question(tab), /Replace the session host\?/);
      await decide(tab, 'Replace');
      await tab.waitForStatus(RUNNING, 120_000);
      const hosts = await editor.hosts();
      assert.equal(hosts.length, 1);
      assert.notEqual(hosts[0], host);
    } finally {
      try {
        process.kill(host, 'SIGCONT');
      } catch {
        // It was replaced, as it should be.
      }
    }
  });
});
