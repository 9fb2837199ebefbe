import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { waitFor } from '../contract/support/hostRig';
import { faultCase, type FaultCase } from './support/faultCase';
import { installable, wantMore } from './support/installable';

const id = 'dev_server_web';
const installed = (c: FaultCase, name: string) => existsSync(path.join(c.rig.appFolder, 'node_modules', name));

describe('the packages of an app', () => {
  faultCase(
    'fault 36: that are missing are installed once, in the terminal of the session',
    { servers: 1 },
    async (c) => {
      const spec = await installable(c, { delayMs: 1000 });
      const window = c.window();
      const other = c.window();
      await Promise.all([window.call('start', c.params({}, spec)), other.call('start', c.params({}, spec, 'auto'))]);
      await window.reaches('installing', 'dependenciesMissing');
      await window.reaches('running');
      assert.ok(installed(c, 'one'));
      await other.reaches('running');
      // Whichever comes first sees all of it, the other joins somewhere in its course.
      const course = ['starting', 'installing', 'starting', 'running'];
      assert.deepEqual(
        [window.states, other.states].find(({ length }) => length === course.length),
        course,
      );
      for (const { states } of [window, other]) assert.deepEqual(states, course.slice(-states.length));
      const { lines } = await window.call('lastOutput', { sessionId: id, lines: 100 });
      assert.equal(lines.filter((line) => line.startsWith('● npm install')).length, 1, lines.join('\n'));
      await window.call('restart', c.params({}, spec));
      await window.sees(
        'another run',
        ({ state, revision }) => state === 'running' && revision > (other.session?.revision ?? 0) - 1,
      );
      assert.equal(window.states.filter((state) => state === 'installing').length, 1);
    },
  );

  faultCase('fault 36: that are half installed are installed', { servers: 1 }, async (c) => {
    const spec = await installable(c);
    // As an install that was cut short leaves it.
    await mkdir(path.join(c.rig.appFolder, 'node_modules', 'one'), { recursive: true });
    const window = c.window();
    await window.call('start', c.params({}, spec));
    await window.reaches('running');
    assert.ok(window.states.includes('installing'), window.states.join());
    assert.ok(existsSync(path.join(c.rig.appFolder, 'node_modules', 'one', 'package.json')));
  });

  faultCase(
    'fault 36: whose lock file changes while the server runs: a restart is offered, and installs on a word',
    { servers: 1, timeoutMs: 90_000 },
    async (c) => {
      const spec = await installable(c);
      const window = c.window();
      await window.call('start', c.params({}, spec));
      const { pid } = await window.reaches('running');
      await wantMore(c);
      const offered = await window.sees('offered a restart', ({ restartOffer }) => restartOffer !== undefined, 45_000);
      assert.equal(offered.restartOffer?.code, 'dependenciesChanged');
      assert.deepEqual([offered.state, offered.pid], ['running', pid], 'nothing is restarted unasked');
      await window.call('restart', { ...c.params({}, spec), choice: { install: true } });
      const again = await window.sees('running anew', (now) => now.state === 'running' && now.pid !== pid, 45_000);
      assert.ok(installed(c, 'two'));
      assert.equal(again.restartOffer, undefined);
    },
  );

  faultCase(
    'fault 36: whose lock file changes: restarted with the reason where the setting says so',
    { servers: 1, timeoutMs: 90_000 },
    async (c) => {
      const spec = { ...(await installable(c)), onChange: 'restart' as const };
      const window = c.window();
      await window.call('start', c.params({}, spec));
      const { pid } = await window.reaches('running');
      await wantMore(c);
      await window.sees('running anew', (now) => now.state === 'running' && now.pid !== pid, 60_000);
      assert.ok(installed(c, 'two'));
      const reasons = window.history.map(({ reason }) => reason.code);
      assert.ok(reasons.includes('dependenciesChanged'), [...new Set(reasons)].join());
      assert.equal(c.watch.servers.size, 2, 'once');
    },
  );

  faultCase('fault 36: whose install fails: a named failure, and no server', { servers: 0 }, async (c) => {
    const spec = await installable(c, { exitCode: 3 });
    const window = c.window();
    await window.call('start', c.params({}, spec));
    const failed = await window.reaches('failed', 'installFailed');
    assert.ok(Number(failed.reason.facts?.['exitCode']) !== 0);
    assert.equal(c.watch.servers.size, 0);
    const auto = await window.call('start', c.params({}, spec, 'auto'));
    assert.equal(auto.state, 'failed', 'not tried again and again');
    await installable(c);
    await rm(path.join(c.rig.appFolder, 'node_modules'), { recursive: true, force: true });
    await window.call('start', c.params({}, spec));
    await window.reaches('running');
    await window.call('stop', { sessionId: id });
    await waitFor('the end', () => c.watch.current.length === 0);
  });

  faultCase('fault 36: whose package manager is missing: a named failure', { servers: 0 }, async (c) => {
    const spec = await installable(c);
    const window = c.window();
    await window.call('start', c.params({}, { ...spec, install: ['no-such-manager', 'install'] }));
    const failed = await window.reaches('failed', 'commandNotFound');
    assert.equal(failed.reason.facts?.['program'], 'no-such-manager');
  });
});

describe('the memory of a server', () => {
  faultCase(
    'fault 43: above its limit is a warning, and no loop of restarts',
    { servers: 1, timeoutMs: 90_000 },
    async (c) => {
      const settings = { healthIntervalMs: 300, lastClient: 'keep' as const, graceMs: 60_000, memoryLimitMb: 200 };
      const { window, session } = await c.running({ STUB_GROW_MB: '300' }, {}, { settings });
      const warned = await window.sees('warned', ({ warning }) => warning?.code === 'memoryHigh', 45_000);
      assert.ok(Number(warned.warning?.facts?.['mb']) > 200);
      assert.equal(warned.warning?.facts?.['limitMb'], 200);
      const { length } = window.history;
      await window.sees('looked at for a while', () => window.history.length > length + 10, 45_000);
      assert.deepEqual([window.session?.state, window.session?.pid], ['running', session.pid]);
      assert.equal(c.watch.servers.size, 1);
    },
  );
});
