import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import { GATEWAY_HEADER, type FromGateway } from '../../src/sessions/gatewayProtocol';
import { fileGatewayPorts } from '../../src/sessions/host/gatewayPorts';
import { gatewayProcesses } from '../../src/sessions/host/gatewayProcess';
import type { GatewayProcess } from '../../src/sessions/host/gateways';
import { platformProcesses } from '../../src/sessions/host/platformProcesses';
import type { Peer } from '../../src/sessions/rpcPeer';
import { HostRig, isAlive, waitFor, watchSession } from './support/hostRig';
import { quietLog } from './support/quietLog';
import { waitUntil } from './support/waitUntil';

const processes = platformProcesses(process.platform, quietLog());

describe("the gateway process's adapter", () => {
  let folder: string;
  const children: GatewayProcess[] = [];
  before(async () => (folder = await mkdtemp('/tmp/ccg-')));
  after(() => rm(folder, { recursive: true, force: true }));
  afterEach(() => children.splice(0).forEach((child) => child.end()));

  /** Runs this program in place of the gateway. */
  const run = async (program: string) => {
    const file = path.join(folder, 'gateway.js');
    await writeFile(file, program);
    return begin(file);
  };
  const begin = (file: string) => {
    const heard: FromGateway[] = [];
    const ends: string[] = [];
    const child = gatewayProcesses(
      file,
      quietLog(),
    )({ onMessage: (message) => heard.push(message), onEnd: (detail) => ends.push(detail) });
    children.push(child);
    return { child, heard, ends };
  };
  /** A program that says this object of itself, with a message that has room for it. */
  const tells = (facts: string) =>
    `process.stdin.resume().on('end', () => process.exit());
     process.stdout.write(JSON.stringify({ type: 'log', level: 'info', message: 'here', facts: ${facts} }) + '\\n');`;
  const factsOf = async (heard: readonly FromGateway[]) => {
    const message = await waitUntil('it says something', () => heard[0]);
    assert.ok(message.type === 'log');
    return message.facts ?? {};
  };
  const gone = (pid: number) => waitUntil(`${pid} is gone`, () => !isAlive(pid));

  it('passes messages on in both directions, whole and in order', async () => {
    const { child, heard } = await run(
      `require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
         const { id } = JSON.parse(line);
         const text = JSON.stringify({ type: 'failed', id, detail: 'ä€𝄞 ' + id }) + '\\n';
         const bytes = Buffer.from(text);
         process.stdout.write(bytes.subarray(0, 33));
         process.stdout.write(bytes.subarray(33));
       });`,
    );
    for (let n = 0; n < 100; n++) child.send({ type: 'close', id: String(n) });
    await waitUntil('all are answered', () => heard.length === 100);
    assert.deepEqual(
      heard,
      Array.from({ length: 100 }, (_, n) => ({ type: 'failed', id: String(n), detail: `ä€𝄞 ${n}` })),
    );
  });

  it('gives it a folder that is no app’s, and nothing of the environment that is not needed', async () => {
    process.env['NODE_OPTIONS'] = '--no-warnings';
    const { heard } = await run(tells(`{ cwd: process.cwd(), env: Object.keys(process.env).sort().join() }`));
    delete process.env['NODE_OPTIONS'];
    const { cwd, env } = await factsOf(heard);
    assert.equal(cwd, path.parse(String(cwd)).root);
    assert.ok(
      String(env)
        .split(',')
        .every((name) => ['ELECTRON_RUN_AS_NODE', 'HOME', 'PATH', 'SystemRoot'].includes(name)),
      String(env),
    );
  });

  it('ends it, also when it is suspended, and hears nothing of it any more', async () => {
    const { child, heard, ends } = await run(tells(`{ pid: process.pid }`));
    const pid = Number((await factsOf(heard))['pid']);
    process.kill(pid, 'SIGSTOP');
    child.end();
    child.send({ type: 'close', id: 'x' });
    await gone(pid);
    child.end();
    assert.deepEqual(ends, []);
  });

  it('says how it ended and what it said last', async () => {
    const failing = await run(`console.error('x'.repeat(2000) + ' no port'); process.exitCode = 3;`);
    await waitUntil('it ends', () => failing.ends[0]);
    assert.match(failing.ends[0] ?? '', /^exit code 3: x+ no port$/);
    assert.ok((failing.ends[0] ?? '').length < 600);
    const killed = await run(tells(`{ pid: process.pid }`));
    process.kill(Number((await factsOf(killed.heard))['pid']), 'SIGKILL');
    assert.equal(await waitUntil('it ends', () => killed.ends[0]), 'SIGKILL');
    const missing = begin(path.join(folder, 'nothing.js'));
    assert.match(await waitUntil('it ends', () => missing.ends[0]), /^exit code 1: .*Node\.js/s);
  });

  it('ends one that says what is no message', async () => {
    for (const text of [
      'garbage',
      'null',
      '{"type":"serving","id":"x","port":0}',
      '{"type":"serving","port":1}',
      '{"type":"log","level":"__proto__","message":""}',
      'x'.repeat(100_000),
    ]) {
      const { heard, ends } = await run(
        `setInterval(() => 0, 1000); process.stdout.write(${JSON.stringify(text)} + '\\n');`,
      );
      await waitUntil('it is ended', () => ends[0]);
      assert.deepEqual(heard, []);
    }
  });
});

