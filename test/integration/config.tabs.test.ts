import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { freePort } from '../hosts/ports.mjs';
import { holdersOf } from '../hosts/witness';
import { Editor, eventually, workspace, type Tab } from './support/workbench';

const SERVER = "require('http').createServer((q, s) => s.end('well')).listen(process.env.PORT)\n";

describe('cheatcode.json and the settings in the editor', function () {
  this.timeout(120_000);
  let editor: Editor;
  let tab: Tab;
  let folder: string;
  let port: number;

  const file = (name: string) => path.join(folder, name);
  const config = () => readFile(file('cheatcode.json'), 'utf8');
  const lines = () => tab.page.locator('.monaco-editor .view-line');
  const text = async () => (await lines().allInnerTexts()).join('\n').replaceAll('\u00a0', ' ');
  /** Rows of the Problems panel, as they are read out. */
  const problems = async () => {
    const rows = await tab.page.locator('.markers-panel .monaco-list-row').allInnerTexts();
    return rows.map((row) => row.replace(/\s+/g, ' ').trim()).join('\n');
  };
  const saysProblem = (what: RegExp) =>
    eventually(
      String(what),
      async () => {
        const now = await problems();
        if (what.test(now)) return true;
        throw new Error(now);
      },
      20_000,
    );
  const lacksProblem = (what: RegExp) =>
    eventually(
      `no ${String(what)}`,
      async () => {
        const now = await problems();
        if (!what.test(now)) return true;
        throw new Error(now);
      },
      20_000,
    );
  const open = async (name: string) => {
    await tab.page.keyboard.press('Control+p');
    await tab.page.locator('.quick-input-box input').fill(name);
    await tab.page
      .locator(`.quick-input-list .monaco-list-row.focused[aria-label*="${path.basename(name)}"]`)
      .waitFor();
    await tab.page.keyboard.press('Enter');
    await tab.page.locator('.tabs-container .tab.active', { hasText: path.basename(name) }).waitFor();
    await tab.page.locator('.monaco-editor .view-line').first().waitFor();
  };
  /** Puts the caret behind this text of the open editor, as a click of a person does. */
  const goBehind = async (what: string) => {
    await tab.page.keyboard.press('Control+f');
    await tab.page.locator('.find-widget.visible textarea').first().fill(what);
    await tab.page.locator('.find-widget.visible .matchesCount', { hasText: /1 of/ }).waitFor();
    await tab.page.keyboard.press('Escape');
    await tab.page.keyboard.press('ArrowRight');
  };
  const quickFixes = async () => {
    const items = tab.page.locator('.action-widget .monaco-list-row.action');
    await eventually('quick fixes', async () => {
      if ((await items.count()) > 0) return true;
      await tab.page.keyboard.press('Control+.');
      await items.first().waitFor({ timeout: 2000 });
      return true;
    });
    return (await items.allInnerTexts()).map((title) => title.trim());
  };

  before(async () => {
    folder = await workspace('config', []);
    port = await freePort();
    for (const app of ['apps/shop', 'apps/site', 'apps/old']) {
      await mkdir(file(app), { recursive: true });
      await writeFile(file(`${app}/server.cjs`), SERVER);
      const scripts = { dev: 'node server.cjs', serve: 'node server.cjs' };
      const dependencies = app === 'apps/old' ? {} : { next: '16.1.3' };
      await writeFile(file(`${app}/package.json`), JSON.stringify({ scripts, dependencies }));
    }
    await mkdir(file('.vscode'), { recursive: true });
    await writeFile(file('.vscode/settings.json'), '{\n  "cheatcode.nodePath": "/nowhere/node"\n}\n');
    await writeFile(file('cheatcode-app.txt'), '');
    // What starts here is started by hand.
    editor = await Editor.open('config', { workspace: folder, settings: { 'cheatcode.autoStart': 'off' } });
    tab = await editor.tab();
    await tab.page.locator('.explorer-folders-view .monaco-list-row', { hasText: 'apps' }).waitFor();
  });
  after(() => editor?.close());
  afterEach(async function () {
    if (this.currentTest?.state !== 'failed') return;
    console.log(await text().catch(() => ''), await problems().catch(() => ''));
    await tab.picture('failed-config');
  });

  it('writes a first cheatcode.json from what it finds, opens it, and never writes over it', async () => {
    await tab.command('Cheatcode: Create cheatcode.json');
    await tab.page.locator('.tabs-container .tab.active', { hasText: 'cheatcode.json' }).waitFor();
    const first = await config();
    assert.match(first, /"name": "shop", "type": "web", "path": "apps\/shop", "port": 3000/);
    assert.match(first, /"name": "site", "type": "web", "path": "apps\/site", "port": 3001/);
    await eventually('the file in the editor', async () => (await text()).includes('"apps/shop"'));
    const mine = `${first}// mine\n`;
    await writeFile(file('cheatcode.json'), mine);
    await tab.command('Cheatcode: Create cheatcode.json');
    const toast = tab.page.locator('.notification-toast', { hasText: 'There is a cheatcode.json already' });
    await toast.waitFor();
    assert.equal(await config(), mine);
  });

  it('shows each problem once on its line, and offers what helps by the keyboard', async () => {
    await tab.command('View: Close All Editors');
    await tab.clearNotifications();
    const server = { type: 'custom', command: 'node server.cjs' };
    await writeFile(
      file('cheatcode.json'),
      `{
  "autoStart": "off",
  "apps": [
    ${JSON.stringify({ name: 'api', path: 'apps/shop', port, ...server })},
    ${JSON.stringify({ name: 'other', path: 'packages/old', port, ...server })},
    { "name": "site", "path": "apps/site", "command": "npm run srve", "prt": 3001 }
  ]
}
`,
    );
    await tab.command('Problems: Focus on Problems View');
    // Not open: ours says all of it.
    await saysProblem(/There is no property "prt" here/);
    await open('cheatcode.json');
    // Open: what the schema says is left to the editor.
    await saysProblem(/Property prt is not allowed/);
    await lacksProblem(/There is no property "prt" here/);
    await saysProblem(/Another app has port \d+ already.*cheatcode/);
    await saysProblem(/There is no folder "packages\/old"/);
    await saysProblem(/has no script "srve"/);
    await goBehind('packages/ol');
    const offered = await quickFixes();
    assert.equal(offered[0], 'Change to "apps/old"');
    assert.ok(offered.includes('Remove this app'), offered.join());
    await tab.picture('config');
    await tab.page.keyboard.press('Enter');
    // While it is typed, before it is saved.
    await lacksProblem(/There is no folder/);
    assert.ok((await config()).includes('packages/old'), 'it is not saved yet');
    await goBehind('npm run srv');
    assert.ok((await quickFixes()).includes('Run the script "serve"'));
    await tab.page.keyboard.press('Enter');
    await lacksProblem(/has no script/);
    await goBehind('"pr');
    assert.deepEqual(
      (await quickFixes()).filter((title) => /port|prt/.test(title)),
      ['Change to "port"', 'Remove "prt"'],
    );
    await tab.page.keyboard.press('Enter');
    await lacksProblem(/Property prt/);
    await tab.page.keyboard.press('Control+s');
    await eventually('the saved file', async () => (await config()).includes('"port": 3001'));
  });

  it('completes properties and values, and explains them', async () => {
    await goBehind('"port": 3001');
    await tab.page.keyboard.type(', "');
    const suggestions = tab.page.locator('.suggest-widget.visible .monaco-list-row');
    await suggestions.first().waitFor();
    const names = (await suggestions.allInnerTexts()).join(' ');
    for (const name of ['env', 'health', 'managed', 'type']) assert.ok(names.includes(name), names);
    await tab.page.keyboard.type('man');
    await eventually('the suggestion', async () => (await suggestions.first().innerText()).includes('managed'));
    await tab.page.keyboard.press('Enter');
    await eventually('the property', async () => (await text()).includes('"managed"'));
    await tab.page.keyboard.press('Escape');
    await tab.command('File: Revert File');
    await goBehind('autoSta');
    const hover = tab.page.locator('.monaco-hover', { hasText: 'Which app starts by itself' });
    await eventually('the explanation', async () => {
      await tab.page.keyboard.press('Control+k');
      await tab.page.keyboard.press('Control+i');
      await hover.waitFor({ timeout: 3000 });
      return true;
    });
    await tab.page.keyboard.press('Escape');
  });

  it('keeps an app in sight that is taken out of the file while its server runs, until it is stopped', async () => {
    await tab.command('View: Close All Editors');
    await writeFile(
      file('cheatcode.json'),
      JSON.stringify({
        apps: [{ name: 'api', type: 'custom', path: 'apps/shop', port, command: 'node server.cjs' }],
      }),
    );
    await tab.waitForStatus(/^api[^|]*$/, 20_000);
    await tab.command('Cheatcode: Start Dev Server');
    await tab.waitForStatus(new RegExp(`api :${port}`), 60_000);
    await writeFile(file('cheatcode.json'), '{ "apps": [] }');
    const toast = tab.page.locator('.notification-toast', { hasText: 'api is no longer an app of this workspace' });
    await toast.waitFor({ timeout: 20_000 });
    assert.equal((await holdersOf(port)).length, 1, 'it runs on');
    // A reload forgets nothing.
    await tab.page.reload();
    await tab.waitForStatus(new RegExp(`api :${port}`), 60_000);
    await tab.command('Cheatcode: Stop Dev Server');
    await eventually('the end of the server', async () => (await holdersOf(port)).length === 0);
    await eventually('the end of its item', async () => !(await tab.status()).includes('api'));
  });

  it('names a wrong setting where it stands, as far as the editor does not', async () => {
    await writeFile(
      file('.vscode/settings.json'),
      `{
  "cheatcode.autoStart": "shopp",
  "cheatcode.web.port": 99999,
  "cheatcode.mobile.port": 3000,
  "cheatcode.web.previewUrl": "https://{{prt}}.example.com",
  "cheatcode.mobile.previewUrl": "https://{{port}}-{{sandboxId}}.example.com"
}
`,
    );
    await writeFile(
      file('cheatcode.json'),
      '{ "apps": [{ "name": "shop", "path": "apps/shop", "managed": "external" }] }',
    );
    await open('.vscode/settings.json');
    await tab.command('Problems: Focus on Problems View');
    await saysProblem(/There is no app named "shopp"/);
    // By the editor itself, from the manifest's bounds and patterns.
    await saysProblem(/maximum of 65535/);
    await saysProblem(/\{\{sandboxId\}\} is the only other name in braces/);
    // By us: it depends on another setting.
    await saysProblem(/\{\{sandboxId\}\} needs cheatcode\.sandboxId/);
    assert.equal((await problems()).match(/cheatcode\.web\.port|maximum of 65535/g)?.length, 1, await problems());
  });
});
