import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import net from 'node:net';
import { configReader } from '../../src/sessions/configReader';
import { environmentResolver } from '../../src/cli/serverEnvironment';
import { withPath } from '../../src/cli/surroundings';
import { PROTOCOL_VERSION, type SessionSnapshot } from '../../src/sessions/protocol';
import { currentScope } from '../../src/sessions/scope';
import { ensureScopePaths, ensureStateFolder } from '../../src/sessions/stateFolder';
import type { Settings } from '../../src/sessions/settings';
import { createDevServers, type DevServersOptions, type WindowServers } from '../../src/sessions/workspaceServers';
import { quietLog } from '../contract/support/quietLog';
import { waitUntil } from '../contract/support/waitUntil';
import { aSession } from './samples';
import { tempFolders, writeTree } from './support/tempFolders';
import { skipOnWindows } from '../support/skip';

describe('a client that starts nothing by itself', () => {
  const makeFolder = tempFolders();
  const before = process.env['CHEATCODE_STATE_DIR'];
  let server: net.Server;
  let servers: WindowServers;
  let asked: { readonly method: string; readonly params: unknown }[];
  let sessions: readonly SessionSnapshot[];

  async function connect(of: Partial<DevServersOptions>): Promise<void> {
    asked = [];
    process.env['CHEATCODE_STATE_DIR'] = makeFolder();
    const workspace = makeFolder();
    writeTree(workspace, { 'cheatcode-app/package.json': { name: 'x', scripts: { dev: 'next dev' } } });
    servers = createDevServers({
      workspaceFolders: () => [workspace],
      settings: () =>
        ({
          autoStart: 'auto',
          web: {},
          mobile: {},
          lastWindow: 'auto',
          healthIntervalSeconds: 15,
          graceSeconds: 60,
        }) as unknown as Settings,
      surroundings: { isSandbox: false, env: { PATH: '/bin' }, editorRoot: undefined },
      log: quietLog(),
      loadLauncher: () => Promise.reject(new Error('nothing is launched here')),
      loadConfigReader: () => configReader,
      extensionVersion: '0.0.0',
      distFolder: '/nowhere',
      editorNodePty: undefined,
      trusted: () => true,
      ...of,
    });
    await servers.refresh();
    const app = servers.apps[0];
    // It ran when the host was lost: a window brings it back.
    sessions = [
      aSession({ appKey: app?.key ?? '', state: 'stopped', reason: { code: 'hostLost' } }),
      aSession({ id: 'dev_server_web_other', appKey: 'another workspace\u2019s' }),
    ];
    const paths = ensureScopePaths(ensureStateFolder(process.env), currentScope());
    writeFileSync(paths.token, 'token', { mode: 0o600 });
    server = net.createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (chunk) => {
        for (const line of chunk.toString().split('\n').filter(Boolean)) {
          const message = JSON.parse(line) as { id: number; method: string; params: unknown };
          asked.push(message);
          const hello = { protocol: PROTOCOL_VERSION, version: '0.0.0', hostPid: 4711, sessions };
          const result = message.method === 'hello' ? hello : message.method === 'start' ? sessions[0] : null;
          socket.write(`${JSON.stringify({ jsonrpc: '2.0', id: message.id, result })}\n`);
        }
      });
    });
    server.listen(paths.socket);
    await once(server, 'listening');
    await servers.connect();
  }
  afterEach(() => {
    servers.dispose();
    server.close();
    if (before === undefined) delete process.env['CHEATCODE_STATE_DIR'];
    else process.env['CHEATCODE_STATE_DIR'] = before;
  });
  const methods = () => asked.map(({ method }) => method);

  it('says who it is and what it looks at, and asks for nothing else', async () => {
    await connect({ kind: 'cli', isPassive: true });
    await servers.refresh(); // Answered after all that came before.
    assert.deepEqual(methods(), ['hello', 'watch', 'watch']);
    assert.equal((asked[0]?.params as { kind: string }).kind, 'cli');
    assert.deepEqual(
      servers.sessions.map(({ id }) => id),
      ['dev_server_web', 'dev_server_web_other'],
    );
  });

  it('is no window, which configures the host and brings back what ran', async () => {
    await connect({});
    await waitUntil('the start', () => methods().includes('start'));
    assert.ok(methods().includes('configure'));
  });

  it('names Redis before what a person asks for, and finds out the environment only then', async () => {
    let resolved = 0;
    await connect({
      kind: 'cli',
      isPassive: true,
      redis: () => ({ url: 'redis://r', required: false }),
      resolveEnvironment: () => {
        resolved++;
        return Promise.resolve({ PATH: '/from/the/shell' });
      },
    });
    await servers.refresh();
    assert.equal(resolved, 0);
    const [app] = servers.apps;
    assert.ok(app);
    await servers.start(app);
    assert.ok(methods().indexOf('useRedis') < methods().indexOf('start'));
    const { params } = asked.find(({ method }) => method === 'start') ?? {};
    const { env, origin } = params as { readonly env: Record<string, string>; readonly origin: string };
    assert.deepEqual([resolved, env['PATH'], origin], [1, '/from/the/shell', 'user']);
  });
});

describe('the environment of a server that the command line starts', () => {
  const log = quietLog();
  it('is that of the terminal, where there is one', async () => {
    const env = { A: '1' };
    assert.equal(await environmentResolver({ env, isInTerminal: true, log })(undefined), env);
    const inEditor = { TERM_PROGRAM: 'vscode' };
    assert.equal(await environmentResolver({ env: inEditor, isInTerminal: false, log })(undefined), inEditor);
  });

  it('is what the user\u2019s shell makes of it elsewhere, asked for once', async function () {
    skipOnWindows(this, 'the shells of Windows are not asked');
    const resolve = environmentResolver({ env: { GIVEN: 'kept' }, isInTerminal: false, log });
    const [one, other] = await Promise.all([resolve(undefined), resolve(undefined)]);
    assert.equal(one, other);
    assert.equal(one['GIVEN'], 'kept');
    assert.ok(one['PATH']);
  });

  it('finds programs also where nobody set a PATH', () => {
    assert.match(withPath({}, '/opt/node/bin/node')['PATH'] ?? '', /^\/opt\/node\/bin:.*:\/bin$/);
    const env = { Path: 'C:\\x' };
    assert.equal(withPath(env, 'C:\\node.exe'), env);
  });
});
