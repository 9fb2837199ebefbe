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
