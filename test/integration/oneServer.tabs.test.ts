import assert from 'node:assert/strict';
import path from 'node:path';
import { holdersOf } from '../hosts/witness';
import { Editor, eventually, executionId, serversIn, workspace, type Tab, NEXT_OUTPUT } from './support/workbench';

const PORT = 3000;
const RUNNING = `Web :${PORT}`;

describe('three tabs on one workspace', function () {
  this.timeout(240_000);
  let editor: Editor;
  let folder: string;
  let tabs: Tab[];
  let pid: number | undefined;
  let id: string;

  before(async () => {
    assert.deepEqual(await holdersOf(PORT), [], `port ${PORT} must be free for this test`);
    folder = await workspace('one');
    editor = await Editor.open('one', { workspace: folder });
  });
  after(() => editor.close());
  afterEach(async function () {
    if (this.currentTest?.state !== 'failed') return;
    console.log(editor.hostLog());
    for (const [n, tab] of tabs.entries()) await tab.picture(`failed-${n}`);
  });

  const oneServer = async () => {
    const holders = await holdersOf(PORT);
    assert.equal(holders.length, 1, `one process listens: ${JSON.stringify(holders)}`);
    assert.equal((await serversIn(folder)).length, 1, 'one next-server of the folder');
    assert.equal((await editor.hosts()).length, 1, 'one session host');
    return holders[0]?.pid;
  };

  it('start one server and one host when opened at the same moment, and all say the same', async () => {
    tabs = await Promise.all([editor.tab(), editor.tab(), editor.tab()]);
    await tabs[0]?.waitForStatus(/Web/);
    await tabs[0]?.picture('starting');
    for (const tab of tabs) await tab.waitForStatus(RUNNING, 120_000);
    pid = await oneServer();
    id = await executionId(PORT);
    await tabs[0]?.picture('running');
    console.log(`      three tabs at once: activation to server process ${await editor.activationToServerMs()} ms`);
  });

  it('show the same live output with its scrollback in a terminal dev_server_web, and typing in one shows in all', async () => {
    for (const tab of tabs) {
      await tab.command('Cheatcode: Show Dev Server Terminal');
      await eventually('the output in the terminal', async () => NEXT_OUTPUT.test(await tab.terminalText()));
      await eventually('the name of the terminal', async () =>
        (await tab.terminalNames()).some((name) => name.includes('dev_server_web')),
      );
    }
    await tabs[1]?.typeIntoTerminal('echo-of-one-tab');
    for (const tab of tabs)
      await eventually('the typing in each tab', async () => (await tab.terminalText()).includes('echo-of-one-tab'));
    await tabs[0]?.picture('terminal');
  });

  it('never restart the server: reload, killed extension host, all tabs closed, a new tab', async () => {
    const unchanged = async () => {
      assert.equal(await oneServer(), pid);
      assert.equal(await executionId(PORT), id);
    };
    await tabs[0]?.page.reload();
    await tabs[0]?.waitForStatus(RUNNING);
    await unchanged();

    const victims = await editor.extensionHosts();
    assert.ok(victims.length >= 3, `an extension host a tab: ${victims.join()}`);
    process.kill(victims[0] ?? 0, 'SIGKILL');
    await eventually('the killed extension host to be replaced', async () => {
      const now = await editor.extensionHosts();
      return !now.includes(victims[0] ?? 0) && now.length >= 3;
    });
    for (const tab of tabs) await tab.waitForStatus(RUNNING);
    await unchanged();

    await Promise.all(tabs.map((tab) => tab.close()));
    await unchanged();
    tabs = [await editor.tab(), await editor.tab()];
    for (const tab of tabs) await tab.waitForStatus(RUNNING);
    await unchanged();
    await tabs[0]?.command('Cheatcode: Show Dev Server Terminal');
    await eventually('the scrollback from before', async () => NEXT_OUTPUT.test((await tabs[0]?.terminalText()) ?? ''));
  });

  it('obey Stop, Start and Restart from whichever tab, and a stop is not undone by a new tab', async () => {
    await tabs[1]?.command('Cheatcode: Stop Dev Server');
    for (const tab of tabs) await tab.waitForStatus('Web stopped');
    await eventually(
      'no process and a free port',
      async () => (await holdersOf(PORT)).length === 0 && (await serversIn(folder)).length === 0,
    );
    const third = await editor.tab();
    tabs.push(third);
    await third.waitForStatus('Web stopped');
    await third.page.reload();
    await third.waitForStatus('Web stopped');
    assert.deepEqual(await serversIn(folder), []);
    await third.command('Cheatcode: Start Dev Server');
    for (const tab of tabs) await tab.waitForStatus(RUNNING, 120_000);
    const before = await executionId(PORT);
    await tabs[0]?.command('Cheatcode: Restart Dev Server');
    await eventually('another run of the server', async () => (await executionId(PORT)) !== before);
    for (const tab of tabs) await tab.waitForStatus(RUNNING, 120_000);
    await oneServer();
  });

  it('all show at once that the server was killed, and that it runs again', async () => {
    const victim = (await holdersOf(PORT))[0];
    assert.ok(victim);
    process.kill(victim.pid, 'SIGKILL');
    await Promise.all(
      tabs.map((tab) =>
        eventually('a tab that no longer says running', async () => (await tab.status()) !== RUNNING, 5000),
      ),
    );
    for (const tab of tabs) await tab.waitForStatus(RUNNING, 120_000);
    assert.notEqual(await oneServer(), victim.pid);
  });

  it('bring back what was running when the host is killed with everything it ran', async () => {
    const [host] = await editor.hosts();
    const server = (await holdersOf(PORT))[0];
    assert.ok(host && server);
    process.kill(host, 'SIGKILL');
    await eventually(
      'a new host and a new server',
      async () => {
        const [now] = await editor.hosts();
        const [holder] = await holdersOf(PORT);
        return now !== undefined && now !== host && holder !== undefined && holder.pid !== server.pid;
      },
      120_000,
    );
    for (const tab of tabs) await tab.waitForStatus(RUNNING, 120_000);
    await oneServer();
  });
});

