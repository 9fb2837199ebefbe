import assert from 'node:assert/strict';
import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { isAlive, repoRoot, waitFor } from '../contract/support/hostRig';
import { processes } from '../hosts/witness';
import { faultCase, type FaultCase, type WindowOptions } from './support/faultCase';
import { installable } from './support/installable';

const id = 'dev_server_web';

/** How a host comes to have no other kind of terminal than this one. */
const kinds: Record<string, (c: FaultCase) => Promise<WindowOptions>> = {
  'node-pty': () => Promise.resolve({}),
  "the editor's node-pty": async (c) => ({
    distFolder: await withoutNative(c),
    editorNodePty: path.join(repoRoot, 'node_modules/@lydell/node-pty'),
  }),
  script: async (c) => ({ distFolder: await withoutNative(c) }),
  pipes: async (c) => ({ distFolder: await withoutNative(c), env: { PATH: await onlyNode(c) } }),
};
const saidInLog: Record<string, RegExp> = {
  'node-pty': /terminals are made by=node-pty from=\S*\/native/,
  "the editor's node-pty": /terminals are made by=node-pty from=\S*@lydell\/node-pty/,
  script: /terminals are made by=script/,
  pipes: /no terminals on this machine/,
};

async function withoutNative(c: FaultCase): Promise<string> {
  const folder = path.join(path.dirname(c.rig.stateFolder), 'dist');
  const from = path.join(repoRoot, 'out/testHost');
  await cp(from, folder, { recursive: true, filter: (file) => file !== path.join(from, 'native') });
  return folder;
}

/** A PATH on which no `script` lies. */
async function onlyNode(c: FaultCase): Promise<string> {
  const folder = path.join(path.dirname(c.rig.stateFolder), 'path');
  await mkdir(folder);
  await symlink(process.execPath, path.join(folder, 'node'));
  return folder;
}

async function reapersOf(host: number): Promise<readonly number[]> {
  const all = await processes({ command: /cheatcode-reaper/ });
  return all.filter(({ ppid }) => ppid === host).map(({ pid }) => pid);
}

const treeGone = (c: FaultCase, limitMs: number) =>
  waitFor(
    'the whole tree to be gone',
    async () => (await c.started()).length === 0,
    limitMs,
    () => c.rig.hostLog(),
  );

