import assert from 'node:assert/strict';
import { EnvironmentMemory, valuesOf } from '../../src/sessions/host/environmentMemory';
import type { ProcStat } from '../../src/sessions/procFiles';

/** A process with its environment; the layout is what its last exec made of it. */
interface Fake extends ProcStat {
  readonly environment: string | undefined;
}

function fake(of: Partial<Fake> & { readonly pid: number }): Fake {
  return { state: 'S', ppid: 1, pgid: 1, sid: 1, startTicks: '9', layout: '1 2 3', environment: '', ...of };
}

describe('what is remembered of environments', () => {
  let machine: Fake[];
  /** Pids whose environment was read. */
  let reads: number[];
  let memory: EnvironmentMemory;
  beforeEach(() => {
    machine = [];
    reads = [];
    memory = new EnvironmentMemory((pid) => {
      reads.push(pid);
      const environment = machine.find((one) => one.pid === pid)?.environment;
      return Promise.resolve(environment === undefined ? undefined : Buffer.from(environment));
    });
  });
  /** Who has it, and whose environment was read for that. */
  const look = async (value = 'x', name = 'COOKIE') => {
    reads = [];
    const found = await memory.withVariable(name, machine, (one) => one === value);
    return { found: found.map(({ pid }) => pid), reads };
  };

  it('is read once for each program', async () => {
    machine = [fake({ pid: 1, environment: 'A=1\0COOKIE=x\0' }), fake({ pid: 2, environment: 'COOKIE=y\0' })];
    assert.deepEqual(await look(), { found: [1], reads: [1, 2] });
    assert.deepEqual(await look(), { found: [1], reads: [] });
    assert.deepEqual(await look('y'), { found: [2], reads: [] });
    machine.push(fake({ pid: 3, environment: 'COOKIE=x\0' }));
    assert.deepEqual(await look(), { found: [1, 3], reads: [3] });
  });

  it('is read anew after an exec, which may bring the variable or take it away', async () => {
    machine = [fake({ pid: 1, environment: 'COOKIE=x' }), fake({ pid: 2, environment: 'A=1' })];
    await look();
    machine = [
      fake({ pid: 1, environment: 'A=1', layout: '1 2 4' }),
      fake({ pid: 2, environment: 'COOKIE=x', layout: '1 2 4' }),
    ];
    assert.deepEqual(await look(), { found: [2], reads: [1, 2] });
  });

  it('is another process’s when the number is', async () => {
    machine = [fake({ pid: 1, environment: 'COOKIE=x' })];
    await look();
    machine = [fake({ pid: 1, startTicks: '10', environment: 'A=1' })];
    assert.deepEqual(await look(), { found: [], reads: [1] });
  });

  it('is forgotten with the process', async () => {
    machine = [fake({ pid: 1, environment: 'COOKIE=x' })];
    await look();
    machine = [];
    await look();
    machine = [fake({ pid: 1, environment: 'COOKIE=x' })];
    assert.deepEqual(await look(), { found: [1], reads: [1] });
  });

  it('is read each time where the system does not show an exec, or shows no environment', async () => {
    machine = [fake({ pid: 1, layout: undefined, environment: 'COOKIE=x' }), fake({ pid: 2, environment: undefined })];
    assert.deepEqual(await look(), { found: [1], reads: [1, 2] });
    assert.deepEqual(await look(), { found: [1], reads: [1, 2] });
  });

  it('is kept for each variable by itself', async () => {
    machine = [fake({ pid: 1, environment: 'COOKIE=x\0OTHER=x' })];
    await look();
    assert.deepEqual(await look('x', 'OTHER'), { found: [1], reads: [1] });
    assert.deepEqual(await look(), { found: [1], reads: [] });
  });

  it('is whole entries, and no parts of others', () => {
    const environment = Buffer.from('A=1\0XCOOKIE=s:2\0COOKIE=s:23\0COOKIE=\0LAST=x=y');
    assert.deepEqual(valuesOf(environment, 'COOKIE'), ['s:23', '']);
    assert.deepEqual(valuesOf(environment, 'A'), ['1']);
    assert.deepEqual(valuesOf(environment, 'LAST'), ['x=y']);
    assert.deepEqual(valuesOf(environment, 'OOKIE'), []);
    assert.deepEqual(valuesOf(Buffer.alloc(0), 'A'), []);
    assert.equal(valuesOf(undefined, 'A'), undefined);
  });
});
