import assert from 'node:assert/strict';
import path from 'node:path';
import { holdersOf } from '../hosts/witness';
import { act, actions, answer, decide, question, told, tooltip } from './support/questions';
import { HandStarted } from './support/servers';
import { Editor, eventually, serversIn, workspace, type Tab } from './support/workbench';

const PORT = 3160;
const TAKEN = /Web can't start: port 3160 is taken by pid \d+/;

describe('a port that somebody else holds', function () {
  this.timeout(240_000);
  let editor: Editor;
  let tab: Tab;
  let folder: string;
  let blocker: HandStarted;

  before(async () => {
    folder = await workspace('conflict');
    blocker = await HandStarted.blocker(path.dirname(folder), PORT);
    editor = await Editor.open('conflict', {
      workspace: folder,
      settings: { 'cheatcode.web.port': PORT, 'workbench.colorTheme': 'Default Light Modern' },
    });
    tab = await editor.tab();
  });
  after(async () => {
    await editor.close();
    await blocker.end();
  });
  afterEach(async function () {
    if (this.currentTest?.state !== 'failed') return;
    console.log(editor.hostLog());
    await tab.picture('failed-conflict');
  });

  it('fault 23: is named with its holder, and the choices are in the message', async () => {
    await tab.waitForStatus(`Web :${PORT} blocked`);
    assert.deepEqual(await told(tab, TAKEN), ['Use Next Free Port', 'Stop the Other…']);
    await tab.picture('port-taken');
    assert.match(await tooltip(tab), new RegExp(`pid ${blocker.pid}\\b`));
    assert.deepEqual(await serversIn(folder), []);
  });

  it('leaves the same choices in the quick pick, the palette and the preview when the message was closed', async () => {
    await tab.clearNotifications();
    const entries = await actions(tab, () => tab.picture('port-taken-actions'));
    assert.match(entries.join(' | '), /Use Next Free Port.*Stop the Other….*pid \d+/);
    const offered = await tab.offeredCommands();
    for (const title of ['Use Next Free Port', 'Stop the Other Process…']) assert.ok(offered.includes(title), title);
    await tab.command('Cheatcode: Open Preview');
    const page = await eventually('the page of the preview', () => tab.previewPage());
    await eventually('the choices on the page', async () =>
      (await page.locator('#actions').innerText()).includes('Use Next Free Port'),
    );
    await tab.page.setViewportSize({ width: 600, height: 700 });
    await tab.picture('port-taken-preview');
    await tab.page.setViewportSize({ width: 1280, height: 800 });
    assert.equal((await holdersOf(PORT))[0]?.pid, blocker.pid);
  });

  it('is walked around on a word, and never otherwise', async () => {
    await act(tab, /Use Next Free Port/);
    await tab.waitForStatus(`Web :${PORT + 1}`, 120_000);
    assert.equal((await serversIn(folder)).length, 1);
    assert.ok(blocker.isRunning);
    await tab.command('Cheatcode: Stop Dev Server');
    await tab.waitForStatus('Web stopped', 30_000);
    await tab.command('Cheatcode: Start Dev Server');
    await tab.waitForStatus(`Web :${PORT} blocked`);
  });

  it('is freed after a question that names the process, and the server starts by itself', async () => {
    await answer(tab, TAKEN, 'Stop the Other…');
    const asked = await question(tab);
    assert.match(asked, new RegExp(`Stop what holds port ${PORT}\\?[\\s\\S]*pid ${blocker.pid}: .*createServer`));
    await tab.picture('port-taken-stop');
    await decide(tab, undefined);
    assert.ok(blocker.isRunning);
    await tab.command('Cheatcode: Stop the Other Process…');
    await question(tab);
    await decide(tab, 'Stop');
    await tab.waitForStatus(`Web :${PORT}`, 120_000);
    assert.ok(!blocker.isRunning);
    const offered = await tab.offeredCommands();
    assert.ok(!offered.includes('Use Next Free Port') && !offered.includes('Stop the Other Process…'), offered.join());
  });

  it('and is left alone where the setting says so: no message, and a start as soon as it is free', async () => {
    await tab.command('Cheatcode: Stop Dev Server');
    await tab.waitForStatus('Web stopped', 30_000);
    await editor.close();
    blocker = await HandStarted.blocker(path.dirname(folder), PORT);
    editor = await Editor.open('conflict', {
      workspace: folder,
      settings: { 'cheatcode.web.port': PORT, 'cheatcode.portConflict': 'wait' },
    });
    tab = await editor.tab();
    await tab.waitForStatus('Web stopped');
    await tab.command('Cheatcode: Start Dev Server');
    await tab.waitForStatus(`Web :${PORT} blocked`);
    await eventually('the tooltip', async () => (await tooltip(tab)).includes('port 3160 is taken'));
    await assert.rejects(told(tab, TAKEN, 2000));
    await blocker.end();
    await tab.waitForStatus(`Web :${PORT}`, 120_000);
  });
});
