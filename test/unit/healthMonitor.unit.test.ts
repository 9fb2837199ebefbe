import assert from 'node:assert/strict';
import { HealthMonitor, type Monitored } from '../../src/sessions/host/healthMonitor';
import { FakeClock } from './support/fakeClock';

class Target implements Monitored {
  checks = 0;
  inFlight = 0;
  mostInFlight = 0;
  answer: () => void = () => undefined;
  readonly #slow: boolean;

  constructor(slow = false) {
    this.#slow = slow;
  }

  async checkHealth(): Promise<void> {
    this.checks++;
    this.inFlight++;
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
    if (this.#slow) await new Promise<void>((resolve) => (this.answer = resolve));
    this.inFlight--;
  }
}

describe('the health monitor', () => {
  let clock: FakeClock;
  let monitor: HealthMonitor;
  beforeEach(() => {
    clock = new FakeClock();
    monitor = new HealthMonitor(clock, 15_000);
  });

  it('has no timer while there is nothing to look at', () => {
    assert.equal(clock.pending, 0);
    const watching = monitor.add(new Target());
    watching.dispose();
    assert.equal(clock.pending, 0);
  });

  it('has one timer, however many sessions there are', async () => {
    const targets = Array.from({ length: 20 }, () => new Target());
    for (const target of targets) monitor.add(target);
    assert.equal(clock.pending, 1);
    await clock.advance(15_000);
    assert.equal(clock.pending, 1);
    assert.ok(targets.every(({ checks }) => checks === 1));
  });

  it('looks at each session once an interval and at one that left no more', async () => {
    const [stays, leaves] = [new Target(), new Target()];
    monitor.add(stays);
    const watching = monitor.add(leaves);
    await clock.advance(30_000);
    watching.dispose();
    await clock.advance(30_000);
    assert.equal(stays.checks, 4);
    assert.equal(leaves.checks, 2);
  });

  it('never sends a second probe to an app that has not answered the first, and goes on when it has', async () => {
    const [slow, quick] = [new Target(true), new Target()];
    monitor.add(slow);
    monitor.add(quick);
    await clock.advance(60_000);
    assert.equal(slow.checks, 1);
    assert.equal(quick.checks, 4);
    slow.answer();
    await clock.advance(15_000);
    assert.equal(slow.checks, 2);
    assert.equal(slow.mostInFlight, 1);
  });

  it('follows a new interval at once, with one timer', async () => {
    const target = new Target();
    monitor.add(target);
    await clock.advance(10_000);
    monitor.setInterval(2000);
    assert.equal(clock.pending, 1);
    await clock.advance(6000);
    assert.equal(target.checks, 3);
  });

  it('is not put off by being told the interval that it has', async () => {
    const target = new Target();
    monitor.add(target);
    for (let window = 0; window < 14; window++) {
      await clock.advance(1000);
      monitor.setInterval(15_000);
    }
    await clock.advance(1000);
    assert.equal(target.checks, 1);
  });

  it('starts no timer by a new interval when there is nothing to look at', () => {
    monitor.setInterval(1000);
    assert.equal(clock.pending, 0);
  });

  it('leaves no timer behind', () => {
    monitor.add(new Target());
    monitor.dispose();
    assert.equal(clock.pending, 0);
  });
});
