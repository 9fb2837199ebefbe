import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, lstatSync, statSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { repoRoot } from '../hosts/paths.mjs';
import { sandboxEnv } from '../hosts/sandboxEnv.mjs';
import { endSessionHosts, sessionHostsOf } from '../hosts/sessionHosts.mjs';
import { holdersOf, isAlive } from '../hosts/witness';
import { Account, filesOf } from '../support/account';
import { skipBecause } from '../support/skip';
import { Editor, eventually, NEXT_OUTPUT, serversIn, workspace, type Tab } from './support/workbench';

const PORT = 3197;
const UID = 1000;
const STARTERS = 3;

interface App {
  readonly state: string;
  readonly pid: number;
  readonly url: string;
}

/** A sandbox as a backend makes it: it comes as root and with nothing, and code-server runs as the user. */
describe("a root backend with a bare environment, and its user's code-server", function () {
  this.timeout(240_000);
  let account: Account;
  let editor: Editor | undefined;
  let tab: Tab;
  let folder: string;
  let first: App | undefined;

  /** As the documentation says it, with a port that no other test has. */
  const cheatcodeDev = async (...args: string[]) => {
    const words = [process.execPath, path.join(repoRoot, 'dist/cli.js'), ...args, '--workspace', folder];
    const [file = '', ...rest] = [...account.asRoot, 'env', '-i', `CHEATCODE_WEB_PORT=${PORT}`, ...words];
    return (await promisify(execFile)(file, rest, { cwd: '/', timeout: 120_000 })).stdout;
  };
  const appIn = (json: string) => (JSON.parse(json) as { readonly apps: readonly App[] }).apps[0];
  const stateFolder = () => path.join(account.home, '.cheatcode/run');
  const liveHosts = async () => {
    const hosts = await sessionHostsOf(stateFolder());
    const live = await Promise.all(hosts.map(({ pid, startTicks }) => isAlive(pid, startTicks)));
    return hosts.filter((_, index) => live[index]);
  };

  before(async function () {
    if (process.getuid?.() !== 0) skipBecause(this, 'only root can act as another user');
    const { PATH = '' } = await sandboxEnv();
    const node = spawnSync('setpriv', [`--reuid=${UID}`, '--clear-groups', 'node', '--version'], { env: { PATH } });
    if (node.status !== 0) skipBecause(this, "another user can't run the Node of this sandbox");
    folder = await workspace('root-backend');
    const dir = path.dirname(folder);
    // Node and pnpm are where only this user's shell finds them.
    account = new Account(dir, UID, `export PATH="${PATH}"\nexport FROM_BASHRC=yes\n`);
    account.own(folder);
    for (let at = dir; at !== path.dirname(at); at = path.dirname(at)) if (at.includes('cct-')) chmodSync(at, 0o711);
  });
  after(async () => {
    await editor?.close();
    // Whatever came of the tests: hosts of a bare environment are known by their record only.
    if (folder) await endSessionHosts(stateFolder());
  });
  afterEach(async function () {
    if (this.currentTest?.state !== 'failed' || !editor) return;
    console.log(editor.hostLog());
    await tab.picture('failed-root-backend');
  });

  it("fault 51: the backend's one line starts the server as the folder's owner, before any window", async () => {
    first = appIn(await cheatcodeDev('ensure', '--json', '--timeout', '100'));
    assert.deepEqual([first?.state, first?.url], ['running', `http://localhost:${PORT}`]);
    const [holder] = await holdersOf(PORT);
    assert.equal(holder?.pid, first?.pid);
    const [host] = await liveHosts();
    assert.deepEqual([uidOf(holder?.pid), uidOf(host?.pid)], [UID, UID]);
  });

  it("is shown by that user's window as its own, the same server with its scrollback", async () => {
    editor = await Editor.open('root-backend', {
      workspace: folder,
      settings: { 'cheatcode.web.port': PORT },
      account,
    });
    assert.equal(uidOf(editor.server.pid), UID);
    tab = await editor.tab();
    await tab.waitForStatus(`Web :${PORT}`, 120_000);
    await tab.command('Cheatcode: Show Dev Server Terminal');
    await eventually('its output', async () => NEXT_OUTPUT.test(await tab.terminalText()));
    assert.equal((await holdersOf(PORT))[0]?.pid, first?.pid);
    assert.equal((await serversIn(folder)).length, 1);
    assert.equal((await liveHosts()).length, 1);
  });

  it('is stopped by either, and the other one shows it', async () => {
    await cheatcodeDev('stop');
    await tab.waitForStatus('Web stopped');
    assert.deepEqual(await holdersOf(PORT), []);
    await tab.command('Cheatcode: Start Dev Server');
    await tab.waitForStatus(`Web :${PORT}`);
    const seen = appIn(await cheatcodeDev('status', '--json'));
    assert.deepEqual([seen?.state, seen?.pid], ['running', (await holdersOf(PORT))[0]?.pid]);
    await tab.command('Cheatcode: Stop Dev Server');
    await tab.waitForStatus('Web stopped');
    await eventually('a free port', async () => (await holdersOf(PORT)).length === 0);
    assert.equal(appIn(await cheatcodeDev('status', '--json').catch(outputOf))?.state, 'stopped');
  });

  it('is one server when the backend asks several times while a window opens, and no host is there', async () => {
    await tab.close();
    await cheatcodeDev('shutdown');
    await eventually('no host', async () => (await liveHosts()).length === 0);
    assert.ok(editor);
    const [opened, ...asked] = await Promise.all([
      editor.tab(),
      ...Array.from({ length: STARTERS }, () => cheatcodeDev('ensure', '--json', '--timeout', '100')),
    ]);
    tab = opened;
    await tab.waitForStatus(`Web :${PORT}`, 120_000);
    const [holder] = await holdersOf(PORT);
    assert.deepEqual(
      asked.map((answer) => appIn(answer)?.pid),
      Array.from({ length: STARTERS }, () => holder?.pid),
    );
    assert.equal((await serversIn(folder)).length, 1);
    assert.equal((await liveHosts()).length, 1);
  });

  it('leaves no file of root’s in the app or in the home', () => {
    assert.ok(existsSync(path.join(folder, 'cheatcode-app/.next')), 'the server has written');
    assert.ok(existsSync(stateFolder()));
    assert.deepEqual(
      [...filesOf(folder), ...filesOf(account.home)].filter((file) => lstatSync(file).uid !== UID),
      [],
    );
  });
});

const uidOf = (pid: number | undefined): number => statSync(`/proc/${pid ?? ''}`).uid;

/** Of a command whose exit code says something else than 0. */
const outputOf = (error: { readonly stdout: string }): string => error.stdout;
