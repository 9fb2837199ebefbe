import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { symlink } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { systemPorts } from '../../src/sessions/host/ports';
import { isAlive, waitFor } from '../contract/support/hostRig';
import { skipBecause } from '../support/skip';
import { faultCase, type FaultCase } from './support/faultCase';

const ports = systemPorts(process.platform);
const id = 'dev_server_web';
const isRoot = process.getuid?.() === 0;

/** A stranger on the app's port: another program, in another folder. */
async function blocker(c: FaultCase, address: string, wrapper: readonly string[] = []): Promise<number> {
  const script = `require('node:net').createServer().listen({ port: ${c.rig.port}, host: '${address}', ipv6Only: ${address === '::1'} })`;
  const { pid = 0 } = c.command([...wrapper, process.execPath, '-e', script], { cwd: '/' });
  await waitFor('the stranger to listen', async () => (await ports.listeners(c.rig.port)).length > 0);
  return pid;
}

async function startsWhenFreed(c: FaultCase, stranger: number, facts: Record<string, unknown>): Promise<void> {
  const window = c.window();
  await window.call('start', c.params());
  const blocked = await window.reaches('blocked', 'portTaken');
  for (const [name, value] of Object.entries({ port: c.rig.port, ...facts }))
    assert.equal(blocked.reason.facts?.[name], value, `${name} in ${JSON.stringify(blocked.reason)}`);
  assert.equal(blocked.port, c.rig.port, 'never bumped unasked');
  assert.ok(isAlive(stranger), 'never killed unasked');
  assert.equal(c.watch.servers.size, 0);
  await c.kill(stranger);
  const session = await window.reaches('running');
  assert.equal(session.port, c.rig.port);
}

describe('a taken port', () => {
  for (const [form, address] of [
    ['on IPv4 only', '127.0.0.1'],
    ['on IPv6 only', '::1'],
    ['on all of IPv4', '0.0.0.0'],
    ['on everything', '::'],
  ] as const)
    faultCase(`fault 23: ${form} is named, waited for, and used once it is free`, { servers: 1 }, async (c) => {
      const pid = await blocker(c, address);
      await startsWhenFreed(c, pid, { pid, uid: process.getuid?.(), folder: '/' });
    });

  describe('of another user', () => {
    before(function () {
      if (!isRoot) skipBecause(this, 'only root can start a process of another user');
    });
    faultCase('fault 23: is named as far as it can be seen, and never signalled', { servers: 1 }, async (c) => {
      const pid = await blocker(c, '127.0.0.1', ['setpriv', '--reuid', '12345', '--regid', '12345', '--clear-groups']);
      await startsWhenFreed(c, pid, { uid: 12_345 });
    });
  });

  faultCase('fault 23: that only lingers in TIME_WAIT is no obstacle', { servers: 1 }, async (c) => {
    const server = net.createServer((socket) => socket.end('bye')).listen(c.rig.port, '127.0.0.1');
    const client = net.connect(c.rig.port, '127.0.0.1');
    client.resume();
    await new Promise((resolve) => client.once('close', resolve));
    await new Promise((resolve) => server.close(resolve));
    const port = c.rig.port.toString(16).toUpperCase().padStart(4, '0');
    const lingers = () => new RegExp(`:${port} \\S+ 06 `).test(readFileSync('/proc/net/tcp', 'utf8'));
    await waitFor('a connection in TIME_WAIT', lingers);
    const { window } = await c.running();
    assert.deepEqual(window.states, ['starting', 'running']);
  });

  faultCase('fault 23: taken between the check and the spawn is met, and waited for', { servers: 1 }, async (c) => {
    const window = c.window({ env: { CHEATCODE_TEST_FAILPOINTS: 'start.beforeSpawn=stop@1' } });
    await window.call('start', c.params());
    await waitFor('the host between check and spawn', () => c.rig.hostLog().includes('failpoint start.beforeSpawn'));
    const pid = await blocker(c, '::');
    process.kill(c.host, 'SIGCONT');
    const blocked = await window.reaches('blocked', 'portTaken');
    assert.equal(blocked.reason.facts?.['pid'], pid);
    assert.equal(blocked.crashes, 0, 'no crash of the app');
    await c.kill(pid);
    await window.reaches('running');
  });

  faultCase('fault 23: is left for the next free one where the setting says so', { servers: 1 }, async (c) => {
    await blocker(c, '127.0.0.1');
    const { session } = await c.running({}, { onPortTaken: 'useNext' });
    assert.ok(session.port > c.rig.port);
    assert.equal(await (await fetch(session.url)).text(), `pid ${session.listenerPid}\n`);
  });
});

describe('folders and names', () => {
  for (const [form, spell] of [
    ['by a link', (_folder: string, link: string) => link],
    ['with a slash at its end', (folder: string) => `${folder}/`],
    ['with a detour', (folder: string) => `${path.dirname(folder)}/./${path.basename(folder)}/.`],
  ] as const)
    faultCase(`fault 24: one project that is named ${form} is one session`, { servers: 1 }, async (c) => {
      const link = path.join(path.dirname(c.rig.stateFolder), 'link');
      await symlink(c.rig.appFolder, link);
      const { window, session } = await c.running();
      const other = c.window();
      const answer = await other.call('start', c.params({}, { folder: spell(c.rig.appFolder, link) }));
      assert.deepEqual([answer.id, answer.listenerPid], [session.id, session.listenerPid]);
      await other.reaches('running');
      assert.equal(other.sessions.size, 1);
      assert.equal(window.session?.listenerPid, session.listenerPid);
    });

  faultCase(
    'fault 52: two apps of one type in two windows are two sessions with two names and ports',
    { servers: 2 },
    async (c) => {
      const { session } = await c.running();
      const second = { ...(await c.secondApp()), port: c.rig.port };
      const other = c.window({ apps: [second.appKey] });
      await other.call('start', { ...c.params(), spec: second });
      const running = await other.sees(
        'the second, running',
        ({ appKey, state }) => appKey === second.appKey && state === 'running',
      );
      assert.deepEqual([session.id, running.id], [id, `${id}_second`]);
      assert.ok(running.port > session.port, 'a port of its own, without a question');
      assert.equal(await (await fetch(running.url)).text(), `pid ${running.listenerPid}\n`);
      assert.equal(await (await fetch(session.url)).text(), `pid ${session.listenerPid}\n`);
    },
  );

  faultCase('fault 52: two apps that start in one breath do not meet on a port', { servers: 2 }, async (c) => {
    const second = { ...(await c.secondApp()), port: c.rig.port };
    const window = c.window({ apps: [c.spec().appKey, second.appKey] });
    await Promise.all([window.call('start', c.params()), window.call('start', { ...c.params(), spec: second })]);
    const both = await waitFor('both to run', () => {
      const all = [...window.sessions.values()];
      return all.length === 2 && all.every(({ state }) => state === 'running') ? all : undefined;
    });
    assert.equal(new Set(both.map(({ port }) => port)).size, 2);
    assert.deepEqual(
      both.map(({ crashes }) => crashes),
      [0, 0],
    );
  });
});
