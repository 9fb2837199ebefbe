import assert from 'node:assert/strict';
import { mkdir, mkdtemp, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { linuxProcesses } from '../../src/sessions/host/linuxProcesses';
import { psProcesses } from '../../src/sessions/host/psProcesses';
import type { ProcessIdentity, Processes } from '../../src/sessions/host/processes';
import { skipBecause } from '../support/skip';
import { Programs } from './support/program';
import { waitUntil } from './support/waitUntil';

// `ps` of Linux knows the columns that macOS has, so its adapter is held to the contract here, too.
const kinds: [name: string, processes: Processes][] =
  process.platform === 'linux'
    ? [
        ['over /proc', linuxProcesses],
        ['over ps', psProcesses()],
      ]
    : [['over ps', psProcesses()]];

/** Words before a command that has to lead a group: macOS has no setsid. */
const LEADING = "perl -e 'setpgrp(0, 0); exec @ARGV'";
/** A number that no process has: more than the system gives. `ps` of macOS takes none that is larger. */
const NOBODY = process.platform === 'linux' ? 2 ** 22 + 1 : 99_999;

for (const [name, processes] of kinds) {
  describe(`processes ${name}`, () => {
    const programs = new Programs();
    let folder: string;
    before(async function () {
      folder = await realpath(await mkdtemp(path.join(os.tmpdir(), 'cheatcode-proc-')));
      if (process.platform === 'win32') skipBecause(this, 'Windows has no ps, no groups and no zombies');
    });
    afterEach(() => programs.endAll());
    after(() => rm(folder, { recursive: true }));

    const identityOf = (pid: number) => waitUntil(`${pid} runs`, () => processes.identify(pid));
    const gone = (identity: ProcessIdentity) =>
      waitUntil(`${identity.pid} is gone`, async () => (await processes.liveness(identity)) === 'dead');
    /** A live process with a child that has ended in a group of its own and that nobody reaps. */
    const startZombie = () => {
      const parent = programs.command('sh', ['-c', `${LEADING} true & exec sleep 1000`]);
      return waitUntil('there is a zombie', async () =>
        (await processes.list()).find((info) => info.ppid === parent && info.isZombie),
      );
    };

    it('are listed with parent, group, user and command line', async () => {
      const pid = programs.command('sleep', ['1001']);
      const info = await waitUntil('it is listed', async () =>
        (await processes.list()).find((one) => one.pid === pid && one.command.includes('1001')),
      );
      const { startTicks, command, sid, ...rest } = info;
      assert.deepEqual(rest, { pid, ppid: process.pid, pgid: pid, isZombie: false, uid: process.getuid?.() });
      assert.equal(command, 'sleep 1001');
      if (process.platform === 'linux') assert.equal(sid, pid);
      assert.deepEqual(await identityOf(pid), { pid, startTicks });
    });

    it('are in the group of the process that they were started by, unless they lead one of their own', async () => {
      const leader = programs.command('sh', ['-c', `sleep 1002 & ${LEADING} sleep 1003 & wait`]);
      const child = (command: string) =>
        waitUntil(command, async () =>
          (await processes.list()).find((one) => one.ppid === leader && one.command === command),
        );
      const [same, other] = [await child('sleep 1002'), await child('sleep 1003')];
      try {
        const groups = await Promise.all([leader, same.pid, other.pid].map((pid) => processes.groupOf(pid)));
        assert.deepEqual(groups, [leader, leader, other.pid]);
      } finally {
        for (const one of [same, other]) await processes.signal(one, 'SIGKILL');
      }
    });

    it('are told apart from a later process of the same pid', async () => {
      const identity = await identityOf(programs.command('sleep', ['1000']));
      const other = { ...identity, startTicks: `${identity.startTicks}1` };
      assert.deepEqual([await processes.liveness(identity), await processes.liveness(other)], ['alive', 'dead']);
      assert.equal(await processes.signal(other, 'SIGKILL'), false);
      assert.equal(await processes.liveness(identity), 'alive');
      assert.equal(await processes.signal(identity, 'SIGTERM'), true);
      await gone(identity);
      assert.equal(await processes.signal(identity, 'SIGTERM'), false);
      assert.equal(await processes.identify(identity.pid), undefined);
    });

    it('may have any name', async () => {
      const file = path.join(folder, 'a) Z 1 (b c');
      await symlink(process.execPath, file);
      const identity = await identityOf(programs.command(file, ['-e', 'setInterval(() => undefined, 1e6)']));
      assert.equal(await processes.liveness(identity), 'alive');
      const info = (await processes.list()).find((one) => one.pid === identity.pid);
      assert.deepEqual([info?.ppid, info?.isZombie], [process.pid, false]);
    });

    it('count as dead when they are zombies', async () => {
      const zombie = await startZombie();
      assert.equal(await processes.liveness(zombie), 'dead');
      assert.equal(await processes.identify(zombie.pid), undefined);
      assert.equal(await processes.groupOf(zombie.pid), undefined);
      assert.equal(await processes.signal(zombie, 'SIGKILL'), false);
      // To see this one from outside takes /proc: on macOS the kernel itself refuses.
      if (processes === linuxProcesses) assert.equal(processes.signalGroup(zombie.pgid, 'SIGKILL'), false);
    });

    it('are signalled as a group, also when the leader is gone', async () => {
      const leader = programs.command('sh', ['-c', 'sleep 1000 & sleep 1000 & wait']);
      const members = await waitUntil('the group is complete', async () => {
        const found = (await processes.list()).filter(
          (info) => info.pgid === leader && info.command.startsWith('sleep'),
        );
        return found.length === 2 && found;
      });
      const identity = await identityOf(leader);
      assert.equal(await processes.signal(identity, 'SIGKILL'), true);
      await gone(identity);
      assert.equal(processes.signalGroup(leader, 'SIGTERM'), true);
      for (const member of members) await gone(member);
      // Where the kernel alone decides (ps), zombies count, and how soon PID 1 reaps them is its own affair.
      if (processes === linuxProcesses) assert.equal(processes.signalGroup(leader, 'SIGTERM'), false);
    });

    it('never take a number that is no group of ours', () => {
      for (const pgid of [0, 1, -1, NaN, 1.5, Infinity]) assert.equal(processes.signalGroup(pgid, 'SIGKILL'), false);
      assert.equal(processes.signalGroup(process.pid, 'SIGKILL'), false);
    });

    it('tell their working directory', async () => {
      const pid = programs.command('sleep', ['1000'], { cwd: folder });
      await identityOf(pid);
      assert.equal(await processes.workingDirectory(pid), folder);
      assert.equal(await processes.workingDirectory(NOBODY), undefined);
    });

    it('tell it whatever letters are in it', async () => {
      const odd = path.join(folder, 'Jürgen 代码 \\ %41 (x)');
      await mkdir(odd);
      const pid = programs.command('sleep', ['1000'], { cwd: odd });
      await identityOf(pid);
      assert.equal(await processes.workingDirectory(pid), odd);
      assert.equal(await processes.runsIn(pid, odd), true);
    });

    it('run in a folder by whatever name it is called', async () => {
      const [here, link, elsewhere] = ['here', 'link', 'elsewhere'].map((part) => path.join(folder, part)) as [
        string,
        string,
        string,
      ];
      await mkdir(here);
      await mkdir(elsewhere);
      await symlink(here, link);
      const pid = programs.command('sleep', ['1000'], { cwd: link });
      await identityOf(pid);
      const answers = [here, link, `${link}/`, elsewhere, folder, path.join(folder, 'none')].map((one) =>
        processes.runsIn(pid, one),
      );
      assert.deepEqual(await Promise.all(answers), [true, true, true, false, false, false]);
      // Its folder under another name, and another folder under its name.
      await rename(here, path.join(folder, 'renamed'));
      await mkdir(here);
      assert.deepEqual(
        await Promise.all([path.join(folder, 'renamed'), here].map((one) => processes.runsIn(pid, one))),
        [true, false],
      );
      assert.equal(await processes.runsIn(NOBODY, folder), undefined);
    });

    it('tell how much memory they have together', async () => {
      const script = "const kept = Buffer.alloc(1e8, 1); console.log('ready'); setInterval(() => kept, 1e6)";
      const [large, small] = [programs.command(process.execPath, ['-e', script]), programs.command('sleep', ['1000'])];
      const sum = await waitUntil('it has its memory', async () => {
        const bytes = await processes.memory([large, small, NOBODY]);
        return bytes > 1e8 && bytes;
      });
      // What a bare Node needs beside it is less than as much again.
      assert.ok(sum < 2.5e8, `${sum} bytes`);
      assert.ok((await processes.memory([small])) < 1e8);
      assert.deepEqual([await processes.memory([]), await processes.memory([NOBODY])], [0, 0]);
      assert.equal(await processes.memory([(await startZombie()).pid]), 0);
    });

    // `ps` of Linux has no -E; psProcesses.unit.test.ts checks what is made of its output.
    if (name === 'over /proc' || process.platform === 'darwin') {
      it('are found by what is in their environment', async () => {
        const nonce = `scope:${process.pid}-${Date.now()}`;
        // As the servers are: of its own programs macOS shows no environment.
        const script = 'setInterval(() => undefined, 1e6)';
        const pid = programs.command(process.execPath, ['-e', script], { env: { CHEATCODE_CONTRACT: nonce } });
        // Not in its environment, only said.
        programs.command('sh', ['-c', 'exec sleep 1000', `CHEATCODE_CONTRACT=${nonce}`]);
        const find = async (value: string, prefix: boolean) =>
          (await processes.findByEnvironment('CHEATCODE_CONTRACT', value, { prefix })).map((info) => info.pid);
        await waitUntil('it is found', async () => (await find(nonce, false)).length > 0);
        assert.deepEqual(await find(nonce, false), [pid]);
        assert.deepEqual(await find(nonce, true), [pid]);
        assert.deepEqual(await find(nonce.slice(0, -1), true), [pid]);
        assert.deepEqual(await find(nonce.slice(0, -1), false), []);
        assert.deepEqual(await processes.findByEnvironment('CONTRACT', nonce), []);
      });

      it('are found by the environment that their last exec gave them, whatever was seen before', async function () {
        if (process.platform !== 'linux') return skipBecause(this, 'macOS shows no environment of its shell');
        const value = `scope:${process.pid}-${Date.now()}-exec`;
        const go = path.join(folder, 'exec');
        const wait = `while [ ! -e '${go}' ]; do sleep 0.02; done; exec env`;
        const taker = programs.command('sh', ['-c', `${wait} CHEATCODE_CONTRACT='${value}' sleep 1000`]);
        const giver = programs.command('sh', ['-c', `${wait} -u CHEATCODE_CONTRACT sleep 1000`], {
          env: { CHEATCODE_CONTRACT: value },
        });
        // The shells' helpers have it, too, as long as they live.
        const find = async () =>
          (await processes.findByEnvironment('CHEATCODE_CONTRACT', value))
            .map(({ pid }) => pid)
            .filter((pid) => pid === taker || pid === giver);
        const finds = (pid: number) =>
          waitUntil(`${pid} alone is found`, async () => isDeepStrictEqual(await find(), [pid]));
        await finds(giver);
        await writeFile(go, '');
        await finds(taker);
      });
    }
  });
}
