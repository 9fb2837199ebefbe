import assert from 'node:assert/strict';
import { cp, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { installVsix } from '../hosts/codeServer.mjs';
import { inRepo } from '../hosts/paths.mjs';
import { holdersOf } from '../hosts/witness';
import { decide, question } from './support/questions';
import { HandStarted } from './support/servers';
import { Editor, eventually, serversIn, workspace, type Tab } from './support/workbench';

const OWN_PORT = 3171;
const OTHER_PORT = 3176;
const AGENT = 'example.agent-1.0.0';

/** What is packed, and an agent beside it. */
async function makeExtensions(): Promise<string> {
  const dir = path.join(process.env['CHEATCODE_TEST_DIR'] ?? '', 'agents');
  const extensionsDir = path.join(dir, 'extensions');
  await installVsix({
    vsix: process.env['CHEATCODE_TEST_VSIX'] ?? '',
    userDataDir: path.join(dir, 'user'),
    extensionsDir,
  });
  const folder = path.join(extensionsDir, AGENT);
  await cp(inRepo('test', 'fixtures', 'agent'), folder, { recursive: true });
  const list = path.join(extensionsDir, 'extensions.json');
  const known = JSON.parse(await readFile(list, 'utf8')) as object[];
  const agent = {
    identifier: { id: 'example.agent' },
    version: '1.0.0',
    location: { $mid: 1, path: folder, scheme: 'file' },
    relativeLocation: AGENT,
    metadata: {},
  };
  await writeFile(list, JSON.stringify([...known, agent]));
  return extensionsDir;
}

describe('an agent in the editor', function () {
  this.timeout(240_000);
  let editor: Editor;
  let tab: Tab;
  let folder: string;
  let hand: HandStarted | undefined;

  before(async () => {
    folder = await workspace('agents');
    editor = await Editor.open('agents', {
      workspace: folder,
      settings: {
        'cheatcode.web.port': OWN_PORT,
        'cheatcode.healthIntervalSeconds': 1,
      },
      extensionsDir: await makeExtensions(),
    });
    tab = await editor.tab();
  });
  after(async () => {
    await editor?.close();
    await hand?.end();
  });
  afterEach(async function () {
    if (this.currentTest?.state !== 'failed') return;
    console.log(editor.hostLog());
    await tab.picture('failed-agents');
  });

  let calls = 0;
  /** What the call that was made last has come to. */
  const heard = async (words: RegExp) => {
    const start = `Agent ${++calls} heard: `;
    const said = tab.page.locator('.statusbar-item[id*="example.agent"]');
    const text = await eventually(
      start,
      async () => {
        const now = (await said.innerText({ timeout: 5000 })).replace(/\s+/g, ' ').trim();
        if (now.startsWith(start)) return now.slice(start.length);
        throw new Error(now);
      },
      120_000,
    );
    assert.match(text, words);
  };

  it('joins the server that runs already', async () => {
    await tab.waitForStatus(`Web :${OWN_PORT}`, 120_000);
    const [before] = await holdersOf(OWN_PORT);
    await tab.command('Agent: Ensure Dev Server');
    await heard(new RegExp(`^Web runs on port ${OWN_PORT}\\.`));
    assert.equal((await holdersOf(OWN_PORT))[0]?.pid, before?.pid);
  });

  it('stops it only when the person whom the editor asks agrees', async () => {
    await tab.command('Agent: Stop Dev Server');
    const asked = await question(tab);
    assert.match(asked, /Stop Web\?[^]*for everybody who uses it/);
    await decide(tab, undefined);
    await heard(/cancel/i);
    assert.equal((await holdersOf(OWN_PORT)).length, 1);

    await tab.command('Agent: Stop Dev Server');
    await question(tab);
    await decide(tab, 'Yes');
    await heard(/^Web is stopped/);
    await eventually('a free port', async () => (await holdersOf(OWN_PORT)).length === 0);
  });

  it('ends what was started outside Cheatcode only when a person has read the pids and agreed', async () => {
    hand = await HandStarted.nextDev(path.join(folder, 'cheatcode-app'), OTHER_PORT);
    const [listener] = await holdersOf(OTHER_PORT);
    await tab.waitForStatus(`Web :${OTHER_PORT} (adopted)`, 60_000);
    await tab.command('Agent: Stop Dev Server');
    const asked = await question(tab);
    assert.match(asked, /Stop Web\?[^]*An agent asks for this\.[^]*started outside Cheatcode/);
    assert.match(asked, new RegExp(`pid ${listener?.pid}\\b`));
    await tab.picture('agents');
    await decide(tab, undefined);
    await heard(/^The user was asked and did not agree/);
    assert.equal((await holdersOf(OTHER_PORT))[0]?.pid, listener?.pid);

    await tab.command('Agent: Restart Dev Server');
    assert.match(await question(tab), /Restart Web in a Cheatcode terminal\?/);
    await decide(tab, 'Restart');
    await heard(new RegExp(`^Web runs on port ${OWN_PORT}\\.`));
    assert.equal((await serversIn(folder)).length, 1);
  });
});
