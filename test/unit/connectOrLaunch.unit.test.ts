import assert from 'node:assert/strict';
import {
  connectOrLaunch,
  type LaunchPorts,
  type Replacing,
  type SpawnedHost,
} from '../../src/sessions/connectOrLaunch';
import { delay } from '../../src/sessions/clock';
import { DevServerError } from '../../src/sessions/errors';
import { quietLog } from '../contract/support/quietLog';
import { FakeClock } from './support/fakeClock';

type Ended = ReturnType<SpawnedHost['ended']>;

describe('connect or launch', () => {
  let clock: FakeClock;
  /** What was done, in order. */
  let done: string[];
  /** What a look finds: the answer of a host, nothing, or trouble. */
  let answer: () => string | undefined;
  /** How the next spawned host ends, if it does. */
  let ended: () => Ended;
  let verdict: 'retiring' | 'busy' | 'notNewer' | undefined;
  /** Another client has the start lock until then. */
  let lockedUntilMs: number;
  beforeEach(() => {
    clock = new FakeClock();
    done = [];
    answer = () => undefined;
    ended = () => undefined;
    verdict = 'retiring';
    lockedUntilMs = 0;
  });
  const spawns = () => done.filter((step) => step === 'spawn').length;
  const lockHeld: Ended = { code: 0, report: { kind: 'lockHeld', pid: 77, uid: 1001 } };

  async function launch(replacing?: Replacing): Promise<string> {
    const ports: LaunchPorts<string> = {
      clock,
      random: () => 0.5,
      log: quietLog(),
      withStartLock: async (action, meanwhile) => {
        while (clock.nowMs() < lockedUntilMs) {
          const found = await meanwhile();
          if (found !== undefined) return found;
          await delay(clock, 40);
        }
        done.push('lock');
        try {
          return await action();
        } finally {
          done.push('unlock');
        }
      },
      connect: () => {
        done.push('connect');
        return Promise.resolve().then(answer);
      },
      retire: (force) => {
        done.push(`retire ${force}`);
        return Promise.resolve(verdict);
      },
      spawnHost: () => {
        done.push('spawn');
        return Promise.resolve({ ended });
      },
    };
    const work = connectOrLaunch(ports, replacing);
    let isSettled = false;
    void work.catch(() => undefined).then(() => (isSettled = true));
    await clock.until('it is settled', () => isSettled);
    return work;
  }
  const hangs = () => {
    throw new DevServerError('hostHangs', { pid: 5 });
  };

  it('looks again under the start lock, and spawns nothing when another window was quicker', async () => {
    answer = () => 'theirs';
    assert.equal(await launch(), 'theirs');
    assert.deepEqual(done, ['lock', 'connect', 'unlock']);
  });

  it('joins the host of the window that has the start lock as soon as it answers, and takes no lock', async () => {
    lockedUntilMs = 60_000;
    answer = () => (clock.nowMs() > 400 ? 'theirs' : undefined);
    assert.equal(await launch(), 'theirs');
    assert.ok(clock.nowMs() < 500, `${clock.nowMs()} ms`);
    assert.deepEqual([done.includes('lock'), spawns()], [false, 0]);
  });

  it('waits for the start lock while what answers can not be joined, and then looks as ever', async () => {
    lockedUntilMs = 300;
    answer = () => (clock.nowMs() > 300 ? 'theirs' : hangs());
    assert.equal(await launch(), 'theirs');
    assert.deepEqual(done.slice(-3), ['lock', 'connect', 'unlock']);
  });

  it('joins nothing while it waits to replace a host', async () => {
    lockedUntilMs = 300;
    answer = () => 'older';
    assert.equal(await launch({ kind: 'older', force: true }), 'older');
    assert.deepEqual(done.slice(0, 2), ['lock', 'retire true']);
  });

  it('spawns one host and waits under the lock until it answers', async () => {
    answer = () => (clock.nowMs() > 800 ? 'ours' : undefined);
    assert.equal(await launch(), 'ours');
    assert.equal(spawns(), 1);
    assert.deepEqual([done[0], done.at(-1)], ['lock', 'unlock']);
    assert.ok(clock.nowMs() < 1000, `${clock.nowMs()} ms`);
  });

  it('gives up after ten seconds with a host that never answers', async () => {
    await assert.rejects(launch(), { code: 'hostDidNotStart' });
    assert.equal(spawns(), 1);
    assert.ok(clock.nowMs() >= 10_000 && clock.nowMs() < 11_000);
  });

  it('says at once why the host could not serve', async () => {
    ended = () => ({ code: 1, report: { kind: 'failed', detail: 'ENOSPC', folder: '/s' } });
    await assert.rejects(launch(), { code: 'stateFolderUnusable', facts: { folder: '/s', detail: 'ENOSPC' } });
    ended = () => ({ code: 1, report: { kind: 'failed', detail: 'a bug' } });
    await assert.rejects(launch(), { code: 'hostDidNotStart', facts: { exit: 1, detail: 'a bug' } });
    ended = () => ({ code: 'SIGILL', report: undefined });
    await assert.rejects(launch(), { code: 'hostDidNotStart', facts: { exit: 'SIGILL' } });
    assert.ok(clock.nowMs() < 1000, `${clock.nowMs()} ms`);
  });

  it('waits for the host that has the lock, and spawns again when that one was about to end', async () => {
    ended = () => (spawns() < 2 ? lockHeld : undefined);
    answer = () => (spawns() === 2 ? 'ours' : undefined);
    assert.equal(await launch(), 'ours');
    assert.ok(clock.nowMs() >= 3000);
  });

  it('fault 48: names who holds the lock when nobody answers', async () => {
    ended = () => lockHeld;
    await assert.rejects(launch(), { code: 'hostLockHeld', facts: { pid: 77, uid: 1001 } });
    ended = () => ({ code: 0, report: { kind: 'lockHeld', pid: undefined, uid: undefined } });
    await assert.rejects(launch(), { code: 'hostLockHeld', facts: {} });
  });

  it('fault 33: asks an older host to make room before it looks and spawns', async () => {
    answer = () => (spawns() > 0 ? 'ours' : undefined);
    assert.equal(await launch({ kind: 'older', force: false }), 'ours');
    assert.deepEqual(done.slice(0, 4), ['lock', 'retire false', 'connect', 'spawn']);
  });

  it('fault 33: stays with a host that is busy or not older', async () => {
    answer = () => 'theirs';
    for (const said of ['busy', 'notNewer'] as const) {
      verdict = said;
      assert.equal(await launch({ kind: 'older', force: false }), 'theirs');
    }
    assert.equal(spawns(), 0);
  });

  it('fault 11: spawns in the place of a host that hangs, only when it was told to', async () => {
    answer = () => (spawns() > 0 && clock.nowMs() > 500 ? 'ours' : hangs());
    await assert.rejects(launch(), { code: 'hostHangs' });
    assert.equal(spawns(), 0);
    assert.equal(await launch({ kind: 'hung' }), 'ours');
    assert.equal(spawns(), 1);
  });

  it('fault 11: leaves a host alone that answers after all', async () => {
    answer = () => 'theirs';
    assert.equal(await launch({ kind: 'hung' }), 'theirs');
    assert.equal(spawns(), 0);
  });

  it('fault 11: says why the host that hangs was not ended', async () => {
    answer = hangs;
    ended = () => ({ code: 0, report: { kind: 'notReplaced', pid: 5, detail: 'process 6 holds the lock' } });
    await assert.rejects(launch({ kind: 'hung' }), {
      code: 'hostNotReplaced',
      facts: { pid: 5, detail: 'process 6 holds the lock' },
    });
  });
});
