import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import path from 'node:path';
import type { HostReport } from '../../src/sessions/hostArguments';
import { PROTOCOL_VERSION } from '../../src/sessions/protocol';
import { RpcPeer } from '../../src/sessions/rpcPeer';
import { SESSION_COOKIE } from '../../src/sessions/serverEnvironment';
import type { HostFacts, Serve } from '../../src/sessions/host/endpoint';
import { runHost, type HostLife, type HostPorts } from '../../src/sessions/host/hostLife';
import type { KernelLock, LockHolder } from '../../src/sessions/host/kernelLock';
import type { SessionRecord } from '../../src/sessions/host/sessionRecords';
import { memoryLock } from '../contract/support/memoryLock';
import { quietLog } from '../contract/support/quietLog';
import { waitUntil } from '../contract/support/waitUntil';
import { FakeClock } from './support/fakeClock';
import { FakeGateways } from './support/fakeGateways';
import { aRecord, aSpec } from './support/fakeHost';
import { FakeMachine } from './support/fakeMachine';
import { tempFolders } from './support/tempFolders';

const TOKEN = '0'.repeat(64);

/** The host's life on a machine in memory; its clients come over real sockets. */
describe("the host's life", () => {
  const tempFolder = tempFolders();
  let machine: FakeMachine;
  let clock: FakeClock;
  let lock: KernelLock;
  let holder: LockHolder | undefined;
  let onDisk: Map<string, SessionRecord>;
  let exits: { code: number; report: HostReport | undefined }[];
  let isTaken: boolean;
  let listening: { facts: HostFacts; socket: string; server: net.Server }[];
  const peers: RpcPeer[] = [];
  beforeEach(() => {
    machine = new FakeMachine();
    clock = new FakeClock();
    const names = memoryLock();
    holder = undefined;
    lock = { tryAcquire: (name) => names.tryAcquire(name), describeHolder: () => Promise.resolve(holder) };
    onDisk = new Map();
    exits = [];
    isTaken = false;
    listening = [];
  });
  afterEach(() => {
    for (const peer of peers.splice(0)) peer.dispose();
    for (const { server } of listening) server.close();
  });

  function ports(of: Partial<HostPorts> = {}): HostPorts {
    const clients = new Set<RpcPeer>();
    return {
      version: '1.0.0',
      pid: 4711,
      lockNames: ['path', 'inode'],
      hostLock: lock,
      cookiePrefix: 'scope:',
      endHolder: undefined,
      session: {
        clock,
        log: quietLog(),
        processes: machine.processes,
        ports: machine.ports,
        reapers: machine.reapers,
        prober: machine.prober,
        programs: machine.toolbox,
        appFolder: machine.appFolder,
        finder: machine.finder,
        softRestart: machine.softRestart,
        compileIssues: () => Promise.resolve({ issues: [], unknown: 'notSupported' }),
        appLock: memoryLock(),
        records: {
          readAll: () => [...onDisk.values()],
          write: (record) => void onDisk.set(record.id, record),
          remove: (id) => void onDisk.delete(id),
        },
      },
      terminals: () => Promise.resolve(machine.terminals),
      gateway: new FakeGateways(),
      endpoint: {
        folder: '/state/scope',
        async listen(facts: HostFacts, serve: Serve) {
          const socket = path.join(tempFolder(), 's');
          const server = net.createServer((connection) => {
            const peer = new RpcPeer(connection, (error) => assert.fail(String(error)));
            clients.add(peer);
            serve(peer, () => undefined);
          });
          server.listen(socket);
          await once(server, 'listening');
          listening.push({ facts, socket, server });
        },
        isTaken: () => isTaken,
        dispose: () => {
          for (const client of clients) client.dispose();
        },
      },
      readSettings: () => ({ healthIntervalMs: 15_000, lastClient: 'keep', graceMs: 60_000 }),
      saveSettings: () => undefined,
      randomHex: (bytes) => '0'.repeat(bytes * 2),
      exit: (code, report) => void exits.push({ code, report }),
      ...of,
    };
  }
  async function run(of: Partial<HostPorts> = {}): Promise<HostLife | undefined> {
    const life = runHost(ports(of));
    let isSettled = false;
    void life.catch(() => undefined).then(() => (isSettled = true));
    // The endpoint is a real one: time alone does not bring it.
    await waitUntil('the host serves or has ended', async () => {
      await clock.advance(100);
      return isSettled;
    });
    return life;
  }
  async function client(): Promise<RpcPeer> {
    const connection = net.connect(listening.at(-1)?.socket ?? '');
    await once(connection, 'connect');
    const peer = new RpcPeer(connection, (error) => assert.fail(String(error)));
    peers.push(peer);
    await peer.call('hello', {
      protocol: PROTOCOL_VERSION,
      token: TOKEN,
      version: '1.0.0',
      kind: 'window',
      pid: 7,
      apps: [aSpec().appKey],
    });
    return peer;
  }
  const startOf = (peer: RpcPeer) =>
    peer.call('start', { spec: aSpec(), env: { PATH: '/bin' }, origin: 'user' as const });
  const stateOf = async () => (await (await client()).call('start', { spec: aSpec(), env: {}, origin: 'auto' })).state;
  const passes = (what: string, condition: () => boolean | Promise<boolean>) =>
    waitUntil(what, async () => {
      await clock.advance(100);
      return condition();
    });

  it('begins with every host lock, serves, and writes down who it is', async () => {
    assert.ok(await run());
    assert.deepEqual(await Promise.all(['path', 'inode'].map((name) => lock.tryAcquire(name))), [undefined, undefined]);
    assert.deepEqual(listening[0]?.facts, { token: TOKEN, version: '1.0.0', pid: 4711, startTicks: '' });
    await client();
    assert.deepEqual(exits, []);
  });

  for (const name of ['path', 'inode'])
    it(`is none while another holds the lock by ${name}: it exits 0, names the holder, and leaves nothing taken`, async () => {
      const theirs = await lock.tryAcquire(name);
      holder = { pid: 77, uid: 1001 };
      const stray = machine.birth({ env: { [SESSION_COOKIE]: 'scope:1' } });
      assert.equal(await run(), undefined);
      assert.deepEqual(exits, [{ code: 0, report: { kind: 'lockHeld', pid: 77, uid: 1001 } }]);
      assert.deepEqual([stray.heard, listening], [[], []], 'nothing fenced, nothing served');
      theirs?.dispose();
      assert.ok(await run(), 'all locks are free again');
    });

  it('fault 11: ends the host that hangs, verified, and serves in its place', async () => {
    const hung = machine.birth();
    const theirs = await lock.tryAcquire('path');
    holder = { pid: hung.pid, uid: 0 };
    hung.onEnd = () => theirs?.dispose();
    assert.ok(await run({ endHolder: { pid: hung.pid, startTicks: hung.startTicks } }));
    assert.deepEqual(hung.heard, ['SIGKILL']);
  });

  it('fault 11: ends nothing but the very process that holds the lock', async () => {
    const other = machine.birth();
    const theirs = await lock.tryAcquire('path');
    holder = { pid: 77, uid: 0 };
    assert.equal(await run({ endHolder: { pid: other.pid, startTicks: other.startTicks } }), undefined);
    assert.deepEqual(exits.at(-1)?.report, {
      kind: 'notReplaced',
      pid: other.pid,
      detail: 'process 77 holds the lock',
    });
    holder = { pid: other.pid, uid: 0 };
    assert.equal(await run({ endHolder: { pid: other.pid, startTicks: 'earlier' } }), undefined);
    assert.equal(exits.at(-1)?.report?.kind, 'lockHeld', 'the pid is another process by now');
    assert.deepEqual(other.heard, []);
    theirs?.dispose();
  });

  it('fault 33: makes room for a newer version while nothing is active, and keeps what was wished for', async () => {
    onDisk.set('dev_server_web', aRecord());
    await run();
    const peer = await client();
    const ask = (version: string) => peer.call('retire', { token: TOKEN, version, force: true });
    for (const version of ['1.0.0', '0.9.0', 'cli']) assert.equal((await ask(version)).verdict, 'notNewer', version);
    const answer = await peer.call('retire', { token: TOKEN, version: '1.0.1', force: false });
    assert.deepEqual(answer, { verdict: 'retiring', version: '1.0.0' });
    await passes('it ends', () => exits.length === 1);
    assert.deepEqual([exits[0]?.code, onDisk.get('dev_server_web')?.desired], [0, 'running']);
  });

  it('fault 33: stays while a server is active, unless a person asks, and starts nothing while it makes room', async () => {
    await run();
    const peer = await client();
    await startOf(peer);
    await passes('the server runs', async () => (await stateOf()) === 'running');
    const ask = (force: boolean) => peer.call('retire', { token: TOKEN, version: '2.0.0', force });
    assert.equal((await ask(false)).verdict, 'busy');
    assert.equal(await stateOf(), 'running');
    assert.equal((await ask(true)).verdict, 'retiring');
    await assert.rejects(startOf(peer), { code: 'hostRetiring' });
    await passes('it ends', () => exits.length === 1);
    assert.deepEqual(machine.all, []);
    assert.equal(onDisk.get('dev_server_web')?.desired, 'running');
  });

  it('starts nothing while another socket lies in the place of its own, and looks each time', async () => {
    await run();
    const peer = await client();
    isTaken = true;
    await assert.rejects(startOf(peer), { code: 'stateFolderTaken', facts: { folder: '/state/scope' } });
    isTaken = false;
    await startOf(peer);
  });

  it('fault 26: shows an app as blocked while an earlier process of it can not be looked at, and heals', async () => {
    const server = machine.birth();
    let isHidden = true;
    onDisk.set(
      'dev_server_web',
      aRecord({ process: { pid: server.pid, startTicks: server.startTicks, cookie: 'scope:1' } }),
    );
    const base = ports();
    await run({
      session: {
        ...base.session,
        processes: {
          ...machine.processes,
          liveness: (identity) =>
            isHidden && identity.pid === server.pid ? Promise.resolve('unknown') : machine.processes.liveness(identity),
        },
      },
    });
    const peer = await client();
    const seen: string[] = [];
    peer.listen('sessionChanged', ({ state, reason }) => void seen.push(`${state} ${reason.code}`));
    await startOf(peer);
    await passes('the app is blocked', () => seen.includes('blocked unknownProcesses'));
    assert.deepEqual(server.heard, []);
    isHidden = false;
    await passes('the app runs', () => seen.at(-1)?.startsWith('running') === true);
    assert.ok(server.heard.length > 0, 'it was ended once it could be verified');
  });

  it('ends with its servers when it is told to, and remembers them', async () => {
    const life = await run();
    const peer = await client();
    await startOf(peer);
    await passes('the server runs', async () => (await stateOf()) === 'running');
    life?.end();
    life?.end();
    await passes('it ends', () => exits.length > 0);
    assert.deepEqual([exits.length, machine.all, onDisk.get('dev_server_web')?.desired], [1, [], 'running']);
  });

  it('keeps serving when its settings can not be kept', async () => {
    await run({
      saveSettings: () => {
        throw new Error('ENOSPC');
      },
    });
    const peer = await client();
    await peer.call('configure', { healthIntervalMs: 999, lastClient: 'stop', graceMs: 1 });
    await startOf(peer);
  });
});
