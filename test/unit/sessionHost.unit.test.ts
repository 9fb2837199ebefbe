import assert from 'node:assert/strict';
import { settle } from './support/fakeClock';
import { aRecord, aSpec, FakeHost } from './support/fakeHost';
import { FakeMachine } from './support/fakeMachine';

const KEY = aSpec().appKey;
const ADMIN = aSpec({ appKey: '1:7:admin', appName: 'admin', folder: '/w/admin' });
const STOP_LAST = { healthIntervalMs: 15_000, lastClient: 'stop', graceMs: 60_000 } as const;

describe('the names of sessions', () => {
  it('tell type first, then folder, then a number', () => {
    const host = new FakeHost();
    const names = [
      aSpec(),
      ADMIN,
      aSpec({ appKey: '1:8:admin', appName: 'admin', folder: '/other/admin' }),
      aSpec({ appKey: '1:9:m', type: 'mobile', folder: '/w/m' }),
      aSpec({ appKey: '1:10:api', appName: 'my api', type: 'custom', folder: '/w/api' }),
    ].map((spec) => host.start(spec).id);
    assert.deepEqual(names, [
      'dev_server_web',
      'dev_server_web_admin',
      'dev_server_web_admin_2',
      'dev_server_mobile',
      'dev_server_my_api',
    ]);
  });

  it('are the same whichever app of a workspace is started first', () => {
    const second = aSpec({ appKey: '1:7:admin', appName: 'admin', folder: '/w/admin', isFirstOfType: false });
    const namesAfter = (...specs: (typeof second)[]) => {
      const host = new FakeHost();
      return new Map(specs.map((spec) => [spec.folder, host.start(spec).id]));
    };
    const names = namesAfter(aSpec(), second);
    assert.deepEqual(namesAfter(second, aSpec()).get('/w/admin'), 'dev_server_web_admin');
    for (const [folder, name] of namesAfter(second, aSpec())) assert.equal(names.get(folder), name);
  });

  it('hold no path, whatever an app is called', () => {
    const host = new FakeHost();
    host.start();
    for (const [n, folder] of ['/w/../../etc', '/w/a b/ü', '/w/a/', 'C:\\apps\\shop'].entries())
      assert.match(host.start(aSpec({ appKey: `1:${n + 20}:x`, folder })).id, /^dev_server_web_[\w.-]+$/);
  });

  it('stay when an app is started again', async () => {
    const host = new FakeHost();
    await host.run();
    await host.run(ADMIN);
    const done = host.find().stop();
    await host.clock.advance(1000);
    await done;
    assert.equal(host.start().id, 'dev_server_web');
  });
});

describe('the ports of two sessions', () => {
  it('differ: the second takes the next free one', async () => {
    const host = new FakeHost();
    assert.equal((await host.run()).port, 3000);
    assert.equal((await host.run(ADMIN)).port, 3001);
  });

  it('differ when both start at once, and the first keeps what it asked for', async () => {
    const host = new FakeHost();
    host.start();
    host.start(ADMIN);
    await host.clock.until('both run', () => host.host.snapshots().every(({ state }) => state === 'running'));
    assert.deepEqual(
      host.host.snapshots().map(({ port }) => port),
      [3000, 3001],
    );
  });

  it('skip a port that a stranger has on the way to the next free one', async () => {
    const host = new FakeHost();
    await host.run();
    host.machine.listening.push({ port: 3001, pid: 77 });
    assert.equal((await host.run(ADMIN)).port, 3002);
  });

  it('do not move when one of them crashes while the other installs', async () => {
    const machine = new FakeMachine();
    const host = new FakeHost(machine);
    await host.run();
    machine.dependencies = 'missing';
    machine.onStart = (program) => (program.options.args.includes('install') ? undefined : program.listen());
    host.start({ ...ADMIN, install: ['pnpm', 'install'] });
    await host.reaches('installing', 'dev_server_web_admin');
    machine.programs[0]?.exit(1);
    await host.clock.until('the first is started again', () => machine.programs.length === 3);
    assert.equal((await host.reaches('running')).port, 3000);
  });

  it('skip the port of a preview gateway, which is no server of the app either', async () => {
    const host = new FakeHost();
    await host.run();
    const { port } = await host.host.gateway(host.find(), []);
    host.machine.listening.push({ port, pid: 78 });
    host.machine.appServers.push({
      port,
      identity: { pid: 78, startTicks: '78' },
      uid: 1000,
      command: 'gateway.js',
      proof: 'workingDirectory',
    });
    assert.equal((await host.run({ ...ADMIN, port })).port, port + 1);
    await host.clock.advance(60_000);
    assert.equal(host.session().secondServers, undefined);
    assert.equal(host.session('dev_server_web_admin').adopted, false);
  });

  it('are free again after a stop', async () => {
    const host = new FakeHost();
    await host.run();
    const done = host.find().stop();
    await host.clock.advance(1000);
    await done;
    assert.equal((await host.run(ADMIN)).port, 3000);
  });
});

