import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { inSandbox, repoRoot } from '../hosts/paths.mjs';
import { sandboxEnv } from '../hosts/sandboxEnv.mjs';
import { endSessionHosts } from '../hosts/sessionHosts.mjs';
import { holdersOf } from '../hosts/witness';
import { Editor, eventually, NEXT_OUTPUT, serversIn, workspace, type Tab } from './support/workbench';

const PORT = 3195;
/** The editor comes when the server has been there for a while, as in a sandbox that was made before anybody looked. */
const LATER_MS = 30_000;

interface Ensured {
  readonly apps: readonly {
    readonly session: string;
    readonly state: string;
    readonly pid: number;
    readonly url: string;
  }[];
}

describe('a server that the command line has started before any window', function () {
  this.timeout(240_000);
  let editor: Editor | undefined;
  let tab: Tab;
  let folder: string;
  let stateFolder: string;
  let first: Ensured['apps'][number] | undefined;

  const cheatcodeDev = async (...args: string[]) => {
    const env = await sandboxEnv({ CHEATCODE_STATE_DIR: stateFolder, CHEATCODE_WEB_PORT: String(PORT) });
    const cli = path.join(repoRoot, 'dist/cli.js');
    const all = [cli, ...args, '--workspace', folder];
    return (await promisify(execFile)('node', all, { env, timeout: 120_000 })).stdout;
  };

  before(async () => {
    folder = await workspace('command-line');
    stateFolder = path.join(process.env['CHEATCODE_TEST_DIR'] ?? '', 'command-line', 's');
  });
  after(async () => {
    await editor?.close();
    await endSessionHosts(stateFolder);
  });
  afterEach(async function () {
    if (this.currentTest?.state !== 'failed' || !editor) return;
    console.log(editor.hostLog());
    await tab.picture('failed-command-line');
  });

  it('runs, once, however often it is asked for', async () => {
    const [one, two] = await Promise.all([cheatcodeDev('ensure', '--json'), cheatcodeDev('ensure', '--json')]);
    [first] = (JSON.parse(one) as Ensured).apps;
    assert.deepEqual((JSON.parse(two) as Ensured).apps[0]?.pid, first?.pid);
    assert.equal(first?.state, 'running');
    assert.equal((await serversIn(folder)).length, 1);
  });

  it('is shown by a window that opens 30 s later as its own, the same server with its scrollback', async () => {
    const [before] = await holdersOf(PORT);
    await new Promise((resolve) => setTimeout(resolve, LATER_MS));
    editor = await Editor.open('command-line', { workspace: folder, settings: { 'cheatcode.web.port': PORT } });
    assert.equal(editor.stateFolder, stateFolder);
    tab = await editor.tab();
    await tab.waitForStatus(`Web :${PORT}`, 120_000);
    await tab.command('Cheatcode: Show Dev Server Terminal');
    await eventually('its output', async () => NEXT_OUTPUT.test(await tab.terminalText()));
    assert.deepEqual((await holdersOf(PORT))[0]?.pid, before?.pid);
    assert.equal((await serversIn(folder)).length, 1);
    assert.equal((await editor.hosts()).length, 1);
  });

  it('is asked of and stopped in a terminal of the editor, whose PATH has the command', async () => {
    await tab.command('Terminal: Create New Terminal');
    const said = inSandbox('command-line-said.txt');
    await eventually('a shell', async () => /[$#] ?$/m.test(await tab.terminalText()));
    await tab.typeIntoTerminal(`cheatcode-dev status > ${said}; cheatcode-dev ensure >> ${said}; echo do''ne\n`);
    await eventually('the answer', async () => (await tab.terminalText()).includes('done'));
    assert.ok(existsSync(said));
    assert.match(readFileSync(said, 'utf8'), new RegExp(`runs on port ${PORT}[^]*http://localhost:${PORT}\n$`));
    await tab.typeIntoTerminal('cheatcode-dev stop\n');
    await tab.waitForStatus('Web stopped');
    assert.deepEqual(await holdersOf(PORT), []);
  });
});
