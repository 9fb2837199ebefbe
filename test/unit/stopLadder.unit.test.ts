import assert from 'node:assert/strict';
import { findFamily, stillAlive } from '../../src/sessions/host/processFamily';
import { stopFamily } from '../../src/sessions/host/stopLadder';
import { SESSION_COOKIE } from '../../src/sessions/serverEnvironment';
import { quietLog } from '../contract/support/quietLog';
import { FakeClock } from './support/fakeClock';
import { FakeMachine, type FakeProcess } from './support/fakeMachine';

const COOKIE = 'scope:abc';
const env = { [SESSION_COOKIE]: COOKIE };

describe('the processes of a session', () => {
  let machine: FakeMachine;
  let leader: FakeProcess;
  beforeEach(() => {
    machine = new FakeMachine();
    leader = machine.birth({ env });
  });
  const family = async (marks: Parameters<typeof findFamily>[1] = { pgid: leader.pgid, cookie: COOKIE }) =>
    (await findFamily(machine.processes, marks)).map(({ pid }) => pid).sort();
  const pids = (...processes: FakeProcess[]) => processes.map(({ pid }) => pid).sort();

  it('are its group', async () => {
    const member = machine.birth({ pgid: leader.pgid, ppid: 1 });
    machine.birth();
    assert.deepEqual(await family(), pids(leader, member));
  });

  it('are what left the group and still carries its cookie', async () => {
    const left = machine.birth({ env });
    assert.deepEqual(await family(), pids(leader, left));
  });

  it('are the descendants of all those, whatever they carry', async () => {
    const child = machine.birth({ ppid: leader.pid });
    const grandchild = machine.birth({ ppid: child.pid });
    const left = machine.birth({ env });
    const leftChild = machine.birth({ ppid: left.pid });
    assert.deepEqual(await family(), pids(leader, child, grandchild, left, leftChild));
  });

  it('fault 27: are none of a group that took over the number of one that died out', async () => {
    const { pid, startTicks } = leader;
    const marks = { pgid: pid, cookie: COOKIE, leader: { pid, startTicks } };
    const left = machine.birth({ env });
    machine.end(leader);
    const stranger = machine.birth({ pid, startTicks: 'later' });
    machine.birth({ ppid: stranger.pid, pgid: stranger.pid });
    assert.deepEqual(await family(marks), pids(left));
  });

  it('are found when the leader is gone, and when it is a zombie', async () => {
    const member = machine.birth({ pgid: leader.pgid, ppid: leader.pid });
    leader.isZombie = true;
    assert.deepEqual(await family(), pids(member));
    machine.end(leader);
    assert.deepEqual(await family(), pids(member));
  });

  it('are no zombies: those have ended', async () => {
    machine.birth({ pgid: leader.pgid, isZombie: true, env });
    assert.deepEqual(await family(), pids(leader));
  });

  it('are never another session’s, another scope’s or the host itself', async () => {
    machine.birth({ env: { [SESSION_COOKIE]: `${COOKIE}d` } });
    machine.birth({ env: { OTHER: COOKIE } });
    machine.birth({ pid: process.pid, pgid: leader.pgid, env });
    assert.deepEqual(await family(), pids(leader));
  });

  it('are by the beginning of the cookie those of a whole scope', async () => {
    const other = machine.birth({ env: { [SESSION_COOKIE]: 'scope:def' } });
    machine.birth({ env: { [SESSION_COOKIE]: 'scope2:def' } });
    assert.deepEqual(await family({ pgid: undefined, cookie: 'scope:', isPrefix: true }), pids(leader, other));
  });

  it('are not everybody without a group, though no group is known', async () => {
    assert.deepEqual(await family({ pgid: undefined, cookie: COOKIE }), pids(leader));
  });

  it('survive a tree that turns in a circle', async () => {
    const [a, b] = [machine.birth({ ppid: leader.pid }), machine.birth({ ppid: leader.pid })];
    a.ppid = b.pid;
    b.ppid = a.pid;
    leader.ppid = a.pid;
    assert.deepEqual(await family(), pids(leader));
  });

  it('count as alive as long as nobody knows better', async () => {
    const hidden = machine.birth({ isHidden: true });
    const reused = { ...leader, startTicks: 'earlier' };
    const alive = await stillAlive(machine.processes, [leader, hidden, reused]);
    assert.deepEqual(
      alive.map(({ pid }) => pid),
      [leader.pid, hidden.pid],
    );
  });
});

