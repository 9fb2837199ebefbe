import assert from 'node:assert/strict';
import {
  onOneMachine,
  type AcrossMachines,
  type StartAnswer,
  type StartPermit,
  type StartRequest,
} from '../../src/sessions/host/acrossMachines';
import type { Reason, RedisSettings, SessionSnapshot } from '../../src/sessions/protocol';
import { aSpec, FakeHost } from './support/fakeHost';
import { FakeMachine } from './support/fakeMachine';

const ELSEWHERE: Reason = { code: 'runsElsewhere', facts: { machine: 'other', url: 'http://other:3000', port: 3000 } };
const wait = (reason: Reason = ELSEWHERE): StartAnswer => ({ kind: 'wait', reason, lookAgainMs: 2000 });

/** Answers what the test says, and keeps what it was asked and told. */
class FakeAgreement implements AcrossMachines {
  answer: (request: StartRequest) => StartAnswer = () => ({ kind: 'granted', permit: this.permit() });
  isStillOurs = true;
  reason: Reason | undefined;
  held = 0;
  readonly used: (RedisSettings | undefined)[] = [];
  readonly asked: StartRequest[] = [];
  readonly told: SessionSnapshot[] = [];
  renewals = 0;
  isClosed = false;
  #listener = (): void => undefined;

  permit(): StartPermit {
    this.held++;
    let isHeld = true;
    return {
      fence: 1,
      mayStart: () => Promise.resolve(this.isStillOurs),
      release: () => {
        if (isHeld) this.held--;
        isHeld = false;
        return Promise.resolve();
      },
    };
  }

  use(settings: RedisSettings | undefined) {
    this.used.push(settings);
  }
  requestStart(request: StartRequest) {
    this.asked.push(request);
    return Promise.resolve(this.answer(request));
  }
  update(snapshot: SessionSnapshot) {
    this.told.push(snapshot);
  }
  renew() {
    this.renewals++;
    return Promise.resolve();
  }
  warning() {
    return this.reason;
  }
  onDidChange(listener: () => void) {
    this.#listener = listener;
    return onOneMachine.onDidChange(listener);
  }
  warn(reason: Reason | undefined) {
    this.reason = reason;
    this.#listener();
  }
  close() {
    this.isClosed = true;
    return Promise.resolve();
  }
  dispose() {
    this.isClosed = true;
  }
}

describe('a session that other machines might start, too', () => {
  let machine: FakeMachine;
  let agreement: FakeAgreement;
  let host: FakeHost;
  beforeEach(() => {
    machine = new FakeMachine();
    agreement = new FakeAgreement();
    host = new FakeHost(machine, { acrossMachines: agreement });
  });

  it('starts when it is granted, and gives the lock back when its server runs', async () => {
    let heldAtStart = 0;
    const start = machine.onStart;
    machine.onStart = (program) => {
      heldAtStart = agreement.held;
      start(program);
    };
    await host.run();
    assert.equal(heldAtStart, 1);
    assert.equal(agreement.held, 0);
    assert.deepEqual(
      agreement.asked.map(({ sessionId, startHere }) => [sessionId, startHere]),
      [['dev_server_web', false]],
    );
    assert.equal(agreement.told.at(-1)?.state, 'running');
  });

  it('waits while the server runs elsewhere, says where, and starts nothing', async () => {
    agreement.answer = () => wait();
    host.start();
    await host.reaches('waiting');
    await host.clock.advance(30_000);
    assert.deepEqual(host.session().reason, ELSEWHERE);
    assert.equal(machine.programs.length, 0);
    assert.ok(agreement.asked.length >= 10 && agreement.asked.length <= 17, `${agreement.asked.length} questions`);
  });

  it('takes over when the other is gone', async () => {
    agreement.answer = () => wait();
    host.start();
    await host.reaches('waiting');
    agreement.answer = () => ({ kind: 'granted', permit: agreement.permit() });
    await host.reaches('running');
    assert.equal(machine.programs.length, 1);
  });

  it('adopts the server that the other has started here, after it has won the lock', async () => {
    agreement.answer = () => wait({ code: 'startingElsewhere' });
    host.start();
    await host.reaches('waiting');
    agreement.answer = () => {
      machine.startByHand(3000);
      return { kind: 'granted', permit: agreement.permit() };
    };
    const { adopted } = await host.reaches('running');
    assert.equal(adopted, true);
    assert.equal(machine.programs.length, 0);
    assert.equal(agreement.held, 0, 'the lock is not kept for somebody else’s server');
  });

  it('starts here although it runs elsewhere when a person says so', async () => {
    agreement.answer = ({ startHere }) => (startHere ? { kind: 'granted', permit: agreement.permit() } : wait());
    host.start();
    await host.reaches('waiting');
    host.host.start({ spec: aSpec(), env: { PATH: '/bin' }, origin: 'user', choice: { startHere: true } });
    await host.reaches('running');
    assert.equal(machine.programs.length, 1);
  });

  it('can be stopped while it waits', async () => {
    agreement.answer = () => wait();
    host.start();
    await host.reaches('waiting');
    await host.find().stop();
    assert.equal(host.session().state, 'stopped');
    agreement.answer = () => ({ kind: 'granted', permit: agreement.permit() });
    await host.clock.advance(10_000);
    assert.equal(machine.programs.length, 0);
  });

  it('starts nothing when it has lost the lock right before, and asks again', async () => {
    agreement.isStillOurs = false;
    host.start();
    await host.clock.until('a second question', () => agreement.asked.length > 1);
    assert.equal(machine.programs.length, 0);
    agreement.isStillOurs = true;
    await host.reaches('running');
    assert.equal(machine.programs.length, 1);
    assert.equal(agreement.held, 0);
  });

  it('is refused while Redis is required and away, and starts when it is back', async () => {
    const reason: Reason = { code: 'redisUnavailable', facts: { detail: 'timed out' } };
    agreement.answer = () => ({ kind: 'refused', reason, lookAgainMs: 1000 });
    host.start();
    await host.reaches('blocked');
    assert.deepEqual(host.session().reason, reason);
    assert.equal(machine.programs.length, 0);
    agreement.answer = () => ({ kind: 'granted', permit: agreement.permit() });
    await host.reaches('running');
  });

  it('tells what is wrong while it runs, and when that has passed', async () => {
    await host.run();
    assert.equal(host.session().acrossMachines, undefined);
    host.window('1:2:cheatcode-app');
    agreement.warn({ code: 'redisUnavailable' });
    assert.deepEqual(host.pushed.at(-1)?.acrossMachines, { code: 'redisUnavailable' });
    agreement.warn(undefined);
    assert.equal(host.pushed.at(-1)?.acrossMachines, undefined);
  });

  it('renews on the one health interval, and only while Redis is used', async () => {
    await host.run();
    await host.clock.advance(60_000);
    assert.equal(agreement.renewals, 0);
    host.host.useRedis({ url: 'redis://localhost', required: false });
    await host.clock.advance(60_000);
    assert.equal(agreement.renewals, 4);
    host.host.useRedis(undefined);
    await host.clock.advance(60_000);
    assert.equal(agreement.renewals, 4);
    assert.deepEqual(
      agreement.used.map((settings) => settings?.url),
      ['redis://localhost', undefined],
    );
  });

  it('lets go of everything when the host ends', async () => {
    await host.run();
    await host.host.close();
    assert.equal(agreement.told.at(-1)?.state, 'stopped');
    assert.ok(agreement.isClosed);
  });
});
