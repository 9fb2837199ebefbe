import assert from 'node:assert/strict';
import { lockHolder } from '../../src/sessions/nextLock';
import { FakeHost } from './support/fakeHost';
import { FakeMachine } from './support/fakeMachine';

describe('the table of locks', () => {
  const text = [
    '1: POSIX  ADVISORY  WRITE 15871 fe:00:5587005 0 EOF',
    '2: FLOCK  ADVISORY  READ  15000 fe:00:5587005 0 EOF',
    '3: FLOCK  ADVISORY  WRITE 24784 fe:00:5587005 0 EOF',
    '4: -> FLOCK  ADVISORY  WRITE 24999 fe:00:5587005 0 EOF',
    '5: FLOCK  ADVISORY  WRITE 777 103:05:5587005 0 EOF',
  ].join('\n');

  it('names who holds the file exclusively, on its own device', () => {
    assert.equal(lockHolder(text, 0xfe00n, 5587005n), 24784);
    assert.equal(lockHolder(text, 0x10305n, 5587005n), 777);
    assert.equal(lockHolder(text, 0xfe01n, 5587005n), undefined);
    assert.equal(lockHolder(text, 0xfe00n, 1n), undefined);
    assert.equal(lockHolder('', 0xfe00n, 1n), undefined);
  });
});

describe('an app whose folder the framework has locked for another server', () => {
  it('is blocked with the holder, and adopts it when it proves itself', async () => {
    const machine = new FakeMachine();
    let holder: { pid: number } | undefined = { pid: 77 };
    const host = new FakeHost(machine, {
      folderLock: { holder: () => Promise.resolve(holder), mayBeAnothers: () => Promise.resolve(true) },
    });
    host.start();
    const { reason } = await host.reaches('blocked');
    assert.deepEqual(reason, { code: 'folderLocked', facts: { pid: 77 } });
    assert.equal(machine.programs.length, 0);
    machine.startByHand(3005);
    assert.equal((await host.reaches('running')).adopted, true);
    holder = undefined;
  });

  it('is blocked, and has not crashed, when ours gave up by a lock that can not be seen', async () => {
    const machine = new FakeMachine();
    machine.onStart = (program) => program.exit(1);
    let isHeld = true;
    const host = new FakeHost(machine, {
      folderLock: {
        holder: (_spec, thorough) => Promise.resolve(thorough && isHeld ? { port: 3005, hidden: true } : undefined),
        mayBeAnothers: () => Promise.resolve(true),
      },
    });
    host.start();
    const { reason, crashes } = await host.reaches('blocked');
    assert.deepEqual(reason, { code: 'folderLocked', facts: { port: 3005, hidden: true } });
    assert.equal(crashes, 0);
    await host.clock.advance(120_000);
    assert.equal(host.session().state, 'blocked');
    isHeld = false;
    machine.onStart = (program) => program.listen();
    await host.reaches('running');
  });
});
