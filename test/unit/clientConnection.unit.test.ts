import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { serveClient, type Refusal } from '../../src/sessions/host/clientConnection';
import {
  PROTOCOL_VERSION,
  RpcErrorCode,
  type HelloParams,
  type RetireParams,
  type SessionSnapshot,
} from '../../src/sessions/protocol';
import { RpcPeer } from '../../src/sessions/rpcPeer';
import { waitUntil } from '../contract/support/waitUntil';
import { settle } from './support/fakeClock';
import { aSpec, FakeHost } from './support/fakeHost';
import { socketOf, tempFolders } from './support/tempFolders';

const TOKEN = 'a'.repeat(64);
const KEY = aSpec().appKey;

describe('a client of the host', () => {
  const tempFolder = tempFolders();
  let host: FakeHost;
  let server: net.Server;
  let socketPath: string;
  let refusal: Refusal | undefined;
  let retired: RetireParams[];
  let shutdowns: number;
  const peers: RpcPeer[] = [];
  beforeEach(async () => {
    host = new FakeHost();
    refusal = undefined;
    shutdowns = 0;
    retired = [];
    socketPath = socketOf(tempFolder());
    server = net.createServer((socket) =>
      serveClient(new RpcPeer(socket, (error) => assert.fail(String(error))), {
        host: host.host,
        clock: host.clock,
        log: host.log,
        token: TOKEN,
        version: '1.0.0',
        hostPid: 4711,
        refusal: () => refusal,
        shutdown: () => shutdowns++,
        retire: (request) => {
          retired.push(request);
          return 'busy';
        },
      }),
    );
    server.listen(socketPath);
    await once(server, 'listening');
  });
  afterEach(() => {
    for (const peer of peers.splice(0)) peer.dispose();
    server.close();
  });

  const connect = async () => {
    const socket = net.connect(socketPath);
    await once(socket, 'connect');
    const peer = new RpcPeer(socket, (error) => assert.fail(String(error)));
    peers.push(peer);
    return peer;
  };
  const hello = (peer: RpcPeer, of: Partial<HelloParams> = {}) =>
    peer.call('hello', {
      protocol: PROTOCOL_VERSION,
      token: TOKEN,
      version: '1.0.0',
      kind: 'window',
      pid: 7,
      apps: [KEY],
      ...of,
    });
  const joined = async (of: Partial<HelloParams> = {}) => {
    const peer = await connect();
    await hello(peer, of);
    return peer;
  };
  const spec = aSpec();
  const startOf = (peer: RpcPeer) => peer.call('start', { spec, env: { PATH: '/bin' }, origin: 'user' });
  const sessionId = 'dev_server_web';

  it('says hello first: nothing else is answered, and nothing done', async () => {
    const peer = await connect();
    await assert.rejects(startOf(peer), { code: RpcErrorCode.badToken });
    peer.notify('input', { sessionId, data: 'x' });
    await assert.rejects(peer.call('shutdown', {}), { code: RpcErrorCode.badToken });
    assert.deepEqual(host.host.snapshots(), []);
    assert.equal(shutdowns, 0);
  });

  it('with a wrong token is refused and dropped, whatever its length', async () => {
    for (const token of ['x', 'b'.repeat(64), `${TOKEN}a`]) {
      const peer = await connect();
      await assert.rejects(hello(peer, { token }), { code: RpcErrorCode.badToken });
      await waitUntil('it is dropped', () => peer.isClosed);
    }
  });

  it('of another protocol is told which one is spoken here', async () => {
    const peer = await connect();
    await assert.rejects(hello(peer, { protocol: PROTOCOL_VERSION + 1 }), {
      code: RpcErrorCode.protocolMismatch,
      data: { protocol: PROTOCOL_VERSION, version: '1.0.0' },
    });
  });

  it('that never says hello is dropped after ten seconds; one that did stays', async () => {
    const silent = await connect();
    const polite = await joined();
    await host.clock.advance(10_000);
    await waitUntil('it is dropped', () => silent.isClosed);
    await polite.call('watch', { apps: [] });
  });

  it('learns by hello of the sessions that there are, and of each change from then on', async () => {
    await host.run();
    const peer = await connect();
    const heard: SessionSnapshot[] = [];
    peer.listen('sessionChanged', (snapshot) => heard.push(snapshot));
    const { sessions } = await hello(peer);
    assert.deepEqual(
      sessions.map(({ id, state }) => [id, state]),
      [[sessionId, 'running']],
    );
    host.machine.last.exit(1);
    await waitUntil('it hears of the crash', () => heard.some(({ state }) => state === 'starting'));
  });

  it('counts as a window of the apps that it shows until it leaves', async () => {
    await host.run();
    const peer = await joined();
    assert.equal(host.session().windows, 1);
    await peer.call('watch', { apps: [] });
    assert.equal(host.session().windows, 0);
    await peer.call('watch', { apps: [KEY] });
    assert.equal(host.session().windows, 1);
    peer.close();
    await waitUntil('it is gone', () => host.session().windows === 0);
  });

  it('that says hello twice is one client', async () => {
    await host.run();
    const peer = await joined();
    await hello(peer);
    assert.equal(host.session().windows, 1);
  });

  it('gets a clear error for wrong parameters and an unknown session, and stays connected', async () => {
    const peer = await joined();
    await assert.rejects(peer.call('attach', { sessionId, cols: 80, rows: 24 }), { code: RpcErrorCode.unknownSession });
    await assert.rejects(peer.call('watch', { apps: 7 } as never), { code: RpcErrorCode.invalidParams });
    await assert.rejects(peer.call('watch', undefined as never), { code: RpcErrorCode.invalidParams });
    await assert.rejects(
      startOf(peer).then(() => peer.call('start', { ...spec } as never)),
      {
        code: RpcErrorCode.invalidParams,
      },
    );
    peer.notify('input', { sessionId: 7 } as never);
    peer.notify('resize', { sessionId, cols: -1, rows: 1e9 });
    peer.notify('ack', null as never);
    await peer.call('watch', { apps: [] });
  });

  it('may start nothing while the host refuses, and is told why; what runs can still be stopped', async () => {
    const peer = await joined();
    await startOf(peer);
    await host.reaches('running');
    refusal = { code: 'stateFolderTaken', facts: { folder: '/s' } };
    await assert.rejects(startOf(peer), refusal);
    const stopping = peer.call('stop', { sessionId });
    await waitUntil('the stop has arrived', () => host.session().state !== 'running');
    await host.clock.advance(5000);
    assert.equal((await stopping).state, 'stopped');
  });

  it('is given the gateway of an app, which takes the hosts that it names', async () => {
    const peer = await joined();
    await host.run();
    const first = await peer.call('gateway', { sessionId, hosts: [] });
    assert.deepEqual(await peer.call('gateway', { sessionId, hosts: ['box.example.com:8443'] }), first);
    assert.deepEqual(host.gateways.last.heard('hosts').at(-1)?.hosts, ['box.example.com:8443']);
    for (const hosts of [['a b'], ['http://x/'], ['x'.repeat(254)], [''], Array.from({ length: 51 }, () => 'a')])
      await assert.rejects(peer.call('gateway', { sessionId, hosts }), { code: RpcErrorCode.invalidParams });
    await assert.rejects(peer.call('gateway', { sessionId: 'x', hosts: [] }), { code: RpcErrorCode.unknownSession });
    host.gateways.spawnError = new Error('no memory');
    host.gateways.last.dies();
    await host.clock.advance(600_000);
    const failure = { name: 'DevServerError', code: 'gatewayFailed', facts: { detail: 'no memory' } };
    await assert.rejects(peer.call('gateway', { sessionId, hosts: [] }), failure);
    refusal = { code: 'hostRetiring', facts: {} };
    await assert.rejects(peer.call('gateway', { sessionId, hosts: [] }), { code: 'hostRetiring' });
    await peer.call('watch', { apps: [] });
  });

  it('shows and types into a terminal until it detaches', async () => {
    const peer = await joined();
    await startOf(peer);
    await host.reaches('running');
    let shown = '';
    peer.listen('output', ({ data, reset }) => (shown = reset ? data : shown + data));
    await peer.call('attach', { sessionId, cols: 100, rows: 40 });
    host.machine.last.print('ready\r\n');
    await waitUntil('it is shown', () => shown.includes('ready'));
    assert.equal(host.machine.last.sizes.at(-1), '100x40');
    peer.notify('input', { sessionId, data: 'r' });
    await waitUntil('it is typed', () => host.machine.last.typed.includes('r'));
    await peer.call('detach', { sessionId });
    host.machine.last.print('unseen\r\n');
    await settle();
    assert.deepEqual((await peer.call('lastOutput', { sessionId, lines: 1 })).lines, ['unseen']);
    assert.ok(!shown.includes('unseen'));
  });

  it('that asks hears what of an app does not compile', async () => {
    const peer = await joined();
    const { id: sessionId } = await peer.call('start', { spec: aSpec(), env: {}, origin: 'user' });
    host.compileIssues = { issues: [{ severity: 'error', message: 'Unexpected token' }] };
    assert.deepEqual(await peer.call('compileIssues', { sessionId }), host.compileIssues);
    assert.deepEqual(host.asked, [sessionId]);
    await assert.rejects(peer.call('compileIssues', { sessionId: 'none' }), { code: RpcErrorCode.unknownSession });
  });

  it('that comes to grief costs no other client', async () => {
    const [bad, good] = [await joined(), await joined()];
    host.host.configure = () => {
      throw new Error('bug');
    };
    await assert.rejects(bad.call('configure', { healthIntervalMs: 1000, lastClient: 'keep', graceMs: 0 }));
    await waitUntil('the bad one is dropped', () => bad.isClosed);
    await good.call('watch', { apps: [] });
    assert.ok(host.log.lines.some((line) => line.includes('bug')));
  });

  it('may end the host', async () => {
    const peer = await joined();
    await peer.call('shutdown', {});
    await waitUntil('it is told', () => shutdowns === 1);
  });

  it('of any version may ask the host to retire, before a hello, if it has the token', async () => {
    const request = { token: TOKEN, version: '2.0.0', force: false };
    const peer = await connect();
    assert.deepEqual(await peer.call('retire', request), { verdict: 'busy', version: '1.0.0' });
    assert.deepEqual(retired, [request]);
    await assert.rejects(peer.call('retire', { ...request, force: 'yes' } as never), {
      code: RpcErrorCode.invalidParams,
    });
    await assert.rejects(peer.call('retire', { ...request, token: 'x' }), { code: RpcErrorCode.badToken });
    await waitUntil('it is dropped', () => peer.isClosed);
    assert.equal(retired.length, 1);
  });

  it('that floods the host with garbage is dropped, and its window no longer counts', async () => {
    await host.run();
    const socket = net.connect(socketPath);
    await once(socket, 'connect');
    const peer = new RpcPeer(socket, (error) => assert.fail(String(error)));
    peers.push(peer);
    await hello(peer);
    socket.on('error', () => undefined);
    for (let n = 0; n < 20; n++) socket.write('x'.repeat(100_000));
    await waitUntil('it is dropped', () => host.session().windows === 0);
  });

  it('is told by one window of two, the one in which a person was last, and in no other once it was answered', async () => {
    const [one, two] = [await joined(), await joined()];
    const ask = (peer: RpcPeer) => peer.call('notice', { appKey: KEY, cause: 'a' });
    one.notify('attention', { focused: true });
    assert.equal(await ask(one), 'tell');
    one.notify('noticeAnswered', { cause: 'a' });
    assert.equal(await ask(one), 'never');
    two.notify('attention', { focused: true });
    assert.equal(await ask(two), 'never');
    await assert.rejects(two.call('notice', { appKey: KEY, cause: 'x'.repeat(3000) }), {
      code: RpcErrorCode.invalidParams,
    });
  });
});
