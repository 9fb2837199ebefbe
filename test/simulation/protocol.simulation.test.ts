import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import path from 'node:path';

/** Schedules of `npm test`, the time that they may take, and how few are too few (a machine that is busy). */
const SCHEDULES = 100_000;
const SECONDS = 120;
const FLOOR = 20_000;

interface Result {
  readonly schedules: number;
  readonly seconds: number;
  readonly sightings: Readonly<Record<string, number>>;
  readonly failures: readonly { readonly seed: number; readonly invariant: string; readonly detail: string }[];
}

describe('the protocol under simulated faults', () => {
  it(`holds all invariants in ${SCHEDULES} schedules, or as many as ${SECONDS} s allow`, async function () {
    this.timeout((SECONDS + 120) * 1000);
    const result = await simulate('all', SCHEDULES, SECONDS);
    console.log(`      ${result.schedules} schedules in ${result.seconds.toFixed(0)} s`);
    assertHeld(result, 'all');
    assert.ok(result.schedules >= FLOOR, `only ${result.schedules} schedules in ${SECONDS} s`);
    // It looked at something: hosts died, servers were adopted, machines were started anew.
    assertSeen(result, 'hostsKilled', 'adoptions', 'blocked', 'reboots', 'stops', 'crashLoops', 'recordsMovedAside');
  });

  it('fault 13: servers that crash are started again at intervals, five times in a row, and then given up', async () => {
    const result = await simulate('fault-13', 500);
    assertHeld(result, 'fault-13');
    assertSeen(result, 'crashLoops');
  });

  it('fault 20: stops and starts at once from several clients give one ladder, the last wish, an answer for each', async () => {
    const result = await simulate('fault-20', 1500);
    assertHeld(result, 'fault-20');
    assertSeen(result, 'stops');
  });

  it('fault 28: after a reboot with all files left everything begins anew', async () => {
    const result = await simulate('fault-28', 1500);
    assertHeld(result, 'fault-28');
    assertSeen(result, 'reboots');
  });

  it('fault 29: nothing is decided by the wall clock, and suspended parties change nothing for the others', async () => {
    const result = await simulate('fault-29', 1500);
    assertHeld(result, 'fault-29');
    assertSeen(result, 'clockJumps', 'pauses');
  });

  it('fault 30: spoiled records are moved aside and rebuilt from what is alive', async () => {
    const result = await simulate('fault-30', 1500);
    assertHeld(result, 'fault-30');
    assertSeen(result, 'recordsMovedAside');
  });

  for (const profile of ['fault-46', 'fault-46-ports'])
    it(`fault 46: without kernel locks it reports more than one (${profile})`, async () => {
      const { failures } = await simulate(profile, 500);
      const found = failures.filter(({ invariant }) => ['one host serves', 'I1 one server'].includes(invariant));
      assert.notEqual(found.length, 0, 'the negative control was not noticed');
    });
});

async function simulate(profile: string, schedules: number, seconds = 100): Promise<Result> {
  const script = path.resolve(__dirname, '../../../test/simulation/simulate.mjs');
  const args = ['--profile', profile, '--schedules', `${schedules}`, '--seconds', `${seconds}`, '--json'];
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  assert.notEqual(output, '', 'the simulation said nothing');
  return JSON.parse(output) as Result;
}

function assertHeld({ failures }: Result, profile: string): void {
  const lines = failures.map(
    ({ seed, invariant, detail }) =>
      `${invariant}: ${detail}\n  npm run simulate -- --replay ${seed}${profile === 'all' ? '' : ` --profile ${profile}`}`,
  );
  assert.equal(failures.length, 0, lines.join('\n'));
}

function assertSeen({ sightings, schedules }: Result, ...names: readonly string[]): void {
  for (const name of names)
    assert.ok((sightings[name] ?? 0) > 0, `none of ${schedules} schedules had any ${name}: nothing was tested`);
}
