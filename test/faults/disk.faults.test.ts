import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { parseRecord } from '../../src/sessions/host/sessionRecords';
import { isAlive, waitFor } from '../contract/support/hostRig';
import { skipBecause } from '../support/skip';
import type { Agent } from './support/agent';
import { faultCase, type FaultCase } from './support/faultCase';

const id = 'dev_server_web';

/** A window, and so its host, that see the state folder on a small disk of its own. */
function onSmallDisk(c: FaultCase, options = 'size=24m'): Agent {
  mkdirSync(c.rig.stateFolder, { mode: 0o700 });
  const mount = `mount -t tmpfs -o mode=0700,${options} none ${c.rig.stateFolder} && exec "$@"`;
  return c.window({ wrapper: ['unshare', '-m', 'sh', '-c', mount, 'sh'] });
}

/** The state folder as a process of another mount namespace sees it. */
const seenBy = (pid: number, c: FaultCase) => `/proc/${pid}/root${c.rig.stateFolder}`;

function recordsIn(stateFolder: string): string[] {
  return readdirSync(stateFolder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /records\/.*\.json$/.test(name))
    .map((name) => path.join(stateFolder, name));
}

function fill(folder: string): void {
  for (const size of [1024 * 1024, 4096, 64, 1])
    for (let n = 0; ; n++)
      try {
        writeFileSync(path.join(folder, `filler-${size}-${n}`), Buffer.alloc(size));
      } catch (error) {
        assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC');
        break;
      }
}

describe('a disk', () => {
  before(function () {
    if (process.getuid?.() !== 0) skipBecause(this, 'only root can mount a small disk');
  });

  for (const [title, options, freed] of [
    ['that is full', 'size=24m', /^filler/],
    ['without inodes', 'size=24m,nr_inodes=60', /^filler/],
  ] as const)
    faultCase(`fault 31: ${title} costs no server, and the old record stays whole`, { servers: 1 }, async (c) => {
      const window = onSmallDisk(c, options);
      await window.call('start', c.params());
      const session = await window.reaches('running');
      const folder = seenBy(window.pid, c);
      const [record = ''] = recordsIn(folder);
      assert.equal(parseRecord(readFileSync(record, 'utf8')).process?.pid, session.pid);
      fill(folder);
      const stopped = await window.call('stop', { sessionId: id });
      assert.equal(stopped.state, 'stopped');
      for (const file of recordsIn(folder)) parseRecord(readFileSync(file, 'utf8'));
      await window.call('start', c.params());
      await window.reaches('running');
      for (const file of recordsIn(folder)) parseRecord(readFileSync(file, 'utf8'));
      for (const name of readdirSync(folder)) if (freed.test(name)) rmSync(path.join(folder, name));
      const next = await window.call('restart', c.params());
      assert.equal(next.desired, 'running');
      const again = await window.sees('another server', ({ state, pid }) => state === 'running' && pid !== next.pid);
      await waitFor(
        'the record to name it',
        () => parseRecord(readFileSync(record, 'utf8')).process?.pid === again.pid,
      );
    });

  faultCase(
    'fault 31: that is full from the beginning: the start is refused and names the folder',
    { servers: 0 },
    async (c) => {
      const window = onSmallDisk(c, 'size=4k');
      await assert.rejects(window.call('start', c.params()), (error: Error) => {
        assert.match(error.message, /stateFolderUnusable|hostDidNotStart|ENOSPC|no space/);
        return true;
      });
      assert.deepEqual(await c.started(), []);
    },
  );

  faultCase('fault 31: that becomes read-only costs no server', { servers: 1 }, async (c) => {
    const window = onSmallDisk(c);
    await window.call('start', c.params());
    const session = await window.reaches('running');
    // The host's log is open, so the disk itself can't be remounted: the same disk, mounted over it, can.
    const remount = `mount --bind ${c.rig.stateFolder} ${c.rig.stateFolder} && mount -o remount,bind,ro ${c.rig.stateFolder}`;
    execFileSync('nsenter', ['-t', String(window.pid), '-m', 'sh', '-c', remount]);
    assert.throws(() => writeFileSync(path.join(seenBy(window.pid, c), 'x'), ''), { code: 'EROFS' });
    assert.equal((await window.call('stop', { sessionId: id })).state, 'stopped');
    await window.call('start', c.params());
    const again = await window.sees(
      'another server',
      ({ state, pid: own }) => state === 'running' && own !== session.pid,
    );
    assert.ok(isAlive(again.listenerPid ?? 0));
    for (const file of recordsIn(seenBy(window.pid, c))) parseRecord(readFileSync(file, 'utf8'));
  });
});

describe('the state folder', () => {
  faultCase(
    'fault 31: that is deleted while a server runs is made again, and no second one starts',
    { servers: 1 },
    async (c) => {
      const { session, host } = await c.running();
      rmSync(c.rig.stateFolder, { recursive: true });
      // Before the host has noticed: the lock in the kernel is by the folder's identity, and the folder is a new one.
      const next = c.window();
      await next.call('start', c.params({}, {}, 'auto')).catch(() => undefined);
      const seen = await next.sees('served', ({ state }) => state === 'running' || state === 'blocked', 40_000);
      assert.ok(isAlive(session.listenerPid ?? 0) && isAlive(host), 'the first server is untouched');
      assert.ok(
        seen.listenerPid === session.listenerPid || seen.state === 'blocked' || seen.adopted,
        JSON.stringify(seen),
      );
      await waitFor('one host alone', async () => (await c.rig.hostPids()).length === 1, 40_000);
    },
  );

  faultCase('fault 31: that a link was planted for is refused and named', { servers: 0 }, async (c) => {
    const elsewhere = path.join(path.dirname(c.rig.stateFolder), 'elsewhere');
    mkdirSync(elsewhere);
    symlinkSync(elsewhere, c.rig.stateFolder);
    const window = c.window();
    await assert.rejects(window.call('start', c.params()), /stateFolderUnusable/);
    assert.ok(
      window.log.some((line) => line.includes(c.rig.stateFolder)),
      window.log.join('\n'),
    );
    assert.deepEqual(readdirSync(elsewhere), []);
    rmSync(c.rig.stateFolder);
  });

  describe('of another user', () => {
    before(function () {
      if (process.getuid?.() !== 0) skipBecause(this, 'only root can give a folder to another user');
    });
    faultCase('fault 31: is refused and named', { servers: 0 }, async (c) => {
      mkdirSync(c.rig.stateFolder, { mode: 0o777 });
      chmodSync(c.rig.stateFolder, 0o777);
      chownSync(c.rig.stateFolder, 12_345, 12_345);
      const window = c.window();
      await assert.rejects(window.call('start', c.params()), /stateFolderUnusable/);
      assert.ok(
        window.log.some((line) => line.includes('belongs to user 12345')),
        window.log.join('\n'),
      );
      assert.deepEqual(readdirSync(c.rig.stateFolder), []);
    });
  });
});