describe('the ports of gateways', () => {
  let folder: string;
  const file = () => path.join(folder, 'gateways.json');
  beforeEach(async () => (folder = await mkdtemp('/tmp/ccg-')));
  afterEach(() => rm(folder, { recursive: true, force: true }));
  const ID = '0123456789abcdef';

  it('are kept on disk for their user alone', async () => {
    fileGatewayPorts(file(), quietLog()).write(new Map([[ID, 40_123]]));
    assert.deepEqual([...fileGatewayPorts(file(), quietLog()).read()], [[ID, 40_123]]);
    if (process.platform !== 'win32') assert.equal((await stat(file())).mode & 0o777, 0o600);
  });

  it('are none where they can not be read, and those that make no sense are left out', async () => {
    for (const text of ['', 'nonsense', 'null', '[1]', '"x"']) {
      await writeFile(file(), text);
      assert.deepEqual([...fileGatewayPorts(file(), quietLog()).read()], [], text);
    }
    await writeFile(file(), JSON.stringify({ [ID]: 0, short: 1, ['f'.repeat(16)]: 70_000, ['e'.repeat(16)]: 5 }));
    assert.deepEqual([...fileGatewayPorts(file(), quietLog()).read()], [['e'.repeat(16), 5]]);
  });

  it('that can not be kept are said to be lost, and nothing else happens', () => {
    const log = quietLog();
    fileGatewayPorts(path.join(folder, 'nowhere', 'gateways.json'), log).write(new Map([[ID, 1]]));
    assert.ok(log.lines.some((line) => line.includes('gateway ports not kept')));
  });
});

