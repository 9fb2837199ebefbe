import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import net from 'node:net';
import { configReader } from '../../src/sessions/configReader';
import { PROTOCOL_VERSION, RpcErrorCode } from '../../src/sessions/protocol';
import { currentScope } from '../../src/sessions/scope';
import { ensureScopePaths, ensureStateFolder } from '../../src/sessions/stateFolder';
import type { Settings } from '../../src/sessions/settings';
import { createDevServers, type WindowServers } from '../../src/sessions/workspaceServers';
import { quietLog } from '../contract/support/quietLog';
import { aSession } from './samples';
import { tempFolders, writeTree } from './support/tempFolders';

/** What a host answers to the request for a gateway, as a part of the JSON-RPC message. */
type Answer = { readonly result: unknown } | { readonly error: object };

describe('a window that asks for a gateway', () => {
  const makeFolder = tempFolders();
  const before = process.env['CHEATCODE_STATE_DIR'];
  let server: net.Server;
  let servers: WindowServers;
  let asked: unknown[];
  let answer: Answer;
  let knowsSession: boolean;

  beforeEach(async () => {
    asked = [];
    knowsSession = true;
    process.env['CHEATCODE_STATE_DIR'] = makeFolder();
    const workspace = makeFolder();
    writeTree(workspace, { 'cheatcode-app/package.json': { name: 'x', scripts: { dev: 'next dev' } } });
    servers = createDevServers({
      workspaceFolders: () => [workspace],
      // Of all settings only these are read by a window that may start nothing.
      settings: () =>
        ({
          autoStart: 'off',
          web: {},
          mobile: {},
          lastWindow: 'keep',
          healthIntervalSeconds: 15,
          graceSeconds: 60,
        }) as unknown as Settings,
      surroundings: { isSandbox: true, env: {}, editorRoot: undefined },
      log: quietLog(),
      loadLauncher: () => Promise.reject(new Error('nothing is launched here')),
      loadConfigReader: () => configReader,
      extensionVersion: '0.0.0',
      distFolder: '/nowhere',
      editorNodePty: undefined,
      trusted: () => false,
    });
    await servers.refresh();
    const paths = ensureScopePaths(ensureStateFolder(process.env), currentScope());
    writeFileSync(paths.token, 'token', { mode: 0o600 });
    server = net.createServer((socket) => {
      socket.on('error', () => undefined); // The window hangs up at its end.
      socket.on('data', (chunk) => {
        for (const line of chunk.toString().split('\n').filter(Boolean)) {
          const { id, method, params } = JSON.parse(line) as { id: number; method: string; params: unknown };
          if (method === 'gateway') asked.push(params);
          const sessions = knowsSession ? [aSession({ appKey: servers.apps[0]?.key ?? '' })] : [];
          const hello = { protocol: PROTOCOL_VERSION, version: '0.0.0', hostPid: 4711, sessions };
          const reply = method === 'gateway' ? answer : { result: method === 'hello' ? hello : null };
          socket.write(`${JSON.stringify({ jsonrpc: '2.0', id, ...reply })}\n`);
        }
      });
    });
    server.listen(paths.socket);
    await once(server, 'listening');
  });
  afterEach(() => {
    servers.dispose();
    server.close();
    if (before === undefined) delete process.env['CHEATCODE_STATE_DIR'];
    else process.env['CHEATCODE_STATE_DIR'] = before;
  });
  const ask = (hosts: readonly string[] = []) => {
    const [app] = servers.apps;
    assert.ok(app);
    return servers.gateway(app, hosts);
  };

  it('gets its port and id', async () => {
    answer = { result: { port: 40_123, id: 'abc' } };
    assert.deepEqual(await ask(['box.example.com']), { port: 40_123, id: 'abc' });
    assert.deepEqual(asked, [{ sessionId: 'dev_server_web', hosts: ['box.example.com'] }]);
  });

  it('gets none from a host that is older than gateways', async () => {
    answer = { error: { code: -32601, message: 'Method not found' } };
    assert.equal(await ask(), undefined);
    assert.equal(asked.length, 1);
  });

  it('gets none for an app that the host does not know', async () => {
    knowsSession = false;
    assert.equal(await ask(), undefined);
    assert.deepEqual(asked, []);
  });

  it('hears why there is none', async () => {
    const data = { code: 'gatewayFailed', facts: { detail: 'exit code 1' } };
    answer = { error: { code: RpcErrorCode.refused, message: 'x', data } };
    await assert.rejects(ask(), { name: 'DevServerError', ...data });
  });
});