describe('a workspace that is none of ours', function () {
  this.timeout(120_000);
  it('gets no status item, no terminal and no session host, until a cheatcode.json makes it one', async () => {
    const dir = path.join(process.env['CHEATCODE_TEST_DIR'] ?? '', 'foreign-w');
    const { mkdir, writeFile } = await import('node:fs/promises');
    await mkdir(dir, { recursive: true });
    await writeFile(path.join(dir, 'next.config.js'), 'module.exports = {};\n');
    await writeFile(
      path.join(dir, 'package.json'),
      JSON.stringify({ name: 'shop', scripts: { dev: 'next dev' }, dependencies: { next: '16' } }),
    );
    const editor = await Editor.open('foreign', { workspace: dir });
    try {
      const tab = await editor.tab();
      // The extension does load here (a Next config lies there): its log says that it looked and left.
      await eventually(
        'the extension to have looked',
        async () => (await editor.extensionLogTimes(/cheatcode=false/)).length > 0,
      );
      assert.equal(await tab.status(), '');
      assert.deepEqual(await tab.terminalNames(), []);
      assert.deepEqual(await editor.hosts(), []);

      // It becomes one while it is open: that is noticed without a reload.
      const app = { name: 'api', type: 'custom', path: '.', command: 'node api.mjs', port: 3141 };
      await writeFile(
        path.join(dir, 'api.mjs'),
        "import http from 'node:http';\nhttp.createServer((_, response) => response.end()).listen(process.env.PORT);\n",
      );
      await writeFile(path.join(dir, 'cheatcode.json'), JSON.stringify({ apps: [app] }));
      await tab.waitForStatus(/api :3141/, 30_000);
      assert.equal((await editor.hosts()).length, 1);
    } finally {
      await editor.close();
    }
  });
});
