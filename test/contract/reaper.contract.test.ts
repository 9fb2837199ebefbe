import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { linuxProcesses } from '../../src/sessions/host/linuxProcesses';
import { readProcStat, isZombieState, procPids } from '../../src/sessions/procFiles';
import type { ProcessInfo } from '../../src/sessions/host/processes';
import { platformReapers } from '../../src/sessions/host/reapers';
import { Programs, type Program } from './support/program';
import { quietLog } from './support/quietLog';
import { waitUntil } from './support/waitUntil';

/** The shells of this machine that `/bin/sh` may be elsewhere: Debian's, Alpine's, macOS's. */
const shells = ['/bin/sh', 'dash', 'bash', 'busybox,sh'].filter((shell) => {
  const [file = '', ...args] = shell.split(',');
  try {
    execFileSync(file, [...args, '-c', 'exit 0'], { stdio: 'ignore' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
});

describe('reaper', () => {
  const programs = new Programs();
  let server = 0;
  let folder: string;
  before(async () => (folder = await mkdtemp(path.join(os.tmpdir(), 'cheatcode-reaper-'))));
  after(() => rm(folder, { recursive: true }));
  afterEach(async () => {
    await programs.endAll();
    if (server > 0) linuxProcesses.signalGroup(server, 'SIGKILL');
    await groupGone();
  });

  const groupLives = () =>
    procPids().some((pid) => {
      const stat = readProcStat(pid);
      return stat?.pgid === server && !isZombieState(stat.state);
    });
  // A second of patience and the time to look; the rest is for a machine that has other things to do.
  const groupGone = () => waitUntil('the group is gone', () => !groupLives(), 5_000);

  /** A host whose server has begun, as it says itself. */
  const startHost = async (script: string, shell = '/bin/sh', env: Record<string, string> = {}) => {
    const host = programs.start('reaperHost', [shell, script], { env });
    server = Number((await host.lineWith('server')).split(' ')[1]);
    await host.lineWith('begun');
    return host;
  };
  const reaperOf = (host: Program): Promise<ProcessInfo> =>
    waitUntil('there is a reaper', async () =>
      (await linuxProcesses.list()).find(
        (info) => info.ppid === host.pid && info.command.includes('cheatcode-reaper') && !info.isZombie,
      ),
    );
  const dead = (info: ProcessInfo) =>
    waitUntil('the reaper is gone', async () => (await linuxProcesses.liveness(info)) === 'dead');

  // In the foreground, as a server's tree is: a shell lets its background jobs ignore the interrupt.
  const tree = 'echo begun; sh -c "sh -c \'sleep 1000; true\'; true"; true';
  const stubborn = `sh -c "trap '' INT TERM HUP; echo begun; while :; do sleep 1; done" & wait`;

  for (const shell of shells) {
    describe(`by ${shell.replace(',', ' ')}`, () => {
      it('ends the group when the host is killed', async () => {
        const host = await startHost(tree, shell);
        assert.equal(await host.ask('guard'), 'guarded');
        const reaper = await reaperOf(host);
        host.signal('SIGKILL');
        await groupGone();
        await dead(reaper);
      });

      it('asks before it kills', async () => {
        const asked = path.join(folder, shell.replaceAll(/\W/g, '-'));
        const polite = `trap 'echo asked > ${asked}; exit' INT; echo begun; while :; do sleep 0.05; done`;
        const host = await startHost(polite, shell);
        await host.ask('guard');
        host.signal('SIGKILL');
        await groupGone();
        assert.equal(await readFile(asked, 'utf8'), 'asked\n');
      });

      it('ends a member that ignores the interrupt', async () => {
        const host = await startHost(stubborn, shell);
        assert.equal(await host.ask('guard'), 'guarded');
        host.signal('SIGKILL');
        await groupGone();
      });

      it('signals nobody when the host takes leave in order', async () => {
        const host = await startHost(tree, shell);
        const reaper = await reaperOf(host);
        await host.ask('guard');
        assert.equal(await host.ask('dispose'), 'disposed');
        await dead(reaper);
        assert.ok(groupLives());
        host.signal('SIGKILL');
        assert.equal(await host.exit(), 'SIGKILL');
        assert.ok(groupLives());
      });

      it('outlives what a terminal sends to everybody', async () => {
        const host = await startHost(tree, shell);
        await host.ask('guard');
        const reaper = await reaperOf(host);
        for (const signal of ['SIGINT', 'SIGHUP', 'SIGTERM', 'SIGQUIT'] as const) process.kill(reaper.pid, signal);
        process.kill(-reaper.pgid, 'SIGINT');
        host.signal('SIGKILL');
        await groupGone();
      });
    });
  }

  it('leaves without a signal when nothing was guarded yet', async () => {
    const host = await startHost(tree);
    const reaper = await reaperOf(host);
    host.signal('SIGKILL');
    await dead(reaper);
    assert.ok(groupLives());
  });

  it('ends the group also when the host ends by itself without a word', async () => {
    const host = await startHost(tree);
    await host.ask('guard');
    host.signal('SIGTERM');
    await groupGone();
  });

  it('is in a session of its own, at the root and without the session cookie', async () => {
    const cookie = `reaper-test:${process.pid}-${Date.now()}`;
    const host = await startHost(tree, '/bin/sh', { CHEATCODE_SESSION: cookie });
    const reaper = await reaperOf(host);
    assert.deepEqual([reaper.pgid, reaper.sid], [reaper.pid, reaper.pid]);
    assert.equal(await linuxProcesses.workingDirectory(reaper.pid), '/');
    const marked = await linuxProcesses.findByEnvironment('CHEATCODE_SESSION', cookie);
    assert.ok(marked.some((info) => info.pgid === server));
    assert.ok(!marked.some((info) => info.pid === reaper.pid));
  });

  it('is replaced when somebody kills it', async () => {
    const host = await startHost(tree);
    await host.ask('guard');
    const first = await reaperOf(host);
    assert.equal(await linuxProcesses.signal(first, 'SIGKILL'), true);
    await host.lineWith('log reaper ended before its time');
    const second = await reaperOf(host);
    assert.notEqual(second.pid, first.pid);
    host.signal('SIGKILL');
    await groupGone();
  });

  it('refuses numbers that are no process group', () => {
    const reaper = platformReapers({ platform: process.platform, log: quietLog() }).create();
    for (const pgid of [0, 1, -5, NaN, 2.5]) assert.throws(() => reaper.guard(pgid));
    reaper.dispose();
  });
});