describe('the stop of a server', () => {
  let machine: FakeMachine;
  let clock: FakeClock;
  let leader: FakeProcess;
  beforeEach(() => {
    machine = new FakeMachine();
    clock = new FakeClock();
    leader = machine.birth({ env });
  });
  const stop = async (port?: number, options?: Parameters<typeof stopFamily>[3]) => {
    const deps = { clock, processes: machine.processes, ports: machine.ports, log: quietLog() };
    const done = stopFamily(deps, { pgid: leader.pgid, cookie: COOKIE }, port, options);
    let result: Awaited<typeof done> | undefined;
    void done.then((value) => (result = value));
    await clock.until('the stop is done', () => result !== undefined);
    return { ...(await done), tookMs: clock.nowMs() };
  };
  const ignoring = (process: FakeProcess, ...signals: ('SIGINT' | 'SIGTERM' | 'SIGKILL')[]) => {
    for (const signal of signals) process.ignores.add(signal);
    return process;
  };

  it('is one SIGINT for a group that obeys, each process once, and quick', async () => {
    const member = machine.birth({ pgid: leader.pgid, ppid: leader.pid, env });
    const { left, portFree, tookMs } = await stop(3000);
    assert.deepEqual([left, portFree], [[], true]);
    assert.deepEqual([leader.heard, member.heard], [['SIGINT'], ['SIGINT']]);
    assert.ok(tookMs < 100);
  });

  it('is SIGTERM after five seconds and SIGKILL after three more', async () => {
    ignoring(leader, 'SIGINT', 'SIGTERM');
    const { left, tookMs } = await stop();
    assert.deepEqual(left, []);
    assert.deepEqual(leader.heard, ['SIGINT', 'SIGTERM', 'SIGKILL']);
    assert.ok(tookMs >= 8000 && tookMs < 9000, `${tookMs} ms`);
  });

  it('waits for those that need a while, without a second signal', async () => {
    ignoring(leader, 'SIGINT');
    clock.after(4000, () => machine.end(leader));
    await stop();
    assert.deepEqual(leader.heard, ['SIGINT']);
  });

  it('reaches what left the group, each once a rung', async () => {
    const left = ignoring(machine.birth({ env }), 'SIGINT');
    await stop();
    assert.deepEqual(left.heard, ['SIGINT', 'SIGTERM']);
  });

  it('reaches what is born while it stops', async () => {
    let late: FakeProcess | undefined;
    leader.onEnd = () => (late = machine.birth({ pgid: leader.pgid, env }));
    const { left } = await stop();
    assert.deepEqual(left, []);
    assert.deepEqual(late?.heard, ['SIGTERM']);
  });

  it('counts a zombie as ended', async () => {
    machine.birth({ pgid: leader.pgid, isZombie: true, env });
    assert.deepEqual((await stop()).left, []);
  });

  it('says who is left when even SIGKILL does not help, and that the port is not free', async () => {
    ignoring(leader, 'SIGINT', 'SIGTERM', 'SIGKILL');
    const { left, portFree, tookMs } = await stop(3000);
    assert.deepEqual(
      left.map(({ pid }) => pid),
      [leader.pid],
    );
    assert.equal(portFree, false);
    assert.ok(tookMs < 15_000, 'every wait has a limit');
  });

  it('is not done before the port is free', async () => {
    machine.listening.push({ port: 3000, pid: 77 });
    clock.after(300, () => (machine.listening.length = 0));
    const { portFree, tookMs } = await stop(3000);
    assert.equal(portFree, true);
    assert.ok(tookMs >= 300);
  });

  it('says when the port does not come free', async () => {
    machine.listening.push({ port: 3000, pid: 77 });
    assert.equal((await stop(3000)).portFree, false);
  });

  it('sends no second Ctrl+C when one was typed, but gives it the same time before SIGTERM', async () => {
    const { tookMs } = await stop(undefined, { interrupted: true });
    assert.deepEqual(leader.heard, ['SIGTERM']);
    assert.ok(tookMs >= 5000, `${tookMs} ms`);
  });

  it('signals nobody when nothing is left, and a stranger never', async () => {
    const stranger = machine.birth();
    machine.end(leader);
    assert.deepEqual((await stop()).left, []);
    assert.deepEqual(stranger.heard, []);
  });
});
