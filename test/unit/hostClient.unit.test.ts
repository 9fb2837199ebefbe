import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import net from 'node:net';
import { HostClient } from '../../src/sessions/hostClient';
import { systemHostLink } from '../../src/sessions/hostLink';
import type { HelloResult, SessionSnapshot } from '../../src/sessions/protocol';
import { PROTOCOL_VERSION } from '../../src/sessions/protocol';
import { currentScope } from '../../src/sessions/scope';
import { ensureScopePaths, ensureStateFolder } from '../../src/sessions/stateFolder';
import type { Replacing } from '../../src/sessions/connectOrLaunch';
import { DevServerError } from '../../src/sessions/errors';
import { Emitter } from '../../src/sessions/event';
import type { Peer } from '../../src/sessions/rpcPeer';
import { FakeClock } from './support/fakeClock';
import { quietLog } from '../contract/support/quietLog';
import { waitUntil } from '../contract/support/waitUntil';
import { aSession } from './samples';
import { tempFolders } from './support/tempFolders';

/** Says what a host would say, to the letter and at the moment that a test needs. */
type Answer = (socket: net.Socket, message: { readonly id: number; readonly method: string }) => void;

describe('a client of the session host', () => {
  const makeFolder = tempFolders();
  let server: net.Server;
  let client: HostClient;
  let connections = 0;
  const before = process.env['CHEATCODE_STATE_DIR'];

  async function listen(answer: Answer): Promise<void> {
    process.env['CHEATCODE_STATE_DIR'] = makeFolder();
    const paths = ensureScopePaths(ensureStateFolder(process.env), currentScope());
    writeFileSync(paths.token, 'token', { mode: 0o600 });
    connections = 0;
    server = net.createServer((socket) => {
      connections++;
      socket.on('error', () => undefined); // A test that hangs up on us is part of the plan.
      socket.on('data', (chunk) => {
        for (const line of chunk.toString().split('\n').filter(Boolean))
          answer(socket, JSON.parse(line) as { id: number; method: string });
      });
    });
    server.listen(paths.socket);
    await once(server, 'listening');
    client = new HostClient({
      kind: 'window',
      version: '0.0.0',
      hostSettings: () => ({ healthIntervalMs: 15_000, lastClient: 'keep', graceMs: 60_000 }),
      apps: () => [],
      mayLaunch: () => false,
      link: systemHostLink({
        distFolder: '/nowhere',
        editorNodePty: undefined,
        env: {},
        nodePath: () => undefined,
        loadLauncher: () => Promise.reject(new Error('nothing is launched here')),
        log: quietLog(),
      }),
      log: quietLog(),
    });
  }
  afterEach(() => {
    client.dispose();
    server.close();
    if (before === undefined) delete process.env['CHEATCODE_STATE_DIR'];
    else process.env['CHEATCODE_STATE_DIR'] = before;
  });

  const line = (message: object) => `${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`;
  const hello = (sessions: readonly SessionSnapshot[]): HelloResult => ({
    protocol: PROTOCOL_VERSION,
    version: '0.0.0',
    hostPid: 4711,
    sessions,
  });

  it('hears news that came together with the answer to its hello after it, not before', async () => {
    const older = aSession({ state: 'starting', revision: 3 });
    const newer = aSession({ state: 'running', revision: 5 });
    await listen((socket, { id, method }) => {
      if (method !== 'hello') return void socket.write(line({ id, result: null }));
      socket.write(line({ id, result: hello([older]) }) + line({ method: 'sessionChanged', params: newer }));
    });
    const heard: string[] = [];
    client.onDidJoin(({ sessions }) => heard.push(...sessions.map(({ state }) => state)));
    client.onSession(({ state }) => heard.push(state));
    await client.connect();
    await waitUntil('the news', () => heard.length === 2);
    assert.deepEqual(heard, ['starting', 'running']);
  });

  it('is never left with a connection that ended right after the hello', async () => {
    await listen((socket, { id, method }) => {
      if (method !== 'hello') return void socket.write(line({ id, result: null }));
      if (connections === 1) socket.end(line({ id, result: hello([]) }));
      else socket.write(line({ id, result: hello([]) }));
    });
    client.keepConnected();
    await waitUntil('a second connection that lives', () => connections === 2 && client.state.kind === 'connected');
    assert.equal(client.peer?.isClosed, false);
  });

  it('comes back by itself when the host goes, and once only', async () => {
    const sockets: net.Socket[] = [];
    await listen((socket, { id, method }) => {
      if (method === 'hello') sockets.push(socket);
      socket.write(line({ id, result: method === 'hello' ? hello([]) : null }));
    });
    await client.connect();
    sockets[0]?.destroy();
    await waitUntil('the second connection', () => connections === 2 && client.state.kind === 'connected');
    client.keepConnected();
    client.keepConnected();
    assert.equal(connections, 2);
  });

  it('says that another protocol is spoken, and does not try again', async () => {
    await listen((socket, { id }) =>
      socket.write(line({ id, error: { code: -32001, message: 'other', data: { protocol: 99, version: '9.9.9' } } })),
    );
    await assert.rejects(client.connect(), { code: 'versionMismatch' });
    assert.equal(client.state.kind, 'failed');
  });
});

