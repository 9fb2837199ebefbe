import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { withStartLock } from '../../src/sessions/startLock';
import { skipBecause } from '../support/skip';
import { Programs } from './support/program';
import { isSuspended } from './support/suspended';
import { waitUntil } from './support/waitUntil';

describe('start lock', () => {
  const programs = new Programs();
  let folder: string;
  let file: string;
  let warnings: string[];
  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'cheatcode-start-'));
    file = path.join(folder, 'start');
    warnings = [];
  });
  afterEach(async () => {
    await programs.endAll();
    await rm(folder, { recursive: true });
  });

  const take = <T>(action: () => Promise<T>, options: { waitMs?: number; staleMs?: number; at?: string } = {}) =>
    withStartLock(
      {
        file: options.at ?? file,
        waitMs: options.waitMs ?? 5_000,
        staleMs: options.staleMs ?? 10_000,
        onWarning: (message) => void warnings.push(message),
      },
      action,
    );
  const makeLock = async (ageMs: number) => {
    await mkdir(`${file}.lock`);
    const then = new Date(Date.now() - ageMs);
    await utimes(`${file}.lock`, then, then);
  };

  it('gives what the action gives and leaves nothing behind', async () => {
    assert.equal(await take(() => Promise.resolve(7)), 7);
    assert.deepEqual([await readdir(folder), warnings], [[], []]);
  });

  it('throws what the action throws, and is released then, too', async () => {
    await assert.rejects(
      take(() => Promise.reject(new Error('mine'))),
      /^Error: mine$/,
    );
    assert.deepEqual([await readdir(folder), warnings], [[], []]);
  });

  it('gives what comes meanwhile to who waits, without the lock, and lets it to its holder', async () => {
    await makeLock(0);
    let asked = 0;
    let isRun = false;
    const given = await withStartLock(
      { file, waitMs: 20_000, staleMs: 10_000, onWarning: (message) => void warnings.push(message) },
      () => Promise.resolve((isRun = true) && 'own'),
      () => Promise.resolve(++asked > 3 ? 'theirs' : undefined),
    );
    assert.deepEqual([given, isRun, warnings, await readdir(folder)], ['theirs', false, [], ['start.lock']]);
  });

  for (const enabled of [true, false]) {
    const title = enabled
      ? 'lets in one at a time while it is healthy'
      : 'switched off lets several in at once (the negative control)';
    it(title, async () => {
      const args = [file, '20000', '10000', String(enabled), path.join(folder, 'witness')];
      const contenders = Array.from({ length: 10 }, () => programs.start('startLockHolder', args));
      await Promise.all(contenders.map((contender) => contender.lineWith('ready')));
      for (const contender of contenders) contender.tell('go');
      assert.deepEqual(await Promise.all(contenders.map((contender) => contender.exit())), Array(10).fill(0));
      const said = contenders.flatMap((contender) => contender.lines);
      assert.equal(said.includes('overlap'), !enabled, said.join());
    });
  }

  it('takes over a lock that was left behind', async () => {
    await makeLock(60_000);
    assert.equal(await take(() => Promise.resolve('in')), 'in');
    assert.deepEqual([await readdir(folder), warnings], [[], []]);
  });

  it('goes on with a warning when the lock is held all the time', async () => {
    await makeLock(0);
    const before = performance.now();
    assert.equal(await take(() => Promise.resolve('in'), { waitMs: 300 }), 'in');
    const tookMs = performance.now() - before;
    assert.ok(tookMs >= 300 && tookMs < 2_000, `${tookMs} ms`);
    assert.deepEqual(warnings, ['start lock is still held, going on without it']);
    assert.deepEqual(await readdir(folder), ['start.lock'], "another's lock is not removed");
  });

  it('fault 4: goes on with a warning when a stray file blocks the lock for ever', async () => {
    await makeLock(0);
    await writeFile(path.join(`${file}.lock`, 'stray'), '');
    const then = new Date(Date.now() - 60_000);
    await utimes(`${file}.lock`, then, then);
    const before = performance.now();
    assert.equal(await take(() => Promise.resolve('in')), 'in');
    assert.ok(performance.now() - before < 5_000);
    assert.deepEqual(warnings, ['start lock is not available, going on without it']);
  });

  it('fault 4: goes on with a warning when its folder takes no files', async function () {
    if (process.platform === 'win32')
      return skipBecause(this, 'Windows has no folders that are read-only by their mode');
    const isRoot = process.getuid?.() === 0;
    if (isRoot && process.platform !== 'linux') return skipBecause(this, 'root may write anywhere here');
    // Root may write anywhere but into a file system that has no mkdir.
    const readOnly = isRoot ? '/proc/self' : folder;
    if (readOnly === folder) await chmod(folder, 0o500);
    assert.equal(await take(() => Promise.resolve('in'), { at: path.join(readOnly, 'start') }), 'in');
    await chmod(folder, 0o700);
    assert.deepEqual(warnings, ['start lock is not available, going on without it']);
  });

  it('fault 3: that a suspended holder lost is a warning to it, and nothing worse', async function () {
    if (process.platform === 'win32') return skipBecause(this, 'Windows has no SIGSTOP');
    const holder = programs.start('startLockHolder', [file, '5000', '2000', 'true']);
    await holder.lineWith('in');
    holder.signal('SIGSTOP');
    await waitUntil('it is suspended', () => isSuspended(holder.pid));
    const taken = await take(
      async () => {
        holder.signal('SIGCONT');
        await holder.lineWith('warning start lock was lost');
        holder.tell('leave');
        await holder.lineWith('done');
        return readdir(folder);
      },
      { waitMs: 10_000, staleMs: 2_000 },
    );
    assert.deepEqual(taken, ['start.lock'], 'the new holder keeps its lock');
    assert.equal(await holder.exit(), 0);
    assert.deepEqual(warnings, []);
  });

  it('fault 3: that a suspended holder lost goes on without a third one’s harm when it is hung up', async function () {
    if (process.platform === 'win32') return skipBecause(this, 'Windows has no SIGSTOP');
    const holder = programs.start('startLockHolder', [file, '5000', '2000', 'true']);
    await holder.lineWith('in');
    holder.signal('SIGSTOP');
    await waitUntil('it is suspended', () => isSuspended(holder.pid));
    await take(
      async () => {
        // Its hang-up waits with it: it dies of it before it could learn of its loss.
        holder.signal('SIGHUP');
        holder.signal('SIGCONT');
        assert.equal(await holder.exit(), 'SIGHUP');
        // The library's exit hook may have taken our lock with it (FACTS): that costs courtesy, and no more.
        assert.equal(await take(() => Promise.resolve('next'), { waitMs: 300 }), 'next');
      },
      { waitMs: 10_000, staleMs: 2_000 },
    );
    assert.equal(await take(() => Promise.resolve('later')), 'later');
  });
});
