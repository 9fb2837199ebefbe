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
const FIRST_SEED = 1;
const began = performance.now();
/** @typedef {{ name: string, verdict: string, isGood: boolean, schedules: number }} Verdict */
/** @type {Verdict[]} */
const verdicts = [];
/** @type {{ profile: string, verdict: Verdict }[]} */
const found = [];
try {
  const truth = path.join(folder, 'true.cjs');
  await buildSimulation(truth);
  const waiting = [...chosen];
  const worker = async () => {
    for (let mutation = waiting.shift(); mutation; mutation = waiting.shift()) {
      const verdict = await find(mutation, truth);
      if (verdict.isGood) found.push({ profile: mutation.profile, verdict });
      else tell(verdict);
    }
  };
  await Promise.all(Array.from({ length: os.availableParallelism() }, worker));
  // The seeds of all mutations of a profile begin with the same ones: the true code runs them once.
  for (const profile of new Set(found.map((one) => one.profile))) {
    const ofProfile = found.filter((one) => one.profile === profile).map(({ verdict }) => verdict);
    const count = Math.max(...ofProfile.map(({ schedules }) => schedules));
    const { failures } = await runInPool(truth, { profile, firstSeed: FIRST_SEED, count, portion: 48 });
    for (const verdict of ofProfile) {
      const own = failures.find(({ seed }) => seed < FIRST_SEED + verdict.schedules);
      const why = own && `the true code fails, too: seed ${own.seed} of ${profile}: ${own.invariant}`;
      tell(why === undefined ? verdict : { ...verdict, isGood: false, verdict: why });
    }
  }
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

/** @param {Verdict} verdict */
function tell(verdict) {
  verdicts.push(verdict);
  if (!values.json) console.log(`${verdict.isGood ? 'caught ' : 'MISSED '} ${verdict.name}: ${verdict.verdict}`);
}

/**
 * Runs the mutation until its invariant breaks.
 * @param {import('./list.mjs').Mutation} mutation @param {string} truth @returns {Promise<Verdict>}
 */
async function find({ name, profile, breaks, flaws = {}, changes = [], schedules: limit = 3000 }, truth) {
  const bundle = path.join(folder, `${chosen.findIndex((one) => one.name === name)}.cjs`);
  try {
    if (changes.length > 0) await buildSimulation(bundle, changes);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return { name, isGood: false, schedules: 0, verdict: `can not be built: ${detail}` };
  }
  const { failures, schedules } = await runInPool(changes.length > 0 ? bundle : truth, {
    ...{ profile, firstSeed: FIRST_SEED, count: limit, processes: 1, portion: 48, flaws },
    stopAt: ({ invariant }) => breaks.includes(invariant),
  });
  const failure = failures.find(({ invariant }) => breaks.includes(invariant));
  if (failure) {
    const verdict = `${failure.invariant}, seed ${failure.seed} of ${profile} (${failures.length} of ${schedules})`;
    return { name, isGood: true, schedules, verdict };
  }
  const [other] = failures;
  const detail = other ? `, but ${other.invariant} (seed ${other.seed})` : '';
  return { name, isGood: false, schedules, verdict: `not in ${schedules} schedules of ${profile}${detail}` };
}
