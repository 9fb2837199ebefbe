import assert from 'node:assert/strict';
import { Fence } from '../../src/sessions/host/fence';
import type { SessionRecord, SessionRecords } from '../../src/sessions/host/sessionRecords';
import { SESSION_COOKIE } from '../../src/sessions/serverEnvironment';
import { quietLog } from '../contract/support/quietLog';
import { FakeClock } from './support/fakeClock';
import { aRecord, aSpec } from './support/fakeHost';
import { FakeMachine, type FakeProcess } from './support/fakeMachine';

const COOKIE = 'scope:abc';
const env = { [SESSION_COOKIE]: COOKIE };
const { appKey } = aSpec();
const another = aSpec({ appKey: '9:9:other' });

describe('the fence', () => {
  let machine: FakeMachine;
  let clock: FakeClock;
  let onDisk: Map<string, SessionRecord>;
  let records: SessionRecords;
  let fence: Fence;
  /** Pids that the system hides: it only tells that they exist. */
  let hidden: Set<number>;
  beforeEach(() => {
    machine = new FakeMachine();
    clock = new FakeClock();
    onDisk = new Map();
    hidden = new Set();
    records = {
      readAll: () => [...onDisk.values()],
      write: (record) => void onDisk.set(record.id, record),
      remove: (id) => void onDisk.delete(id),
    };
    const processes: typeof machine.processes = {
      ...machine.processes,
      liveness: (identity) =>
        hidden.has(identity.pid) ? Promise.resolve('unknown') : machine.processes.liveness(identity),
    };
    fence = new Fence({ clock, processes, ports: machine.ports, log: quietLog() }, 'scope:');
  });
  const recordOf = ({ pid, startTicks }: FakeProcess, cookie = COOKIE) =>
    aRecord({ process: { pid, startTicks, cookie } });
  const finished = async <T>(work: Promise<T>): Promise<T> => {
    let isDone = false;
    void work.then(() => (isDone = true));
    await clock.until('the fence is done', () => isDone);
    return work;
  };
  const raise = (...written: SessionRecord[]) => {
    for (const record of written) onDisk.set(record.id, record);
    return finished(fence.run(records));
  };
  const unkillable = (of: Parameters<FakeMachine['birth']>[0] = {}) => {
    const born = machine.birth(of);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL'] as const) born.ignores.add(signal);
    return born;
  };

  it('ends the group that a record names, and takes the process off the record', async () => {
    const server = machine.birth({ env });
    machine.birth({ pgid: server.pgid, ppid: server.pid });
    const known = await raise(recordOf(server));
    assert.deepEqual(machine.all, []);
    assert.deepEqual(
      [known[0]?.process, onDisk.get('dev_server_web')?.process, fence.isSettled],
      [undefined, undefined, true],
    );
  });

  it('ends what no record names but carries a cookie of this scope, in other groups, too', async () => {
    machine.birth({ env: { [SESSION_COOKIE]: 'scope:1' } });
    machine.birth({ env: { [SESSION_COOKIE]: 'scope:2' } });
    const other = machine.birth({ env: { [SESSION_COOKIE]: 'other:1' } });
    await raise();
    assert.deepEqual(machine.all, [other]);
  });

  it('fault 27: lets a stranger live that has the pid of a server by now', async () => {
    const stranger = machine.birth();
    await raise(recordOf({ ...stranger, startTicks: 'earlier' }));
    assert.deepEqual(stranger.heard, []);
    assert.equal(fence.isSettled, true);
  });

  it('fault 28: lets a process live that a record of another scope names, and cleans the record', async () => {
    const server = machine.birth({ env: { [SESSION_COOKIE]: 'other:1' } });
    await raise(recordOf(server, 'other:1'));
    assert.deepEqual(server.heard, []);
    assert.equal(onDisk.get('dev_server_web')?.process, undefined);
    assert.equal(fence.obstacle(appKey), undefined);
  });

  it('names what it could not end, to the app that it belongs to alone', async () => {
    const server = unkillable({ env });
    await raise(recordOf(server));
    assert.deepEqual(fence.obstacle(appKey), { code: 'unknownProcesses', facts: { pids: String(server.pid) } });
    assert.equal(fence.obstacle(another.appKey), undefined);
  });

  it('lets no app start while nothing tells whose process it could not end', async () => {
    const stray = unkillable({ env: { [SESSION_COOKIE]: 'scope:lost' } });
    await raise(aRecord());
    for (const key of [appKey, another.appKey]) assert.equal(fence.obstacle(key)?.facts?.['pids'], String(stray.pid));
  });

  it('knows by its cookie to which app a stray belongs', async () => {
    const leader = machine.birth({ env });
    const record = recordOf(leader);
    machine.end(leader);
    unkillable({ env });
    await raise(record);
    assert.ok(fence.obstacle(appKey));
    assert.equal(fence.obstacle(another.appKey), undefined);
  });

  it('fault 26: does not touch what it can not look at, counts it as running, and heals when it has gone', async () => {
    const server = machine.birth();
    hidden.add(server.pid);
    await raise(recordOf(server));
    assert.deepEqual(server.heard, []);
    assert.ok(fence.obstacle(appKey));
    assert.ok(onDisk.get('dev_server_web')?.process, 'the next host looks at it, too');
    await finished(fence.lookAgain());
    assert.equal(fence.isSettled, false);
    machine.end(server);
    hidden.clear();
    await finished(fence.lookAgain());
    assert.deepEqual([fence.isSettled, fence.obstacle(appKey)], [true, undefined]);
  });

  it('ends what it could not look at once it can verify it', async () => {
    const server = machine.birth({ env });
    hidden.add(server.pid);
    await raise(recordOf(server));
    hidden.clear();
    await finished(fence.lookAgain());
    assert.deepEqual([machine.all, fence.isSettled], [[], true]);
  });

  it('keeps an unsettled process on record when the session writes it anew', async () => {
    const server = machine.birth();
    hidden.add(server.pid);
    const record = recordOf(server);
    await raise(record);
    fence.guarding(records).write(aRecord({ desired: 'stopped' }));
    assert.deepEqual(onDisk.get('dev_server_web'), { ...record, desired: 'stopped' });
  });

  it('stands although the disk takes no record', async () => {
    records.write = () => {
      throw new Error('ENOSPC');
    };
    const server = machine.birth({ env });
    const known = await raise(recordOf(server));
    assert.deepEqual([machine.all, known[0]?.process], [[], undefined]);
  });

  it('is quick where nothing was left', async () => {
    await raise(aRecord(), aRecord({ id: 'dev_server_mobile', desired: 'stopped' }));
    assert.equal(clock.nowMs(), 0);
  });
});
