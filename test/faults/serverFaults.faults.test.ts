import assert from 'node:assert/strict';
import { systemPorts } from '../../src/sessions/host/ports';
import { isAlive, freePort, waitFor } from '../contract/support/hostRig';
import { faultCase } from './support/faultCase';

const ports = systemPorts(process.platform);
const id = 'dev_server_web';

describe('a server', () => {
  faultCase('fault 12: that is suspended is unhealthy, neither doubled nor restarted', { servers: 1 }, async (c) => {
    const { window, session } = await c.running();
    process.kill(session.listenerPid ?? 0, 'SIGSTOP');
    const unhealthy = await window.reaches('unhealthy', 'noAnswer');
    assert.equal(unhealthy.listenerPid, session.listenerPid);
    process.kill(session.listenerPid ?? 0, 'SIGCONT');
    const again = await window.reaches('running');
    assert.equal(again.listenerPid, session.listenerPid);
    assert.equal(c.watch.servers.size, 1);
  });

  faultCase('fault 12: that hangs by itself is unhealthy, and can be stopped', { servers: 0 }, async (c) => {
    const { window } = await c.running({ STUB_HANG_AFTER_MS: '1500' });
    await window.reaches('unhealthy', 'noAnswer');
    assert.equal((await window.call('stop', { sessionId: id })).state, 'stopped');
  });

  faultCase(
    'fault 12: that has hung longer than the setting allows is restarted, once',
    { servers: 1, timeoutMs: 90_000 },
    async (c) => {
      const settings = { healthIntervalMs: 300, lastClient: 'keep', graceMs: 60_000, restartUnresponsiveMs: 3000 };
      const { window, session } = await c.running({}, {}, { settings: { ...settings, lastClient: 'keep' } });
      process.kill(session.listenerPid ?? 0, 'SIGSTOP');
      await window.reaches('unhealthy', 'noAnswer');
      const again = await window.sees(
        'another server',
        ({ state, listenerPid }) => state === 'running' && listenerPid !== session.listenerPid,
      );
      assert.notEqual(again.pid, session.pid);
      assert.equal(c.watch.servers.size, 2);
    },
  );

  faultCase(
    'fault 13: that crashes at once is started again after 1, 2, 4 and 8 seconds, and then no more',
    { servers: 0, timeoutMs: 90_000 },
    async (c) => {
      const window = c.window();
      const births: number[] = [];
      const seen = () => {
        if (c.watch.servers.size > births.length) births.push(performance.now());
      };
      const timer = setInterval(seen, 10);
      c.defer(() => clearInterval(timer));
      await window.call('start', c.params({ STUB_CRASH_AFTER_MS: '100', STUB_NEVER_LISTEN: '1' }));
      const failed = await window.reaches('failed', 'crashLoop', 60_000);
      assert.deepEqual([failed.reason.facts?.['exitCode'], failed.reason.facts?.['crashes']], [7, 5]);
      assert.equal(c.watch.servers.size, 5);
      const pauses = births.slice(1).map((at, index) => at - (births[index] ?? 0));
      for (const [index, expected] of [1000, 2000, 4000, 8000].entries())
        assert.ok((pauses[index] ?? 0) >= expected, `pauses of ${pauses.map(Math.round).join(', ')} ms`);
      const { lines } = await window.call('lastOutput', { sessionId: id, lines: 20 });
      assert.ok(
        lines.some((line) => line.startsWith('stub server pid=')),
        'the last lines tell what it said',
      );
      const auto = await window.call('start', c.params({}, {}, 'auto'));
      assert.equal(auto.state, 'failed', 'another tab that opens is no news');
    },
  );

  faultCase('fault 13: that ends with code 0 before it answered has crashed', { servers: 0 }, async (c) => {
    const window = c.window();
    await window.call('start', c.params({ STUB_CRASH_AFTER_MS: '100', STUB_EXIT_CODE: '0', STUB_NEVER_LISTEN: '1' }));
    const crashed = await window.sees('a crash', ({ reason }) => reason.code === 'crashed');
    assert.equal(crashed.reason.facts?.['exitCode'], 0);
    assert.equal((await window.call('stop', { sessionId: id })).state, 'stopped');
  });

  faultCase(
    'fault 14: that never listens keeps starting, and says what is missing',
    { servers: 1, timeoutMs: 120_000 },
    async (c) => {
      const window = c.window();
      await window.call('start', c.params({ STUB_NEVER_LISTEN: '1' }));
      const slow = await window.reaches('starting', 'notListening', 80_000);
      assert.deepEqual(slow.reason.facts, { port: c.rig.port, listening: false });
    },
  );

  faultCase(
    'fault 14: that listens on another port than it was told runs there, with a hint',
    { servers: 1 },
    async (c) => {
      const port = await freePort();
      const { session } = await c.running({ STUB_LISTEN_PORT: String(port) });
      assert.deepEqual([session.port, session.reason.code], [port, 'otherPort']);
      assert.equal(session.url, `http://localhost:${port}`);
      assert.equal(await (await fetch(session.url)).text(), `pid ${session.listenerPid}\n`);
    },
  );

  faultCase('fault 14: that answers 500 runs, and says so as long as it does', { servers: 1 }, async (c) => {
    const { window, session } = await c.running({ STUB_ERRORS_FIRST: '6' });
    assert.equal(session.reason.code, 'answeredWithError');
    assert.equal(session.reason.facts?.['status'], 500);
    await window.reaches('running', 'answered');
    assert.deepEqual(window.states, ['starting', 'running']);
  });

  faultCase('fault 15: that ignores SIGINT and SIGTERM is gone within 12 s of a stop', { servers: 0 }, async (c) => {
    const { window, session } = await c.running({ STUB_IGNORE: 'SIGINT,SIGTERM,SIGHUP' });
    const before = performance.now();
    const stopped = await window.call('stop', { sessionId: id });
    const tookMs = performance.now() - before;
    assert.deepEqual([stopped.state, stopped.reason.code], ['stopped', 'stoppedByUser']);
    assert.ok(tookMs > 8000 && tookMs < 12_000, `${Math.round(tookMs)} ms: asked first, twice`);
    assert.ok(!isAlive(session.listenerPid ?? 0));
    assert.equal(await ports.isFree(c.rig.port), true);
  });

  faultCase('fault 15: its daemon in a session of its own ends with it', { servers: 0 }, async (c) => {
    const { window } = await c.running({ STUB_DAEMON: 'double' });
    await waitFor('server and daemon', async () => (await c.started()).length === 2);
    assert.equal((await window.call('stop', { sessionId: id })).state, 'stopped');
    assert.deepEqual(await c.started(), []);
  });

  faultCase(
    'fault 15: its daemon without a trace of its origin is named when it holds the port',
    { servers: 0 },
    async (c) => {
      const window = c.window();
      await window.call('start', c.params({ STUB_DAEMON: 'port' }));
      // The host itself listens for a moment when it looks whether the port is free.
      const daemon = await waitFor(
        'the daemon to listen',
        async () => (await ports.listeners(c.rig.port)).find(({ pid }) => pid !== c.rig.hostPid())?.pid,
      );
      c.defer(() => process.kill(daemon, 'SIGKILL'));
      const stopped = await window.call('stop', { sessionId: id });
      // It proves nothing and may be anybody's: it is not signalled, and whoever starts next is told of it.
      assert.equal(stopped.state, 'stopped');
      assert.ok(isAlive(daemon), 'not signalled without a word');
      await window.call('start', c.params());
      const next = await window.sees('told of the daemon', ({ state }) => state === 'blocked' || state === 'running');
      const told = next.state === 'blocked' ? next.reason.facts?.['pid'] : next.listenerPid;
      assert.equal(told, daemon);
      assert.ok(next.state === 'blocked' || next.adopted);
      await window.call('stop', { sessionId: id }).catch(() => undefined);
      await c.kill(daemon);
    },
  );

  faultCase('fault 17: a typed Ctrl+C stops it, and no machine undoes that', { servers: 0 }, async (c) => {
    const { window } = await c.running();
    const other = c.window();
    await other.connect();
    await window.notify('input', { sessionId: id, data: '\x03' });
    for (const one of [window, other]) await one.reaches('stopped', 'interruptedInTerminal');
    const auto = await other.call('start', c.params({}, {}, 'auto'));
    assert.deepEqual([auto.state, auto.desired], ['stopped', 'stopped']);
    assert.equal(c.watch.servers.size, 1);
  });

  faultCase('fault 17: a typed Ctrl+Z changes nothing', { servers: 1 }, async (c) => {
    const { window, session } = await c.running();
    await window.notify('input', { sessionId: id, data: '\x1a' });
    const since = performance.now();
    // Two rounds of the interval after it: still well, still the same.
    await window.sees(
      'probed after it',
      ({ lastProbe }) => lastProbe !== undefined && performance.now() - since > 1000,
    );
    const now = window.session;
    assert.deepEqual([now?.state, now?.listenerPid], ['running', session.listenerPid]);
    assert.equal(await (await fetch(`http://localhost:${c.rig.port}/`)).text(), `pid ${session.listenerPid}\n`);
  });

  faultCase('fault 20: five stops at once are one, and each is answered', { servers: 0 }, async (c) => {
    const { window } = await c.running({ STUB_IGNORE: 'SIGINT' });
    const others = [c.window(), c.window()];
    await Promise.all(others.map((other) => other.connect()));
    const stop = (who: typeof window) => who.call('stop', { sessionId: id });
    const answers = await Promise.all([stop(window), stop(window), ...others.map(stop), stop(window)]);
    assert.deepEqual(
      answers.map(({ state }) => state),
      Array<string>(5).fill('stopped'),
    );
    const signals = c.rig.hostLog().match(/ signalling .*?signal=\w+/g) ?? [];
    assert.deepEqual(
      signals.map((line) => line.split('signal=')[1]),
      ['SIGINT', 'SIGTERM'],
      'one ladder',
    );
  });

  faultCase(
    'fault 20: start, stop and restart at once from three windows: the last wish wins',
    { servers: 1 },
    async (c) => {
      const { window } = await c.running();
      const [second, third] = [c.window(), c.window()];
      await Promise.all([second.connect(), third.connect()]);
      const all = [
        window.call('start', c.params()),
        second.call('stop', { sessionId: id }),
        third.call('restart', c.params()),
        second.call('stop', { sessionId: id }),
        window.call('stop', { sessionId: id }),
      ];
      await Promise.all(all);
      await third.call('start', c.params());
      for (const one of [window, second, third]) await one.reaches('running');
    },
  );
});
