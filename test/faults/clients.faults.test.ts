import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { currentScope } from '../../src/sessions/scope';
import { ensureScopePaths } from '../../src/sessions/stateFolder';
import { isAlive, waitFor } from '../contract/support/hostRig';
import type { Agent } from './support/agent';
import { faultCase, type FaultCase } from './support/faultCase';

const pathsOf = (c: FaultCase) => ensureScopePaths(c.rig.stateFolder, currentScope());

/** A window whose process is stopped or killed at a step of its own start. */
function trapped(c: FaultCase, trap: string): { readonly window: Agent; readonly isThere: () => Promise<boolean> } {
  const window = c.window({ env: { CHEATCODE_TEST_FAILPOINTS: trap } });
  void window.call('start', c.params()).catch(() => undefined);
  return { window, isThere: () => waitFor(trap, () => window.errors.includes('failpoint '), 15_000) };
}

describe('windows that begin', () => {
  for (const [when, point] of [
    ['before it spawns the host', 'client.lookedAgain'],
    ['while it spawns the host', 'client.spawned'],
    ['after it has reached the host', 'client.answered'],
  ] as const)
    faultCase(`fault 1: one is killed ${when}: the next one has the only host`, { servers: 1 }, async (c) => {
      const { window, isThere } = trapped(c, `${point}=die@1`);
      await isThere();
      await window.ended();
      const next = c.window();
      await next.call('start', c.params());
      await next.reaches('running');
    });

  faultCase('fault 1: one is killed while its server runs: the server is untouched', { servers: 1 }, async (c) => {
    const { window, session, host } = await c.running();
    await window.kill();
    const next = c.window();
    await next.call('start', c.params({}, {}, 'auto'));
    const seen = await next.reaches('running');
    assert.deepEqual([seen.listenerPid, c.host], [session.listenerPid, host]);
  });

  faultCase(
    'fault 3: one that was suspended with the start lock comes back too late, and changes nothing',
    { servers: 1 },
    async (c) => {
      const { window, isThere } = trapped(c, 'client.lookedAgain=stop@1');
      await isThere();
      assert.ok(existsSync(`${pathsOf(c).startLock}.lock`), 'it holds the start lock');
      const next = c.window();
      await next.call('start', c.params());
      const session = await next.reaches('running');
      const { host } = c;
      window.signal('SIGCONT');
      await window.reaches('running');
      window.signal('SIGHUP');
      await window.ended();
      await waitFor('one host alone', async () => (await c.rig.hostPids()).length === 1);
      assert.deepEqual([c.host, next.session?.listenerPid], [host, session.listenerPid]);
      assert.ok(isAlive(session.listenerPid ?? 0));
      const third = c.window();
      await third.connect();
      await third.reaches('running');
    },
  );

  faultCase('fault 4: a stray file in the start lock is a warning and no obstacle', { servers: 1 }, async (c) => {
    const { startLock } = pathsOf(c);
    await mkdir(`${startLock}.lock`);
    await writeFile(path.join(`${startLock}.lock`, 'stray'), '');
    await utimes(`${startLock}.lock`, 1, 1);
    const { window } = await c.running();
    const warnings = window.log.filter((line) => line.startsWith('warn start lock'));
    assert.equal(warnings.length, 1, window.log.join('\n'));
    assert.match(warnings[0] ?? '', /not available, going on without it .*code=ENOTEMPTY/);
  });

  faultCase(
    'fault 4: a start lock that is never released is waited for, and then no obstacle',
    { servers: 1 },
    async (c) => {
      const { startLock } = pathsOf(c);
      await mkdir(`${startLock}.lock`);
      // Somebody renews it for ever.
      const renew = setInterval(
        () => void utimes(`${startLock}.lock`, new Date(), new Date()).catch(() => undefined),
        500,
      );
      c.defer(() => clearInterval(renew));
      const { window } = await c.running();
      assert.ok(
        window.log.some((line) => line.startsWith('warn start lock is still held, going on without it')),
        window.log.join('\n'),
      );
    },
  );
});
