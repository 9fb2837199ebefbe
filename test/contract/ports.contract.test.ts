import assert from 'node:assert/strict';
import net from 'node:net';
import os from 'node:os';
import type { Listener } from '../../src/sessions/host/processes';
import { systemPorts } from '../../src/sessions/host/ports';
import { Programs } from './support/program';
import { waitUntil } from './support/waitUntil';
import { skipBecause } from '../support/skip';

const hasIpv6 = Object.values(os.networkInterfaces()).some((list) => list?.some(({ address }) => address === '::1'));

describe('ports', () => {
  const ports = systemPorts(process.platform);
  const programs = new Programs();
  const servers: net.Server[] = [];
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
    await programs.endAll();
  });

  const listen = (options: net.ListenOptions) =>
    new Promise<number>((resolve, reject) => {
      const server = net.createServer();
      servers.push(server);
      server.once('error', reject);
      server.listen(options, () => resolve((server.address() as net.AddressInfo).port));
    });

  for (const host of ['127.0.0.1', '0.0.0.0', '::1', '::']) {
    it(`are taken when somebody listens on ${host} alone, and name who`, async function () {
      if (host.includes(':') && !hasIpv6) return skipBecause(this, 'this machine has no IPv6');
      const port = await listen({ host, port: 0, ipv6Only: host === '::' });
      assert.equal(await ports.isFree(port), false);
      const uid = process.getuid?.();
      const [listener, ...others] = await ports.listeners(port);
      assert.ok(listener);
      const { socket, ...rest } = listener;
      // lsof has a star for all addresses of either kind.
      const address = process.platform === 'darwin' && host === '::' ? '0.0.0.0' : host;
      assert.deepEqual([rest, others], [{ address, port, pid: process.pid, uid }, []]);
      if (process.platform === 'linux') assert.match(String(socket), /^\d+$/);
      const all = await ports.allListeners();
      assert.deepEqual(
        all.filter((one) => one.port === port),
        [listener],
      );
    });
  }

  it('are free again when nobody listens any more', async () => {
    const port = await listen({ host: '127.0.0.1', port: 0 });
    await new Promise((resolve) => servers.pop()?.close(resolve));
    assert.equal(await ports.isFree(port), true);
    assert.deepEqual(await ports.listeners(port), []);
  });

  it('are free again right after the look', async () => {
    const port = await listen({ host: '127.0.0.1', port: 0 });
    await new Promise((resolve) => servers.pop()?.close(resolve));
    for (let i = 0; i < 20; i++) assert.equal(await ports.isFree(port), true);
    assert.equal(await listen({ port }), port);
  });

  it('name the process of a listener elsewhere', async () => {
    const port = await listen({ host: '127.0.0.1', port: 0 });
    await new Promise((resolve) => servers.pop()?.close(resolve));
    const script = `require('net').createServer().listen(${port}, '127.0.0.1')`;
    const pid = programs.command(process.execPath, ['-e', script]);
    const [listener] = await waitUntil('it listens', async () => {
      const found = await ports.listeners(port);
      return found.length > 0 && found;
    });
    assert.ok(listener);
    assert.deepEqual(
      { ...listener, socket: '' },
      { address: '127.0.0.1', port, pid, uid: process.getuid?.(), socket: '' },
    );
  });

  it('name the process that holds a socket now, however often they were asked before', async function () {
    if (process.platform !== 'linux')
      return skipBecause(this, 'only Linux tells which socket is meant, and who holds it');
    const parent = programs.start('socketHeir');
    const [child = NaN, port = NaN] = (await parent.nextLine()).split(' ').map(Number);
    const find = async () => {
      const found = (await ports.allListeners()).filter((one) => one.port === port);
      return found.map(({ pid, socket }) => ({ pid, socket }));
    };
    try {
      const before = await find();
      assert.deepEqual(await find(), before);
      assert.deepEqual(
        before.map(({ pid }) => pid),
        [Math.min(parent.pid, child)],
      );
      parent.signal('SIGKILL');
      await waitUntil('the child holds it alone', async () => (await find())[0]?.pid === child);
      assert.equal((await find())[0]?.socket, before[0]?.socket);
    } finally {
      process.kill(child, 'SIGKILL');
    }
    await waitUntil('nobody holds it', async () => (await find()).length === 0);
  });

  it('tell a socket from a later one on the same port', async () => {
    const port = await listen({ host: '127.0.0.1', port: 0 });
    const socketOn = async () => (await ports.allListeners()).find((one) => one.port === port)?.socket;
    const first = await socketOn();
    await new Promise((resolve) => servers.pop()?.close(resolve));
    assert.equal(await socketOn(), undefined);
    await listen({ host: '127.0.0.1', port });
    const second = await socketOn();
    if (process.platform === 'linux') assert.ok(first && second && first !== second);
  });

  it('name the user alone where the process is hidden', async function () {
    if (process.platform !== 'linux' || process.getuid?.() !== 0)
      return skipBecause(this, 'it takes root on Linux to look as another user');
    const port = await listen({ host: '127.0.0.1', port: 0 });
    const program = programs.start('otherUser', ['65534', 'listeners', String(port)]);
    const [listener] = JSON.parse(await program.nextLine()) as Listener[];
    assert.deepEqual([listener?.uid, listener?.pid], [0, undefined]);
  });

  it('that do not exist are an error', async () => {
    await assert.rejects(ports.isFree(65_536), { code: 'ERR_SOCKET_BAD_PORT' });
  });
});
