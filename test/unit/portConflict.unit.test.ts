import assert from 'node:assert/strict';
import { DevServerError } from '../../src/sessions/errors';
import { ConfirmationNeededError } from '../../src/sessions/host/foreignServers';
import { aSpec, FakeHost } from './support/fakeHost';
import { FakeMachine, type FakeProcess } from './support/fakeMachine';
import { skipOnWindows } from '../support/skip';

describe('a port that a stranger holds', () => {
  let machine: FakeMachine;
  let host: FakeHost;
  let stranger: FakeProcess;
  beforeEach(() => {
    machine = new FakeMachine();
    host = new FakeHost(machine);
    stranger = machine.birth({ command: 'python3 -m http.server 3000', cwd: '/home/else' });
    machine.listening.push({ port: 3000, pid: stranger.pid });
  });

  it('is named with its holder’s pid, user, command and folder', async function () {
    skipOnWindows(this, 'the paths here are written as POSIX has them');
    host.start();
    const { reason } = await host.reaches('blocked');
    assert.deepEqual(reason, {
      code: 'portTaken',
      facts: {
        port: 3000,
        pid: stranger.pid,
        uid: process.getuid?.(),
        command: 'python3 -m http.server 3000',
        folder: '/home/else',
      },
    });
  });

  it('is said to be hidden when no process can be seen behind it', async () => {
    machine.listening.splice(0, 1, { port: 3000, pid: undefined });
    host.start();
    const { reason } = await host.reaches('blocked');
    assert.equal(reason.facts?.['hidden'], true);
    assert.deepEqual(await host.find().foreignProcesses('portHolder'), []);
  });

  it('is left alone for the next free one when a person chooses that, for this start', async () => {
    machine.listening.push({ port: 3001, pid: 77 });
    host.start();
    await host.reaches('blocked');
    host.host.start({ spec: aSpec(), env: {}, origin: 'user', choice: { useNextPort: true } });
    const { port, reason } = await host.reaches('running');
    assert.equal(port, 3002);
    assert.deepEqual(reason, { code: 'otherPort', facts: { port: 3002, wanted: 3000 } });
    assert.equal(machine.last.options.env['PORT'], '3002');
    assert.deepEqual(stranger.heard, []);
  });

  it('is left alone for the next free one where the setting says so', async () => {
    host.start(aSpec({ onPortTaken: 'useNext' }), 'auto');
    assert.equal((await host.reaches('running')).port, 3001);
    machine.last.exit(1);
    await host.clock.until('it runs again', () => machine.programs.length === 2);
    assert.equal((await host.reaches('running')).port, 3001);
  });

  it('is freed on a person’s word, and then the app starts by itself', async () => {
    host.start();
    await host.reaches('blocked');
    await assert.rejects(host.find().endForeign('portHolder', []), ConfirmationNeededError);
    const confirmed = await host.find().foreignProcesses('portHolder');
    assert.deepEqual(
      confirmed.map(({ pid, command }) => ({ pid, command })),
      [{ pid: stranger.pid, command: 'python3 -m http.server 3000' }],
    );
    const ending = host.find().endForeign('portHolder', confirmed);
    await host.clock.advance(1000);
    await ending;
    assert.deepEqual(stranger.heard, ['SIGINT']);
    assert.equal((await host.reaches('running')).port, 3000);
  });

  it('is not called free while its holder lives on', async () => {
    host.start();
    await host.reaches('blocked');
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL'] as const) stranger.ignores.add(signal);
    const confirmed = await host.find().foreignProcesses('portHolder');
    const ending = host.find().endForeign('portHolder', confirmed);
    const isAlive = assert.rejects(
      ending,
      (error) =>
        error instanceof DevServerError &&
        error.code === 'foreignAlive' &&
        error.facts['pids'] === String(stranger.pid),
    );
    await host.clock.advance(20_000);
    await isAlive;
    assert.equal(host.session().state, 'blocked');
  });

  it('is not freed when its holder has changed since the question', async () => {
    host.start();
    await host.reaches('blocked');
    const confirmed = await host.find().foreignProcesses('portHolder');
    machine.end(stranger);
    const next = machine.birth({ command: 'another' });
    machine.listening.push({ port: 3000, pid: next.pid });
    await assert.rejects(host.find().endForeign('portHolder', confirmed), ConfirmationNeededError);
    assert.deepEqual(next.heard, []);
  });
});

describe('a server that listens on another port than it was told', () => {
  it('runs there, with a hint', async () => {
    const machine = new FakeMachine();
    const host = new FakeHost(machine);
    machine.onStart = (program) => program.listen(4000);
    host.start();
    const { port, reason, url } = await host.reaches('running');
    assert.equal(port, 4000);
    assert.equal(url, 'http://localhost:4000');
    assert.deepEqual(reason, { code: 'otherPort', facts: { port: 4000, wanted: 3000 } });
  });

  it('is not believed in on a stranger’s port', async () => {
    const machine = new FakeMachine();
    const host = new FakeHost(machine);
    machine.onStart = () => void machine.listening.push({ port: 4000, pid: 77 });
    host.start();
    await host.clock.advance(70_000);
    assert.equal(host.session().state, 'starting');
    assert.deepEqual(host.session().reason, { code: 'notListening', facts: { port: 3000, listening: false } });
  });

  it('listens and never answers: a minute later that is said', async () => {
    const machine = new FakeMachine();
    const host = new FakeHost(machine);
    machine.onProbe = () => Promise.resolve({ answered: false, error: 'no answer in 5000 ms' });
    host.start();
    await host.clock.advance(70_000);
    assert.deepEqual(host.session().reason, { code: 'notListening', facts: { port: 3000, listening: true } });
  });
});
