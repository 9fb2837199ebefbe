// One process of the simulation: runs the portions of seeds that it is told and reports what they saw.
import { createRequire } from 'node:module';

Error.stackTraceLimit = 0; // A stack costs more than a step.
const [bundle = '', profile = 'all', flaws = '{}'] = process.argv.slice(2);
/** @type {import('./schedule')} */
const { profiles, runSchedules } = createRequire(import.meta.url)(bundle);
const known = profiles[profile];
if (!known) throw new Error(`there is no profile ${profile}; there are ${Object.keys(profiles).join(', ')}`);
const world = { ...known, flaws: { ...known.flaws, ...JSON.parse(flaws) } };
process.on('message', (/** @type {{ firstSeed: number, count: number }} */ portion) => {
  void runSchedules({ ...portion, world }).then((tally) => process.send?.(tally));
});
