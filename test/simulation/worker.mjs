// One process of the simulation: runs the portions of seeds that it is told and reports what they saw.
import { createRequire } from 'node:module';

Error.stackTraceLimit = 0; // A stack costs more than a step.
const [bundle = '', profile = 'all'] = process.argv.slice(2);
/** @type {import('./schedule')} */
const { profiles, runSchedules } = createRequire(import.meta.url)(bundle);
const world = profiles[profile];
if (!world) throw new Error(`there is no profile ${profile}; there are ${Object.keys(profiles).join(', ')}`);
process.on('message', (/** @type {{ firstSeed: number, count: number }} */ portion) => {
  void runSchedules({ ...portion, world }).then((tally) => process.send?.(tally));
});
