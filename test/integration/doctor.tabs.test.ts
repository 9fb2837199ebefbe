import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { freePort } from '../hosts/ports.mjs';
import { answer, decide, question, told } from './support/questions';
import { Editor, eventually, workspace, type Tab } from './support/workbench';

/** A workspace with three things wrong: Node.js of another version, an address at 127.0.0.1, and a port that another has. */
describe('the doctor', function () {
  this.timeout(240_000);
  let editor: Editor;
  let tab: Tab;
  let folder: string;
  let port: number;
  let other: ChildProcess;

  before(async () => {
    folder = await workspace('doctor');
    port = await freePort();
    other = spawn(process.execPath, ['-e', `require('net').createServer().listen(${port}, () => console.log('up'))`], {
      cwd: '/',
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => other.stdout?.once('data', resolve));
    await writeFile(path.join(folder, 'cheatcode-app', '.nvmrc'), '12\n');
    const env = { NEXT_PUBLIC_SITE: `http://127.0.0.1:${port}` };
    const web = { name: 'cheatcode-app', type: 'web', path: 'cheatcode-app', port, env };
    await writeFile(config(), `// the apps of this test\n${JSON.stringify({ apps: [web] }, undefined, 2)}\n`);
    editor = await Editor.open('doctor', {
      workspace: folder,
      settings: { 'cheatcode.portConflict': 'wait', 'workbench.colorTheme': 'Default Dark Modern' },
    });
    tab = await editor.tab();
  });
  after(async () => {
    other?.kill('SIGKILL');
    await editor?.close();
  });
  afterEach(async function () {
    if (this.currentTest?.state !== 'failed') return;
    console.log(editor.hostLog());
    await tab.picture('failed-doctor');
  });

  const config = () => path.join(folder, 'cheatcode.json');
  const rows = () => tab.page.locator('.quick-input-widget .monaco-list-row');
  /** The list, once it is there: a row's text in one line. */
  const list = async (): Promise<readonly string[]> => {
    await tab.page.locator('.quick-input-title', { hasText: 'Doctor' }).waitFor({ timeout: 60_000 });
    await rows().first().waitFor();
    return (await rows().allInnerTexts()).map((text) => text.replace(/\s+/g, ' ').trim());
  };
  const pick = (text: RegExp) => rows().filter({ hasText: text }).first().click({ timeout: 10_000 });

  it('is run from the palette, and lists what is wrong with what would help, the healthy below', async () => {
    await tab.waitForStatus(new RegExp(`Web :${port} blocked`), 90_000);
    await tab.clearNotifications();
    await tab.command('Cheatcode: Run Doctor');
    const entries = await list();
    const at = (text: RegExp) => entries.findIndex((entry) => text.test(entry));
    assert.ok(at(/^Port in use\s*Web.*Use Next Free Port.*taken by pid/) >= 0, entries.join('\n'));
    assert.ok(at(/^Wrong Node\.js version\s*Web.*wants 12 \(by \.nvmrc\)/) >= 0, entries.join('\n'));
    assert.ok(at(/^127\.0\.0\.1 instead of localhost\s*Web.*Change to localhost/) >= 0, entries.join('\n'));
    assert.ok(at(/^Check Again/) > Math.max(at(/^Port in use/), at(/^127/), at(/^Wrong Node/)), entries.join('\n'));
    await tab.picture('doctor');
  });

  it('shows what a fix would change before it does it, and changes nothing without a word', async () => {
    const before = readFileSync(config(), 'utf8');
    await pick(/127\.0\.0\.1 instead/);
    const text = await question(tab);
    assert.match(text, /another address to a browser/);
    assert.match(text, new RegExp(`- .*http://127\\.0\\.0\\.1:${port}`));
    assert.match(text, new RegExp(`\\+ .*http://localhost:${port}`));
    await decide(tab, undefined);
    assert.equal(readFileSync(config(), 'utf8'), before);
    assert.ok(
      (await list()).some((entry) => entry.startsWith('127.0.0.1 instead')),
      'the list is there again',
    );
  });

  it('makes the change, says that it is mended, and lists what is left', async () => {
    await pick(/127\.0\.0\.1 instead/);
    await question(tab);
    await decide(tab, 'Change to localhost');
    await told(tab, /^Fixed: 127\.0\.0\.1 instead of localhost\.$/);
    const text = readFileSync(config(), 'utf8');
    assert.match(text, /^\/\/ the apps of this test/);
    assert.match(text, new RegExp(`"http://localhost:${port}"`));
    const entries = await list();
    assert.ok(!entries.some((entry) => entry.startsWith('127.0.0.1 instead')), entries.join('\n'));
    assert.ok(
      entries.some((entry) => entry.startsWith('Port in use')),
      entries.join('\n'),
    );
    await tab.page.keyboard.press('Escape');
  });

  it('shows a difference in an editor, and makes it on a word given there', async () => {
    await writeFile(config(), readFileSync(config(), 'utf8').replace('//localhost:', '//127.0.0.1:'));
    await tab.clearNotifications();
    await tab.command('Cheatcode: Show Dev Servers');
    const view = tab.page.locator('.pane', { has: tab.page.locator('[aria-label*="Dev Servers Section"]') });
    await view.locator('.pane-header').hover();
    await view.locator('.pane-header .action-label[aria-label^="Run Doctor"]').click();
    await list();
    await pick(/127\.0\.0\.1 instead/);
    await question(tab);
    await decide(tab, 'Show Difference');
    await tab.page.locator('.monaco-diff-editor .line-insert').first().waitFor({ timeout: 30_000 });
    await answer(tab, /make the change that is shown/, 'Change to localhost');
    await told(tab, /^Fixed: 127\.0\.0\.1/);
    assert.match(readFileSync(config(), 'utf8'), /\/\/localhost:/);
    assert.equal(await tab.page.locator('.monaco-diff-editor').count(), 0);
    await list();
  });

  it('does what a command does, and waits until it has helped', async () => {
    await pick(/^\s*Port in use/);
    assert.match(await question(tab), /Use Next Free Port – Starts Web on the next free port/);
    await decide(tab, 'Use Next Free Port');
    await told(tab, /^Fixed: Port in use\.$/, 90_000);
    await tab.waitForStatus(/^Web :\d+(?! blocked)/, 90_000);
    await list();
    await tab.page.keyboard.press('Escape');
  });

  it('has nothing to say of an app that is well, but what the machine lacks', async () => {
    await rm(path.join(folder, 'cheatcode-app', '.nvmrc'));
    await tab.clearNotifications();
    await tab.command('Cheatcode: Run Doctor');
    const healthy = tab.page.locator('.notification-list-item-message', { hasText: /No problems found: \d+ checks/ });
    const listed = tab.page.locator('.quick-input-title', { hasText: 'Doctor' });
    await eventually('an answer', async () => (await healthy.count()) > 0 || (await listed.count()) > 0);
    if ((await healthy.count()) > 0) return;
    const entries = await list();
    const troubles = entries.slice(
      0,
      entries.findIndex((entry) => entry.startsWith('Check Again')),
    );
    assert.ok(!troubles.some((entry) => entry.includes(' Web ')), entries.join('\n'));
  });
});
