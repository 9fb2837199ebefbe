import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { nextFolderLock } from '../../src/sessions/host/folderLock';
import { skipBecause } from '../support/skip';
import { aSpec } from '../unit/support/fakeHost';
import { repoRoot, waitFor } from './support/hostRig';

describe('Next’s own lock on a folder', () => {
  let folder: string;
  let file: string;
  let holder: ChildProcess | undefined;
  beforeEach(async () => {
    folder = await mkdtemp('/tmp/ccl-');
    file = path.join(folder, '.next', 'dev', 'lock');
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, JSON.stringify({ pid: 7, port: 3005 }));
  });
  afterEach(async () => {
    await release();
    await rm(folder, { recursive: true, force: true });
  });

  const look = (thorough: boolean) => nextFolderLock.holder(aSpec({ folder }), thorough);
  /** As Next holds it: flock(2), exclusive, for the life of a process. */
  async function hold(): Promise<number> {
    holder = spawn('flock', ['--no-fork', file, 'sleep', '600'], { stdio: 'ignore' });
    const { pid } = holder;
    await waitFor('the lock to be held', async () => (await look(true)) !== undefined);
    return pid ?? 0;
  }
  async function release(): Promise<void> {
    if (!holder || holder.exitCode !== null || holder.signalCode !== null) return;
    holder.kill('SIGKILL');
    await once(holder, 'exit');
  }

  it('is nobody’s while only the file lies there, as after a SIGKILL', async () => {
    assert.deepEqual([await look(false), await look(true)], [undefined, undefined]);
    await rm(file);
    assert.deepEqual([await look(false), await look(true)], [undefined, undefined]);
  });

  it('fault 16: names the process that holds it, before it answers anywhere, until it ends', async () => {
    const pid = await hold();
    assert.deepEqual(
      [await look(false), await look(true)],
      [
        { pid, port: 3005 },
        { pid, port: 3005 },
      ],
    );
    await release();
    assert.deepEqual([await look(false), await look(true)], [undefined, undefined]);
  });

  it('fault 26: is seen from another pid namespace by trying it only, and its holder is called hidden', async function () {
    const inside = (...command: string[]) =>
      spawnSync('unshare', ['--pid', '--fork', '--mount-proc', ...command], { encoding: 'utf8', timeout: 30_000 });
    const can = inside('true');
    if (can.status !== 0) skipBecause(this, `no namespaces can be made here: ${can.stderr?.trim()}`);
    await hold();
    const program = path.join(repoRoot, 'out/test/contract/support/folderLock.program.js');
    const { stdout, stderr } = inside(process.execPath, program, folder);
    assert.equal(stderr, '');
    assert.deepEqual(JSON.parse(stdout), { seen: null, tried: { hidden: true, port: 3005 } });
  });

  it('tells whether another server may have it: not while ours has it or there is none, else perhaps', async () => {
    const mayBeAnothers = (ours: number, type: 'web' | 'custom' = 'web') =>
      nextFolderLock.mayBeAnothers(aSpec({ folder, type }), (pid) => Promise.resolve(pid === ours));
    // The file alone: one that can't be seen may hold it.
    assert.equal(await mayBeAnothers(1), true);
    const pid = await hold();
    assert.deepEqual([await mayBeAnothers(pid), await mayBeAnothers(pid + 1)], [false, true]);
    assert.equal(await mayBeAnothers(pid + 1, 'custom'), false);
    await rm(file);
    assert.equal(await mayBeAnothers(pid + 1), false);
  });

  it('is asked for of web apps only', async () => {
    await hold();
    assert.equal(await nextFolderLock.holder(aSpec({ folder, type: 'mobile' }), true), undefined);
  });
});
