import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { hostNames } from '../../src/sessions/host/hostNames';
import { linuxProcesses } from '../../src/sessions/host/linuxProcesses';
import { readProcStat } from '../../src/sessions/procFiles';
import type { HostClient } from '../../src/sessions/hostClient';
import { PROTOCOL_VERSION } from '../../src/sessions/protocol';
import { RpcPeer, type Peer } from '../../src/sessions/rpcPeer';
import { SESSION_COOKIE } from '../../src/sessions/serverEnvironment';
import { currentScope } from '../../src/sessions/scope';
import { ensureScopePaths, ensureStateFolder, type ScopePaths } from '../../src/sessions/stateFolder';
import { ensureNode, type NodeMajor } from '../hosts/nodes.mjs';
import { skipBecause } from '../support/skip';
import { freePort, HostRig, isAlive, repoRoot, waitFor, watchSession } from './support/hostRig';
import { markedPids, SESSION_HOST, STUB_SERVER } from './support/marked';
import { Programs } from './support/program';
import { RigClient, type RigClientOptions, type SeenByClient } from './support/rigClient';

/** A user without a passwd entry. */
const STRANGER = 54_321;
const isRoot = process.getuid?.() === 0;

describe("the host's life and the way to it, under faults", function () {
  this.timeout(180_000);
  let rig: HostRig;
  let programs: Programs;
  const clients: RigClient[] = [];
  /** Undone last to first when a test is over. */
  const undo: (() => unknown)[] = [];
  beforeEach(async () => {
    programs = new Programs();
    rig = await HostRig.create();
  });
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') console.log(rig.hostLog(), rig.log.join('\n'));
    await Promise.all(clients.splice(0).map((client) => client.end()));
    await programs.endAll();
    for (const step of undo.splice(0).reverse()) await step();
    await rig.dispose();
  });

  const folderOf = () => path.dirname(rig.stateFolder);
  const scopePaths = (): ScopePaths => ensureScopePaths(ensureStateFolder(process.env), currentScope());
  const startParams = (origin: 'user' | 'restore' = 'user') => ({
    spec: rig.spec(),
    env: { PATH: process.env['PATH'] ?? '', STUB_RIG: rig.stateFolder },
    origin,
  });
  const join = async (client: HostClient = rig.client()) => {
    const session = watchSession(client);
    const peer = await client.connect();
    return { client, session, peer };
  };
  const running = async (client?: HostClient) => {
    const joined = await join(client);
    await joined.peer.call('start', startParams());
    await waitFor(
      'the server to run',
      () => joined.session.current?.state === 'running',
      20_000,
      () => JSON.stringify(joined.session),
    );
    return joined;
  };
  const clientProcess = async (options: RigClientOptions = {}) => {
    const client = new RigClient(rig, options);
    clients.push(client);
    return client.ready();
  };
  const answerOf = async (client: RigClient): Promise<SeenByClient> => {
    const seen = await client.go();
    assert.ok(seen, 'the client was told of an error');
    return seen;
  };
  const serverPids = () => markedPids('STUB_RIG', rig.stateFolder, STUB_SERVER);
  const hostOf = (client: HostClient) => (client.state.kind === 'connected' ? client.state.hostPid : undefined);
  /** Watches from outside; the result ends it and says how many servers there were at once. */
  const witness = () => {
    let peak = 0;
    let isOver = false;
    const watching = (async () => {
      while (!isOver) {
        peak = Math.max(peak, (await serverPids()).length);
        await new Promise((resolve) => setTimeout(resolve, 15));
      }
    })();
    return async () => {
      isOver = true;
      await watching;
      return peak;
    };
  };

  describe('a host that hangs', () => {
    const suspend = async (pid: number) => {
      process.kill(pid, 'SIGSTOP');
      undo.push(() => isAlive(pid) && process.kill(pid, 'SIGCONT'));
      await waitFor('it is suspended', () => readProcStat(pid)?.state === 'T');
    };

    it('fault 11: is named within ten seconds, stays, and serves again with the same server when it goes on', async () => {
      const { session } = await running();
      const host = rig.hostPid() ?? 0;
      const server = session.current?.listenerPid ?? 0;
      await suspend(host);
      const next = rig.client();
      const before = performance.now();
      await assert.rejects(next.connect(), { code: 'hostHangs', facts: { seconds: 10, pid: host } });
      assert.ok(performance.now() - before < 11_000);
      next.keepConnected();
      process.kill(host, 'SIGCONT');
      await waitFor('the client is back', () => next.state.kind === 'connected', 30_000);
      assert.deepEqual([hostOf(next), isAlive(server), await rig.hostPids()], [host, true, [host]]);
    });

    it('fault 11: is ended on a person’s word, with its servers, and never two at once', async () => {
      const { session } = await running();
      const host = rig.hostPid() ?? 0;
      const server = session.current?.listenerPid ?? 0;
      await suspend(host);
      const next = rig.client();
      const seen = watchSession(next);
      await assert.rejects(next.connect(), { code: 'hostHangs' });
      const peakServers = witness();
      const peer = await next.replaceHungHost();
      assert.deepEqual([isAlive(host), isAlive(server)], [false, false]);
      await peer.call('start', startParams('restore'));
      await waitFor('the server is back', () => seen.current?.state === 'running');
      assert.equal(await peakServers(), 1);
      assert.deepEqual(await rig.hostPids(), [hostOf(next)]);
    });

    it('fault 11: is left alone when what it wrote down is not what holds the lock', async () => {
      await running();
      const host = rig.hostPid() ?? 0;
      const innocent = programs.command('sleep', ['1000']);
      const identity = await waitFor('the innocent to run', () => linuxProcesses.identify(innocent));
      await suspend(host);
      const { hostFile } = scopePaths();
      writeFileSync(hostFile, JSON.stringify({ ...identity }));
      const next = rig.client();
      await assert.rejects(next.replaceHungHost(), {
        code: 'hostNotReplaced',
        facts: { pid: innocent, detail: `process ${host} holds the lock` },
      });
      writeFileSync(hostFile, JSON.stringify({ pid: host, startTicks: '1' }));
      await assert.rejects(next.replaceHungHost(), { code: 'hostHangs' }, 'that pid is another process by now');
      rmSync(hostFile);
      await assert.rejects(next.replaceHungHost(), { code: 'hostNotReplaced' });
      assert.deepEqual([isAlive(innocent), isAlive(host)], [true, true]);
    });
  });

  describe('two versions', () => {
    const of = (version: string) => rig.client({ version });
    const hostVersion = () => {
      const { hostFile } = scopePaths();
      return existsSync(hostFile)
        ? (JSON.parse(readFileSync(hostFile, 'utf8')) as { version: string }).version
        : undefined;
    };

    it('fault 33: the older host goes when its last server stops, and nobody goes back', async () => {
      const older = await running(of('1.0.0'));
      const host = rig.hostPid() ?? 0;
      const newer = of('1.1.0');
      await newer.connect();
      const server = older.session.current?.listenerPid ?? 0;
      await newer.peer?.call('watch', { apps: [rig.spec().appKey] });
      assert.deepEqual([hostOf(newer), isAlive(server)], [host, true], 'no server is lost unasked');
      await older.peer.call('stop', { sessionId: 'dev_server_web' });
      await waitFor('the newer host', () => hostVersion() === '1.1.0' && newer.state.kind === 'connected');
      await waitFor('the older window follows', () => hostOf(older.client) === hostOf(newer));
      const begins = () => rig.hostLog().match(/host begins/g)?.length;
      assert.equal(begins(), 2);
      // Windows of both come and go: none of them makes another host.
      for (const version of ['1.0.0', '1.1.0', '1.0.0']) await of(version).connect();
      await running(of('1.0.0'));
      assert.deepEqual([begins(), hostVersion(), (await rig.hostPids()).length], [2, '1.1.0', 1]);
    });

    it('fault 33: the older host goes on a person’s word, and what ran comes back', async () => {
      const older = await running(of('1.0.0'));
      const server = older.session.current?.listenerPid ?? 0;
      const newer = of('1.1.0');
      const seen = watchSession(newer);
      await newer.connect();
      const peakServers = witness();
      const peer = await newer.replaceHost(true);
      assert.deepEqual([hostVersion(), isAlive(server)], ['1.1.0', false]);
      assert.equal(seen.current?.reason.code, 'hostLost');
      await peer.call('start', startParams('restore'));
      await waitFor('the server is back', () => seen.current?.state === 'running');
      assert.equal(await peakServers(), 1);
    });

    /** A build of the host that speaks another protocol, started by hand as its own clients would. */
    const otherProtocol = async (version: string, protocol: number) => {
      const dist = path.join(folderOf(), `dist-${protocol}`);
      cpSync(path.join(repoRoot, 'out/testHost'), dist, { recursive: true });
      const code = readFileSync(path.join(dist, 'host.js'), 'utf8');
      const ours = `PROTOCOL_VERSION = ${PROTOCOL_VERSION};`;
      assert.equal(code.split(ours).length, 2, 'the build has one protocol version');
      writeFileSync(path.join(dist, 'host.js'), code.replace(ours, `PROTOCOL_VERSION = ${protocol};`));
      const paths = scopePaths();
      const args = {
        stateFolder: rig.stateFolder,
        scopeId: currentScope().id,
        version,
        settings: { healthIntervalMs: 500, lastClient: 'keep', graceMs: 60_000 },
      };
      const host = spawn(process.execPath, [path.join(dist, 'host.js'), JSON.stringify(args)], {
        detached: true,
        stdio: 'ignore',
        cwd: '/',
      });
      host.unref();
      await waitFor('the other host', () => existsSync(paths.token) && existsSync(paths.socket));
      const socket = net.connect(paths.socket);
      await once(socket, 'connect');
      const peer: Peer = new RpcPeer(socket, () => undefined);
      undo.push(() => peer.dispose());
      const hello = {
        protocol,
        token: readFileSync(paths.token, 'utf8'),
        version,
        kind: 'window' as const,
        pid: process.pid,
        apps: [],
      };
      await peer.call('hello', hello);
      return { peer, pid: host.pid ?? 0 };
    };
    const serverOf = async (peer: Peer) => {
      await peer.call('start', startParams());
      return waitFor('its server', async () => (await serverPids())[0]);
    };

    it('fault 33: an idle host of an older protocol makes room at once', async () => {
      const older = await otherProtocol('0.9.0', PROTOCOL_VERSION - 1);
      const newer = of('1.0.0');
      await newer.connect();
      assert.deepEqual([isAlive(older.pid), hostVersion()], [false, '1.0.0']);
    });

    it('fault 33: one of an older protocol that is at work stays, the client is told, and replaces it when it is idle', async () => {
      const older = await otherProtocol('0.9.0', PROTOCOL_VERSION - 1);
      const server = await serverOf(older.peer);
      const newer = of('1.0.0');
      await assert.rejects(newer.connect(), {
        code: 'versionMismatch',
        facts: { hostVersion: '0.9.0', ownVersion: '1.0.0', host: 'older' },
      });
      assert.deepEqual([isAlive(older.pid), isAlive(server)], [true, true]);
      newer.keepConnected();
      await older.peer.call('stop', { sessionId: 'dev_server_web' });
      await waitFor('the newer host', () => newer.state.kind === 'connected', 30_000);
      assert.deepEqual([isAlive(older.pid), hostVersion()], [false, '1.0.0']);
    });

    it('fault 33: one of an older protocol that is at work goes on a person’s word', async () => {
      const older = await otherProtocol('0.9.0', PROTOCOL_VERSION - 1);
      const server = await serverOf(older.peer);
      await of('1.0.0').replaceHost(true);
      assert.deepEqual([isAlive(older.pid), isAlive(server), hostVersion()], [false, false, '1.0.0']);
    });

    it('fault 33: the host of a newer protocol stays whatever an older client says', async () => {
      const newer = await otherProtocol('2.0.0', PROTOCOL_VERSION + 1);
      const server = await serverOf(newer.peer);
      const mismatch = {
        code: 'versionMismatch',
        facts: { hostVersion: '2.0.0', ownVersion: '1.0.0', host: 'newer' },
      };
      await assert.rejects(of('1.0.0').connect(), mismatch);
      await assert.rejects(of('1.0.0').replaceHost(true), mismatch);
      assert.deepEqual([isAlive(newer.pid), isAlive(server)], [true, true]);
    });

    it('fault 33: another build of the same version joins the host that runs', async () => {
      await running(of('1.0.0'));
      const host = rig.hostPid();
      const dist = path.join(folderOf(), 'rebuilt');
      cpSync(path.join(repoRoot, 'out/testHost'), dist, { recursive: true });
      writeFileSync(path.join(dist, 'host.js'), '// another build\n', { flag: 'a' });
      process.env['RIG_DIST'] = dist;
      undo.push(() => delete process.env['RIG_DIST']);
      const other = of('1.0.0');
      await other.connect();
      assert.equal(hostOf(other), host);
    });
  });

  it('fault 50: the host runs on when its copy and the extension are deleted under it', async () => {
    const dist = path.join(folderOf(), 'extension');
    cpSync(path.join(repoRoot, 'out/testHost'), dist, { recursive: true });
    process.env['RIG_DIST'] = dist;
    undo.push(() => delete process.env['RIG_DIST']);
    const { client, peer } = await join();
    rmSync(dist, { recursive: true });
    rmSync(path.join(rig.stateFolder, 'bin'), { recursive: true });
    const host = rig.hostPid();
    const { session } = await running(client);
    let screen = '';
    client.onOutput(({ data, reset }) => (screen = reset ? data : screen + data));
    await peer.call('attach', { sessionId: 'dev_server_web', cols: 80, rows: 24 });
    await waitFor('the screen', () => screen.includes(`listening on ${rig.port}`));
    peer.notify('input', { sessionId: 'dev_server_web', data: 'typed\r' });
    await waitFor('the typing', () => screen.includes('heard "typed\\n"'));
    process.kill(session.current?.listenerPid ?? 0, 'SIGKILL');
    await waitFor('the crash', () => session.current?.state === 'starting');
    await waitFor('the restart', () => session.current?.state === 'running');
    await peer.call('restart', startParams());
    assert.equal((await peer.call('stop', { sessionId: 'dev_server_web' })).state, 'stopped');
    assert.deepEqual(await rig.hostPids(), [host]);
    assert.doesNotMatch(rig.hostLog(), / error /);
  });

  describe('a lock that somebody else holds', () => {
    beforeEach(function () {
      if (!isRoot) skipBecause(this, 'only root can make another user hold it');
    });

    for (const at of [0, 1])
      it(`fault 48: is named with its holder and not joined, and heals when it is freed (${['by path', 'by inode'][at]})`, async () => {
        const { folder } = scopePaths();
        const { lockNames } = hostNames({
          uid: process.geteuid?.(),
          scopeId: currentScope().id,
          stateFolder: realpathSync(rig.stateFolder),
          scopeFolder: statSync(folder, { bigint: true }),
        });
        const squatter = programs.start('lockContender', [], { env: { LOCK_UID: String(STRANGER) } });
        assert.equal(await squatter.ask(`try ${lockNames[at]}`), 'held');
        const client = rig.client();
        await assert.rejects(client.connect(), {
          code: 'hostLockHeld',
          facts: { pid: squatter.pid, uid: STRANGER },
        });
        assert.equal(rig.hostPid(), undefined);
        client.keepConnected();
        assert.equal(await squatter.ask('release'), 'released');
        await waitFor('the client is connected', () => client.state.kind === 'connected', 30_000);
      });
  });

  describe('containers', () => {
    const inside = (flags: readonly string[], script: string) => [
      'unshare',
      ...flags,
      '--pid',
      '--fork',
      '--kill-child',
      '--mount-proc',
      'sh',
      '-c',
      `${script}; exec "$@"`,
      'inside',
    ];
    beforeEach(function () {
      const { status, stderr } = spawnSync('unshare', ['--net', '--pid', '--fork', '--mount-proc', 'ip', 'link'], {
        encoding: 'utf8',
      });
      if (status !== 0) skipBecause(this, `no namespaces can be made here: ${stderr?.trim()}`);
    });
    const scopes = () => readdirSync(rig.stateFolder).filter((name) => /^[0-9a-f]{12}$/.test(name)).length;

    it('fault 26: with a shared home and folder each have a host of their own, and neither ends the other’s processes', async () => {
      const { session } = await running();
      const outside = session.current?.listenerPid ?? 0;
      const host = rig.hostPid() ?? 0;
      const container = await clientProcess({ through: inside(['--net'], 'ip link set lo up') });
      const seen = await answerOf(container);
      assert.equal(scopes(), 2);
      assert.ok(seen.hostPid < 1000 && isAlive(host) && isAlive(outside));
      const theirs = (await serverPids()).filter((pid) => pid !== outside);
      assert.equal(theirs.length, 1);
      // A successor on either side fences: the other side's servers are none of its business.
      process.kill(host, 'SIGKILL');
      const next = await running();
      assert.ok(isAlive(theirs[0] ?? 0));
      await container.end();
      await waitFor('the container to be gone', () => !isAlive(theirs[0] ?? 0));
      assert.ok(isAlive(next.session.current?.listenerPid ?? 0));
      const again = await clientProcess({ through: inside(['--net'], 'ip link set lo up') });
      await answerOf(again);
      assert.ok(isAlive(next.session.current?.listenerPid ?? 0));
    });

    it('fault 47: with one network and the same paths both work, each on its own folders', async () => {
      const { session } = await running();
      const [app, state] = ['their-app', 'their-state'].map((name) => path.join(folderOf(), name));
      cpSync(rig.appFolder, app ?? '', { recursive: true });
      mkdirSync(state ?? '', { mode: 0o700 });
      const mounts = `mount --bind '${app}' '${rig.appFolder}' && mount --bind '${state}' '${rig.stateFolder}'`;
      const port = await freePort();
      const container = await clientProcess({ through: inside(['--mount'], mounts), port });
      const seen = await answerOf(container);
      assert.ok(seen.hostPid < 1000);
      assert.equal(readdirSync(state ?? '').filter((name) => /^[0-9a-f]{12}$/.test(name)).length, 1);
      assert.equal((await serverPids()).length, 2);
      const server = session.current?.listenerPid ?? 0;
      assert.equal(await (await fetch(`http://localhost:${rig.port}/`)).text(), `pid ${server}\n`);
      assert.equal(await (await fetch(`http://localhost:${port}/`)).text(), `pid ${seen.listenerPid}\n`);
    });
  });

  describe('time', () => {
    /** Shifts the wall clock of a process by what a file says, as somebody does who sets it; monotonic time goes on. */
    const shim = () => {
      const file = path.join(folderOf(), 'clock.cjs');
      const shift = path.join(folderOf(), 'shift');
      writeFileSync(shift, '0');
      writeFileSync(
        file,
        `const fs = require('node:fs'), Real = Date, real = Date.now;
         const now = () => real() + Number(process.env.CLOCK_SHIFT ?? fs.readFileSync(${JSON.stringify(shift)}, 'utf8'));
         globalThis.Date = class extends Real { constructor(...a) { if (a.length) super(...a); else super(now()); } };
         Date.now = now;`,
      );
      return {
        options: `--require ${file}`,
        set: (hours: number) => {
          // Whole or not at all: it is read all the time.
          writeFileSync(`${shift}.new`, String(hours * 3600 * 1000));
          renameSync(`${shift}.new`, shift);
        },
      };
    };

    it('fault 29: a wall clock that jumps an hour decides nothing', async () => {
      const clock = shim();
      process.env['NODE_OPTIONS'] = clock.options;
      undo.push(() => delete process.env['NODE_OPTIONS']);
      const { session, peer } = await running();
      delete process.env['NODE_OPTIONS'];
      const [host, server] = [rig.hostPid(), session.current?.listenerPid];
      for (const hours of [1, -1, 0]) {
        clock.set(hours);
        const probe = session.current?.lastProbe?.atMs;
        await waitFor('three more probes', () => {
          const last = session.current?.lastProbe;
          return last && Math.abs(last.atMs - (Date.now() + hours * 3600 * 1000)) < 60_000 && last.atMs !== probe;
        });
        assert.deepEqual(
          [session.current?.state, session.current?.listenerPid, session.current?.crashes],
          ['running', server, 0],
        );
        await rig.client().connect();
      }
      clock.set(-1);
      process.kill(server ?? 0, 'SIGKILL');
      await waitFor(
        'the restart',
        () => session.current?.state === 'running' && session.current.listenerPid !== server,
      );
      clock.set(1);
      assert.equal((await peer.call('stop', { sessionId: 'dev_server_web' })).state, 'stopped');
      assert.deepEqual(await rig.hostPids(), [host]);
    });

    it('fault 29: clients whose clocks are an hour apart get one host and one server', async () => {
      const { options } = shim();
      const all = await Promise.all(
        [-1, 0, 1, -1, 0, 1].map((hours) =>
          clientProcess({ env: { NODE_OPTIONS: options, CLOCK_SHIFT: String(hours * 3600 * 1000) } }),
        ),
      );
      const seen = await Promise.all(all.map(answerOf));
      assert.equal(new Set(seen.map((one) => JSON.stringify(one))).size, 1, JSON.stringify(seen));
      assert.deepEqual([(await serverPids()).length, (await rig.hostPids()).length], [1, 1]);
    });

    it('fault 29: a machine that sleeps and wakes goes on as it was', async () => {
      const { session } = await running();
      const host = rig.hostPid() ?? 0;
      const server = session.current?.listenerPid ?? 0;
      const window = await clientProcess();
      assert.deepEqual(await answerOf(window), { hostPid: host, listenerPid: server });
      const family = await linuxProcesses.findByEnvironment('STUB_RIG', rig.stateFolder);
      const all = [window.child.pid ?? 0, host, ...family.map(({ pid }) => pid)];
      for (const pid of all) process.kill(pid, 'SIGSTOP');
      undo.push(() => all.forEach((pid) => isAlive(pid) && process.kill(pid, 'SIGCONT')));
      // Longer than any time in the protocol that could run out: the stale start lock (5 s), a hello (10 s).
      await new Promise((resolve) => setTimeout(resolve, 12_000));
      for (const pid of all) process.kill(pid, 'SIGCONT');
      const next = await running();
      assert.deepEqual([hostOf(next.client), next.session.current?.listenerPid], [host, server]);
      assert.equal(session.current?.crashes, 0);
    });
  });

  it('fault 30: a record of a newer version is moved aside, and what it does not tell is found all the same', async () => {
    const { folder, records } = scopePaths();
    const { cookiePrefix } = hostNames({
      uid: process.geteuid?.(),
      scopeId: currentScope().id,
      stateFolder: realpathSync(rig.stateFolder),
      scopeFolder: statSync(folder, { bigint: true }),
    });
    mkdirSync(records, { mode: 0o700 });
    writeFileSync(path.join(records, 'dev_server_web.json'), JSON.stringify({ version: 99, shape: 'unknown' }));
    const ours = programs.command('sleep', ['1000'], { env: { [SESSION_COOKIE]: `${cookiePrefix}left` } });
    const foreign = programs.command('sleep', ['1000'], { env: { [SESSION_COOKIE]: 'another-scope:left' } });
    const identity = await waitFor('the foreign process', () => linuxProcesses.identify(foreign));
    writeFileSync(
      path.join(records, 'dev_server_copied.json'),
      JSON.stringify({
        version: 1,
        id: 'dev_server_copied',
        spec: rig.spec(),
        desired: 'running',
        isSticky: false,
        process: { ...identity, cookie: 'another-scope:left' },
      }),
    );
    await running();
    assert.deepEqual([isAlive(ours), isAlive(foreign)], [false, true]);
    assert.ok(existsSync(path.join(records, 'dev_server_web.json.bad')));
  });

  describe('a disk', () => {
    const mount = (test: Mocha.Context, options: string) => {
      mkdirSync(rig.stateFolder, { recursive: true, mode: 0o700 });
      const { status, stderr } = spawnSync(
        'mount',
        ['-t', 'tmpfs', '-o', `mode=0700,${options}`, 'tmpfs', rig.stateFolder],
        { encoding: 'utf8' },
      );
      if (status !== 0) skipBecause(test, `no file system can be mounted here: ${stderr?.trim()}`);
      undo.push(async () => {
        await rig.endHosts();
        execFileSync('umount', ['--lazy', rig.stateFolder]);
      });
    };
    const fill = () => {
      const file = path.join(rig.stateFolder, 'filler');
      for (const size of [1024 * 1024, 4096, 1])
        try {
          for (;;) writeFileSync(file, Buffer.alloc(size), { flag: 'a' });
        } catch (error) {
          assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC');
        }
      return () => rmSync(file);
    };
    const refused = (error: unknown) => {
      const { code, facts } = error as { code: string; facts: { folder?: string } };
      assert.equal(code, 'stateFolderUnusable', String(error));
      assert.equal(facts.folder, rig.stateFolder);
      return true;
    };

    it('fault 31: that is full refuses the start by name, before and after the host was copied, and heals', async function () {
      mount(this, 'size=32m');
      let free = fill();
      await assert.rejects(rig.client().connect(), refused);
      free();
      const host = (await join()).client;
      process.kill(rig.hostPid() ?? 0, 'SIGKILL');
      host.dispose();
      free = fill();
      await assert.rejects(rig.client().connect(), refused);
      free();
      await running();
    });

    it('fault 31: that runs full under a host leaves no half record, and the server can be stopped', async function () {
      mount(this, 'size=32m');
      const { session, peer, client } = await running();
      const { records } = scopePaths();
      const file = path.join(records, 'dev_server_web.json');
      const before = readFileSync(file, 'utf8');
      const free = fill();
      const other = rig.client();
      await other.connect();
      await peer.call('stop', { sessionId: 'dev_server_web' });
      assert.equal(session.current?.state, 'stopped');
      const after = readFileSync(file, 'utf8');
      assert.ok(after === before || JSON.parse(after), 'old or new, never half');
      assert.deepEqual(
        readdirSync(records).filter((name) => name.endsWith('.tmp')),
        [],
      );
      free();
      await running(client);
      assert.equal((JSON.parse(readFileSync(file, 'utf8')) as { desired: string }).desired, 'running');
    });

    it('fault 31: without inodes refuses the start by name', async function () {
      mount(this, 'size=32m,nr_inodes=4');
      await assert.rejects(rig.client().connect(), refused);
    });

    it('fault 31: that is read-only refuses the start by name, and heals', async function () {
      mount(this, 'size=32m');
      execFileSync('mount', ['-o', 'remount,ro', rig.stateFolder]);
      await assert.rejects(rig.client().connect(), refused);
      execFileSync('mount', ['-o', 'remount,rw', rig.stateFolder]);
      await running();
    });
  });

  describe('Node', () => {
    const majors = [20, 22, 24] as const satisfies NodeMajor[];
    const binaries = new Map<NodeMajor, string>();
    before(async function () {
      this.timeout(300_000); // A cold cache downloads.
      for (const major of majors) binaries.set(major, await ensureNode(major));
    });
    /** A client on that Node, whose host runs on it, too, for it is what its PATH finds. */
    const on = (major: NodeMajor, env: Record<string, string> = {}) => {
      const node = binaries.get(major) ?? '';
      return clientProcess({
        node,
        env: { ...env, PATH: `${path.dirname(node)}${path.delimiter}${process.env['PATH'] ?? ''}` },
      });
    };

    for (const hosting of majors)
      for (const joining of majors)
        it(`fault 49: a client on ${joining} joins the host that one on ${hosting} has started`, async () => {
          const seen = await answerOf(await on(hosting));
          const exe = realpathSync(`/proc/${seen.hostPid}/exe`);
          assert.equal(exe, realpathSync(binaries.get(hosting) ?? ''));
          assert.deepEqual(await answerOf(await on(joining)), seen);
        });

    it('fault 49: clients of all three at once, without a start lock, get one host', async () => {
      const all = await Promise.all(
        majors.flatMap((major) => [1, 2].map(() => on(major, { CHEATCODE_TEST_START_LOCK_OFF: '1' }))),
      );
      const seen = await Promise.all(all.map(answerOf));
      assert.equal(new Set(seen.map((one) => JSON.stringify(one))).size, 1, JSON.stringify(seen));
      await waitFor('one host alone', async () => (await rig.hostPids()).length === 1);
      assert.equal((await serverPids()).length, 1);
    });
  });

  describe('a user', () => {
    /** What its processes carry, since no state folder of the test's marks them. */
    const marks = () => ({
      CHEATCODE_STATE_DIR: '',
      RIG_MARK: rig.stateFolder,
      CLIENT_UID: String(STRANGER),
      // npm fails where it can't write to the home.
      CLIENT_COMMAND: 'node server.mjs',
    });
    const fallback = `/tmp/cheatcode-${STRANGER}`;
    let dist: string;
    beforeEach(function () {
      if (!isRoot) skipBecause(this, 'only root can be somebody else');
      // What the user runs must be readable for it, wherever this repository lies.
      chmodSync(folderOf(), 0o755);
      dist = path.join(folderOf(), 'dist');
      cpSync(path.join(repoRoot, 'out/testHost'), dist, { recursive: true });
      execFileSync('chown', ['-R', `${STRANGER}:${STRANGER}`, rig.appFolder]);
      execFileSync('chmod', ['-R', 'a+rX', dist]);
      const can = spawnSync('setpriv', [`--reuid=${STRANGER}`, '--clear-groups', process.execPath, '--version']);
      if (can.status !== 0) skipBecause(this, 'another user can not run this Node');
      undo.push(async () => {
        await waitFor('its hosts to end', async () => {
          const hosts = await markedPids('RIG_MARK', rig.stateFolder, SESSION_HOST);
          for (const pid of hosts) if (isAlive(pid)) process.kill(pid, 'SIGTERM');
          return hosts.length === 0;
        });
        rmSync(fallback, { recursive: true, force: true });
      });
    });
    const homes = () => ['', '/', '/nowhere', path.join(folderOf(), 'home')];

    it('fault 53: without a passwd entry meets one host in the fallback folder, whatever HOME says', async () => {
      assert.ok(!existsSync(fallback), `${fallback} is in the way`);
      const all = await Promise.all(
        homes().map((HOME) => clientProcess({ env: { ...marks(), HOME, RIG_DIST: dist } })),
      );
      const seen = await Promise.all(all.map(answerOf));
      assert.equal(new Set(seen.map((one) => JSON.stringify(one))).size, 1, JSON.stringify(seen));
      const { uid, mode } = statSync(fallback);
      assert.deepEqual([uid, mode & 0o777], [STRANGER, 0o700]);
      assert.ok(!existsSync('/.cheatcode') && !existsSync('/nowhere'));
    });

    it('fault 53: meets one host in the home of the passwd entry, whatever HOME says', async function () {
      const home = path.join(folderOf(), 'home');
      mkdirSync(home);
      chownSync(home, STRANGER, STRANGER);
      const passwd = path.join(folderOf(), 'passwd');
      writeFileSync(
        passwd,
        `${readFileSync('/etc/passwd', 'utf8').trimEnd()}\nrig:x:${STRANGER}:${STRANGER}::${home}:/bin/sh\n`,
      );
      chmodSync(passwd, 0o644);
      const through = ['unshare', '--mount', 'sh', '-c', `mount --bind '${passwd}' /etc/passwd && exec "$@"`, 'as'];
      const can = spawnSync(through[0] ?? '', [...through.slice(1), 'true']);
      if (can.status !== 0) skipBecause(this, 'no mount namespace can be made here');
      const all = await Promise.all(
        homes().map((HOME) => clientProcess({ through, env: { ...marks(), HOME, RIG_DIST: dist } })),
      );
      const seen = await Promise.all(all.map(answerOf));
      assert.equal(new Set(seen.map((one) => JSON.stringify(one))).size, 1, JSON.stringify(seen));
      assert.ok(existsSync(path.join(home, '.cheatcode/run/bin')));
      assert.ok(!existsSync(fallback));
    });
  });
});
