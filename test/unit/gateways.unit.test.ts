import assert from 'node:assert/strict';
import { DevServerError } from '../../src/sessions/errors';
import { gatewayId, Gateways } from '../../src/sessions/host/gateways';
import { quietLog } from '../contract/support/quietLog';
import { aSession } from './samples';
import { FakeClock, settle } from './support/fakeClock';
import { FakeGateways } from './support/fakeGateways';

const WEB = aSession();
const ADMIN = aSession({ id: 'dev_server_web_admin', appKey: '1:7:admin', appName: 'admin', port: 3001 });

describe('the gateways of a host', () => {
  let clock: FakeClock;
  let fake: FakeGateways;
  let gateways: Gateways;
  const create = () => new Gateways({ clock, log: quietLog(), spawn: fake.spawn, ports: fake.ports });
  const serve = (session = WEB, hosts: readonly string[] = [], taken: readonly number[] = []) =>
    gateways.serve(session, hosts, taken);
  const isGatewayFailed = (detail: string) => (error: unknown) =>
    error instanceof DevServerError && error.code === 'gatewayFailed' && error.facts['detail'] === detail;
  /** The promise's outcome, heard of at once: a rejection must not be unhandled while time passes. */
  const outcome = (promise: Promise<unknown>) =>
    promise.then(
      (value) => value,
      (error: unknown) => error,
    );
  beforeEach(() => {
    clock = new FakeClock();
    fake = new FakeGateways();
    gateways = create();
  });

  it('are begun with the first request, one process for all apps', async () => {
    gateways.update(WEB);
    assert.equal(fake.processes.length, 0);
    const web = await serve();
    const admin = await serve(ADMIN);
    assert.equal(fake.processes.length, 1);
    assert.deepEqual([web.id, admin.id], [gatewayId(WEB.appKey), gatewayId(ADMIN.appKey)]);
    assert.notEqual(web.port, admin.port);
    assert.deepEqual(
      fake.last.heard('serve').map(({ id, port, upstream }) => [id, port, upstream.port, upstream.label]),
      [
        [web.id, undefined, 3000, 'Web'],
        [admin.id, undefined, 3001, 'admin'],
      ],
    );
    assert.match(web.id, /^[0-9a-f]{16}$/);
    assert.equal(clock.pending, 0, 'a timer is left');
  });

  it('answer all who ask for the same app at once with one listener', async () => {
    const answers = await Promise.all([serve(), serve(), serve()]);
    assert.equal(new Set(answers.map(({ port }) => port)).size, 1);
    assert.equal(fake.last.heard('serve').length, 1);
    assert.deepEqual(await serve(), answers[0]);
    assert.equal(fake.last.heard('serve').length, 1);
  });

  it('follow the states of a session, and are told of changes only', async () => {
    await serve();
    const { id } = await serve();
    const told = () =>
      fake.last.heard('upstream').map(({ id: of, upstream }) => [of, upstream.port, upstream.sentence]);
    gateways.update({ ...WEB, revision: 2, windows: 3 });
    assert.deepEqual(told(), []);
    gateways.update({ ...WEB, state: 'starting', reason: { code: 'requested' } });
    gateways.update({ ...WEB, state: 'starting', reason: { code: 'requested' }, revision: 9 });
    assert.deepEqual(told(), [[id, undefined, 'Web is starting on port 3000.']]);
    gateways.update({ ...WEB, port: 3005 });
    gateways.update({ ...WEB, state: 'unhealthy', reason: { code: 'noAnswer' }, port: 3005 });
    gateways.update({ ...WEB, state: 'stopped', reason: { code: 'stoppedByUser' } });
    gateways.update(ADMIN);
    assert.deepEqual(
      told()
        .slice(1)
        .map(([, port]) => port),
      [3005, 3005, undefined],
    );
    assert.match(String(told()[3]?.[2]), /is stopped/);
  });

  it('take the hosts of all clients, each once', async () => {
    await serve(WEB, ['a.example.com']);
    await serve(ADMIN, ['b.example.com:8443', 'A.example.com']);
    await serve(WEB, ['b.example.com:8443']);
    assert.deepEqual(
      fake.last.heard('hosts').map(({ hosts }) => [...hosts].sort()),
      [['a.example.com'], ['a.example.com', 'b.example.com:8443']],
    );
  });

  it('answer when the process has taken the hosts, and not before', async () => {
    await serve();
    fake.isMute = true;
    let isAnswered = false;
    const waiting = serve(WEB, ['a.example.com']).then(({ id, port }) => {
      isAnswered = true;
      return { id, port };
    });
    await settle();
    assert.equal(isAnswered, false);
    assert.deepEqual(
      fake.last.told.slice(-2).map(({ type }) => type),
      ['hosts', 'serve'],
    );
    fake.last.says({ type: 'serving', id: gatewayId(WEB.appKey), port: 41_000 });
    assert.equal((await waiting).port, 41_000);
  });

  it('forget the host that was named longest ago when there are too many', async () => {
    const all = Array.from({ length: 50 }, (_, n) => `h${n}.example.com`);
    await serve(WEB, all);
    await serve(WEB, ['h0.example.com']);
    await serve(WEB, ['new.example.com']);
    const hosts = fake.last.heard('hosts').at(-1)?.hosts ?? [];
    assert.equal(hosts.length, 50);
    assert.deepEqual(
      ['h0.example.com', 'h1.example.com', 'new.example.com'].map((host) => hosts.includes(host)),
      [true, false, true],
    );
  });

  it('come back on the same ports with all that was known when the process dies', async () => {
    const web = await serve(WEB, ['a.example.com']);
    const admin = await serve(ADMIN);
    fake.last.dies();
    gateways.update({ ...WEB, port: 3009 });
    await clock.advance(0);
    assert.equal(fake.processes.length, 2);
    assert.deepEqual(
      fake.last.heard('serve').map(({ id, port, upstream }) => [id, port, upstream.port]),
      [
        [web.id, web.port, 3009],
        [admin.id, admin.port, 3001],
      ],
    );
    assert.deepEqual(fake.last.heard('hosts')[0]?.hosts, ['a.example.com']);
    assert.deepEqual(await serve(), web);
  });

  it('are tried again after 0, 1, 2 and 4 seconds, and then with the next request', async () => {
    await serve();
    fake.isMute = true;
    for (const [pauseMs, count] of [
      [0, 2],
      [1000, 3],
      [2000, 4],
      [4000, 5],
    ] as const) {
      fake.last.dies();
      await clock.advance(Math.max(0, pauseMs - 1));
      assert.equal(fake.processes.length, pauseMs === 0 ? count : count - 1);
      await clock.advance(1);
      assert.equal(fake.processes.length, count);
    }
    fake.last.dies();
    await clock.advance(600_000);
    assert.equal(fake.processes.length, 5);
    fake.isMute = false;
    const { port } = await serve();
    assert.equal(fake.processes.length, 6);
    assert.equal(port, 41_000);
  });

  it('begin their pauses anew after a minute of good service', async () => {
    await serve();
    for (let death = 0; death < 8; death++) {
      await clock.advance(60_000);
      fake.last.dies();
      await clock.advance(0);
    }
    assert.equal(fake.processes.length, 9);
  });

  it('fail at once for whoever waits when the process can not be begun, and say why', async () => {
    fake.isMute = true;
    const waiting = outcome(serve());
    fake.last.dies('exit code 1: no such file');
    assert.ok(isGatewayFailed('exit code 1: no such file')(await waiting));
    fake.spawnError = new Error('out of memory');
    await clock.advance(600_000);
    await assert.rejects(serve(), isGatewayFailed('out of memory'));
    fake.spawnError = undefined;
    fake.isMute = false;
    await serve();
  });

  it('let a request survive the death of a process that had served', async () => {
    await serve();
    fake.isMute = true;
    const waiting = serve(ADMIN);
    fake.isMute = false;
    fake.last.dies();
    await clock.advance(0);
    assert.equal((await waiting).id, gatewayId(ADMIN.appKey));
  });

  it('fail when no port is to be had for an app, and ask again with the next request', async () => {
    fake.isMute = true;
    const waiting = outcome(serve());
    fake.last.says({ type: 'failed', id: gatewayId(WEB.appKey), detail: 'EMFILE' });
    assert.ok(isGatewayFailed('EMFILE')(await waiting));
    fake.isMute = false;
    await serve();
    assert.equal(fake.processes.length, 1);
  });

  it('replace a process that hangs, and answer whoever asked in time', async () => {
    fake.isMute = true;
    const waiting = outcome(serve());
    await clock.advance(7999);
    fake.isMute = false;
    await clock.advance(1);
    assert.ok(isGatewayFailed('it did not listen within 8 s')(await waiting));
    assert.ok(fake.processes[0]?.isEnded);
    await serve();
    assert.equal(fake.processes.length, 2);
  });

  it('hear nothing of a process that is over', async () => {
    await serve();
    const first = fake.last;
    first.dies();
    await clock.advance(0);
    await settle();
    const { port } = await serve();
    first.says({ type: 'serving', id: gatewayId(WEB.appKey), port: 9 });
    first.dies();
    await clock.advance(600_000);
    assert.equal(fake.processes.length, 2);
    assert.equal((await serve()).port, port);
  });

  it('ignore news of an app that nobody asked for', async () => {
    await serve();
    const { writes } = fake;
    fake.last.says({ type: 'serving', id: 'ffffffffffffffff', port: 9 });
    assert.equal(fake.writes, writes);
    assert.equal(gateways.has(9), false);
  });

  describe('keep their ports', () => {
    it('for the next host', async () => {
      const { port, id } = await serve();
      assert.deepEqual([...fake.stored], [[id, port]]);
      gateways.dispose();
      gateways = create();
      assert.equal((await serve()).port, port);
      assert.equal(fake.last.heard('serve')[0]?.port, port);
      assert.equal(fake.writes, 1);
    });

    it('and take another when the old one is gone', async () => {
      const { id } = await serve();
      fake.last.says({ type: 'serving', id, port: 42_000 });
      assert.equal(fake.stored.get(id), 42_000);
      assert.deepEqual([gateways.has(42_000), gateways.has(41_000)], [true, false]);
    });

    it('but leave a dev server the one that it has', async () => {
      fake.stored.set(gatewayId(WEB.appKey), 3001);
      await serve(WEB, [], [3000, 3001]);
      assert.equal(fake.last.heard('serve')[0]?.port, undefined);
    });
  });

  describe('that nobody needs', () => {
    it('end, and come back on the same port', async () => {
      const { port } = await serve();
      const first = fake.last;
      gateways.rest();
      assert.ok(first.isEnded);
      await clock.advance(600_000);
      assert.equal(fake.processes.length, 1);
      assert.ok(gateways.has(port), 'no dev server may take it meanwhile');
      assert.equal((await serve()).port, port);
    });

    it('are not begun again after a death', async () => {
      await serve();
      fake.last.dies();
      gateways.rest();
      await clock.advance(600_000);
      assert.equal(fake.processes.length, 1);
    });
  });

  describe('of a host that ends', () => {
    it('end with it, and nothing is begun any more', async () => {
      await serve();
      fake.isMute = true;
      const waiting = outcome(serve(ADMIN));
      const process = fake.last;
      gateways.dispose();
      assert.ok(process.isEnded);
      assert.ok(isGatewayFailed('the session host ends')(await waiting));
      process.dies();
      gateways.update({ ...WEB, port: 3005 });
      await assert.rejects(serve(), isGatewayFailed('the session host ends'));
      await clock.advance(600_000);
      assert.equal(fake.processes.length, 1);
      assert.equal(clock.pending, 0, 'a timer is left');
      gateways.dispose();
    });

    it('are not begun again when the process had died before', async () => {
      await serve();
      fake.last.dies();
      gateways.dispose();
      await clock.advance(600_000);
      assert.equal(fake.processes.length, 1);
      assert.equal(clock.pending, 0, 'a timer is left');
    });
  });
});
