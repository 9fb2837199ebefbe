import assert from 'node:assert/strict';
import { readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { installVsix } from '../hosts/codeServer.mjs';
import { freePort } from '../hosts/ports.mjs';
import { packVsix } from '../hosts/vsce.mjs';
import { holdersOf } from '../hosts/witness';
import { Editor, eventually, executionId, workspace, type Tab } from './support/workbench';

const NEWER = '99.0.0';

/** Rows 33 and 50 of the fault catalogue, by two packages of which one is newer. */
describe('an extension that is updated while windows are open', function () {
  this.timeout(240_000);
  let editor: Editor;
  let extensionsDir: string;
  let newerVsix: string;
  let port: number;
  let running: string;
  let older: Tab;
  let newer: Tab;

  before(async () => {
    const dir = path.join(process.env['CHEATCODE_TEST_DIR'] ?? '', 'update');
    extensionsDir = path.join(dir, 'extensions');
    port = await freePort();
    running = `Web :${port}`;
    editor = await Editor.open('update', {
      workspace: await workspace('update'),
      settings: { 'cheatcode.web.port': port },
      extensionsDir,
    });
    newerVsix = path.join(dir, 'newer.vsix');
    await packVsix(newerVsix, { how: [NEWER, '--no-update-package-json', '--no-git-tag-version'] });
  });
  after(() => editor.close());
  afterEach(async function () {
    if (this.currentTest?.state !== 'failed') return;
    console.log(editor.hostLog());
    await older.picture('failed-update-older').catch(() => undefined);
  });

  const server = async () => ({ pid: (await holdersOf(port))[0]?.pid, execution: await executionId(port) });
  const hostFile = async () => {
    const [scope = ''] = (await readdir(editor.stateFolder)).filter((name) => /^[0-9a-f]{12}$/.test(name));
    const text = await readFile(path.join(editor.stateFolder, scope, 'host.json'), 'utf8');
    return JSON.parse(text) as { readonly pid: number; readonly version: string };
  };
  const hostsBegun = () => editor.hostLog().match(/host begins/g)?.length ?? 0;

  it('fault 50: its folder deleted under the host leaves host and server as they were, also for newer windows', async () => {
    older = await editor.tab();
    await older.waitForStatus(running, 120_000);
    const [before, host] = [await server(), await hostFile()];
    const folders = async () => (await readdir(extensionsDir)).filter((name) => name.includes('cheatcode'));
    const [oldFolder = ''] = await folders();
    await installVsix({
      vsix: newerVsix,
      userDataDir: path.join(path.dirname(editor.stateFolder), 'user'),
      extensionsDir,
    });
    assert.ok(
      (await folders()).some((name) => name.includes(NEWER)),
      'the newer one is installed',
    );
    await rm(path.join(extensionsDir, oldFolder), { recursive: true, force: true });
    newer = await editor.tab();
    await newer.waitForStatus(running, 60_000);
    await eventually('two windows of one host', async () => (await editor.extensionHosts()).length === 2);
    assert.deepEqual([await server(), await hostFile()], [before, host]);
    await older.command('Cheatcode: Restart Dev Server');
    await eventually('another run of the server', async () => (await executionId(port)) !== before.execution);
    for (const tab of [older, newer]) await tab.waitForStatus(running, 120_000);
    assert.deepEqual(await hostFile(), host, 'the host is at work and stays');
  });

  it('fault 33: a stop lets the newer window put a host of its own in place, and the older one goes on with that', async () => {
    const before = await hostFile();
    await older.command('Cheatcode: Stop Dev Server');
    await eventually('a host of the newer version', async () => (await hostFile()).version === NEWER, 60_000);
    const after = await hostFile();
    assert.notEqual(after.pid, before.pid);
    for (const tab of [older, newer]) await tab.waitForStatus('Web stopped', 30_000);
    assert.deepEqual(await holdersOf(port), [], 'the stop holds over the change of hosts');
    await older.command('Cheatcode: Start Dev Server');
    for (const tab of [older, newer]) await tab.waitForStatus(running, 120_000);
    assert.deepEqual(await editor.hosts(), [after.pid]);
  });

  it('fault 50: a stop and a start from either side never bring the older host back', async () => {
    const [host, begun] = [await hostFile(), hostsBegun()];
    for (const tab of [newer, older]) {
      await tab.command('Cheatcode: Stop Dev Server');
      for (const one of [older, newer]) await one.waitForStatus('Web stopped', 30_000);
      await tab.command('Cheatcode: Start Dev Server');
      for (const one of [older, newer]) await one.waitForStatus(running, 120_000);
    }
    assert.deepEqual(await hostFile(), host);
    assert.equal(hostsBegun(), begun);
  });
});
