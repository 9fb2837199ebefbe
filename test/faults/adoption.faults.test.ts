import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { chmod, cp } from 'node:fs/promises';
import path from 'node:path';
import { systemPorts } from '../../src/sessions/host/ports';
import { freePort, isAlive, repoRoot, waitFor } from '../contract/support/hostRig';
import { inSandbox } from '../hosts/paths.mjs';
import { groupMembers } from '../hosts/witness';
import { copyWorkspace } from '../hosts/workspace.mjs';
import { skipBecause } from '../support/skip';
import type { Agent } from './support/agent';
import { AgentError } from './support/agent';
import { faultCase, type FaultCase } from './support/faultCase';

const ports = systemPorts(process.platform);
const id = 'dev_server_web';
const isRoot = process.getuid?.() === 0;

/** The stub, started by hand in the app's folder; gives the pid of what listens. */
async function byHand(
  c: FaultCase,
  argv: readonly string[] = ['node', 'server.mjs'],
  options: { readonly port?: number; readonly cwd?: string; readonly stub?: Readonly<Record<string, string>> } = {},
): Promise<{ readonly child: ChildProcess; readonly listener: number }> {
  const port = options.port ?? c.rig.port;
  const child = c.command(argv, {
    env: { PORT: String(port), ...options.stub },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  const listener = await waitFor('the server to listen', async () => (await ports.listeners(port))[0]?.pid);
  return { child, listener };
}

/** A stop as a window does it: it asks which processes that would signal, a person agrees, and it stops. */
async function stopWithAWord(window: Agent): Promise<void> {
  await assert.rejects(window.call('stop', { sessionId: id }), (error: unknown) => error instanceof AgentError);
  const { processes } = await window.call('foreignProcesses', { sessionId: id, target: 'adopted' });
  assert.ok(processes.length > 0, 'they are named');
  const stopped = await window.call('stop', { sessionId: id, confirmed: processes });
  assert.equal(stopped.state, 'stopped');
}

describe('the app, started by hand', () => {
  faultCase('fault 21: before ours is shown as running, and nothing is started', { servers: 0 }, async (c) => {
    const { listener } = await byHand(c);
    const { session } = await c.running();
    assert.deepEqual([session.adopted, session.port, session.listenerPid], [true, c.rig.port, listener]);
    assert.equal(c.watch.servers.size, 0);
  });

  faultCase('fault 21: before ours, on another port, is shown there', { servers: 0 }, async (c) => {
    const port = await freePort();
    const { listener } = await byHand(c, ['node', 'server.mjs'], { port });
    const { session } = await c.running();
    assert.deepEqual([session.adopted, session.port, session.listenerPid], [true, port, listener]);
    assert.equal(session.url, `http://localhost:${port}`);
  });

  faultCase('fault 21: while ours starts: ours meets the port, and adopts it', { servers: 0 }, async (c) => {
    const window = c.window({ env: { CHEATCODE_TEST_FAILPOINTS: 'start.beforeSpawn=stop@1' } });
    await window.call('start', c.params());
    await waitFor('the host between check and spawn', () => c.rig.hostLog().includes('failpoint start.beforeSpawn'));
    const { listener } = await byHand(c);
    process.kill(c.host, 'SIGCONT');
    const session = await window.reaches('running');
    assert.deepEqual([session.adopted, session.listenerPid], [true, listener]);
  });

  faultCase('fault 21: after ours, on another port, is reported and ended on a word', { servers: 1 }, async (c) => {
    const { window, session } = await c.running();
    const port = await freePort();
    const { listener } = await byHand(c, ['node', 'server.mjs'], { port });
    const told = await window.sees(
      'told of a second server',
      ({ secondServers }) => secondServers?.length === 1,
      45_000,
    );
    assert.deepEqual([told.secondServers?.[0]?.port, told.secondServers?.[0]?.pid], [port, listener]);
    assert.deepEqual([told.state, told.listenerPid], ['running', session.listenerPid]);
    const { processes } = await window.call('foreignProcesses', { sessionId: id, target: 'secondServer' });
    assert.ok(isAlive(listener), 'asking ends nobody');
    await window.call('endForeign', { sessionId: id, target: 'secondServer', confirmed: processes });
    assert.ok(!isAlive(listener));
    await window.sees('alone again', ({ secondServers }) => (secondServers?.length ?? 0) === 0, 45_000);
    assert.ok(isAlive(session.listenerPid ?? 0), 'ours is untouched');
  });
});

describe('an adopted server', () => {
  faultCase('fault 22: that dies is followed by ours', { servers: 1 }, async (c) => {
    const { listener } = await byHand(c);
    const { window } = await c.running();
    await c.kill(listener);
    const ours = await window.sees('ours', ({ state, adopted }) => state === 'running' && !adopted);
    assert.equal(ours.port, c.rig.port);
    assert.equal(c.watch.servers.size, 1);
  });

  faultCase('fault 22: is not ended with the host or by its end', { servers: 0 }, async (c) => {
    const { listener } = await byHand(c);
    const { window, host } = await c.running();
    await c.kill(host);
    await waitFor('another host', () => window.connection === 'connected' && window.hostPid !== host);
    const session = await window.sees('adopted again', ({ state, adopted }) => state === 'running' && adopted);
    assert.equal(session.listenerPid, listener);
    // A window that is there would start another host.
    await window.close();
    process.kill(c.host, 'SIGTERM');
    await waitFor('the host to end', async () => (await c.rig.hostPids()).length === 0);
    assert.ok(isAlive(listener));
  });

  faultCase(
    'fault 22: is not signalled without a word, and not for a word about another process',
    { servers: 0 },
    async (c) => {
      const { listener } = await byHand(c);
      const { window } = await c.running();
      const about = { pid: process.pid, startTicks: '1', command: 'another' };
      await assert.rejects(
        window.call('stop', { sessionId: id, confirmed: [about] }),
        (e: unknown) => e instanceof AgentError,
      );
      await assert.rejects(window.call('restart', c.params()), (error: unknown) => error instanceof AgentError);
      assert.ok(isAlive(listener));
      const [now] = [...window.sessions.values()];
      assert.equal(now?.state, 'running');
    },
  );

  // What an extension host starts shares the editor's group; what an agent's shell starts, the agent's.
  const starters: Record<string, { readonly argv: readonly string[]; readonly cwd: 'root' | 'app' }> = {
    'from an extension host': {
      argv: [
        'node',
        '-e',
        `require('child_process').spawn('npm', ['run', 'dev'], { cwd: process.env.APP, stdio: 'ignore' }); setInterval(() => {}, 1000)`,
      ],
      cwd: 'root',
    },
    "from an agent's shell": { argv: ['sh', '-c', 'npm run dev; sleep 1000'], cwd: 'app' },
  };
  for (const [title, { argv, cwd }] of Object.entries(starters))
    faultCase(`fault 22: ${title}: only the server ends, never who started it`, { servers: 0 }, async (c) => {
      const { child, listener } = await byHand(c, argv, {
        cwd: cwd === 'root' ? '/' : c.rig.appFolder,
        stub: { APP: c.rig.appFolder },
      });
      const { window, session } = await c.running();
      assert.equal(session.adopted, true);
      await stopWithAWord(window);
      assert.ok(!isAlive(listener));
      assert.ok(isAlive(child.pid ?? 0), 'who started it lives');
      const left = await groupMembers(child.pid ?? 0);
      assert.ok(left.some(({ pid }) => pid === child.pid));
      assert.ok(!left.some(({ command }) => command.includes('server.mjs')), left.map((one) => one.command).join());
      assert.equal(await ports.isFree(c.rig.port), true);
    });

  faultCase('fault 22: restarted on a word goes on in a terminal of ours', { servers: 1 }, async (c) => {
    const { listener } = await byHand(c);
    const { window } = await c.running();
    const { processes } = await window.call('foreignProcesses', { sessionId: id, target: 'adopted' });
    await window.call('restart', { ...c.params(), confirmed: processes });
    const ours = await window.sees('ours', ({ state, adopted }) => state === 'running' && !adopted);
    assert.equal(ours.port, c.rig.port);
    assert.ok(!isAlive(listener));
  });

  describe('in a container', () => {
    before(function () {
      if (!isRoot) skipBecause(this, 'only root can make namespaces');
    });
    // The entry process of its own pid namespace, on the same network: visible from outside, and not to be ended with it.
    faultCase(
      "fault 22: as the child of a container's entry process: only the server ends",
      { servers: 0 },
      async (c) => {
        const entry = [
          'unshare',
          '--pid',
          '--fork',
          '--kill-child',
          '--mount-proc',
          'sh',
          '-c',
          'npm run dev; sleep 1000',
        ];
        const { child, listener } = await byHand(c, entry);
        const { window, session } = await c.running();
        assert.equal(session.adopted, true);
        await stopWithAWord(window);
        assert.ok(!isAlive(listener));
        assert.ok(isAlive(child.pid ?? 0), 'the container goes on');
      },
    );
  });
});

/** The sample's Next app, started as its users do. */
async function realNext(c: FaultCase) {
  const copy = await copyWorkspace(path.join(path.dirname(c.rig.stateFolder), 'w'), { only: ['cheatcode-app'] });
  const folder = path.join(copy, 'cheatcode-app');
  const PATH = `${inSandbox('tools', 'node_modules', '.bin')}${path.delimiter}${process.env['PATH'] ?? ''}`;
  const spec = c.specOf(folder, {
    command: ['pnpm', 'run', 'dev'],
    probe: { kind: 'http', method: 'GET', path: '/__nextjs_server_status' },
  });
  return { folder, spec, env: { PATH, NEXT_TELEMETRY_DISABLED: '1' } };
}

describe('a second Next in one folder', () => {
  faultCase(
    'fault 16: ours prints Ready and gives up: it is never reported running, the other is adopted',
    { servers: 0, timeoutMs: 150_000, server: /^next-server/ },
    async (c) => {
      const { folder, spec, env } = await realNext(c);
      // Ours has looked for another one and found none when the other is started: the two meet at Next's own lock.
      const window = c.window({ apps: [spec.appKey], env: { CHEATCODE_TEST_FAILPOINTS: 'start.beforeSpawn=stop@1' } });
      await window.call('start', c.params(env, spec));
      await waitFor('the host between look and spawn', () => c.rig.hostLog().includes('failpoint start.beforeSpawn'));
      const port = await freePort();
      const { listener } = await byHand(c, ['pnpm', 'run', 'dev', '-p', String(port)], {
        port,
        cwd: folder,
        stub: env,
      });
      await waitFor(
        'the other Next to answer',
        () =>
          fetch(`http://localhost:${port}/__nextjs_server_status`).then(
            ({ ok }) => ok,
            () => false,
          ),
        60_000,
      );
      process.kill(c.host, 'SIGCONT');
      const session = await window.sees('running', ({ state }) => state === 'running', 90_000);
      assert.deepEqual([session.adopted, session.port, session.listenerPid], [true, port, listener]);
      const claimed = window.history.filter(({ state, adopted }) => state === 'running' && !adopted);
      assert.deepEqual(claimed, [], 'never reported running before');
    },
  );
});

describe('two users of one folder', () => {
  before(function () {
    if (!isRoot) skipBecause(this, 'only root can start processes of another user');
  });

  const uid = 12_345;

  /** A window of another user, with a host of its own from files that this user may read. */
  async function ofAnotherUser(c: FaultCase, appKey: string): Promise<Agent> {
    const base = path.dirname(c.rig.stateFolder);
    await chmod(base, 0o777);
    const distFolder = path.join(base, 'dist');
    await cp(path.join(repoRoot, 'out/testHost'), distFolder, { recursive: true });
    return c.window({
      uid,
      distFolder,
      apps: [appKey],
      restores: false,
      env: { CHEATCODE_STATE_DIR: path.join(base, 'other') },
    });
  }

  async function theirHostEnds(user: Agent): Promise<void> {
    const host = user.hostPid ?? 0;
    await user.close();
    process.kill(host, 'SIGTERM');
    await waitFor('the host of the other user to end', () => !isAlive(host));
  }

  faultCase(
    "fault 25: the second user's host adopts what proves itself, and no signal goes across",
    { servers: 1, timeoutMs: 150_000, server: /^next-server/ },
    async (c) => {
      const { spec, env } = await realNext(c);
      const window = c.window({ apps: [spec.appKey] });
      await window.call('start', c.params(env, spec));
      const session = await window.reaches('running', undefined, 90_000);
      const user = await ofAnotherUser(c, spec.appKey);
      await user.call('start', c.params(env, spec));
      const seen = await user.reaches('running');
      assert.deepEqual([seen.adopted, seen.port], [true, session.port]);
      await assert.rejects(user.call('stop', { sessionId: seen.id }), (error: unknown) => error instanceof AgentError);
      await theirHostEnds(user);
      assert.deepEqual([window.session?.state, window.session?.listenerPid], ['running', session.listenerPid]);
    },
  );

  faultCase(
    "fault 25: what can't prove itself blocks the second user's host until it ends",
    { servers: 1 },
    async (c) => {
      const { window, session } = await c.running();
      const user = await ofAnotherUser(c, session.appKey);
      await user.call('start', c.params());
      await user.reaches('blocked', 'appLockHeld');
      await user.call('endForeign', { sessionId: id, target: 'portHolder', confirmed: [] }).catch(() => undefined);
      assert.ok(isAlive(session.listenerPid ?? 0));
      await window.call('stop', { sessionId: id });
      const theirs = await user.reaches('running');
      assert.equal(theirs.adopted, false);
      await user.call('stop', { sessionId: id });
      await theirHostEnds(user);
      await window.call('start', c.params());
      await window.reaches('running');
    },
  );
});
