import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { chmodSync, linkSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { KernelLock } from '../../src/sessions/host/kernelLock';
import { findListener, lockName } from '../../src/sessions/host/abstractSocketLock';
import { exclusiveFileLock } from '../../src/sessions/host/exclusiveFileLock';
import { platformKernelLock, sharedLockFolder } from '../../src/sessions/host/kernelLocks';
import { platformProcesses } from '../../src/sessions/host/platformProcesses';
import { ensureNode, type NodeMajor } from '../hosts/nodes.mjs';
import { openWithFlock } from './support/flockOpen';
import { memoryLock } from './support/memoryLock';
import { Programs, type Program } from './support/program';
import { quietLog } from './support/quietLog';
import { isSuspended } from './support/suspended';
import { waitUntil } from './support/waitUntil';
import { skipBecause } from '../support/skip';

/** What Windows does not tell. */
const HOLDER_UNKNOWN = 'Windows tells only native code who holds a pipe';

describe('kernel lock', () => {
  let folder: string;
  before(async () => (folder = await mkdtemp(path.join(os.tmpdir(), 'cheatcode-locks-'))));
  after(() => rm(folder, { recursive: true }));

  const kinds: [name: string, make: () => KernelLock][] = [
    ["the platform's", () => platformKernelLock(process.platform, folder)],
    ['in memory', memoryLock],
    // macOS's adapter, as far as Linux has what it needs: flock(2) after the open in place of O_EXLOCK within it.
    ...(process.platform === 'linux'
      ? [['by files', () => exclusiveFileLock([folder], openWithFlock)] satisfies [string, () => KernelLock]]
      : []),
  ];
  for (const [name, make] of kinds) {
    describe(name, () => {
      let lock: KernelLock;
      beforeEach(() => (lock = make()));

      it('has one winner of forty tries at once', async () => {
        const identity = randomUUID();
        const results = await Promise.all(Array.from({ length: 40 }, () => lock.tryAcquire(identity)));
        const winners = results.filter((result) => result !== undefined);
        for (const winner of winners) winner.dispose();
        assert.equal(winners.length, 1);
      });

      it('is free at once when it was disposed, and a second disposal does not touch the next holder', async () => {
        const identity = randomUUID();
        const first = await lock.tryAcquire(identity);
        first?.dispose();
        const second = await lock.tryAcquire(identity);
        first?.dispose();
        const third = await lock.tryAcquire(identity);
        second?.dispose();
        assert.deepEqual([first !== undefined, second !== undefined, third], [true, true, undefined]);
      });

      it('does not mix up two identities', async () => {
        const identity = randomUUID();
        const first = await lock.tryAcquire(`${identity}:1`);
        const second = await lock.tryAcquire(`${identity}:2`);
        first?.dispose();
        second?.dispose();
        assert.ok(first && second);
      });

      it('takes identities of any length and content', async () => {
        const unique = randomUUID();
        for (const identity of ['', 'x', '/a b/ü\n\0\u{1F600}', 'y'.repeat(107), 'z'.repeat(10_000)]) {
          const held = await lock.tryAcquire(unique + identity);
          const other = await lock.tryAcquire(unique + identity);
          const longer = await lock.tryAcquire(`${unique}${identity}!`);
          held?.dispose();
          longer?.dispose();
          assert.deepEqual(
            [held !== undefined, other, longer !== undefined],
            [true, undefined, true],
            identity.slice(0, 20),
          );
        }
      });

      it('names its holder', async function () {
        if (process.platform === 'win32' && name === "the platform's") return skipBecause(this, HOLDER_UNKNOWN);
        const identity = randomUUID();
        assert.equal(await lock.describeHolder(identity), undefined);
        const held = await lock.tryAcquire(identity);
        const holder = await lock.describeHolder(identity);
        held?.dispose();
        assert.deepEqual(holder, { pid: process.pid, uid: process.getuid?.() });
      });
    });
  }

  describe('in separate processes', () => {
    const programs = new Programs();
    afterEach(() => programs.endAll());
    // Locks that are files have to be in one folder.
    const contend = (options: { node?: string } = {}) => programs.start('lockContender', [folder], options);

    it('has one winner of forty at once, round after round', async () => {
      const contenders = Array.from({ length: 40 }, () => contend());
      await Promise.all(contenders.map((contender) => contender.ask('version')));
      for (let round = 0; round < 5; round++) {
        const identity = randomUUID();
        for (const contender of contenders) contender.tell(`try ${identity}`);
        const answers = await Promise.all(contenders.map((contender) => contender.nextLine()));
        assert.deepEqual(answers.filter((answer) => answer === 'held').length, 1, answers.join());
        await Promise.all(contenders.map((contender) => contender.ask('release')));
      }
    });

    it('is held by a suspended process', async function () {
      if (process.platform === 'win32') return skipBecause(this, 'Windows has no SIGSTOP');
      const identity = randomUUID();
      const [holder, contender] = [contend(), contend()];
      assert.equal(await holder.ask(`try ${identity}`), 'held');
      holder.signal('SIGSTOP');
      await waitUntil('it is suspended', () => isSuspended(holder.pid));
      for (let i = 0; i < 20; i++) assert.equal(await contender.ask(`try ${identity}`), 'refused');
      holder.signal('SIGKILL');
      await waitUntil('the lock is free', async () => (await contender.ask(`try ${identity}`)) === 'held', 2_000);
    });

    it('is free soon after its holder’s SIGKILL', async () => {
      const identity = randomUUID();
      const [holder, contender] = [contend(), contend()];
      assert.equal(await holder.ask(`try ${identity}`), 'held');
      assert.equal(await contender.ask(`try ${identity}`), 'refused');
      holder.signal('SIGKILL');
      await waitUntil('the lock is free', async () => (await contender.ask(`try ${identity}`)) === 'held', 2_000);
    });

    it('names the process that holds it', async function () {
      if (process.platform === 'win32') return skipBecause(this, HOLDER_UNKNOWN);
      const identity = randomUUID();
      const holder = contend();
      assert.equal(await holder.ask(`try ${identity}`), 'held');
      const lock = platformKernelLock(process.platform, folder);
      assert.deepEqual(await lock.describeHolder(identity), { pid: holder.pid, uid: process.getuid?.() });
    });

    it('is not handed down to children of the holder', async () => {
      const identity = randomUUID();
      const lock = platformKernelLock(process.platform, folder);
      const held = await lock.tryAcquire(identity);
      assert.ok(held);
      const child = programs.command(process.execPath, ['-e', 'setInterval(() => undefined, 1e6)']);
      const processes = platformProcesses(process.platform, quietLog());
      await waitUntil('the child runs', () => processes.identify(child));
      held.dispose();
      assert.equal(await contend().ask(`try ${identity}`), 'held');
    });

    describe('of every Node version', () => {
      const majors = [20, 22, 24] as const satisfies NodeMajor[];
      const binaries = new Map<NodeMajor, string>();
      before(async function () {
        this.timeout(300_000); // a cold cache downloads
        for (const major of majors) binaries.set(major, await ensureNode(major));
      });
      const start = async (major: NodeMajor): Promise<Program> => {
        const program = contend({ node: binaries.get(major) ?? '' });
        assert.match(await program.ask('version'), new RegExp(`^v${major}\\.`));
        return program;
      };

      for (const holding of majors) {
        for (const contending of majors) {
          it(`Node ${holding} keeps out Node ${contending}`, async () => {
            const identity = randomUUID();
            const [holder, contender] = await Promise.all([start(holding), start(contending)]);
            assert.equal(await holder.ask(`try ${identity}`), 'held');
            assert.equal(await contender.ask(`try ${identity}`), 'refused');
            assert.equal(await contender.ask(`try ${identity}-another`), 'held');
            await holder.ask('release');
            assert.equal(await contender.ask(`try ${identity}`), 'held');
          });
        }
      }

      // The negative control of the 107 characters: if it fails one day, Node has changed and the rule can go.
      it('would let Node 20 and Node 24 both hold a name of another length', async function () {
        if (process.platform !== 'linux') return skipBecause(this, "abstract sockets are Linux's");
        const name = lockName(randomUUID()).slice(0, 106);
        const [old, recent] = await Promise.all([start(20), start(24)]);
        assert.equal(await old.ask(`bind ${name}`), 'held');
        assert.equal(await recent.ask(`bind ${name}`), 'held');
      });
    });
  });

  describe('by files, as macOS has it, with flock(2) in place of O_EXLOCK', () => {
    const programs = new Programs();
    let shared: string;
    before(function () {
      if (process.platform !== 'linux') skipBecause(this, 'elsewhere it is the platform’s own, or can’t be had');
    });
    beforeEach(() => (shared = path.join(folder, randomUUID())));
    afterEach(() => programs.endAll());
    const start = (folders: readonly string[], env: Record<string, string> = {}) =>
      programs.start('lockContender', [], { env: { LOCK_FOLDERS: folders.join(':'), ...env } });

    it('has one winner of ten processes, is held by a suspended one, and free after its SIGKILL', async () => {
      const identity = randomUUID();
      const contenders = Array.from({ length: 10 }, () => start([shared, folder]));
      await Promise.all(contenders.map((one) => one.ask('version')));
      const answers = await Promise.all(contenders.map((one) => one.ask(`try ${identity}`)));
      assert.equal(answers.filter((answer) => answer === 'held').length, 1, answers.join());
      const holder = contenders[answers.indexOf('held')];
      const other = contenders[answers.indexOf('refused')];
      assert.ok(holder && other);
      holder.signal('SIGSTOP');
      await waitUntil('it is suspended', () => isSuspended(holder.pid));
      assert.equal(await other.ask(`try ${identity}`), 'refused');
      const lock = exclusiveFileLock([shared, folder], openWithFlock);
      assert.deepEqual(await lock.describeHolder(identity), { pid: holder.pid, uid: process.getuid?.() });
      holder.signal('SIGKILL');
      await waitUntil('the lock is free', async () => (await other.ask(`try ${identity}`)) === 'held', 2_000);
    });

    it('keeps out another user in the folder of all', async function () {
      if (process.getuid?.() !== 0) return skipBecause(this, 'it takes root to be two users');
      chmodSync(folder, 0o755);
      const identity = randomUUID();
      const [first, second] = [
        start([shared, folder], { LOCK_UID: '12345' }),
        start([shared, folder], { LOCK_UID: '12346' }),
      ];
      chmodSync(folder, 0o777);
      assert.equal(await first.ask(`try ${identity}`), 'held');
      assert.equal(statSync(shared).mode & 0o7777, 0o1777);
      assert.equal(await second.ask(`try ${identity}`), 'refused');
      await first.ask('release');
      assert.equal(await second.ask(`try ${identity}`), 'held');
      const lock = exclusiveFileLock([shared, folder], openWithFlock);
      assert.deepEqual(await lock.describeHolder(identity), { pid: second.pid, uid: 12_346 });
    });

    it('falls back to the user’s own folder, and never writes into a file that somebody has put in its place', async () => {
      const identity = randomUUID();
      const [own, other] = [path.join(folder, randomUUID()), path.join(folder, randomUUID())];
      writeFileSync(other, 'of value');
      const lock = exclusiveFileLock([path.join(other, 'below'), own], openWithFlock);
      const held = await lock.tryAcquire(identity);
      const [name = ''] = readdirSync(own);
      held?.dispose();
      for (const put of [linkSync, symlinkSync]) {
        rmSync(path.join(own, name), { force: true });
        put(other, path.join(own, name));
        (await lock.tryAcquire(identity).catch(() => undefined))?.dispose();
        assert.equal(readFileSync(other, 'utf8'), 'of value');
      }
    });

    it('lies where nobody tidies up', () => {
      assert.equal(sharedLockFolder('darwin'), '/Users/Shared/.cheatcode-dev-server-locks');
      assert.equal(sharedLockFolder('freebsd'), '/var/tmp/.cheatcode-dev-server-locks');
    });
  });

  it('finds the listening socket among connected ones of the same name', () => {
    const name = 'a'.repeat(107);
    const table = [
      'Num       RefCount Protocol Flags    Type St Inode Path',
      `00000000dc204e2d: 00000003 00000000 00000000 0001 03  1147 @${name}`,
      `0000000067e03bba: 00000002 00000000 00010000 0001 01  1148 @${name}`,
      `0000000067e03bbb: 00000002 00000000 00010000 0001 01  1149 @${name}b`,
    ].join('\n');
    assert.equal(findListener(table, name), '1148');
    assert.equal(findListener(table, 'b'), undefined);
  });
});
