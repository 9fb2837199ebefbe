import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { freePort } from '../hosts/ports.mjs';
import { actions, answer, notifications, told } from './support/questions';
import { Editor, eventually, workspace, type Tab } from './support/workbench';

const PORT = 3186;
const RUNS = /Web runs already, on port 3186, in the terminal dev_server_web\. `next dev` starts a second/;
const NOT_FOUND = /api can't start: `nothing-of-this-name` was not found/;

/** The sample's web app, and one whose command can't be found: it fails at once, whenever it is started. */
async function makeWorkspace(): Promise<string> {
  const folder = await workspace('notices');
  await mkdir(path.join(folder, 'api', 'node_modules'), { recursive: true });
  await writeFile(path.join(folder, 'api', 'package.json'), '{ "name": "api" }');
  const web = { name: 'cheatcode-app', type: 'web', path: 'cheatcode-app' };
  const api = { name: 'api', type: 'custom', path: 'api', command: 'nothing-of-this-name', port: await freePort() };
  await writeFile(path.join(folder, 'cheatcode.json'), JSON.stringify({ apps: [web, api], autoStart: 'web' }));
  return folder;
}

describe('what a person is told', function () {
  this.timeout(240_000);
  let editor: Editor;
  let first: Tab;
  let second: Tab;

  before(async () => {
    editor = await Editor.open('notices', {
      workspace: await makeWorkspace(),
      settings: {
        'cheatcode.web.port': PORT,
        'cheatcode.terminal.attachAutomatically': false,
        'terminal.integrated.defaultProfile.linux': 'bash',
        'workbench.colorTheme': 'Default Dark Modern',
        // The editor's own word about a port would be told beside ours.
        'remote.autoForwardPorts': false,
      },
    });
    first = await editor.tab();
    await first.waitForStatus(new RegExp(`Web :${PORT}`), 120_000);
  });
  after(() => editor?.close());
  afterEach(async function () {
    if (this.currentTest?.state !== 'failed') return;
    console.log(editor.hostLog());
    await first.picture('failed-notices-first');
    if (second !== undefined && !second.page.isClosed()) await second.picture('failed-notices-second');
  });

  const count = async (tab: Tab, text: RegExp) => (await notifications(tab)).filter((one) => text.test(one)).length;
  const shown = (tab: Tab, text: RegExp) =>
    eventually(`${String(text)} in the terminal`, async () => {
      const screen = await tab.terminalText();
      if (text.test(screen)) return true;
      throw new Error(screen);
    });
  const settingsFile = () => path.join(path.dirname(editor.stateFolder), 'user', 'User', 'settings.json');
  /** Starts the app that fails; the window in which that is done is the one with the latest input. */
  const fail = (tab: Tab) => oneMoreFailure(() => tab.command('Cheatcode: Start Dev Server'), tab);
  const oneMoreFailure = async (after: () => Promise<void>, tab: Tab) => {
    const failures = () => editor.hostLog().match(/session changed .*state=failed/g)?.length ?? 0;
    const before = failures();
    await after();
    await eventually('one more failure', () => failures() === before + 1, 30_000);
    await tab.waitForStatus(/api failed/, 30_000);
  };

  it('who types a second dev server into a terminal: what runs and where, and nothing is stopped', async () => {
    await first.clearNotifications();
    await first.command('Terminal: Create New Terminal');
    await shown(first, /[$#]\s*$/);
    await first.typeIntoTerminal('cd cheatcode-app && echo "next dev" is-no-server\n');
    await shown(first, /next dev is-no-server/);
    // The shell does not find it, and says so: that it was typed is all that counts.
    await first.typeIntoTerminal('next dev\n');
    assert.deepEqual(await told(first, RUNS), ['Show Terminal', 'Open Preview', "Don't Show Again"]);
    await first.picture('second-typed');
    assert.equal(await count(first, /runs already/), 1, 'what only looks like it is none');
    await first.waitForStatus(new RegExp(`Web :${PORT}`));
  });

  it('with a way to it, once for each time, and no more when it is turned off', async () => {
    await answer(first, RUNS, 'Show Terminal');
    await eventually('its terminal', async () => (await first.terminalNames()).join().includes('dev_server_web'));
    await shown(first, /Next\.js|Ready|next dev/);
    await first.command('Terminal: Focus Previous Terminal in Terminal Group').catch(() => undefined);
    await first.command('Terminal: Create New Terminal');
    await shown(first, /[$#]\s*$/);
    await first.typeIntoTerminal('cd cheatcode-app; next dev\n');
    await told(first, /Web runs already/);
    await answer(first, /Web runs already/, "Don't Show Again");
    await eventually('the setting', async () =>
      (await readFile(settingsFile(), 'utf8')).includes('"cheatcode.terminal.tellOfSecondServer": false'),
    );
    await first.typeIntoTerminal('next dev; echo and-"now"\n');
    await shown(first, /and-now/);
    assert.equal(await count(first, /runs already/), 0);
  });

  it('in the window with the latest input alone, where two browsers have the focus', async () => {
    second = await editor.tab();
    await second.waitForStatus(/api stopped/, 60_000);
    await Promise.all([first.clearNotifications(), second.clearNotifications()]);
    await fail(second);
    await told(second, NOT_FOUND);
    await first.waitForStatus(/api failed/);
    assert.equal(await count(first, NOT_FOUND), 0);
    await fail(first);
    await told(first, NOT_FOUND);
  });

  it('again as another cause, after its own button has tried in vain', async () => {
    await first.clearNotifications();
    await fail(first);
    await told(first, NOT_FOUND);
    await oneMoreFailure(() => answer(first, NOT_FOUND, 'Restart'), first);
    // Of several within 800 ms the editor keeps some behind its bell: no person is that quick. There are all of them.
    await first.command('Notifications: Show Notifications');
    const listed = first.page.locator('.notifications-center .notification-list-item-message', { hasText: NOT_FOUND });
    await eventually('it in the list', async () => (await listed.count()) > 0);
    assert.equal(await listed.count(), 1);
    await first.page.keyboard.press('Escape');
  });

  it('once more where a person goes next, when nobody has answered', async () => {
    await second.clearNotifications();
    assert.equal(await count(second, NOT_FOUND), 0);
    await first.close();
    await actions(second);
    await told(second, NOT_FOUND);
  });

  it('never again once it was answered, and in no window that is opened later', async () => {
    await second.clearNotifications();
    first = await editor.tab();
    await first.waitForStatus(/api failed/, 60_000);
    const entries = await actions(first);
    const at = (entry: RegExp) => entries.findIndex((one) => entry.test(one));
    assert.ok(
      at(/Open Preview/) >= 0 && at(/Restart/) >= 0 && at(/Show Report/) === entries.length - 1,
      entries.join(),
    );
    await first.command('Cheatcode: Show Log');
    assert.equal(await count(first, NOT_FOUND), 0);
    await actions(second);
    assert.equal(await count(second, NOT_FOUND), 0);
  });

  it('not while no window has the focus, and only what is still true when one gets it', async () => {
    await second.close();
    await focus(first, false);
    for (let n = 0; n < 2; n++) await fail(first);
    assert.equal(await count(first, NOT_FOUND), 0);
    await focus(first, true);
    await told(first, NOT_FOUND);
    assert.equal(await count(first, NOT_FOUND), 1, 'the first failure has passed');
  });
});

/** The browser without a screen gives every page the focus; this takes it as a person does who goes to another window. */
async function focus(tab: Tab, hasIt: boolean): Promise<void> {
  await tab.page.evaluate(async (value) => {
    document.hasFocus = () => value;
    // The editor asks the document at each of both, and takes a focus only after a blur, which it hears a turn later.
    window.dispatchEvent(new Event('blur'));
    await new Promise((done) => setTimeout(done, 1));
    if (value) window.dispatchEvent(new Event('focus'));
  }, hasIt);
}
