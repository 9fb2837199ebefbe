import assert from 'node:assert/strict';
import net from 'node:net';
import os from 'node:os';
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
      assert.deepEqual(await ports.listeners(port), [{ address: host, port, pid: process.pid, uid }]);
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
    assert.deepEqual(listener, { address: '127.0.0.1', port, pid, uid: process.getuid?.() });
  });

  it('that do not exist are an error', async () => {
    await assert.rejects(ports.isFree(65_536), { code: 'ERR_SOCKET_BAD_PORT' });
  });
});
