import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { isAlive, waitFor } from '../contract/support/hostRig';
import { processes } from '../hosts/witness';
import { faultCase, type FaultCase, type WindowOptions } from './support/faultCase';

const id = 'dev_server_web';
const hourMs = 3600 * 1000;

/** A wall clock that reads what the test says, for a window and its host. */
class WallClock {
  readonly #file: string;

  constructor(c: FaultCase, name = 'clock') {
    const folder = path.dirname(c.rig.stateFolder);
    this.#file = path.join(folder, `${name}-offset`);
    this.set(0);
    this.shim = path.join(folder, `${name}.cjs`);
    writeFileSync(
      this.shim,
      `const real = Date.now.bind(Date), fs = require('fs'), Real = Date;
      const now = () => real() + Number(fs.readFileSync(${JSON.stringify(this.#file)}, 'utf8') || 0);
      globalThis.Date = class extends Real { constructor(...args) { super(...(args.length > 0 ? args : [now()])); }
        static now() { return now(); } };`,
    );
  }

  readonly shim: string;

  get window(): WindowOptions {
    return { env: { NODE_OPTIONS: `--require ${this.shim}` } };
  }

  set(offsetMs: number): void {
    writeFileSync(this.#file, String(offsetMs));
  }
}

describe('time', () => {
  for (const [title, offset] of [
    ['an hour forward', hourMs],
    ['an hour back', -hourMs],
  ] as const) {
    faultCase(
      `fault 29: the wall clock jumps ${title} while a server runs: nothing happens`,
      { servers: 1 },
      async (c) => {
        const clock = new WallClock(c);
        const settings = { healthIntervalMs: 300, lastClient: 'stop' as const, graceMs: 30_000 };
        const { window, session } = await c.running({}, {}, { ...clock.window, settings });
        const before = window.history.length;
        clock.set(offset);
        await waitFor('probes after the jump', () => {
          const atMs = window.session?.lastProbe?.atMs ?? 0;
          return Math.abs(atMs - Date.now() - offset) < hourMs / 2 && window.history.length > before + 5;
        });
        assert.deepEqual([window.session?.state, window.session?.listenerPid], ['running', session.listenerPid]);
        assert.equal((await window.call('stop', { sessionId: id })).state, 'stopped');
        await window.call('start', c.params());
        await window.reaches('running');
      },
    );

    faultCase(
      `fault 29: the wall clock jumps ${title} between two crashes: the pauses stay`,
      { servers: 0 },
      async (c) => {
        const clock = new WallClock(c);
        const window = c.window(clock.window);
        await window.call('start', c.params({ STUB_CRASH_AFTER_MS: '50', STUB_NEVER_LISTEN: '1' }));
        await window.sees('a second crash', ({ reason, crashes }) => reason.code === 'crashed' && crashes === 2);
        const before = performance.now();
        const births = c.watch.servers.size;
        clock.set(offset);
        await waitFor('the next server', () => c.watch.servers.size > births);
        const pauseMs = performance.now() - before;
        assert.ok(pauseMs > 1000 && pauseMs < 8000, `${Math.round(pauseMs)} ms instead of two seconds`);
        await window.call('stop', { sessionId: id });
      },
    );

    faultCase(`fault 29: two windows of which one's clock is ${title}: one host`, { servers: 1 }, async (c) => {
      const clock = new WallClock(c);
      clock.set(offset);
      const windows = [c.window(), c.window(clock.window), c.window(), c.window(clock.window)];
      await Promise.all(windows.map((window) => window.call('start', c.params({}, {}, 'auto'))));
      for (const window of windows) await window.reaches('running');
      await waitFor('one host alone', async () => (await c.rig.hostPids()).length === 1);
      assert.deepEqual([...new Set(windows.map(({ hostPid }) => hostPid))], [c.host]);
    });
  }

  faultCase(
    'fault 29: everything is suspended longer than any limit, and goes on as if nothing had been',
    { servers: 1, timeoutMs: 90_000 },
    async (c) => {
      const { window, session, host } = await c.running();
      const other = c.window();
      await other.connect();
      const all = [...(await c.started()), ...(await processes({ cookieStateDir: c.rig.stateFolder }))];
      assert.ok(all.length >= 4, 'server, host and two windows');
      for (const { pid } of all) process.kill(pid, 'SIGSTOP');
      // Longer than a hello, a probe and a stale start lock may take.
      await new Promise((resolve) => setTimeout(resolve, 12_000));
      for (const { pid } of all) process.kill(pid, 'SIGCONT');
      const { length } = window.history;
      await window.sees('probed again', ({ state }) => state === 'running' && window.history.length > length + 2);
      assert.deepEqual([window.session?.listenerPid, c.host], [session.listenerPid, host]);
      assert.ok(isAlive(session.listenerPid ?? 0));
      assert.equal(other.connection, 'connected');
      assert.equal(window.log.filter((line) => line.includes('session host lost')).length, 0);
    },
  );
});
