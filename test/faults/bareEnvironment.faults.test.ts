import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { freePort, isAlive, repoRoot, waitFor } from '../contract/support/hostRig';
import { Account } from '../support/account';
import { skipBecause } from '../support/skip';
import { Agent } from './support/agent';

const UID = 1000;
const distFolder = path.join(repoRoot, 'out/testHost');

/**
 * A sandbox whose user has Node and the package manager from a version manager that only `.bashrc` sets up, while the
 * backend comes as root with nothing. The account exists in a mount namespace of the test's own.
 */
describe('a backend with a bare environment', function () {
  this.timeout(60_000);
  let folder: string;
  let port: number;
  let window: Agent | undefined;
  const inFolder = (...names: string[]) => path.join(folder, ...names);
  let account: Account;

  before(async function () {
    if (process.getuid?.() !== 0) skipBecause(this, 'only root can act as another user');
    folder = await mkdtemp('/tmp/ccb-');
    port = await freePort();
    account = new Account(folder, UID, 'echo welcome\nexport PATH="$HOME/.nvm/bin:$PATH"\nexport FROM_BASHRC=yes\n');
    mkdirSync(inFolder('home/.nvm/bin'), { recursive: true });
    symlinkSync(process.execPath, inFolder('home/.nvm/bin/node'));
    // Found nowhere else: `pnpm run dev`.
    writeFileSync(
      inFolder('home/.nvm/bin/pnpm'),
      '#!/bin/sh\necho "pnpm of the version manager: $*"\nexec node server.mjs\n',
    );
    chmodSync(inFolder('home/.nvm/bin/pnpm'), 0o755);
    const app = inFolder('ws/cheatcode-app');
    cpSync(path.join(repoRoot, 'test/fixtures/stub'), app, { recursive: true });
    mkdirSync(path.join(app, 'node_modules'));
    writeFileSync(path.join(app, 'pnpm-lock.yaml'), "lockfileVersion: '9.0'\n");
    writeFileSync(
      path.join(app, 'package.json'),
      JSON.stringify({ name: 'cheatcode-app', type: 'module', scripts: { dev: 'x' } }),
    );
    chmodSync(folder, 0o755);
    for (const name of ['home', 'ws']) account.own(inFolder(name));
  });
  after(async () => {
    if (!folder) return;
    await window?.close();
    // Whatever came of the test: nothing marks this host as the run's, since its environment was bare.
    await cheatcodeDev('shutdown').catch(() => undefined);
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  });
  /** As the backend runs it: root, with nothing in the environment but the port. */
  const cheatcodeDev = async (...words: string[]) => {
    const cli = [process.execPath, path.join(distFolder, 'cli.js'), ...words, '--workspace', inFolder('ws')];
    const [file = '', ...args] = [...account.asRoot, 'env', '-i', `CHEATCODE_WEB_PORT=${port}`, ...cli];
    return (await promisify(execFile)(file, args, { cwd: '/', timeout: 40_000 })).stdout;
  };

  it('fault 51: ensures a server as the folder’s owner, with that user’s Node and package manager, and a window joins it', async () => {
    const stdout = await cheatcodeDev('ensure', '--json');
    const [app] = (JSON.parse(stdout) as { apps: { state: string; pid: number; session: string; url: string }[] }).apps;
    assert.equal(app?.state, 'running', stdout);
    assert.equal(app.url, `http://localhost:${port}`);
    assert.equal(statSync(`/proc/${app.pid}`).uid, UID);
    const environ = readFileSync(`/proc/${app.pid}/environ`, 'utf8').split('\0');
    assert.ok(environ.includes('FROM_BASHRC=yes'));
    assert.ok(environ.includes(`HOME=${inFolder('home')}`));
    assert.ok(environ.some((entry) => entry.startsWith(`PATH=${inFolder('home/.nvm/bin')}:`)));

    const stats = statSync(inFolder('ws/cheatcode-app'), { bigint: true });
    const settings = { healthIntervalMs: 500, lastClient: 'keep', graceMs: 60_000 } as const;
    window = new Agent(
      {
        kind: 'window',
        distFolder,
        settings,
        apps: [`${stats.dev}:${stats.ino}:cheatcode-app`],
        restores: false,
        uid: UID,
      },
      { wrapper: account.asRoot, env: { CHEATCODE_STATE_DIR: undefined, HOME: inFolder('home') } },
    );
    await window.connect();
    const session = await window.reaches('running');
    assert.deepEqual([session.listenerPid, session.id], [app.pid, app.session]);
    assert.equal(statSync(`/proc/${window.hostPid}`).uid, UID);
    await window.call('attach', { sessionId: session.id, cols: 80, rows: 24 });
    const attached = window;
    await waitFor('the scrollback', () => attached.output.includes('pnpm of the version manager: run dev'));
    // Nothing of root's is left in the user's folders.
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name !== 'passwd');
    assert.deepEqual(
      files.filter((name) => statSync(inFolder(name)).uid !== UID && !name.endsWith('bin/node')),
      [],
    );
    const host = window.hostPid ?? 0;
    await cheatcodeDev('shutdown');
    await waitFor('the host to end', () => !isAlive(host));
  });
});
