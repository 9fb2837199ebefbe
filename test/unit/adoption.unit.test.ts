import assert from 'node:assert/strict';
import { ConfirmationNeededError } from '../../src/sessions/host/foreignServers';
import type { Reason } from '../../src/sessions/protocol';
import { memoryLock } from '../contract/support/memoryLock';
import { settle } from './support/fakeClock';
import { aSpec, FakeHost } from './support/fakeHost';
import { FakeMachine, type FakeProcess } from './support/fakeMachine';

const FOLDER = '/w/cheatcode-app';

describe('a server that somebody else started', () => {
  let machine: FakeMachine;
  let host: FakeHost;
  beforeEach(() => {
    machine = new FakeMachine();
    host = new FakeHost(machine);
  });

  it('is shown as running, adopted, with its port and pid, and none of ours is started', async () => {
    const server = machine.startByHand(3005);
    host.start();
    const snapshot = await host.reaches('running');
    assert.equal(snapshot.adopted, true);
    assert.equal(snapshot.port, 3005);
    assert.equal(snapshot.url, 'http://localhost:3005');
    assert.equal(snapshot.listenerPid, server.pid);
    assert.equal(snapshot.pid, undefined, 'its group is not ours');
    assert.equal(snapshot.reason.code, 'adopted');
    assert.equal(snapshot.reason.facts?.['command'], 'next-server (v16.4.6)');
    await host.clock.advance(60_000);
    assert.equal(machine.programs.length, 0);
  });

  it('is adopted when it appears while ours waits for the port', async () => {
    const starting = machine.birth({ cwd: FOLDER });
    machine.listening.push({ port: 3000, pid: starting.pid });
    host.start();
    await host.reaches('blocked');
    machine.appServers.push({
      port: 3000,
      identity: { pid: starting.pid, startTicks: starting.startTicks },
      uid: 0,
      command: 'next-server',
      proof: 'nextLock',
    });
    assert.equal((await host.reaches('running')).adopted, true);
    assert.equal(machine.programs.length, 0);
  });

  it('is adopted, and nothing has crashed, when ours gives up because of it', async () => {
    machine.onStart = (program) => {
      machine.startByHand(3005);
      program.exit(1);
    };
    host.start();
    const snapshot = await host.reaches('running');
    assert.equal(snapshot.adopted, true);
    assert.equal(snapshot.crashes, 0);
    assert.equal(machine.programs.length, 1);
  });

  it('is adopted although another host has the app’s lock, and never by the lock alone', async () => {
    const appLock = memoryLock();
    host = new FakeHost(machine, { appLock });
    await appLock.tryAcquire('app:1:2');
    host.start();
    assert.equal((await host.reaches('blocked')).reason.code, 'appLockHeld');
    machine.startByHand(3000);
    assert.equal((await host.reaches('running')).adopted, true);
    assert.equal(machine.programs.length, 0);
  });

  it('is not shown while it may be what an earlier host of ours left', async () => {
    let left: Reason | undefined = { code: 'unknownProcesses', facts: { pids: '77' } };
    host = new FakeHost(machine, { obstacle: () => left });
    machine.startByHand();
    host.start();
    assert.deepEqual((await host.reaches('blocked')).reason, left);
    left = undefined;
    assert.equal((await host.reaches('running')).adopted, true);
  });

  it('is followed by ours, after the back-off, when it ends', async () => {
    const server = machine.startByHand();
    host.start();
    await host.reaches('running');
    machine.end(server);
    const { reason, adopted } = await host.reaches('starting');
    assert.equal(reason.code, 'adoptedEnded');
    assert.equal(adopted, false);
    assert.equal(machine.programs.length, 0, 'the back-off first');
    const snapshot = await host.reaches('running');
    assert.equal(snapshot.adopted, false);
    assert.equal(machine.programs.length, 1);
  });

  it('is shown on when it replaces its own process', async () => {
    const server = machine.startByHand();
    host.start();
    await host.reaches('running');
    machine.end(server);
    await host.clock.advance(1200);
    assert.equal(host.session().state, 'running', 'a moment without a listener is no end');
    const successor = machine.startByHand();
    await host.clock.advance(2000);
    assert.equal(host.session().state, 'running');
    assert.equal(host.session().listenerPid, successor.pid);
    assert.equal(machine.programs.length, 0);
  });

  it('is unhealthy while it does not answer, and not doubled', async () => {
    machine.startByHand();
    host.start();
    await host.reaches('running');
    machine.onProbe = () => Promise.resolve({ answered: false, error: 'no answer' });
    assert.equal((await host.reaches('unhealthy')).adopted, true);
    machine.onProbe = undefined;
    const { reason } = await host.reaches('running');
    assert.equal(reason.code, 'adopted');
    assert.equal(machine.programs.length, 0);
  });

  it('is shown, too, where its process is hidden, until nobody listens on its port any more', async () => {
    machine.listening.push({ port: 3000, pid: undefined });
    machine.appServers.push({ port: 3000, identity: undefined, uid: 77, command: '', proof: 'metroRoot' });
    host.start();
    const snapshot = await host.reaches('running');
    assert.equal(snapshot.adopted, true);
    assert.equal(snapshot.listenerPid, undefined);
    await host.clock.advance(10_000);
    assert.equal(host.session().state, 'running');
    machine.listening.length = 0;
    machine.appServers.length = 0;
    await host.clock.until('ours runs', () => machine.programs.length === 1);
  });

  describe('that is to be stopped', () => {
    let server: FakeProcess;
    let cli: FakeProcess;
    let shell: FakeProcess;
    let agent: FakeProcess;
    beforeEach(async () => {
      agent = machine.birth({ command: 'node agent.js', cwd: FOLDER });
      const group = { pgid: agent.pid, cwd: FOLDER };
      const runner = machine.birth({ ...group, ppid: agent.pid, command: 'node /usr/bin/pnpm run dev' });
      shell = machine.birth({ ...group, ppid: runner.pid, command: 'sh -c next dev' });
      cli = machine.birth({ ...group, ppid: shell.pid, command: 'node /app/node_modules/.bin/next dev' });
      server = machine.startByHand(3000, { ...group, ppid: cli.pid });
      host.start();
      await host.reaches('running');
    });

    it('is not touched without a person’s word', async () => {
      await assert.rejects(host.find().stop(), ConfirmationNeededError);
      await assert.rejects(host.host.restart({ spec: aSpec(), env: {}, origin: 'user' }), ConfirmationNeededError);
      assert.deepEqual(server.heard, []);
      assert.equal(host.session().state, 'running');
    });

    it('ends alone with its own runners: never its group, its shell or the agent', async () => {
      const processes = await host.find().foreignProcesses('adopted');
      assert.deepEqual(
        processes.map(({ pid }) => pid),
        [server.pid, cli.pid, cli.pid - 2],
      );
      const stopping = host.find().stop(undefined, processes);
      await host.clock.advance(20_000);
      const after = await stopping;
      assert.equal(after.state, 'stopped');
      assert.equal(after.adopted, false);
      assert.deepEqual(server.heard, ['SIGINT']);
      assert.deepEqual([agent.heard, shell.heard], [[], []]);
      host.start(aSpec(), 'auto');
      await host.clock.advance(20_000);
      assert.equal(machine.programs.length, 0, 'no machine undoes it');
    });

    it('is on record as stopped before anything is looked at', async () => {
      const processes = await host.find().foreignProcesses('adopted');
      const stopping = host.find().stop(undefined, processes);
      const record = host.records.get('dev_server_web');
      assert.deepEqual([record?.desired, record?.isSticky], ['stopped', true]);
      assert.deepEqual(server.heard, []);
      await host.clock.advance(20_000);
      await stopping;
    });

    it('is not ended when the person agreed to another process', async () => {
      const [first, ...others] = await host.find().foreignProcesses('adopted');
      assert.ok(first);
      const other = [{ ...first, startTicks: 'another time' }, ...others];
      await assert.rejects(host.find().stop(undefined, other), ConfirmationNeededError);
      assert.deepEqual(server.heard, []);
    });

    it('is followed by one of ours in a terminal when it is restarted', async () => {
      const confirmed = await host.find().foreignProcesses('adopted');
      await host.host.restart({ spec: aSpec(), env: { PATH: '/bin' }, origin: 'user', confirmed });
      await host.clock.until('ours runs', () => host.session().state === 'running' && !host.session().adopted);
      assert.equal(machine.programs.length, 1);
      assert.deepEqual(agent.heard, []);
    });

    it('is said to be left when it can not be ended', async () => {
      const confirmed = await host.find().foreignProcesses('adopted');
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL'] as const) server.ignores.add(signal);
      const stopping = host.find().stop(undefined, confirmed);
      await host.clock.advance(30_000);
      const after = await stopping;
      assert.equal(after.state, 'failed');
      assert.deepEqual(after.reason, { code: 'leftovers', facts: { count: 1, pids: String(server.pid) } });
    });

    it('goes on when the host ends, and when the last window closes', async () => {
      void host.host.close();
      await host.clock.advance(20_000);
      assert.deepEqual(server.heard, []);
    });
  });

  it('that is a container’s first process can not be ended from here', async () => {
    machine.startByHand(3000, { pid: 1 });
    host.start();
    await host.reaches('running');
    assert.deepEqual(await host.find().foreignProcesses('adopted'), []);
    await assert.rejects(host.find().stop(undefined, []), ConfirmationNeededError);
  });

  describe('while our session is stopped', () => {
    it('is shown, and its end starts nothing', async () => {
      const window = host.window('1:2:cheatcode-app');
      await host.run();
      const stopping = host.find().stop();
      await host.clock.advance(10_000);
      await stopping;
      const server = machine.startByHand(3001);
      const { adopted, desired } = await host.reaches('running');
      assert.equal(adopted, true);
      assert.equal(desired, 'stopped');
      machine.end(server);
      assert.equal((await host.reaches('stopped')).reason.code, 'adoptedEnded');
      await host.clock.advance(60_000);
      assert.equal(machine.programs.length, 1);
      window.dispose();
    });

    it('is shown for an app that is only looked at', async () => {
      const window = host.window('1:2:cheatcode-app');
      const server = machine.startByHand(3001);
      assert.equal(host.start(aSpec(), 'watch').state, 'stopped');
      assert.equal((await host.reaches('running')).adopted, true);
      host.start(aSpec(), 'user');
      assert.equal(host.session().desired, 'running');
      machine.end(server);
      await host.clock.until('ours follows', () => machine.programs.length === 1);
      window.dispose();
    });

    it('is let go when nobody has looked on for the grace time', async () => {
      const window = host.window('1:2:cheatcode-app');
      const server = machine.startByHand();
      host.start();
      await host.reaches('running');
      window.dispose();
      await host.clock.advance(61_000);
      assert.equal(host.session().state, 'stopped');
      assert.deepEqual(server.heard, []);
      await host.clock.advance(10_000);
      assert.equal(host.idleCalls, 1);
      host.start(aSpec(), 'auto');
      assert.equal((await host.reaches('running')).adopted, true);
    });
  });

  describe('beside ours', () => {
    it('is named while it runs, and ended on a person’s word only', async () => {
      const window = host.window('1:2:cheatcode-app');
      await host.run();
      const second = machine.startByHand(3001, { cwd: FOLDER });
      await host.clock.until('it is noticed', () => host.session().secondServers !== undefined);
      assert.deepEqual(host.session().secondServers, [
        { port: 3001, pid: second.pid, command: 'next-server (v16.4.6)' },
      ]);
      assert.equal(host.session().adopted, false);
      await assert.rejects(host.find().endForeign('secondServer', []), ConfirmationNeededError);
      const confirmed = await host.find().foreignProcesses('secondServer');
      const ending = host.find().endForeign('secondServer', confirmed);
      await host.clock.advance(10_000);
      await ending;
      assert.deepEqual(second.heard, ['SIGINT']);
      await host.clock.until('it is gone', () => host.session().secondServers === undefined);
      assert.equal(host.session().state, 'running');
      window.dispose();
    });
  });

  describe('where the app is managed elsewhere', () => {
    const external = aSpec({ managed: 'external' });

    it('is waited for, shown, and waited for again; nothing is ever started', async () => {
      host.start(external, 'auto');
      const { reason, managed } = await host.reaches('waiting');
      assert.equal(reason.code, 'managedElsewhere');
      assert.equal(managed, 'external');
      await host.clock.advance(60_000);
      const server = machine.startByHand(5173);
      assert.equal((await host.reaches('running')).port, 5173);
      machine.end(server);
      await host.reaches('waiting');
      host.start(external, 'user');
      await host.clock.advance(60_000);
      assert.equal(machine.programs.length, 0);
    });

    it('is not waited for any more after a stop', async () => {
      host.start(external);
      await host.reaches('waiting');
      await host.find().stop();
      await settle();
      assert.equal(host.session().state, 'stopped');
    });
  });
});
