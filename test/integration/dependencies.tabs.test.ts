import assert from 'node:assert/strict';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execFileSync } from 'node:child_process';
import { holdersOf } from '../hosts/witness';
import { actions, answer, told } from './support/questions';
import { Editor, eventually, type Tab } from './support/workbench';

const PORT = 3170;

/** An app whose packages lie beside it, so that an install needs no registry. */
async function appWith(folder: string, packages: readonly string[]): Promise<void> {
  for (const name of packages) {
    await mkdir(path.join(folder, name), { recursive: true });
    await writeFile(path.join(folder, name, 'package.json'), JSON.stringify({ name, version: '1.0.0' }));
  }
  const dependencies = Object.fromEntries(packages.map((name) => [name, `file:./${name}`]));
  const scripts = { dev: 'node server.mjs' };
  await writeFile(path.join(folder, 'package.json'), JSON.stringify({ name: 'cheatcode-app', scripts, dependencies }));
  await writeFile(
    path.join(folder, 'server.mjs'),
    "import http from 'node:http';\nhttp.createServer((_, response) => response.end()).listen(process.env.PORT);\n",
  );
}

function npm(folder: string, ...args: readonly string[]): void {
  execFileSync('npm', ['install', '--offline', '--no-audit', '--no-fund', ...args], { cwd: folder, stdio: 'ignore' });
}

describe('fault 36: a lock file that changes while the server runs', function () {
  this.timeout(180_000);
  let editor: Editor;
  let tab: Tab;
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') {
      console.log(editor.hostLog());
      await tab.picture('failed-dependencies');
    }
    await editor.close();
  });

  it('is told once with the choice to install, and the restart installs and runs', async () => {
    const folder = path.join(process.env['CHEATCODE_TEST_DIR'] ?? '', 'dependencies', 'w');
    const app = path.join(folder, 'cheatcode-app');
    await appWith(app, ['one']);
    npm(app);
    editor = await Editor.open('dependencies', {
      workspace: folder,
      settings: { 'cheatcode.web.port': PORT, 'cheatcode.healthIntervalSeconds': 1 },
    });
    tab = await editor.tab();
    await tab.waitForStatus(`Web :${PORT}`, 60_000);
    const before = (await holdersOf(PORT))[0]?.pid;
    assert.deepEqual(await tab.offeredCommands().then((all) => all.filter((title) => title.includes('Install'))), []);

    // As a pull does it: package.json and lock file come from elsewhere, and nothing is installed.
    const elsewhere = path.join(folder, '..', 'elsewhere');
    await appWith(elsewhere, ['one', 'two']);
    npm(elsewhere, '--package-lock-only');
    await appWith(app, ['one', 'two']);
    await copyFile(path.join(elsewhere, 'package-lock.json'), path.join(app, 'package-lock.json'));
    const says = /The installed packages of Web are not those of package-lock\.json/;
    assert.deepEqual(await told(tab, says), ['Install and Restart', 'Not Now']);
    await tab.picture('dependencies-changed');
    assert.equal((await holdersOf(PORT))[0]?.pid, before, 'nothing is done unasked');
    const entries = await actions(tab);
    assert.match(entries[0] ?? '', /Install and Restart.*package-lock\.json/);

    await answer(tab, says, 'Install and Restart');
    await eventually('another server', async () => {
      const [holder] = await holdersOf(PORT);
      return holder !== undefined && holder.pid !== before;
    });
    await tab.waitForStatus(`Web :${PORT}`, 60_000);
    await eventually('no offer any more', async () => !(await actions(tab)).some((entry) => entry.includes('Install')));
  });
});
