import assert from 'node:assert/strict';
import { memoryLock } from '../contract/support/memoryLock';
import { delay } from '../../src/sessions/clock';
import { aRecord, aSpec, FakeHost } from './support/fakeHost';
import { FakeMachine, type FakeProcess } from './support/fakeMachine';

const APP = '1:2:cheatcode-app';
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGKILL'] as const;

/** Faults that a review found by reading: one thing overtaken by another at an await. Each test failed before its fix. */
describe('a session that is overtaken', () => {
  let machine: FakeMachine;
  let host: FakeHost;
  beforeEach(() => {
    machine = new FakeMachine();
    host = new FakeHost(machine);
  });

  /** A stop that leaves a process which no signal ends. */
  async function leftover(): Promise<FakeProcess> {
    await host.run();
    const { process } = machine.last;
    for (const signal of SIGNALS) process.ignores.add(signal);
    const stopping = host.find().stop();
    await host.clock.advance(30_000);
    assert.equal((await stopping).state, 'failed');
    return process;
  }

  /** The second look at the servers of others finds nothing any more. */
  function vanishesAfterFirstLook(server: FakeProcess): void {
    const find = machine.finder.find.bind(machine.finder);
    let looks = 0;
    Object.assign(machine.finder, {
      find: async (spec: Parameters<typeof find>[0]) => {
        const found = await find(spec);
        if (++looks === 1) machine.end(server);
        return found;
      },
    });
  }

  it('a second tab does not restart our server that followed one adopted by a look', async () => {
    host.window(APP);
    const foreign = machine.startByHand(3001);
    host.start(aSpec(), 'watch');
    await host.reaches('running');
    host.start(aSpec(), 'user');
    machine.end(foreign);
    await host.clock.until('ours runs', () => host.session().state === 'running' && !host.session().adopted);
    const { pid } = host.session();
    host.start(aSpec(), 'auto');
    await host.clock.advance(10_000);
    assert.equal(host.session().pid, pid);
  });
  it('a look starts nothing: record of an earlier host, a window that asked for no start', async () => {
    host = new FakeHost(machine, { records: [aRecord()] });
    host.window(APP);
    const foreign = machine.startByHand(3001);
    await host.reaches('running');
    machine.end(foreign);
    await host.clock.advance(30_000);
    assert.equal(machine.programs.length, 0, JSON.stringify(machine.programs[0]?.options.env));
  });
  it('no server runs behind a session that says stopped', async () => {
    host = new FakeHost(machine, { records: [aRecord()] });
    host.window(APP);
    vanishesAfterFirstLook(machine.startByHand(3001));
    await host.clock.advance(60_000);
    assert.deepEqual([host.session().state, machine.running.length], ['stopped', 0]);
  });
  it('nor behind one that gave up', async () => {
    host.window(APP);
    machine.onStart = (program) => program.exit(1);
    host.start();
    await host.reaches('failed');
    machine.onStart = (program) => program.listen();
    vanishesAfterFirstLook(machine.startByHand(3001));
    await host.clock.advance(60_000);
    assert.deepEqual([host.session().state, machine.running.length], ['failed', 0]);
  });
  it('Ctrl+C while it starts, then Restart at once', async () => {
    machine.onStart = () => undefined;
    host.start();
    await host.clock.until('spawned', () => machine.programs.length === 1);
    await host.clock.advance(500);
    const find = machine.finder.find.bind(machine.finder);
    Object.assign(machine.finder, {
      find: async (spec: Parameters<typeof find>[0]) => (await delay(host.clock, 300), find(spec)),
    });
    host.find().terminal.input('\x03');
    machine.last.exit(130);
    await host.clock.advance(100);
    machine.onStart = (program) => program.listen();
    void host.host.restart({ spec: aSpec(), env: { PATH: '/bin' }, origin: 'user' });
    await host.clock.advance(60_000);
    assert.equal(host.session().state, 'running');
  });
  it('Ctrl+C is on record while what it left is tidied up, and a start after it wins', async () => {
    await host.run();
    const daemon = machine.last.fork({ ownGroup: true });
    for (const signal of ['SIGINT', 'SIGTERM'] as const) daemon.ignores.add(signal);
    host.find().terminal.input('\x03');
    machine.last.exit(130);
    await host.clock.advance(100);
    assert.equal(host.session().state, 'stopping');
    assert.deepEqual(
      [host.records.get('dev_server_web')?.desired, host.records.get('dev_server_web')?.isSticky],
      ['stopped', true],
    );
    host.start();
    await host.clock.advance(30_000);
    assert.equal(host.session().state, 'running');
    assert.equal(machine.running.length, 1);
  });
  it('a restart right after a Ctrl+C does not signal a second time', async () => {
    await host.run();
    const { process } = machine.last;
    host.find().terminal.input('\x03');
    process.ignores.add('SIGINT');
    void host.host.restart({ spec: aSpec(), env: { PATH: '/bin' }, origin: 'user' });
    await host.clock.advance(4000);
    assert.deepEqual(process.heard, []);
    machine.end(process);
    await host.reaches('running');
    assert.equal(machine.programs.length, 2);
  });
  it('a start that comes while a stop fails is tried, and says what is in the way', async () => {
    const process = await leftover();
    const stopping = host.find().stop();
    await host.clock.advance(1000);
    host.start();
    await host.clock.advance(30_000);
    await stopping;
    assert.equal(host.session().state, 'failed');
    assert.equal(host.session().reason.code, 'leftovers');
    process.ignores.clear();
    host.start();
    await host.reaches('running');
  });
  it('the app’s lock is kept as long as something of ours lives', async () => {
    const appLock = memoryLock();
    host = new FakeHost(machine, { appLock });
    const process = await leftover();
    assert.equal(await appLock.tryAcquire('app:1:2'), undefined);
    process.ignores.clear();
    const stopping = host.find().stop();
    await host.clock.advance(30_000);
    assert.equal((await stopping).state, 'stopped');
    assert.ok(await appLock.tryAcquire('app:1:2'));
  });
  it('a stop while the processes can not be listed does not say stopped', async () => {
    await host.run();
    const { process } = machine.last;
    const list = machine.processes.list.bind(machine.processes);
    Object.assign(machine.processes, { list: () => Promise.reject(new Error('ps failed: timed out')) });
    const stopping = host.find().stop();
    await host.clock.advance(1000);
    Object.assign(machine.processes, { list });
    await host.clock.advance(30_000);
    assert.deepEqual([(await stopping).state === 'stopped', machine.all.includes(process)], [true, false]);
  });
  it('a second stop does not say stopped while what was left still runs', async () => {
    const process = await leftover();
    const again = host.find().stop();
    await host.clock.advance(30_000);
    assert.equal(machine.all.includes(process), true);
    assert.equal((await again).state, 'failed');
  });
  it('fault 27: leftovers that are gone do not lend their number to another group', async () => {
    const process = await leftover();
    machine.end(process);
    await host.clock.advance(3_600_000);
    const stranger = machine.birth({ pid: process.pid, startTicks: 'later', command: 'vim' });
    const child = machine.birth({ ppid: stranger.pid, command: 'a job of vim' });
    host.start();
    await host.clock.advance(30_000);
    assert.deepEqual([stranger.heard, child.heard], [[], []]);
  });
  it('the guard of leftovers goes when they are gone', async () => {
    (await leftover()).ignores.clear();
    await host.run();
    assert.equal(machine.guards, 1);
  });
  it('a stop while the adopted server is just ending is heard', async () => {
    const foreign = machine.startByHand();
    host.start();
    await host.reaches('running');
    machine.end(foreign);
    await host
      .find()
      .stop()
      .catch(() => undefined);
    await host.clock.advance(30_000);
    assert.equal(machine.programs.length, 0);
  });
  it('so is one that can end nothing, because the process is hidden', async () => {
    machine.listening.push({ port: 3000, pid: undefined });
    machine.appServers.push({ port: 3000, identity: undefined, uid: 77, command: '', proof: 'metroRoot' });
    host.start();
    await host.reaches('running');
    await host
      .find()
      .stop()
      .catch(() => undefined);
    machine.listening.length = 0;
    await host.clock.advance(30_000);
    assert.equal(machine.programs.length, 0);
  });
  it('an automatic restart keeps the port that a person chose', async () => {
    machine.files = { a: '1' };
    machine.listening.push({ port: 3000, pid: machine.birth({ command: 'python' }).pid });
    host.window(APP);
    const spec = aSpec({ onChange: 'restart', restartFiles: ['a'] });
    host.host.start({ spec, env: { PATH: '/bin' }, origin: 'user', choice: { useNextPort: true } });
    await host.reaches('running');
    machine.files = { a: '2' };
    await host.clock.advance(90_000);
    assert.equal(host.session().state, 'running');
  });
  it('so does a restart by a person', async () => {
    machine.listening.push({ port: 3000, pid: machine.birth({ command: 'python' }).pid });
    host.host.start({ spec: aSpec(), env: { PATH: '/bin' }, origin: 'user', choice: { useNextPort: true } });
    await host.reaches('running');
    await host.host.restart({ spec: aSpec(), env: { PATH: '/bin' }, origin: 'user' });
    await host.clock.advance(30_000);
    assert.equal(host.session().state, 'running');
  });
  it('what an adopted session is told anew holds: managed elsewhere is never started', async () => {
    const foreign = machine.startByHand();
    host.start();
    await host.reaches('running');
    host.start(aSpec({ managed: 'external' }), 'auto');
    machine.end(foreign);
    await host.clock.advance(60_000);
    assert.equal(machine.programs.length, 0);
  });
  it('an app that is not managed elsewhere any more is started when a person asks', async () => {
    host.start(aSpec({ managed: 'external' }), 'auto');
    await host.reaches('waiting');
    host.start(aSpec(), 'user');
    await host.clock.advance(60_000);
    assert.equal(host.session().state, 'running');
  });
  it('Ctrl+C in the install of a tool is a stop', async () => {
    machine.hasPackage = false;
    machine.onStart = () => undefined;
    host.start(
      aSpec({
        type: 'mobile',
        requiredTool: { packageName: '@expo/ngrok', minVersion: '4.1.0', install: ['npm', 'i', '-g', '@expo/ngrok'] },
        fallback: { command: ['npx', 'expo', 'start', '--lan'], reason: 'tunnelUnavailable' },
      }),
    );
    await host.clock.until('the install', () => machine.programs.length === 1);
    host.find('dev_server_mobile').terminal.input('\x03');
    machine.last.exit(130);
    await host.clock.advance(20_000);
    assert.equal(machine.programs.length, 1);
  });
  describe('custom apps that share a folder', () => {
    const api = aSpec({ appKey: '1:2:api', appName: 'api', type: 'custom', port: 4000 });
    const docs = aSpec({ appKey: '1:2:docs', appName: 'docs', type: 'custom', port: 5000 });
    /** docs runs, ours; the finder sees it by its working directory, as it would for each app of the folder. */
    async function docsRuns(port = 5000): Promise<void> {
      await host.run(docs);
      const { pid, startTicks } = machine.last.process;
      if (port !== 5000) machine.last.listen(port);
      machine.appServers.push({
        port,
        identity: { pid, startTicks },
        uid: 0,
        command: 'docs',
        proof: 'workingDirectory',
      });
    }
    it('another session’s server is no successor of an adopted one', async () => {
      const foreign = machine.startByHand(4000);
      host.start(api);
      await host.reaches('running', 'dev_server_api');
      machine.appServers.length = 1;
      await docsRuns();
      machine.end(foreign);
      await host.clock.advance(2500);
      assert.notEqual(host.session('dev_server_api').port, 5000);
    });
    it('nor a second server that could be ended', async () => {
      host.window(api.appKey, docs.appKey);
      await host.run(api);
      await docsRuns();
      await host.clock.advance(20_000);
      assert.equal(host.session('dev_server_api').secondServers, undefined);
    });
    it('nor adopted by its second port', async () => {
      await docsRuns(5001);
      host.start(api);
      await host.clock.advance(5000);
      assert.equal(host.session('dev_server_api').adopted, false);
    });
  });
  it('a look that fails once while it starts does not end the server for good', async () => {
    const listeners = machine.ports.listeners.bind(machine.ports);
    let looks = 0;
    Object.assign(machine.ports, {
      listeners: (port: number) => (looks++ ? listeners(port) : Promise.reject(new Error('lsof gave no answer'))),
    });
    host.start();
    await host.clock.advance(30_000);
    assert.equal(host.session().state, 'running');
  });
  describe('a server that does not answer', () => {
    beforeEach(async () => {
      const settings = {
        healthIntervalMs: 5000,
        lastClient: 'keep',
        graceMs: 60_000,
        restartUnresponsiveMs: 10_000,
      } as const;
      host = new FakeHost(machine, { settings });
      host.window(APP);
      await host.run();
      machine.last.process.ignores.add('SIGINT');
      machine.onProbe = () => Promise.resolve({ answered: false, error: 'no answer' });
    });
    it('hears one Ctrl+C when a person stops it meanwhile', async () => {
      const { process } = machine.last;
      await host.clock.until('SIGINT', () => process.heard.length > 0);
      await host.clock.advance(1000);
      void host.find().stop();
      await host.clock.advance(20_000);
      assert.deepEqual(process.heard, ['SIGINT', 'SIGTERM']);
    });
    it('is restarted although a look at the processes failed once', async () => {
      const list = machine.processes.list.bind(machine.processes);
      Object.assign(machine.processes, { list: () => Promise.reject(new Error('ps failed')) });
      await host.clock.advance(30_000);
      Object.assign(machine.processes, { list });
      await host.clock.advance(300_000);
      assert.notEqual(machine.programs.length, 1);
    });
  });
  it('two apps of one repository do not install at once', async () => {
    machine.dependencies = 'missing';
    machine.onStart = () => undefined;
    Object.assign(machine.appFolder, {
      installerAtWork: async () => {
        const at = machine.running.find(({ options }) => options.args.includes('install'));
        await delay(host.clock, 20); // a look at all processes takes its time
        return at && { pid: at.process.pid, command: 'pnpm install' };
      },
    });
    const install = ['pnpm', 'install'];
    host.start(aSpec({ install }));
    host.start(aSpec({ appKey: '1:3:m', appName: 'm', type: 'mobile', folder: '/w/m', port: 8081, install }));
    await host.clock.advance(5000);
    assert.equal(machine.running.length, 1);
  });
  it('a stop is heard by an app that waits for the install of another', async () => {
    machine.dependencies = 'missing';
    machine.onStart = () => undefined;
    const install = ['pnpm', 'install'];
    host.start(aSpec({ install }));
    await host.clock.until('the first install', () => machine.programs.length === 1);
    host.start(aSpec({ appKey: '1:3:m', appName: 'm', type: 'mobile', folder: '/w/m', port: 8081, install }));
    await host.clock.advance(1000);
    assert.equal(host.session('dev_server_mobile').reason.code, 'installerAtWork');
    const stopping = host.find('dev_server_mobile').stop();
    await host.clock.advance(1000);
    assert.equal(host.session('dev_server_mobile').state, 'stopped');
    assert.equal((await stopping).state, 'stopped');
    machine.last.exit(0);
    await host.clock.advance(5000);
    assert.equal(host.session('dev_server_mobile').state, 'stopped');
    assert.ok(!machine.programs.some(({ options }) => options.cwd === '/w/m'));
  });
  it('a file that hangs in a health round does not end the probes', async () => {
    host.window(APP);
    await host.run();
    Object.assign(machine.appFolder, { fingerprint: () => new Promise(() => undefined) });
    await host.clock.advance(31_000);
    machine.onProbe = () => Promise.resolve({ answered: false, error: 'no answer' });
    await host.clock.advance(120_000);
    assert.equal(host.session().state, 'unhealthy');
  });
});
