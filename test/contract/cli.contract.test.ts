import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { runCommand } from '../../src/sessions/runCommand';
import type { SessionSnapshot } from '../../src/sessions/protocol';
import { HostRig, isAlive, repoRoot, waitFor, watchSession } from './support/hostRig';

describe('the command line', function () {
  this.timeout(60_000);
  let rig: HostRig;
  beforeEach(async () => {
    rig = await HostRig.create();
  });
  afterEach(() => rig.dispose());

  const cli = (...args: string[]) =>
    runCommand(process.execPath, [path.join(repoRoot, 'out/testHost/cli.js'), ...args], { timeoutMs: 30_000 });

  async function running() {
    const client = rig.client();
    const session = watchSession(client);
    const peer = await client.connect();
    await peer.call('start', { spec: rig.spec(), env: { PATH: process.env['PATH'] ?? '' }, origin: 'user' });
    await waitFor('the server to run', () => session.current?.state === 'running');
    return { client, session };
  }

  it('starts nothing where no session host runs, and says so by its exit code', async () => {
    const { exitCode, stderr } = await cli('status');
    assert.equal(exitCode, 3);
    assert.match(stderr, /no session host/);
    assert.deepEqual(await rig.hostPids(), []);
  });

  it('shows the sessions to people and to programs, and stops one', async () => {
    const { session } = await running();
    assert.match((await cli('status')).stdout, new RegExp(`dev_server_web runs on port ${rig.port}`));
    const list = JSON.parse((await cli('status', '--json')).stdout) as SessionSnapshot[];
    assert.deepEqual(
      list.map(({ id, state, listenerPid }) => [id, state, listenerPid]),
      [['dev_server_web', 'running', session.current?.listenerPid]],
    );
    assert.equal((await cli('stop', 'nobody')).exitCode, 2);
    assert.equal((await cli('stop')).exitCode, 0);
    assert.equal(session.current?.state, 'stopped');
    assert.equal(isAlive(list[0]?.listenerPid ?? 0), false);
  });

  it('names the processes of a server that somebody else started, and ends them only when it is told to', async () => {
    const server = spawn(process.execPath, ['server.mjs'], {
      cwd: rig.appFolder,
      env: { ...process.env, PORT: String(rig.port) },
      stdio: 'ignore',
    });
    try {
      await waitFor('the server to listen', () =>
        fetch(`http://localhost:${rig.port}/`).then(
          () => true,
          () => false,
        ),
      );
      const { session } = await running();
      assert.equal(session.current?.adopted, true);
      const refused = await cli('stop');
      assert.equal(refused.exitCode, 1);
      assert.match(refused.stderr, new RegExp(`pid ${server.pid}\\b`));
      assert.equal(isAlive(server.pid ?? 0), true);
      assert.equal((await cli('stop', '--yes')).exitCode, 0);
      await waitFor('its end', () => !isAlive(server.pid ?? 0));
      assert.equal(session.current?.state, 'stopped');
    } finally {
      server.kill('SIGKILL');
    }
  });

  it('ends the host and what it runs, for good', async () => {
    const { client, session } = await running();
    const server = session.current?.listenerPid ?? 0;
    const host = rig.hostPid() ?? 0;
    client.dispose(); // A window would bring the host back.
    assert.equal((await cli('shutdown')).exitCode, 0);
    await waitFor('the host to end', () => !isAlive(host));
    assert.equal(isAlive(server), false);
  });

  it('explains itself, and refuses what it does not know', async () => {
    assert.match((await cli('--help')).stdout, /^usage: cheatcode-dev/);
    assert.equal((await cli('dance')).exitCode, 2);
    assert.equal((await cli('--nonsense')).exitCode, 2);
  });
});