describe('the gateway of a real host', function () {
  this.timeout(60_000);
  let rig: HostRig;
  beforeEach(async () => {
    rig = await HostRig.create();
  });
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') console.log(rig.hostLog(), rig.log.join('\n'));
    await rig.dispose();
  });
  const sessionId = 'dev_server_web';

  const runApp = async () => {
    const client = rig.client();
    const session = watchSession(client);
    const peer = await client.connect();
    await peer.call('start', { spec: rig.spec(), env: { PATH: process.env['PATH'] ?? '' }, origin: 'user' });
    await waitFor('the app to run', () => session.current?.state === 'running', 20_000);
    return { client, session, peer };
  };
  const gatewayOf = (peer: Peer, hosts: readonly string[] = []) => peer.call('gateway', { sessionId, hosts });
  const page = (port: number, host = `localhost:${port}`) =>
    new Promise<{ readonly status: number | undefined; readonly id: unknown; readonly text: string }>(
      (resolve, reject) => {
        const request = http.get({ host: '127.0.0.1', port, headers: { host }, agent: false }, (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
          response.on('end', () =>
            resolve({ status: response.statusCode, id: response.headers[GATEWAY_HEADER], text }),
          );
          response.on('error', reject);
        });
        request.on('error', reject);
      },
    );
  /** The gateway process of this rig's host, which is the only child of that name that it has. */
  const gatewayPid = async () => {
    const host = rig.hostPid();
    return (await processes.list()).find(
      ({ ppid, command, isZombie }) => ppid === host && command.includes('gateway.js') && !isZombie,
    )?.pid;
  };
  const anyGatewayPid = () => waitFor('a gateway process', gatewayPid);

  it('is begun with the first request, shows the app, and says while there is none why', async () => {
    const { peer, session } = await runApp();
    assert.equal(await gatewayPid(), undefined);
    const { port, id } = await gatewayOf(peer);
    const shown = await page(port);
    assert.deepEqual([shown.status, shown.id], [200, id]);
    assert.match(shown.text, new RegExp(`pid ${session.current?.listenerPid}\\b`));
    await peer.call('stop', { sessionId });
    const waiting = await waitFor('the waiting page', async () => {
      const answer = await page(port);
      return answer.status === 503 ? answer : undefined;
    });
    assert.equal(waiting.id, id);
    assert.match(waiting.text, /Web is stopped/);
  });

  it('takes a host once a client has named it', async () => {
    const { peer } = await runApp();
    const { port } = await gatewayOf(peer);
    assert.notEqual((await page(port, 'box.example.com')).status, 200);
    await gatewayOf(peer, ['box.example.com']);
    assert.equal((await page(port, 'box.example.com')).status, 200);
  });

  it('comes back on its port when its process is killed, and when the host is', async () => {
    const { peer, client, session } = await runApp();
    const { port } = await gatewayOf(peer);
    const first = await anyGatewayPid();
    process.kill(first, 'SIGKILL');
    await waitFor('the app to be shown again', () =>
      page(port).then(
        ({ status }) => status === 200,
        () => false,
      ),
    );
    const second = await anyGatewayPid();
    assert.notEqual(second, first);

    const host = rig.hostPid() ?? 0;
    process.kill(host, 'SIGKILL');
    await waitFor('the gateway to end with its host', () => !isAlive(second));
    await waitFor('another host', () => rig.hostPid() !== host && client.state.kind === 'connected', 20_000);
    const next = await client.connect();
    await next.call('start', { spec: rig.spec(), env: { PATH: process.env['PATH'] ?? '' }, origin: 'restore' });
    await waitFor('the app to run', () => session.current?.state === 'running', 20_000);
    assert.equal((await gatewayOf(next)).port, port);
  });

  it('ends with a host that is told to end', async () => {
    const { peer } = await runApp();
    await gatewayOf(peer);
    const pid = await anyGatewayPid();
    await rig.endHosts();
    await waitFor('it to end', () => !isAlive(pid));
  });

  it('is no server of the app: it is neither adopted nor reported', async () => {
    const { peer, session } = await runApp();
    const { port } = await gatewayOf(peer);
    await peer.call('stop', { sessionId });
    const params = { spec: rig.spec({}, { port }), env: { PATH: process.env['PATH'] ?? '' }, origin: 'user' as const };
    await peer.call('start', params);
    await waitFor('the app to run', () => session.current?.state === 'running', 20_000);
    assert.equal(session.current?.adopted, false);
    assert.notEqual(session.current?.port, port);
    assert.equal(session.current?.secondServers, undefined);
    assert.match((await page(port)).text, new RegExp(`pid ${session.current?.listenerPid}\\b`));
  });

  it('is copied with the host, away from the extension’s folder', async () => {
    await gatewayOf((await runApp()).peer);
    const bin = path.join(rig.stateFolder, 'bin');
    const [copy] = (await readdir(bin)).filter((name) => /^[0-9a-f]{16}$/.test(name));
    assert.ok(copy);
    const pid = await anyGatewayPid();
    const own = (await processes.list()).find((info) => info.pid === pid);
    assert.ok(own?.command.includes(path.join(bin, copy, 'gateway.js')), own?.command);
  });
});