describe('a host that follows one that was lost', () => {
  it('shows what ran as stopped by the loss, and brings it back for a window that asks', async () => {
    const host = new FakeHost(undefined, { records: [aRecord()] });
    const before = host.session();
    assert.deepEqual([before.state, before.reason.code, before.desired], ['stopped', 'hostLost', 'running']);
    host.start(aSpec(), 'restore');
    await host.reaches('running');
    assert.equal(host.machine.programs.length, 1);
  });

  it('brings it back once, though every window asks', async () => {
    const host = new FakeHost(undefined, { records: [aRecord()] });
    for (let window = 0; window < 5; window++) host.start(aSpec(), 'restore');
    await host.reaches('running');
    const done = host.find().stop();
    await host.clock.advance(1000);
    await done;
    host.start(aSpec(), 'restore');
    await host.clock.advance(10_000);
    assert.equal(host.session().state, 'stopped');
    assert.equal(host.machine.programs.length, 1);
  });

  it('remembers a person’s stop', async () => {
    const host = new FakeHost(undefined, { records: [aRecord({ desired: 'stopped', isSticky: true })] });
    host.start(aSpec(), 'restore');
    host.start(aSpec(), 'auto');
    await host.clock.advance(10_000);
    assert.equal(host.session().state, 'stopped');
    assert.equal(host.session().reason.code, 'stoppedByUser');
    host.start();
    await host.reaches('running');
  });

  it('restores nothing that did not run', async () => {
    const host = new FakeHost(undefined, { records: [aRecord({ desired: 'stopped' })] });
    host.start(aSpec(), 'restore');
    await host.clock.advance(10_000);
    assert.equal(host.session().state, 'stopped');
    host.start(aSpec(), 'auto');
    await host.reaches('running');
  });
});

describe('a session that no window looks at', () => {
  it('goes on in a sandbox', async () => {
    const host = new FakeHost();
    const window = host.window(KEY);
    await host.run();
    window.dispose();
    await host.clock.advance(600_000);
    assert.equal(host.session().state, 'running');
    assert.equal(host.idleCalls, 0);
  });

  it('stops on a desktop after the grace time, and the next window starts it', async () => {
    const host = new FakeHost(undefined, { settings: STOP_LAST });
    const window = host.window(KEY);
    await host.run();
    window.dispose();
    await host.clock.advance(59_000);
    assert.equal(host.session().state, 'running');
    await host.clock.advance(1500);
    const { state, reason } = host.session();
    assert.deepEqual([state, reason.code], ['stopped', 'stoppedByLastWindow']);
    host.start(aSpec(), 'auto');
    await host.reaches('running');
  });

  it('goes on over a reload', async () => {
    const host = new FakeHost(undefined, { settings: STOP_LAST });
    const window = host.window(KEY);
    await host.run();
    for (let reload = 0; reload < 5; reload++) {
      window.dispose();
      await host.clock.advance(50_000);
      host.window(KEY);
    }
    await host.clock.advance(120_000);
    assert.equal(host.session().state, 'running');
  });

  it('stops though another app’s window is there', async () => {
    const host = new FakeHost(undefined, { settings: STOP_LAST });
    const window = host.window(KEY);
    host.window(ADMIN.appKey);
    await host.run();
    window.dispose();
    await host.clock.advance(62_000);
    assert.equal(host.session().state, 'stopped');
  });

  it('forgets a person’s stop after the grace time, and not before', async () => {
    const host = new FakeHost();
    const window = host.window(KEY);
    host.window(ADMIN.appKey);
    await host.run();
    const done = host.find().stop();
    await host.clock.advance(1000);
    await done;
    window.dispose();
    await host.clock.advance(59_000);
    host.start(aSpec(), 'auto');
    await host.clock.advance(500);
    assert.equal(host.session().state, 'stopped');
    await host.clock.advance(1000);
    host.start(aSpec(), 'auto');
    await host.reaches('running');
  });

  it('keeps a person’s stop as long as a window is there', async () => {
    const host = new FakeHost();
    host.window(KEY);
    await host.run();
    const done = host.find().stop();
    await host.clock.advance(600_000);
    await done;
    host.start(aSpec(), 'auto');
    await host.clock.advance(10_000);
    assert.equal(host.session().state, 'stopped');
  });
});

