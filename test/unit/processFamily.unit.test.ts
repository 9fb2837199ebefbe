import assert from 'node:assert/strict';
import { findFamily, isInFamily, type FamilyMarks } from '../../src/sessions/host/processFamily';
import type { ProcessEntry, Processes } from '../../src/sessions/host/processes';

const HOST = 40;
const SERVER = 50;
const leader = { pid: SERVER, startTicks: '900' };

function process(of: Partial<ProcessEntry> & { readonly pid: number }): ProcessEntry {
  return { ppid: HOST, pgid: of.pid, startTicks: '900', isZombie: false, ...of } as ProcessEntry;
}

/** A machine with these processes; those of `cookies` carry the session's cookie. */
function family(all: readonly ProcessEntry[], marks: Partial<FamilyMarks> = {}, cookies: readonly number[] = []) {
  const processes = {
    table: () => Promise.resolve(all),
    findByEnvironment: () => Promise.resolve(all.filter(({ pid }) => cookies.includes(pid))),
  } as unknown as Processes;
  return findFamily(processes, { pgid: SERVER, cookie: 'c', ...marks }).then((found) =>
    found.map(({ pid }) => pid).sort((a, b) => a - b),
  );
}

describe('the family of a server', () => {
  it('is its group, the descendants of its leader, and who carries its cookie', async () => {
    const all = [
      process({ pid: SERVER }),
      process({ pid: 51, ppid: SERVER, pgid: SERVER }),
      process({ pid: 52, ppid: 51, pgid: 52 }),
      process({ pid: 53, ppid: 1, pgid: 53 }),
      process({ pid: 54, ppid: 1, pgid: 54 }),
    ];
    assert.deepEqual(await family(all, { leader }, [53]), [SERVER, 51, 52, 53]);
  });

  it('holds its leader before that has a group of its own: a fork takes its moment until then', async () => {
    // Forked, and nothing else: the group and the environment are still the host's.
    const newborn = process({ pid: SERVER, pgid: HOST });
    assert.deepEqual(await family([process({ pid: HOST, ppid: 1 }), newborn], { leader }), [SERVER]);
  });

  it('is no stranger who got its number', async () => {
    const stranger = process({ pid: SERVER, startTicks: '901' });
    assert.deepEqual(await family([stranger, process({ pid: 51, ppid: SERVER, pgid: SERVER })], { leader }), []);
    assert.deepEqual(await family([process({ pid: SERVER, startTicks: '901', pgid: HOST })], { leader }), []);
    // Never looked at: nothing tells that it is ours.
    assert.deepEqual(await family([process({ pid: SERVER, pgid: HOST })]), []);
  });

  it('holds no zombies', async () => {
    assert.deepEqual(await family([process({ pid: SERVER, isZombie: true })], { leader }), []);
  });
});

describe('one process, asked whether it is of the family', () => {
  const child = process({ pid: 51, ppid: SERVER, pgid: SERVER });
  /** What was asked of the machine. */
  let asked: string[];
  const isIn = (pid: number, all: readonly ProcessEntry[], marks: Partial<FamilyMarks> = { leader }) => {
    asked = [];
    const find = (one: number) => all.find((info) => info.pid === one);
    const processes = {
      table: () => Promise.resolve(asked.push('all')).then(() => all),
      findByEnvironment: () => Promise.resolve([]),
      groupOf: (one: number) => Promise.resolve(find(one)?.pgid),
      liveness: (one: ProcessEntry) => Promise.resolve(find(one.pid)?.startTicks === one.startTicks ? 'alive' : 'dead'),
    } as unknown as Processes;
    return isInFamily(processes, { pgid: SERVER, cookie: 'c', ...marks }, pid);
  };

  it('is known by its group while that has its leader, without a look at all others', async () => {
    assert.equal(await isIn(51, [process({ pid: SERVER }), child]), true);
    assert.deepEqual(asked, []);
  });

  it('is looked for among all where the group has lost its leader, or never had one that was seen', async () => {
    assert.equal(await isIn(51, [child]), true);
    assert.deepEqual(asked, ['all']);
    assert.equal(await isIn(51, [process({ pid: SERVER }), child], {}), true);
    assert.deepEqual(asked, ['all']);
  });

  it('is no stranger whose group has got the number', async () => {
    assert.equal(await isIn(51, [process({ pid: SERVER, startTicks: '901' }), child]), false);
    assert.equal(await isIn(60, [process({ pid: SERVER }), process({ pid: 60, ppid: 1 })]), false);
  });
});
