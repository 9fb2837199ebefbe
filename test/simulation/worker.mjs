// One process of the simulation: runs the schedules that it is told and reports what they saw.
import { createRequire } from 'node:module';

Error.stackTraceLimit = 0; // A stack costs more than a step.
const [bundle, options] = process.argv.slice(2);
const { runSchedules } = createRequire(import.meta.url)(bundle);
const tally = await runSchedules(JSON.parse(options));
process.send?.(tally);
process.disconnect?.();