describe('a host that nobody needs', () => {
  it('ends soon after it began, when nobody came', async () => {
    const host = new FakeHost();
    await host.clock.advance(10_000);
    assert.equal(host.idleCalls, 1);
  });

  it('waits as long as a window is there', async () => {
    const host = new FakeHost();
    const window = host.window(KEY);
    await host.clock.advance(600_000);
    assert.equal(host.idleCalls, 0);
    window.dispose();
    await host.clock.advance(10_000);
    assert.equal(host.idleCalls, 1);
  });

  it('is not ended by a reload', async () => {
    const host = new FakeHost();
    const window = host.window(KEY);
    window.dispose();
    await host.clock.advance(4000);
    host.window(KEY);
    await host.clock.advance(60_000);
    assert.equal(host.idleCalls, 0);
  });

  it('ends after the last server was stopped by the last window', async () => {
    const host = new FakeHost(undefined, { settings: STOP_LAST });
    const window = host.window(KEY);
    await host.run();
    window.dispose();
    await host.clock.advance(200_000);
    assert.equal(host.session().state, 'stopped');
    assert.equal(host.idleCalls, 1);
  });

  it('ends after the last server gave up while nobody looked on', async () => {
    const host = new FakeHost();
    const window = host.window(KEY);
    await host.run();
    window.dispose();
    host.machine.missing.add('pnpm');
    host.machine.last.exit(1);
    await host.clock.advance(200_000);
    assert.equal(host.session().state, 'failed');
    assert.equal(host.idleCalls, 1);
  });

  it('remembers a person’s stop for the grace time before it ends', async () => {
    const host = new FakeHost();
    const window = host.window(KEY);
    await host.run();
    const done = host.find().stop();
    await host.clock.advance(1000);
    await done;
    window.dispose();
    await host.clock.advance(59_000);
    assert.equal(host.idleCalls, 0);
    await host.clock.advance(10_000);
    assert.equal(host.idleCalls, 1);
  });
});

describe('a host that ends', () => {
  it('ends every server and keeps the wish for its successor', async () => {
    const host = new FakeHost();
    await host.run();
    await host.run(ADMIN);
    const closed = host.host.close();
    await host.clock.advance(12_000);
    await closed;
    assert.deepEqual(host.machine.all, []);
    assert.deepEqual(
      [...host.records.values()].map(({ desired, isSticky, process }) => ({ desired, isSticky, process })),
      [
        { desired: 'running', isSticky: false, process: undefined },
        { desired: 'running', isSticky: false, process: undefined },
      ],
    );
    assert.equal(host.clock.pending, 0, 'a timer is left');
  });

  it('keeps a person’s stop for its successor', async () => {
    const host = new FakeHost();
    await host.run();
    const done = host.find().stop();
    await host.clock.advance(1000);
    await done;
    const closed = host.host.close();
    await host.clock.advance(1000);
    await closed;
    assert.deepEqual(
      [...host.records.values()].map(({ desired, isSticky }) => [desired, isSticky]),
      [['stopped', true]],
    );
  });
});

describe('the gateway of a host', () => {
  it('follows the server through a restart', async () => {
    const host = new FakeHost();
    const window = host.window(KEY);
    await host.run();
    await host.host.gateway(host.find(), []);
    const done = host.find().stop();
    await host.clock.advance(1000);
    await done;
    await host.run();
    const ports = host.gateways.last.heard('upstream').map(({ upstream }) => upstream.port);
    assert.deepEqual([ports[0], ports.at(-1)], [undefined, 3000]);
    assert.ok(ports.slice(0, -1).every((port) => port === undefined));
    window.dispose();
  });

  it('goes on while a server runs that nobody looks at, and ends when nobody is left at all', async () => {
    const host = new FakeHost(undefined, { settings: STOP_LAST });
    const window = host.window(KEY);
    await host.run();
    await host.host.gateway(host.find(), []);
    window.dispose();
    await host.clock.advance(59_000);
    assert.equal(host.gateways.last.isEnded, false);
    await host.clock.advance(5000);
    assert.equal(host.session().state, 'stopped');
    assert.ok(host.gateways.last.isEnded);
  });

  it('ends with the host', async () => {
    const host = new FakeHost();
    await host.run();
    await host.host.gateway(host.find(), []);
    const closed = host.host.close();
    assert.ok(host.gateways.last.isEnded);
    await host.clock.advance(12_000);
    await closed;
    assert.equal(host.gateways.processes.length, 1);
  });
});

describe('what a host tells its clients', () => {
  it('grows in revision, so that an older picture is known', async () => {
    const host = new FakeHost();
    host.window(KEY);
    await host.run();
    const revisions = host.pushed.map(({ revision }) => revision);
    assert.deepEqual(
      revisions,
      [...revisions].sort((a, b) => a - b),
    );
    assert.equal(new Set(revisions).size, revisions.length);
  });

  it('reaches every client, and counts windows, not command lines', async () => {
    const host = new FakeHost();
    const heard: number[] = [];
    for (const kind of ['window', 'window', 'cli'] as const)
      host.host.addClient({ kind, apps: new Set([KEY]), push: () => void heard.push(1) });
    host.start();
    await settle();
    assert.equal(host.session().windows, 2);
    assert.equal(heard.length % 3, 0);
    assert.ok(heard.length > 0);
  });

  it('begins with no session, and finds none by a wrong name', () => {
    const host = new FakeHost();
    assert.deepEqual(host.host.snapshots(), []);
    assert.equal(host.host.find('dev_server_web'), undefined);
  });
});

describe('new settings', () => {
  it('change the health interval of all sessions', async () => {
    const host = new FakeHost();
    await host.run();
    let probes = 0;
    host.machine.onProbe = () => {
      probes++;
      return undefined;
    };
    host.host.configure({ healthIntervalMs: 1000, lastClient: 'keep', graceMs: 60_000 });
    await host.clock.advance(5000);
    assert.equal(probes, 5);
  });
});
