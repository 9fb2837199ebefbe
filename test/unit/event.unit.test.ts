import assert from 'node:assert/strict';
import { delay } from '../../src/sessions/clock';
import { DisposableStore, Emitter } from '../../src/sessions/event';
import { FakeClock, settle } from './support/fakeClock';

describe('an event', () => {
  it('reaches every listener in the order of subscription', () => {
    const emitter = new Emitter<number>();
    const heard: string[] = [];
    emitter.event((value) => heard.push(`a${value}`));
    emitter.event((value) => heard.push(`b${value}`));
    emitter.fire(1);
    assert.deepEqual(heard, ['a1', 'b1']);
  });

  it('reaches a function as often as it subscribed, and one leaving takes one away', () => {
    const emitter = new Emitter<void>();
    let count = 0;
    const listener = () => void count++;
    const first = emitter.event(listener);
    emitter.event(listener);
    emitter.fire();
    assert.equal(count, 2);
    first.dispose();
    first.dispose();
    emitter.fire();
    assert.equal(count, 3);
  });

  it('still reaches the others when a listener throws, and the owner hears of it', () => {
    const errors: unknown[] = [];
    const emitter = new Emitter<void>((error) => errors.push(error));
    let reached = false;
    emitter.event(() => {
      throw new Error('broken listener');
    });
    emitter.event(() => (reached = true));
    emitter.fire();
    assert.ok(reached);
    assert.equal(errors.length, 1);
  });

  it('no longer reaches a listener that another one has just disposed of', () => {
    const emitter = new Emitter<void>();
    let count = 0;
    emitter.event(() => second.dispose());
    const second = emitter.event(() => count++);
    emitter.fire();
    assert.equal(count, 0);
  });

  it('does not reach a listener that subscribed while it was fired', () => {
    const emitter = new Emitter<void>();
    let count = 0;
    emitter.event(() => void emitter.event(() => count++));
    emitter.fire();
    assert.equal(count, 0);
  });

  it('reaches nobody after its owner was disposed of', () => {
    const emitter = new Emitter<void>();
    let count = 0;
    emitter.event(() => count++);
    emitter.dispose();
    emitter.fire();
    assert.equal(count, 0);
  });
});

describe('a disposable store', () => {
  it('disposes of each item once, the last one first', () => {
    const order: number[] = [];
    const store = new DisposableStore();
    for (const n of [1, 2, 3]) store.add({ dispose: () => order.push(n) });
    store.dispose();
    store.dispose();
    assert.deepEqual(order, [3, 2, 1]);
    assert.ok(store.isDisposed);
  });

  it('disposes at once of what comes too late', () => {
    const store = new DisposableStore();
    store.dispose();
    let disposed = false;
    store.add({ dispose: () => (disposed = true) });
    assert.ok(disposed);
  });

  it('disposes of all, though one of them throws, and then says so', () => {
    const store = new DisposableStore();
    let disposed = 0;
    store.add({ dispose: () => disposed++ });
    store.add({
      dispose: () => {
        throw new Error('stuck');
      },
    });
    store.add({ dispose: () => disposed++ });
    assert.throws(() => store.dispose(), /stuck/);
    assert.equal(disposed, 2);
  });
});

describe('a pause', () => {
  it('ends after its time', async () => {
    const clock = new FakeClock();
    let over = false;
    void delay(clock, 1000).then(() => (over = true));
    await clock.advance(999);
    assert.equal(over, false);
    await clock.advance(1);
    assert.equal(over, true);
  });

  it('ends at once when it is called off, and leaves neither timer nor listener', async () => {
    const clock = new FakeClock();
    const abort = new AbortController();
    let over = false;
    void delay(clock, 1000, abort.signal).then(() => (over = true));
    abort.abort();
    await settle();
    assert.equal(over, true);
    assert.equal(clock.pending, 0);
    await delay(clock, 1000, abort.signal);
    assert.equal(clock.pending, 0);
  });
});
