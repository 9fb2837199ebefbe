import assert from 'node:assert/strict';
import { aSpec, FakeHost } from './support/fakeHost';
import { FakeMachine } from './support/fakeMachine';

const MB = 1024 * 1024;
const INSTALL = ['pnpm', 'install'];
const settings = { healthIntervalMs: 15_000, lastClient: 'keep', graceMs: 60_000 } as const;

describe('a server that runs', () => {
  let machine: FakeMachine;
  let host: FakeHost;
  beforeEach(() => {
    machine = new FakeMachine();
    host = new FakeHost(machine);
  });

  it('tells when it was started and how much memory all of its processes have, as long as it runs', async () => {
    const before = host.clock.wallMs();
    await host.run();
    const { startedMs = 0 } = host.session();
    assert.ok(startedMs >= before && startedMs <= host.clock.wallMs(), String(startedMs));
    machine.last.process.memory = 300 * MB;
    machine.last.fork().memory = 100 * MB;
    await host.clock.until('the measurement', () => host.session().memoryMb === 400);
    await host.find().stop();
    assert.deepEqual([host.session().startedMs, host.session().memoryMb], [undefined, undefined]);
  });

  describe('with more memory than the limit', () => {
    beforeEach(async () => {
      host = new FakeHost(machine, { settings: { ...settings, memoryLimitMb: 500 } });
      await host.run();
    });

    it('is warned about while it lasts, and runs all the same', async () => {
      machine.last.process.memory = 600 * MB;
      await host.clock.until('the warning', () => host.session().warning !== undefined);
      assert.deepEqual(host.session().warning, { code: 'memoryHigh', facts: { mb: 600, limitMb: 500 } });
      assert.equal(host.session().state, 'running');
      machine.last.process.memory = 100 * MB;
      await host.clock.until('the end of it', () => host.session().warning === undefined);
    });

    it('counts all of its processes', async () => {
      machine.last.process.memory = 300 * MB;
      machine.last.fork().memory = 300 * MB;
      await host.clock.until('the warning', () => host.session().warning?.facts?.['mb'] === 600);
    });

    it('is asked to restart in place, once in half an hour: never a loop', async () => {
      machine.canSoftRestart = true;
      machine.last.process.memory = 600 * MB;
      await host.clock.until('the soft restart', () => machine.softRestarts === 1);
      assert.equal(host.session().reason.code, 'memoryRestart');
      await host.clock.advance(20 * 60_000);
      assert.equal(machine.softRestarts, 1);
      assert.equal(machine.programs.length, 1);
    });

    it('is let alone where it is somebody else’s', async () => {
      const other = new FakeHost(new FakeMachine(), { settings: { ...settings, memoryLimitMb: 500 } });
      other.machine.startByHand(3000, { memory: 900 * MB });
      other.start();
      await other.clock.until('the warning', () => other.session().warning !== undefined);
      await other.clock.advance(120_000);
      assert.equal(other.machine.softRestarts, 0);
    });
  });

  describe('whose files change', () => {
    const spec = aSpec({ install: INSTALL, restartFiles: ['app.json', '.env*'] });

    it('gets the offer of a restart with the names, until they are as before', async () => {
      machine.files = { 'app.json': '1', 'pnpm-lock.yaml': '1' };
      await host.run(spec);
      machine.files = { 'app.json': '2', 'pnpm-lock.yaml': '1', '.env.local': '1' };
      await host.clock.until('the offer', () => host.session().restartOffer !== undefined);
      assert.deepEqual(host.session().restartOffer, {
        code: 'filesChanged',
        facts: { files: '.env.local, app.json' },
      });
      machine.files = { 'app.json': '1', 'pnpm-lock.yaml': '1' };
      await host.clock.until('no offer', () => host.session().restartOffer === undefined);
      assert.equal(machine.programs.length, 1);
    });

    it('gets the offer of an install when the packages are not those of the lock file', async () => {
      await host.run(spec);
      machine.dependencies = 'differs';
      await host.clock.until('the offer', () => host.session().restartOffer?.code === 'dependenciesChanged');
      assert.equal(machine.programs.length, 1, 'asked, not done');
      machine.onStart = (program) => {
        if (program.options.args.includes('install')) {
          machine.dependencies = 'installed';
          program.exit(0);
        } else program.listen();
      };
      const restarting = host.host.restart({ spec, env: {}, origin: 'user', choice: { install: true } });
      await host.clock.until('the install', () => machine.programs.length === 3);
      await restarting;
      assert.deepEqual(machine.programs[1]?.options.args, ['install']);
      assert.equal((await host.reaches('running')).restartOffer, undefined);
      machine.last.exit(1);
      await host.clock.until('the next try', () => machine.programs.length === 4);
      assert.ok(!machine.last.options.args.includes('install'), 'not again for a crash');
    });

    it('is told at the start already that the packages are not those of the lock file, and starts all the same', async () => {
      machine.dependencies = 'differs';
      await host.run(spec);
      await host.clock.advance(100);
      assert.equal(host.session().restartOffer?.code, 'dependenciesChanged');
    });

    it('is restarted by itself where the setting says so, once for each change', async () => {
      machine.files = { 'app.json': '1' };
      await host.run({ ...spec, onChange: 'restart' });
      machine.files = { 'app.json': '2' };
      await host.clock.until('the restart', () => machine.programs.length === 2);
      assert.equal((await host.reaches('running')).restartOffer, undefined);
      await host.clock.advance(120_000);
      assert.equal(machine.programs.length, 2);
    });

    it('is not restarted for ever when the install never makes it right', async () => {
      machine.dependencies = 'differs';
      machine.onStart = (program) => (program.options.args.includes('install') ? program.exit(0) : program.listen());
      await host.run({ ...spec, onChange: 'restart' });
      await host.clock.advance(30 * 60_000);
      assert.equal(machine.programs.length, 3, 'the server, one install, the server again');
      assert.equal(host.session().restartOffer?.code, 'dependenciesChanged');
    });
  });

  describe('that does not answer for longer than the setting allows', () => {
    it('is restarted, and counted like a crash', async () => {
      host = new FakeHost(machine, { settings: { ...settings, restartUnresponsiveMs: 30_000 } });
      await host.run();
      machine.onProbe = () => Promise.resolve({ answered: false, error: 'no answer' });
      await host.reaches('unhealthy');
      assert.equal((await host.reaches('starting')).reason.code, 'unresponsiveRestart');
      machine.onProbe = undefined;
      assert.equal((await host.reaches('running')).crashes, 1);
      assert.equal(machine.programs.length, 2);
    });

    it('is left alone without the setting', async () => {
      await host.run();
      machine.onProbe = () => Promise.resolve({ answered: false, error: 'no answer' });
      await host.reaches('unhealthy');
      await host.clock.advance(3_600_000);
      assert.equal(machine.programs.length, 1);
    });
  });

  it('has not earned a fresh count by a minute in which it did not answer', async () => {
    machine.onStart = (program) => {
      program.listen();
      host.clock.after(70_000, () => program.exit(1));
    };
    let answers = true;
    machine.onProbe = () => Promise.resolve(answers ? { answered: true, httpStatus: 200 } : { answered: false });
    host.start();
    for (let crash = 1; crash <= 2; crash++) {
      await host.reaches('running');
      answers = false;
      await host.reaches('unhealthy');
      await host.reaches('starting');
      assert.equal(host.session().crashes, crash);
      answers = true;
    }
  });
});

describe('an install', () => {
  it('waits for another package manager, and is spared when that one did it', async () => {
    const machine = new FakeMachine();
    const host = new FakeHost(machine);
    machine.dependencies = 'missing';
    machine.installer = { pid: 77, command: 'npm install left-pad' };
    host.start(aSpec({ install: INSTALL }));
    const { reason } = await host.reaches('installing');
    assert.deepEqual(reason, { code: 'installerAtWork', facts: { pid: 77, command: 'npm install left-pad' } });
    await host.clock.advance(30_000);
    assert.equal(machine.programs.length, 0);
    machine.installer = undefined;
    machine.dependencies = 'installed';
    await host.reaches('running');
    assert.equal(machine.programs.length, 1);
  });

  it('can be stopped while it waits', async () => {
    const machine = new FakeMachine();
    const host = new FakeHost(machine);
    machine.dependencies = 'missing';
    machine.installer = { pid: 77, command: 'npm ci' };
    host.start(aSpec({ install: INSTALL }));
    await host.reaches('installing');
    assert.equal((await host.find().stop()).state, 'stopped');
    assert.equal(machine.programs.length, 0);
  });
});
