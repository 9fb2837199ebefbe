import assert from 'node:assert/strict';
import type { KernelLock } from '../../src/sessions/host/kernelLock';
import type { OutputChunk } from '../../src/sessions/host/outputStream';
import { memoryLock } from '../contract/support/memoryLock';
import { waitUntil } from '../contract/support/waitUntil';
import { settle } from './support/fakeClock';
import { aSpec, FakeHost } from './support/fakeHost';
import { FakeMachine } from './support/fakeMachine';
import { skipOnWindows } from '../support/skip';

const EXPO = aSpec({
  appKey: '1:3:cheatcode-mobile',
  appName: 'cheatcode-mobile',
  type: 'mobile',
  folder: '/w/cheatcode-mobile',
  command: ['npx', 'expo', 'start', '--tunnel', '--port', '{port}'],
  fallback: { command: ['npx', 'expo', 'start', '--lan', '--port', '{port}'], reason: 'tunnelUnavailable' },
  requiredTool: {
    packageName: '@expo/ngrok',
    minVersion: '4.1.0',
    install: ['npm', 'install', '--global', '@expo/ngrok'],
  },
  port: 8081,
});
const MOBILE = 'dev_server_mobile';

describe('a session', () => {
  let machine: FakeMachine;
  let host: FakeHost;
  beforeEach(() => {
    machine = new FakeMachine();
    host = new FakeHost(machine);
  });
  // Whatever happened: what runs is guarded, and what is guarded runs.
  afterEach(() => {
    assert.equal(machine.guards, machine.groups, 'guards do not match what runs');
  });

  const states = () => host.pushed.map(({ state }) => state).filter((state, at, all) => state !== all[at - 1]);
  const started = () => machine.programs.map(({ options }) => [options.file, ...options.args].join(' '));

  describe('when it is started', () => {
    it('runs the command in the app’s folder with its port and environment, and tells every window', async () => {
      host.window('1:2:cheatcode-app');
      const snapshot = await host.run(aSpec({ env: { A: 'b' } }));
      assert.equal(machine.programs.length, 1);
      const { options, process } = machine.last;
      assert.deepEqual([options.file, ...options.args], ['/bin/pnpm', 'run', 'dev']);
      assert.equal(options.cwd, '/w/cheatcode-app');
      assert.equal(options.env['PORT'], '3000');
      assert.equal(options.env['A'], 'b');
      assert.equal(options.env['CI'], undefined);
      assert.deepEqual(states(), ['starting', 'running']);
      assert.equal(snapshot.pid, process.pid);
      assert.equal(snapshot.listenerPid, process.pid);
      assert.equal(snapshot.url, 'http://localhost:3000');
      assert.equal(snapshot.windows, 1);
    });

    it('puts the port where the command names it', async () => {
      await host.run(aSpec({ command: ['next', 'dev', '--port', '{port}', '--name=at-{port}'] }));
      assert.deepEqual(machine.last.options.args, ['dev', '--port', '3000', '--name=at-3000']);
    });

    it('joins the start that is on its way', async () => {
      host.start();
      host.start(aSpec(), 'auto');
      await host.reaches('running');
      host.start();
      await host.clock.advance(10_000);
      assert.equal(machine.programs.length, 1);
    });

    it('runs once, though it is stopped and started in one breath', async () => {
      host.start();
      await settle();
      void host.find().stop();
      host.start();
      await host.reaches('running');
      assert.equal(machine.running.length, 1);
    });

    it('runs, though the stop before it had nothing to do', async () => {
      host.start();
      await host.find().stop();
      void host.find().stop();
      host.start();
      await host.reaches('running');
    });

    it('is not running before the app answers', async () => {
      machine.onStart = () => undefined;
      host.start();
      await host.clock.advance(30_000);
      assert.equal(host.session().state, 'starting');
      machine.last.listen();
      await host.reaches('running');
    });

    it('says that the start is slow after a minute, and goes on', async () => {
      machine.onStart = () => undefined;
      host.start();
      await host.clock.advance(62_000);
      assert.equal(host.session().reason.code, 'notListening');
      machine.last.listen();
      await host.reaches('running');
    });

    it('is not running by the answer of a stranger on its port', async () => {
      machine.onStart = () => void machine.listening.push({ port: 3000, pid: 77 });
      host.start();
      await host.clock.advance(10_000);
      assert.equal(host.session().state, 'starting');
      await stopped();
    });

    it('is not running by the answer of a server that gives up right after it', async () => {
      machine.onStart = (program) => {
        program.listen();
        host.clock.after(60, () => program.exit(1));
      };
      host.start();
      await host.clock.until('it has crashed', () => host.session().crashes === 1);
      assert.ok(!states().includes('running'));
      await stopped();
    });

    it('is running by its first answer where no other server can have its folder', async () => {
      let isAsked = 0;
      const folderLock = {
        holder: () => Promise.resolve(undefined),
        mayBeAnothers: async (_spec: unknown, isOurs: (pid: number) => Promise<boolean>) => {
          isAsked++;
          const stranger = machine.birth();
          return (await isOurs(stranger.pid)) || !(await isOurs(machine.last.process.pid));
        },
      };
      host = new FakeHost(machine, { folderLock });
      host.start();
      await settle();
      assert.equal(host.session().state, 'running');
      assert.equal(isAsked, 1);
    });

    it('is running a moment later where the folder may be another server’s, or nobody can tell', async () => {
      for (const mayBeAnothers of [() => Promise.resolve(true), () => Promise.reject(new Error('EIO'))]) {
        machine = new FakeMachine();
        host = new FakeHost(machine, { folderLock: { holder: () => Promise.resolve(undefined), mayBeAnothers } });
        host.start();
        await settle();
        assert.equal(host.session().state, 'starting');
        await host.clock.advance(150);
        assert.equal(host.session().state, 'running');
      }
    });

    it('is running by its first answer where the framework knows no such lock', async () => {
      const { id } = host.start(aSpec({ type: 'custom' }));
      await settle();
      assert.equal(host.session(id).state, 'running');
    });

    it('is asked every 25 ms in its first seconds, then less and less often', async () => {
      let asked = 0;
      machine.onStart = () => undefined;
      machine.onProbe = () => Promise.resolve({ answered: false, error: String(asked++) });
      host.start();
      await host.clock.advance(4900);
      assert.ok(asked >= 190 && asked <= 200, `asked ${asked} times`);
      await host.clock.advance(5100);
      asked = 0;
      await host.clock.advance(10_000);
      assert.ok(asked >= 19 && asked <= 21, `asked ${asked} times`);
      await stopped();
    });

    it('is not asked every 25 ms while a stranger answers on its port: who that is takes a look at all processes', async () => {
      let asked = 0;
      machine.onStart = () => void machine.listening.push({ port: 3000, pid: 77 });
      machine.onProbe = () => Promise.resolve({ answered: asked++ >= 0 });
      host.start();
      await host.clock.advance(4900);
      assert.ok(asked > 5 && asked < 25, `asked ${asked} times`);
      await stopped();
    });

    it('fails with the program that is not there', async () => {
      machine.missing.add('pnpm');
      host.start();
      const { reason } = await host.reaches('failed');
      assert.deepEqual(reason, { code: 'commandNotFound', facts: { program: 'pnpm' } });
    });

    it('fails with the folder that is not there', async () => {
      machine.folderExists = false;
      host.start();
      assert.equal((await host.reaches('failed')).reason.code, 'folderMissing');
    });

    it('counts a server that answers with an error as running, with that hint', async () => {
      machine.onProbe = () => Promise.resolve({ answered: true, httpStatus: 500 });
      const { reason } = await host.run();
      assert.deepEqual(reason, { code: 'answeredWithError', facts: { status: 500 } });
    });

    it('runs, though the system would not say who the new process is', async () => {
      machine.processes.identify = () => Promise.reject(new Error('EMFILE'));
      await host.run();
      assert.equal(machine.running.length, 1);
    });

    it('leaves no server behind when looking at it fails', async () => {
      machine.ports.listeners = () => Promise.reject(new Error('lsof is missing'));
      host.start();
      await host.clock.until('it gives up', () => host.session().state === 'failed', 600_000);
      assert.equal(host.session().reason.code, 'spawnFailed');
      assert.equal(machine.running.length, 0);
    });

    it('keeps its record up to date, without the environment', async () => {
      await host.run(aSpec({ env: { SECRET: 'x' } }));
      const record = host.records.get('dev_server_web');
      assert.equal(record?.desired, 'running');
      assert.equal(record.process?.pid, machine.last.process.pid);
      await host.find().stop();
      assert.equal(host.records.get('dev_server_web')?.desired, 'stopped');
      assert.equal(host.records.get('dev_server_web')?.process, undefined);
    });

    it('runs on a disk that takes no record', async () => {
      host = new FakeHost(machine, {
        fileOf: {
          write: () => {
            throw new Error('ENOSPC');
          },
        },
      });
      await host.run();
      assert.ok(host.log.lines.some((line) => line.includes('ENOSPC')));
    });
  });

  describe('whose dependencies are missing', () => {
    const spec = aSpec({ install: ['pnpm', 'install'] });
    beforeEach(() => {
      machine.dependencies = 'missing';
      machine.onStart = (program) => {
        if (program.options.args.includes('install')) return;
        program.listen();
      };
    });

    it('installs them in its terminal, with CI set so that nothing is asked, and then starts', async () => {
      host.start(spec);
      const { reason } = await host.reaches('installing');
      assert.equal(reason.code, 'dependenciesMissing');
      await settle();
      assert.equal(machine.last.options.env['CI'], '1');
      machine.dependencies = 'installed';
      machine.last.exit(0);
      await host.reaches('running');
      assert.deepEqual(started(), ['/bin/pnpm install', '/bin/pnpm run dev']);
      assert.equal(machine.last.options.env['CI'], undefined);
    });

    it('fails when the install fails', async () => {
      host.start(spec);
      await host.reaches('installing');
      await settle();
      machine.last.exit(1);
      assert.equal((await host.reaches('failed')).reason.code, 'installFailed');
    });

    it('is stopped when Ctrl+C ends the install, and no machine undoes it', async () => {
      host.start(spec);
      await host.reaches('installing');
      await settle();
      host.find().terminal.input('\x03');
      machine.last.exit(130);
      assert.equal((await host.reaches('stopped')).reason.code, 'interruptedInTerminal');
      assert.equal(host.start(spec, 'auto').state, 'stopped');
    });

    it('can be stopped while it installs, and nothing of the install is left', async () => {
      host.start(spec);
      await host.reaches('installing');
      await settle();
      machine.last.fork({ ownGroup: true });
      const { state } = await stopped();
      assert.equal(state, 'stopped');
      assert.deepEqual(machine.all, []);
    });

    it('installs, too, when it had to wait for the app’s lock first', async () => {
      const appLock = memoryLock();
      host = new FakeHost(machine, { appLock });
      const other = await appLock.tryAcquire('app:1:2');
      host.start(spec);
      assert.equal((await host.reaches('blocked')).reason.code, 'appLockHeld');
      other?.dispose();
      await host.clock.until('the install runs', () => machine.programs.length === 1);
      assert.equal(host.session().state, 'installing');
      await stopped();
    });
  });

  describe('of Expo', () => {
    it('installs the tool for the tunnel where it is missing, then starts with it', async () => {
      machine.hasPackage = false;
      machine.onStart = (program) => {
        if (!program.options.args.includes('install')) return program.listen();
        machine.hasPackage = true;
        program.exit(0);
      };
      await host.run(EXPO);
      assert.deepEqual(started(), [
        '/bin/npm install --global @expo/ngrok',
        '/bin/npx expo start --tunnel --port 8081',
      ]);
    });

    it('goes on with the local network when the tool can not be had, and says so while it runs', async () => {
      machine.hasPackage = false;
      machine.onStart = (program) => (program.options.args.includes('install') ? program.exit(1) : program.listen());
      const { reason } = await host.run(EXPO);
      assert.equal(started().at(-1), '/bin/npx expo start --lan --port 8081');
      assert.equal(reason.code, 'tunnelUnavailable');
    });

    it('gives a tool’s install that never ends up after three minutes', async () => {
      machine.hasPackage = false;
      machine.onStart = (program) => (program.options.args.includes('install') ? undefined : program.listen());
      host.start(EXPO);
      await host.clock.advance(185_000);
      assert.equal(host.session(MOBILE).state, 'running');
      assert.equal(machine.running.length, 1);
    });

    it('takes the local network when the tunnel ends the server, once, and says so while it runs', async () => {
      machine.onStart = (program) => (program.options.args.includes('--tunnel') ? program.exit(1) : program.listen());
      const { reason, crashes } = await host.run(EXPO);
      assert.equal(reason.code, 'tunnelUnavailable');
      assert.equal(crashes, 0);
      assert.equal(started().length, 2);
      machine.last.exit(1);
      await host.clock.until('the crash is told', () => host.session(MOBILE).crashes === 1);
      assert.equal(host.session(MOBILE).reason.code, 'crashed');
      await host.clock.until('it is started again', () => machine.programs.length === 3);
      assert.equal(started().at(-1), '/bin/npx expo start --lan --port 8081');
      assert.equal(host.session(MOBILE).crashes, 1, 'a crash of the fallback is a crash');
      await host.reaches('running', MOBILE);
    });

    it('keeps the tunnel after a crash of a server that was well for a minute', async () => {
      await host.run(EXPO);
      await host.clock.advance(61_000);
      machine.last.exit(1);
      await host.clock.until('it is started again', () => machine.programs.length === 2);
      assert.equal(started().at(-1), '/bin/npx expo start --tunnel --port 8081');
      await host.reaches('running', MOBILE);
    });
  });

  describe('that is stopped', () => {
    it('ends the whole tree by one SIGINT and frees the port', async () => {
      await host.run();
      const child = machine.last.fork();
      const { state, reason, desired, pid } = await stopped();
      assert.deepEqual([state, reason.code, desired, pid], ['stopped', 'stoppedByUser', 'stopped', undefined]);
      assert.deepEqual(child.heard, ['SIGINT']);
      assert.deepEqual(machine.all, []);
      assert.equal(await machine.ports.isFree(3000), true);
    });

    it('ends what ignores it, and what left its group', async () => {
      await host.run();
      machine.last.process.ignores.add('SIGINT').add('SIGTERM');
      machine.last.fork({ ownGroup: true }).ignores.add('SIGINT');
      await stopped();
      assert.deepEqual(machine.all, []);
    });

    it('says what could not be ended, and does not start beside it', async () => {
      await host.run();
      const stuck = machine.last.fork();
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL'] as const) stuck.ignores.add(signal);
      const { state, reason } = await stopped();
      assert.equal(state, 'failed');
      assert.deepEqual(reason, { code: 'leftovers', facts: { count: 1 } });
    });

    it('is not restarted beside what could not be ended', async () => {
      await host.run();
      const stuck = machine.last.fork();
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL'] as const) stuck.ignores.add(signal);
      void host.host.restart({ spec: aSpec(), env: {}, origin: 'user' });
      await host.reaches('failed');
      await host.clock.advance(20_000);
      assert.equal(host.session().reason.code, 'leftovers');
      assert.equal(machine.programs.length, 1);
    });

    it('is not started again by a machine, and is by a person', async () => {
      await host.run();
      await stopped();
      host.start(aSpec(), 'auto');
      host.start(aSpec(), 'restore');
      await host.clock.advance(30_000);
      assert.equal(host.session().state, 'stopped');
      host.start();
      await host.reaches('running');
    });

    it('can be stopped in every state', async () => {
      machine.onStart = () => undefined;
      host.start();
      await host.reaches('starting');
      assert.equal((await stopped()).state, 'stopped');
      machine.listening.push({ port: 3000, pid: 77 });
      host.start();
      await host.reaches('blocked');
      assert.equal((await stopped()).state, 'stopped');
      assert.equal((await stopped()).state, 'stopped');
      assert.deepEqual(
        machine.listening.map(({ pid }) => pid),
        [77],
      );
    });

    it('has the wish on record before anything is signalled: a host that dies meanwhile undoes no stop, and no start', async () => {
      await host.run();
      for (const signal of ['SIGINT', 'SIGTERM'] as const) machine.last.process.ignores.add(signal);
      const stopping = host.find().stop();
      const onRecord = () => host.records.get('dev_server_web');
      assert.deepEqual([onRecord()?.desired, onRecord()?.isSticky], ['stopped', true]);
      await host.clock.advance(1000);
      assert.equal(host.session().state, 'stopping');
      host.start();
      assert.deepEqual([onRecord()?.desired, onRecord()?.isSticky], ['running', false]);
      await host.clock.advance(20_000);
      await stopping;
    });

    it('answers all who asked for the stop', async () => {
      await host.run();
      const all = Promise.all([host.find().stop(), host.find().stop(), host.find().stop()]);
      await host.clock.advance(1000);
      assert.deepEqual(
        (await all).map(({ state }) => state),
        ['stopped', 'stopped', 'stopped'],
      );
    });
  });

  it('that is restarted ends the old server before the new one begins', async () => {
    await host.run();
    const first = machine.last.process;
    first.ignores.add('SIGINT');
    void host.host.restart({ spec: aSpec({ command: ['next', 'dev'] }), env: {}, origin: 'user' });
    await host.clock.until('the second one runs', () => machine.programs.length === 2);
    assert.deepEqual(first.heard, ['SIGINT', 'SIGTERM']);
    await host.reaches('running');
    assert.equal(machine.running.length, 1);
    assert.equal(started().at(-1), '/bin/next dev');
  });

  describe('whose server crashes', () => {
    it('starts it again after a second, and shows the count', async () => {
      await host.run();
      const beganMs = host.clock.nowMs();
      machine.last.exit(1);
      await host.clock.until('it is started again', () => machine.programs.length === 2);
      assert.equal(host.clock.nowMs() - beganMs, 1000);
      assert.equal(host.session().crashes, 1);
      await host.reaches('running');
    });

    it('shows at once that it is not running', async () => {
      await host.run();
      machine.last.exit(1);
      await settle();
      assert.equal(host.session().state, 'starting');
      assert.equal(host.session().pid, undefined);
      await host.reaches('running');
    });

    it('shows that before it was looked for what the server left', async () => {
      await host.run();
      const found = machine.processes.list();
      let go: () => void = () => undefined;
      machine.processes.list = () => new Promise((resolve) => (go = () => resolve(found)));
      machine.last.exit(1);
      await settle();
      assert.equal(host.session().state, 'starting');
      assert.deepEqual(host.session().reason, { code: 'crashed', facts: { exitCode: 1, delayMs: 1000 } });
      assert.equal(host.session().crashes, 1);
      assert.equal(machine.programs.length, 1);
      machine.processes.list = () => Promise.resolve(machine.all);
      go();
      await host.reaches('running');
      assert.deepEqual([machine.programs.length, host.session().crashes], [2, 1]);
    });

    it('gives up after five in a row, and waits for a person', async () => {
      machine.onStart = (program) => program.exit(1);
      host.start();
      const { reason } = await host.reaches('failed');
      assert.deepEqual(reason, { code: 'crashLoop', facts: { exitCode: 1, crashes: 5 } });
      assert.equal(machine.programs.length, 5);
      host.start(aSpec(), 'auto');
      await host.clock.advance(60_000);
      assert.equal(machine.programs.length, 5);
      machine.onStart = (program) => program.listen();
      host.start();
      assert.equal((await host.reaches('running')).crashes, 0);
    });

    it('ends what the dead server left, before it starts it again', async () => {
      await host.run();
      const orphan = machine.last.fork();
      machine.onStart = (program) => {
        assert.ok(!machine.all.includes(orphan));
        program.listen();
      };
      machine.last.exit(1);
      await host.clock.until('it is started again', () => machine.programs.length === 2);
      await host.reaches('running');
    });

    it('is not taken for running by an answer that came from before the crash', async () => {
      await host.run();
      let answer: () => void = () => undefined;
      machine.onProbe = () => new Promise((resolve) => (answer = () => resolve({ answered: true, httpStatus: 200 })));
      await host.clock.advance(15_000);
      machine.onProbe = undefined;
      machine.onStart = () => undefined;
      machine.last.exit(1);
      await host.clock.until('it is started again', () => machine.programs.length === 2);
      answer();
      await host.clock.advance(5000);
      assert.equal(host.session().state, 'starting');
      await stopped();
    });

    it('can be stopped while it waits for its next try', async () => {
      await host.run();
      machine.last.exit(1);
      await settle();
      assert.equal((await stopped()).state, 'stopped');
      await host.clock.advance(60_000);
      assert.equal(machine.programs.length, 1);
    });
  });

  describe('whose server ends by itself', () => {
    it('is stopped when Ctrl+C was typed just before, whatever the exit code, and no machine undoes it', async () => {
      await host.run();
      host.find().terminal.input('\x03');
      assert.deepEqual(machine.last.typed, ['\x03']);
      machine.last.exit(130);
      const { reason, desired } = await host.reaches('stopped');
      assert.equal(reason.code, 'interruptedInTerminal');
      assert.equal(desired, 'stopped');
      host.start(aSpec(), 'auto');
      await host.clock.advance(30_000);
      assert.equal(host.session().state, 'stopped');
    });

    it('is stopped, too, when tidying up after it takes longer than a Ctrl+C counts', async () => {
      await host.run();
      const daemon = machine.last.fork({ ownGroup: true });
      for (const signal of ['SIGINT', 'SIGTERM'] as const) daemon.ignores.add(signal);
      host.find().terminal.input('\x03');
      machine.last.exit(130);
      assert.equal((await host.reaches('stopped')).reason.code, 'interruptedInTerminal');
    });

    it('is stopped by a Ctrl+C while it waits for its next try, and no machine undoes it', async () => {
      await host.run();
      machine.last.exit(1);
      await host.reaches('starting');
      host.find().terminal.input('\x03');
      assert.equal((await host.reaches('stopped')).reason.code, 'interruptedInTerminal');
      host.start(aSpec(), 'auto');
      await host.clock.advance(60_000);
      assert.equal(machine.programs.length, 1);
    });

    it('has crashed when a person asked for it after the Ctrl+C', async () => {
      await host.run();
      host.find().terminal.input('\x03');
      host.start();
      machine.last.exit(130);
      await settle();
      assert.equal(host.session().crashes, 1);
      await host.reaches('running');
    });

    it('has crashed when the Ctrl+C was long ago', async () => {
      await host.run();
      host.find().terminal.input('\x03');
      await host.clock.advance(6000);
      machine.last.exit(1);
      await settle();
      assert.equal(host.session().crashes, 1);
      await host.reaches('running');
    });

    it('is stopped when it ended with code 0 after it ran', async () => {
      const spec = aSpec({ type: 'custom', appName: 'api' });
      const { id } = await host.run(spec);
      machine.last.exit(0);
      assert.equal((await host.reaches('stopped', id)).reason.code, 'exitedNormally');
      host.start(spec, 'auto');
      await host.clock.advance(30_000);
      assert.equal(host.session(id).state, 'stopped');
    });

    it('has crashed when it is Next, which ends with code 0 when its server is killed', async () => {
      await host.run();
      machine.last.exit(0);
      await settle();
      assert.equal(host.session().crashes, 1);
      await host.reaches('running');
    });

    it('has crashed when it ended with code 0 before it ran', async () => {
      machine.onStart = (program) => program.exit(0);
      host.start();
      await host.clock.until('it has crashed', () => host.session().crashes === 1);
      await stopped();
    });
  });

  describe('whose port is taken', () => {
    it('is blocked with the holder’s pid and command, and starts by itself when the port is free', async function () {
      skipOnWindows(this, 'the paths here are written as POSIX has them');
      const stranger = machine.birth({ command: 'python -m http.server 3000' });
      machine.listening.push({ port: 3000, pid: stranger.pid });
      host.start();
      const { reason } = await host.reaches('blocked');
      assert.deepEqual(reason, {
        code: 'portTaken',
        facts: { port: 3000, pid: stranger.pid, uid: 0, command: 'python -m http.server 3000' },
      });
      assert.equal(machine.programs.length, 0);
      machine.end(stranger);
      await host.reaches('running');
      assert.deepEqual(stranger.heard, [], 'a stranger is never signalled');
    });

    it('is blocked, and has not crashed, when somebody takes it between the look and the start', async () => {
      machine.onStart = (program) => {
        machine.listening.push({ port: 3000, pid: 77 });
        program.exit(1);
        machine.onStart = (next) => next.listen();
      };
      host.start();
      await host.reaches('blocked');
      assert.equal(host.session().crashes, 0);
      machine.listening.length = 0;
      await host.reaches('running');
    });
  });

  describe('that a person asks for while it is blocked', () => {
    it('is tried with the port that the person brings now', async () => {
      machine.listening.push({ port: 3000, pid: 77 });
      host.start();
      await host.reaches('blocked');
      host.start(aSpec({ port: 3005 }));
      assert.equal((await host.reaches('running')).port, 3005);
    });

    it('tells its windows once, however often it looks', async () => {
      machine.listening.push({ port: 3000, pid: 77 });
      host.start();
      const { revision } = await host.reaches('blocked');
      await host.clock.advance(10_000);
      assert.equal(host.session().revision, revision);
    });
  });

  describe('whose app another host runs', () => {
    it('is blocked with the holder, and starts when the lock is free', async () => {
      const appLock = memoryLock();
      host = new FakeHost(machine, { appLock });
      const other = await appLock.tryAcquire('app:1:2');
      host.start();
      const { reason } = await host.reaches('blocked');
      assert.equal(reason.code, 'appLockHeld');
      assert.equal(reason.facts?.['pid'], process.pid);
      await host.clock.advance(20_000);
      assert.equal(machine.programs.length, 0);
      other?.dispose();
      await host.reaches('running');
    });

    it('gives the lock back when it stops, and when it gives up', async () => {
      const appLock = memoryLock();
      host = new FakeHost(machine, { appLock });
      await host.run();
      assert.equal(await appLock.tryAcquire('app:1:2'), undefined);
      await stopped();
      const mine = await appLock.tryAcquire('app:1:2');
      assert.ok(mine);
      mine.dispose();
      machine.missing.add('pnpm');
      host.start();
      await host.reaches('failed');
      await settle();
      assert.ok(await appLock.tryAcquire('app:1:2'));
    });

    it('fails, and the host lives on, when the machine can not lock at all', async () => {
      const appLock: KernelLock = {
        tryAcquire: () => Promise.reject(new Error('EMFILE')),
        describeHolder: () => Promise.resolve(undefined),
      };
      host = new FakeHost(machine, { appLock });
      host.start();
      assert.match(String((await host.reaches('failed')).reason.facts?.['detail']), /EMFILE/);
      assert.equal(machine.programs.length, 0);
    });
  });

  describe('that runs', () => {
    it('is probed once an interval, and a silent server is shown as unhealthy after a second look', async () => {
      await host.run();
      let probes = 0;
      machine.onProbe = () => {
        probes++;
        return Promise.resolve({ answered: false, error: 'no answer in 5000 ms' });
      };
      await host.clock.advance(15_000);
      assert.equal(host.session().state, 'running');
      await host.clock.advance(1000);
      assert.equal(host.session().state, 'unhealthy');
      assert.equal(host.session().lastProbe?.ok, false);
      assert.equal(probes, 2);
      machine.onProbe = undefined;
      await host.clock.advance(15_000);
      assert.equal(host.session().state, 'running');
      assert.equal(machine.programs.length, 1, 'an unhealthy server is not restarted');
    });

    it('stays running when the second look is answered', async () => {
      await host.run();
      let probes = 0;
      machine.onProbe = () =>
        Promise.resolve(
          ++probes === 1 ? { answered: false, error: 'ECONNRESET' } : { answered: true, httpStatus: 200 },
        );
      await host.clock.advance(17_000);
      assert.ok(!states().includes('unhealthy'));
      assert.equal(probes, 2);
    });

    it('is not probed any more once it is stopped, and leaves no timer', async () => {
      await host.run();
      const window = host.window();
      await stopped();
      let probes = 0;
      machine.onProbe = () => {
        probes++;
        return undefined;
      };
      await host.clock.advance(60_000);
      assert.equal(probes, 0);
      window.dispose();
    });

    it('shows and hears every window in one terminal', async () => {
      await host.run();
      const [a, b] = [attach(), attach()];
      await shows(a, /pnpm run dev/);
      machine.last.print('ready\r\n');
      await shows(a, /ready/);
      await shows(b, /ready/);
      host.find().terminal.input('r');
      assert.deepEqual(machine.last.typed, ['r']);
      host.find().terminal.resize(100, 40);
      assert.equal(machine.last.sizes.at(-1), '100x40');
    });

    it('answers a query of its program once, however many windows look on', async () => {
      await host.run();
      for (let n = 0; n < 3; n++) attach();
      machine.last.print('\x1b[c');
      await waitUntil('the query is answered', () => machine.last.typed.length > 0);
      for (let n = 0; n < 3; n++) host.find().terminal.input('\x1b[?1;2c');
      assert.equal(machine.last.typed.length, 1);
    });

    it('says in the terminal that there is none, where its program has pipes, and only there', async () => {
      const told = async () =>
        (await host.find().terminal.lastLines(50)).filter((line) => line.includes('no terminal can be had'));
      await host.run();
      assert.deepEqual(await told(), []);
      await stopped();
      machine.terminals.isTerminal = false;
      await host.run();
      assert.equal((await told()).length, 1);
    });

    it('says in the terminal, once, that it took another port', async () => {
      await host.run(aSpec({ appKey: '1:9:other', appName: 'other', folder: '/w/other' }));
      await host.run(aSpec());
      const lines = await host.find('dev_server_web_cheatcode-app').terminal.lastLines(50);
      assert.equal(lines.filter((line) => line.includes('using 3001')).length, 1);
    });
  });

  const attach = () => {
    const chunks: OutputChunk[] = [];
    const reader = host.find().terminal.attach((chunk) => {
      chunks.push(chunk);
      reader.ack(chunk.data.length);
    });
    return chunks;
  };
  /** The terminal model works in timers of its own, so real time passes here. */
  const shows = (chunks: readonly OutputChunk[], text: RegExp) =>
    waitUntil(`${String(text)} is shown`, () => text.test(chunks.map(({ data }) => data).join('')));
  /** A person's stop, with all the time that it takes. */
  const stopped = async () => {
    const done = host.find(host.host.snapshots()[0]?.id).stop();
    await host.clock.advance(12_000);
    return done;
  };
});