describe('a killed session host', () => {
  for (const [kind, optionsFor] of Object.entries(kinds)) {
    faultCase(
      `fault 8: takes its running server with it, by ${kind}, and it is brought back; a stop leaves nothing of it`,
      { servers: 0 },
      async (c) => {
        const options = await optionsFor(c);
        const spec = { command: ['npm', 'run', 'dev'] };
        const { session, host } = await c.running({}, spec, { ...options, restores: false });
        assert.match(c.rig.hostLog(), saidInLog[kind] ?? /^$/);
        process.kill(host, 'SIGKILL');
        // The reaper gives a server a second to tidy up after itself.
        await treeGone(c, 3000);
        const next = c.window(options);
        await next.connect();
        const lost = await next.reaches('stopped', 'hostLost');
        assert.equal(lost.desired, 'running');
        await next.call('start', c.params({}, spec, 'restore'));
        const again = await next.reaches('running');
        assert.notEqual(again.listenerPid, session.listenerPid);
        await next.call('attach', { sessionId: id, cols: 100, rows: 30 });
        await waitFor('the screen', () => next.output.includes(`listening on ${c.rig.port}`));
        assert.equal(next.output.includes('no terminal can be had'), kind === 'pipes', 'who looks at it is told');
        await next.call('stop', { sessionId: id });
        await next.reaches('stopped');
        assert.deepEqual(await c.started(), []);
      },
    );
  }

  faultCase('fault 8: with nothing to run is replaced by the next window', { servers: 0 }, async (c) => {
    const window = c.window({ restores: false });
    await window.connect();
    const { host } = c;
    await c.kill(host);
    await waitFor('another host', () => window.connection === 'connected' && window.hostPid !== host);
    assert.equal(c.host, window.hostPid);
  });

  faultCase('fault 8: while its server starts; its window brings it back', { servers: 1 }, async (c) => {
    const window = c.window();
    await window.call('start', c.params({ STUB_LISTEN_DELAY_MS: '1500' }));
    await waitFor('the server to be born', () => c.watch.current.length === 1);
    const [first = 0] = c.watch.current;
    await c.kill(c.host);
    await waitFor('the first server to be gone', () => !isAlive(first), 3000);
    await window.reaches('running');
    assert.equal(c.watch.servers.size, 2);
  });

  faultCase('fault 8: while it installs: the install ends with it, and is done again', { servers: 1 }, async (c) => {
    const window = c.window();
    await window.call('start', c.params({}, await installable(c, { delayMs: 2000 })));
    await window.reaches('installing', 'dependenciesMissing');
    await waitFor('the install to be at work', async () => (await c.started()).length > 0);
    await c.kill(c.host);
    await window.reaches('running');
    assert.equal(c.watch.servers.size, 1);
    assert.ok(window.states.filter((state) => state === 'installing').length >= 2, window.states.join());
  });

  faultCase('fault 8: while it stops its server: the stop is not undone', { servers: 0 }, async (c) => {
    const { window, session, host } = await c.running({ STUB_IGNORE: 'SIGINT' });
    const stopped = window.call('stop', { sessionId: id }).catch(() => undefined);
    await window.reaches('stopping');
    await c.kill(host);
    await stopped;
    await waitFor('the server to be gone', () => !isAlive(session.listenerPid ?? 0), 4000);
    await window.sees('of a new host', ({ reason }) => reason.code !== 'requested' && window.hostPid !== host);
    const auto = await window.call('start', c.params({}, {}, 'auto'));
    assert.deepEqual([auto.state, auto.desired], ['stopped', 'stopped']);
  });

  faultCase('fault 8: takes two sessions with it, the daemon of one too', { servers: 1 }, async (c) => {
    const { window, session, host } = await c.running({ STUB_DAEMON: 'double' }, {}, { restores: false });
    // The terminal of the first is open in what was started later: the kernel's hang-up alone would not do.
    const second = await c.secondApp();
    await window.call('start', { ...c.params({ STUB_DAEMON: '1' }), spec: second });
    const other = await window.sees(
      'running, the second',
      ({ appKey, state }) => appKey === second.appKey && state === 'running',
    );
    await c.kill(host);
    await waitFor('both servers to be gone', () =>
      [session, other].every(({ listenerPid }) => !isAlive(listenerPid ?? 0)),
    );
    const next = c.window({ restores: false });
    await next.connect();
    // Before it serves, a host ends what the reapers could not know of.
    assert.deepEqual(await c.started(), [], 'no daemon outlives the fence');
    await next.call('start', c.params({}, {}, 'restore'));
    await next.reaches('running');
  });

  faultCase(
    'fault 9: a server that ignores the hang-up and the interrupt ends with its host all the same',
    { servers: 1 },
    async (c) => {
      const { session, host } = await c.running({ STUB_IGNORE: 'SIGHUP,SIGINT,SIGTERM' }, {}, { restores: false });
      process.kill(host, 'SIGKILL');
      await waitFor('the server to be gone', () => !isAlive(session.listenerPid ?? 0), 5000);
      const next = c.window();
      await next.call('start', c.params({}, {}, 'restore'));
      await next.reaches('running');
    },
  );

  for (const kind of ['node-pty', 'pipes'])
    faultCase(
      `fault 9: with its reaper: a server that ignores the hang-up is ended by the next host, by ${kind}`,
      { servers: 1, timeoutMs: 90_000 },
      async (c) => {
        const options = (await kinds[kind]?.(c)) ?? {};
        const stub = { STUB_IGNORE: 'SIGHUP,SIGINT,SIGTERM', STUB_DAEMON: 'double' };
        const { session, host } = await c.running(stub, {}, { ...options, restores: false });
        // Suspended first: it would begin its work between two signals.
        const reapers = await reapersOf(host);
        assert.equal(reapers.length, 1);
        for (const pid of reapers) process.kill(pid, 'SIGSTOP');
        await c.kill(host);
        for (const pid of reapers) await c.kill(pid);
        assert.ok(isAlive(session.listenerPid ?? 0), 'nobody was left to end it');
        const next = c.window(options);
        await next.call('start', c.params({}, {}, 'restore'));
        assert.ok(!isAlive(session.listenerPid ?? 0), 'the new host fenced before it served');
        await next.reaches('running');
        assert.equal((await c.started()).length, 1, 'its daemon went, too');
      },
    );

  faultCase(
    'fault 9: what its record does not name is found by the cookie',
    { servers: 1, timeoutMs: 90_000 },
    async (c) => {
      const { session, host } = await c.running({ STUB_IGNORE: 'SIGHUP,SIGINT,SIGTERM' }, {}, { restores: false });
      const reapers = await reapersOf(host);
      for (const pid of reapers) process.kill(pid, 'SIGSTOP');
      await c.kill(host);
      for (const pid of reapers) await c.kill(pid);
      for (const folder of c.scopeFolders()) await writeFile(path.join(folder, 'records', `${id}.json`), '');
      const next = c.window();
      await next.call('start', c.params({}, {}, 'auto'));
      assert.ok(!isAlive(session.listenerPid ?? 0));
      await next.reaches('running');
    },
  );
});
