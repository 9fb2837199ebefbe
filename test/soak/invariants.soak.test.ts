import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, statSync, writeFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { Invariants, type Wish } from '../../bench/soak/invariants';
import { MachineLook } from '../../bench/soak/machineLook';
import { hostNames } from '../../src/sessions/host/hostNames';
import { lockName } from '../../src/sessions/host/abstractSocketLock';
import { freePort } from '../hosts/ports.mjs';

/** A program that says when it is ready and lives until it is killed. `title` is what its command line becomes. */
const program = (title: string, then = '') =>
  `process.title = ${JSON.stringify(title)}; setInterval(() => undefined, 1000); ${then || "console.log('up')"};`;
const listensOn = (port: number, address: string) =>
  `require('net').createServer().listen(${port}, ${JSON.stringify(address)}, () => console.log('up'))`;

/** Negative control: a soak that can't see a breach proves nothing. Each breach is made by hand, with real processes. */
describe('what the soak looks at', function () {
  this.timeout(30_000);
  let stateFolder: string;
  let scopeFolder: string;
  let port: number;
  let look: MachineLook;
  let invariants: Invariants;
  const started: ChildProcess[] = [];

  beforeEach(async () => {
    stateFolder = mkdtempSync(path.join(process.env['CHEATCODE_TEST_DIR'] ?? '', 'i'));
    scopeFolder = path.join(stateFolder, '0123456789ab');
    await mkdir(path.join(scopeFolder, 'records'), { recursive: true });
    port = await freePort();
    look = new MachineLook(stateFolder, port);
    invariants = new Invariants();
  });
  afterEach(async () => {
    for (const child of started.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await rm(stateFolder, { recursive: true, force: true });
  });

  /** A process of the state folder, ready. With a cookie it is one of a session. */
  async function start(script: string, cookie?: string, args: readonly string[] = []): Promise<ChildProcess> {
    const env = { ...process.env, CHEATCODE_STATE_DIR: stateFolder };
    const child = spawn(process.execPath, ['-e', script, ...args], {
      env: cookie === undefined ? env : { ...env, CHEATCODE_SESSION: cookie },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    started.push(child);
    if (child.stdout) await once(child.stdout, 'data');
    return child;
  }

  const server = (cookie: string, then?: string) => start(program('next-server (v0.0.0)', then), cookie);
  const host = (then?: string) => start(program('node host.js {}', then));

  /** What is breached now; with `forMs` also what is only breached when it lasts. */
  async function breached(wish: Wish = 'running', forMs = 0): Promise<readonly string[]> {
    const found = new Set<string>();
    const endMs = performance.now() + forMs;
    do {
      for (const { invariant } of invariants.check(look.look(), wish)) found.add(invariant);
      await new Promise((resolve) => setTimeout(resolve, 100));
    } while (performance.now() < endMs);
    return [...found];
  }

  it('finds nothing wrong with a host, one server of its own and files that can be read', async () => {
    const listening = listensOn(port, '127.0.0.1').replace("'up'", "'listens'");
    const child = await host(
      `const child = require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(program('next-server (v0)', listening))}],
        { env: { ...process.env, CHEATCODE_SESSION: 'a:1' }, stdio: ['ignore', 'inherit', 'inherit'] })`,
    );
    writeFileSync(path.join(scopeFolder, 'host.json'), JSON.stringify({ pid: child.pid }));
    assert.deepEqual(await breached('running', 3000), []);
    const sample = look.look();
    assert.equal(sample.portHolders.length, 1);
    assert.deepEqual(
      sample.sights.map(({ kind, host: of }) => [kind, of?.split(':')[0]]),
      [
        ['host', undefined],
        ['member', String(child.pid)],
      ],
    );
    for (const { pid, kind } of sample.sights) if (kind === 'member') process.kill(pid, 'SIGKILL');
  });

  it('sees two servers, also of one run', async () => {
    await Promise.all([server('a:1'), server('a:1')]);
    assert.ok((await breached()).includes('one server of the app'));
  });

  it('sees a rest of an earlier run', async () => {
    await Promise.all([server('a:1'), start(program('node helper'), 'a:2')]);
    assert.deepEqual(await breached(), ['no process of an earlier run beside those of a later one']);
  });

  it('sees a server that runs although it was stopped', async () => {
    await server('a:1');
    assert.deepEqual(await breached('stopped'), ['a stop is not undone']);
  });

  it('sees an orphan, after the time that its reaper has, and gives a host that is fencing longer', async () => {
    await server('a:1');
    assert.deepEqual(await breached('running', 1500), []);
    assert.deepEqual(await breached('running', 1500), ['no orphan outlives its host']);
    // Not the host that began it, and host.json does not name it yet.
    await host();
    assert.deepEqual(await breached('running', 3000), []);
  });

  it('sees a zombie that its parent does not take note of', async () => {
    // The shell starts a child and becomes a program that never asks for it.
    const script = `require('child_process').spawn('sh', ['-c', 'sleep 0.5 & exec sleep 20'], { stdio: 'inherit' }); console.log('up')`;
    await start(script, 'a:1');
    assert.ok((await breached('running', 4000)).includes('no zombie of ours'));
    for (const { pid, kind } of look.look().sights) if (kind === 'member') process.kill(pid, 'SIGKILL');
  });

  it('sees a second holder of the port, on the other protocol', async () => {
    await server('a:1', listensOn(port, '127.0.0.1'));
    await start(program('node other', listensOn(port, '::1')), 'a:1');
    await breached(); // The two tables are read in turns.
    assert.deepEqual(await breached(), ['one holder of the port']);
  });

  it('sees locks that two processes hold, and a holder that is no host', async () => {
    const { lockNames } = hostNames({
      uid: process.geteuid?.(),
      scopeId: path.basename(scopeFolder),
      stateFolder,
      scopeFolder: statSync(scopeFolder, { bigint: true }),
    });
    const holds = (name: string) =>
      `require('net').createServer().listen('\\0' + ${JSON.stringify(lockName(name))}, () => console.log('up'))`;
    await host(holds(lockNames[0] ?? ''));
    assert.deepEqual(await breached(), []);
    await server('a:1', holds(lockNames[1] ?? ''));
    assert.deepEqual(await breached(), ['one holder of the host lock', 'the host lock is held by a host that lives']);
  });

  it('sees a second host that stays', async () => {
    await Promise.all([host(), host()]);
    assert.deepEqual(await breached('running', 14_000), []);
    assert.deepEqual(await breached('running', 3000), ['no second host stays']);
  });

  it('sees half a record and half a host.json', async () => {
    assert.deepEqual(await breached(), []);
    writeFileSync(path.join(scopeFolder, 'host.json'), '{"pid":');
    assert.deepEqual(await breached(), ['records and host.json can be read']);
    writeFileSync(path.join(scopeFolder, 'host.json'), '{"pid":1}');
    writeFileSync(path.join(scopeFolder, 'records', 'dev_server_web.json'), '{"version":1}');
    assert.deepEqual(await breached(), ['records and host.json can be read']);
  });

  it('sees a port of ours only', async () => {
    const blocker = net.createServer();
    await new Promise<void>((resolve) => blocker.listen(port, '127.0.0.1', resolve));
    assert.deepEqual(look.look().portHolders, []);
    await new Promise((resolve) => blocker.close(resolve));
  });
});
