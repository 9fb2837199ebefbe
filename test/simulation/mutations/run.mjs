// Proves that the simulation can fail: every mutation of the list must break its invariant, and the true code must hold
// under the very same seeds.
// usage: npm run mutations -- [--only TEXT] [--json]
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { buildSimulation } from '../build.mjs';
import { runInPool } from '../pool.mjs';
import { mutations } from './list.mjs';

const { values } = parseArgs({ options: { only: { type: 'string' }, json: { type: 'boolean', default: false } } });
const chosen = mutations.filter(({ name }) => values.only === undefined || name.includes(values.only));
const folder = await mkdtemp(path.join(os.tmpdir(), 'cheatcode-mutations-'));
const began = performance.now();
/** @type {{ name: string, verdict: string, isGood: boolean, schedules: number }[]} */
const verdicts = [];
try {
  const truth = path.join(folder, 'true.cjs');
  await buildSimulation(truth);
  const waiting = [...chosen];
  const worker = async () => {
    for (let mutation = waiting.shift(); mutation; mutation = waiting.shift()) {
      const verdict = await judge(mutation, truth);
      verdicts.push(verdict);
      if (!values.json) console.log(`${verdict.isGood ? 'caught ' : 'MISSED '} ${verdict.name}: ${verdict.verdict}`);
    }
  };
  await Promise.all(Array.from({ length: os.availableParallelism() }, worker));
} finally {
  await rm(folder, { recursive: true, force: true });
}
const caught = verdicts.filter(({ isGood }) => isGood).length;
if (values.json) console.log(JSON.stringify(verdicts));
else
  console.log(
    `${caught} of ${verdicts.length} mutations caught in ${((performance.now() - began) / 1000).toFixed(1)} s`,
  );
if (caught !== verdicts.length || verdicts.length === 0) process.exitCode = 1;

/** @param {import('./list.mjs').Mutation} mutation @param {string} truth */
async function judge({ name, profile, breaks, flaws = {}, changes = [], schedules: limit = 3000 }, truth) {
  const bundle = path.join(folder, `${chosen.findIndex((one) => one.name === name)}.cjs`);
  try {
    if (changes.length > 0) await buildSimulation(bundle, changes);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return { name, isGood: false, schedules: 0, verdict: `can not be built: ${detail}` };
  }
  const options = { profile, firstSeed: 1, count: limit, processes: 1, portion: 48 };
  const found = await runInPool(changes.length > 0 ? bundle : truth, {
    ...options,
    flaws,
    stopAt: ({ invariant }) => breaks.includes(invariant),
  });
  const failure = found.failures.find(({ invariant }) => breaks.includes(invariant));
  const { schedules } = found;
  if (!failure) {
    const other = found.failures[0];
    const detail = other ? `, but ${other.invariant} (seed ${other.seed})` : '';
    return { name, isGood: false, schedules, verdict: `not in ${schedules} schedules of ${profile}${detail}` };
  }
  const check = await runInPool(truth, { ...options, count: schedules, maxFailures: 1 });
  const [own] = check.failures;
  if (own)
    return {
      name,
      isGood: false,
      schedules,
      verdict: `the true code fails, too: seed ${own.seed} of ${profile}: ${own.invariant}`,
    };
  return {
    name,
    isGood: true,
    schedules,
    verdict: `${failure.invariant}, seed ${failure.seed} of ${profile} (${found.failures.length} of ${schedules})`,
  };
}