describe('a client and a host of another version', () => {
  /** A connection that lives in memory: what the client is told, and that it ends. */
  class MemoryPeer implements Peer {
    readonly #closed = new Emitter<Error | undefined>();
    readonly onDidClose = this.#closed.event;
    readonly #listeners = new Map<string, (params: never) => void>();
    isClosed = false;
    handle(): void {}
    listen(method: string, listener: (params: never) => void): void {
      this.#listeners.set(method, listener);
    }
    tell(snapshot: SessionSnapshot): void {
      this.#listeners.get('sessionChanged')?.(snapshot as never);
    }
    call(): Promise<never> {
      return Promise.resolve(null as never);
    }
    notify(): void {}
    close(): void {
      if (this.isClosed) return;
      this.isClosed = true;
      this.#closed.fire(undefined);
    }
    dispose(): void {
      this.close();
    }
  }

  let clock: FakeClock;
  /** What serves now; undefined: nobody listens. */
  let host: { version: string; sessions: SessionSnapshot[] } | undefined;
  let trouble: DevServerError | undefined;
  let launches: (Replacing | undefined)[];
  let looks: number;
  const served: MemoryPeer[] = [];
  let client: HostClient;
  const states: string[] = [];

  function open(version: string, mayLaunch = true): HostClient {
    const answer = (prepare: (peer: Peer) => void) => {
      looks++;
      if (trouble) throw trouble;
      if (!host) return undefined;
      const peer = new MemoryPeer();
      served.push(peer);
      prepare(peer);
      return {
        peer,
        hello: { protocol: PROTOCOL_VERSION, version: host.version, hostPid: 1, sessions: host.sessions },
      };
    };
    client = new HostClient({
      kind: 'window',
      version,
      hostSettings: () => ({ healthIntervalMs: 15_000, lastClient: 'keep', graceMs: 60_000 }),
      apps: () => [],
      mayLaunch: () => mayLaunch,
      clock,
      log: quietLog(),
      link: {
        tryConnect: (_who, prepare) => Promise.resolve().then(() => answer(prepare)),
        launch: async (who, prepare, _settings, replacing) => {
          launches.push(replacing);
          await Promise.resolve();
          const isBusy = host?.sessions.some(({ state }) => state === 'running') === true;
          if (replacing?.kind === 'hung' || (replacing && (replacing.force || !isBusy))) {
            for (const peer of served) peer.close();
            trouble = undefined;
            host = undefined;
          }
          if (!trouble) host ??= { version: who.version, sessions: [] };
          const found = answer(prepare);
          assert.ok(found);
          return found;
        },
      },
    });
    client.onDidChangeState(({ kind }) => states.push(kind));
    return client;
  }
  beforeEach(() => {
    clock = new FakeClock();
    [host, trouble, launches, looks] = [undefined, undefined, [], 0];
    served.length = 0;
    states.length = 0;
  });
  afterEach(() => client.dispose());
  const running = aSession({ state: 'running' });
  const mismatch = (is: string) => new DevServerError('versionMismatch', { host: is });

  it('fault 33: the newer client replaces an idle host at once, and the older never', async () => {
    host = { version: '1.0.0', sessions: [aSession({ state: 'stopped' })] };
    await open('1.0.1').connect();
    await clock.until('it is replaced', () => client.state.kind === 'connected' && launches.length > 0);
    assert.deepEqual([launches, host.version], [[{ kind: 'older', force: false }], '1.0.1']);
    client.dispose();
    await open('1.0.0').connect();
    await clock.advance(60_000);
    assert.deepEqual([launches.length, host.version, client.state.kind], [1, '1.0.1', 'connected']);
  });

  it('fault 33: a host of the same version, or of none, is never replaced', async () => {
    for (const version of ['1.0.0', 'cli', '']) {
      host = { version, sessions: [] };
      await open('1.0.0').connect();
      await clock.advance(60_000);
      assert.deepEqual(launches, []);
      client.dispose();
    }
  });

  it('fault 33: a host at work is replaced when its last server stops, and not before', async () => {
    host = { version: '1.0.0', sessions: [running] };
    await open('2.0.0').connect();
    await clock.advance(60_000);
    assert.deepEqual(launches, []);
    host.sessions = [];
    served[0]?.tell({ ...running, state: 'stopped' });
    await clock.until('it is replaced', () => host?.version === '2.0.0' && client.state.kind === 'connected');
  });

  it('fault 33: a host at work is replaced on a person’s word', async () => {
    host = { version: '1.0.0', sessions: [running] };
    await open('2.0.0').connect();
    await client.replaceHost(true);
    assert.deepEqual([host.version, client.state.kind, client.peer?.isClosed], ['2.0.0', 'connected', false]);
  });

  it('fault 33: a host that stays after all keeps its client, and a second connection is not left open', async () => {
    host = { version: '1.0.0', sessions: [running] };
    const peer = await open('2.0.0').connect();
    assert.equal(await client.replaceHost(false), peer);
    assert.deepEqual(
      served.map(({ isClosed }) => isClosed),
      [false, true],
    );
  });

  it('fault 33: an untrusted workspace replaces nothing', async () => {
    host = { version: '1.0.0', sessions: [] };
    await open('2.0.0', false).connect();
    await clock.advance(1000);
    assert.deepEqual(launches, []);
    await assert.rejects(client.replaceHost(true), { code: 'workspaceUntrusted' });
    assert.equal(client.state.kind, 'connected');
  });

  it('an untrusted workspace starts no host where none runs, and that is no failure', async () => {
    host = undefined;
    await assert.rejects(open('2.0.0', false).connect(), { code: 'workspaceUntrusted' });
    assert.deepEqual([launches, client.state], [[], { kind: 'idle' }]);
  });

  it('fault 33: of another protocol: the newer client looks again until it may replace it, the older is told once', async () => {
    trouble = mismatch('older');
    host = { version: '1.0.0', sessions: [running] };
    open('2.0.0').keepConnected();
    await clock.advance(21_000);
    assert.equal(client.state.kind, 'failed');
    assert.ok(
      launches.length >= 4 && launches.every((one) => one?.kind === 'older' && !one.force),
      `${launches.length}`,
    );
    host.sessions = [];
    await clock.until('it is replaced', () => client.state.kind === 'connected');
    client.dispose();

    [trouble, looks] = [mismatch('newer'), 0];
    open('1.0.0').keepConnected();
    await clock.advance(600_000);
    assert.deepEqual([looks, client.state.kind, clock.pending], [1, 'failed', 0]);
  });

  it('fault 48: looks again every five seconds while the lock is held, shows it all the time, and heals', async () => {
    trouble = new DevServerError('hostLockHeld', { pid: 77 });
    open('1.0.0').keepConnected();
    await clock.advance(600_000);
    assert.ok(looks >= 118 && looks <= 121, `${looks} looks`);
    assert.deepEqual(states, ['connecting', ...Array<string>(looks).fill('failed')]);
    trouble = undefined;
    await clock.until('it is connected', () => client.state.kind === 'connected', 5000);
    assert.equal(clock.pending, 0, 'at rest there is no timer');
  });

  it('fault 11: comes back by itself when a host that hung answers again, and replaces it only when told to', async () => {
    trouble = new DevServerError('hostHangs', { pid: 5 });
    open('1.0.0').keepConnected();
    await clock.advance(60_000);
    assert.deepEqual(launches, []);
    [trouble, host] = [undefined, { version: '1.0.0', sessions: [] }];
    await clock.until('it is connected', () => client.state.kind === 'connected');
    client.dispose();
    [trouble, host] = [new DevServerError('hostHangs', { pid: 5 }), { version: '1.0.0', sessions: [] }];
    await assert.rejects(open('1.0.0').connect(), { code: 'hostHangs' });
    await client.replaceHungHost();
    assert.deepEqual([launches, client.state.kind], [[{ kind: 'hung', pid: 5 }], 'connected']);
  });

  it('gives up after a few tries on what will not pass by itself', async () => {
    trouble = new DevServerError('hostDidNotStart');
    open('1.0.0').keepConnected();
    await clock.advance(600_000);
    assert.deepEqual([looks, client.state.kind, clock.pending], [5, 'failed', 0]);
  });
});
