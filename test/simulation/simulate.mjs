// The simulation by command: many schedules, or one as a readable trace.
// usage: npm run simulate -- [--schedules N] [--seed FIRST] [--seconds LIMIT] [--floor N] [--profile NAME] [--json]
//        npm run simulate -- --replay SEED [--profile NAME]
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { buildSimulation } from './build.mjs';
import { runInPool } from './pool.mjs';

const { values } = parseArgs({
  options: {
    schedules: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    seconds: { type: 'string' },
    floor: { type: 'string', default: '0' },
    profile: { type: 'string', default: 'all' },
    replay: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const profile = values.profile;
const folder = await mkdtemp(path.join(os.tmpdir(), 'cheatcode-simulation-'));
try {
  const bundle = path.join(folder, 'schedule.cjs');
  await buildSimulation(bundle);
  if (values.replay === undefined) await many(bundle);
  else await one(bundle, Number(values.replay));
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** @param {string} bundle @param {number} seed */
async function one(bundle, seed) {
  /** @type {import('./schedule')} */
  const { profiles, replay } = createRequire(import.meta.url)(bundle);
  const failure = await replay(seed, (line) => console.log(line), profiles[profile]);
  if (failure) process.exitCode = 1;
}

/** @param {string} bundle */
async function many(bundle) {
  const began = performance.now();
  const { schedules, sightings, failures } = await runInPool(bundle, {
    profile,
    firstSeed: Number(values.seed),
    count: Number(values.schedules),
    ...(values.seconds === undefined ? {} : { limitMs: Number(values.seconds) * 1000 }),
  });
  const seconds = (performance.now() - began) / 1000;
  if (values.json) console.log(JSON.stringify({ schedules, sightings, failures, seconds }));
  else {
    console.log(
      `${schedules} schedules in ${seconds.toFixed(1)} s, ${((sightings['virtualMs'] ?? 0) / 3_600_000) | 0} hours of virtual time`,
    );
    console.log(
      Object.entries(sightings)
        .filter(([name]) => name !== 'virtualMs')
        .map(([name, value]) => `${name}=${value}`)
        .join(' '),
    );
    for (const { seed, invariant, detail } of failures) {
      console.log(`seed ${seed}: ${invariant}: ${detail}`);
      console.log(`  npm run simulate -- --replay ${seed}${profile === 'all' ? '' : ` --profile ${profile}`}`);
    }
  }
  if (failures.length > 0) process.exitCode = 1;
  if (schedules < Number(values.floor)) {
    console.error(`only ${schedules} schedules in the time, not ${values.floor}`);
    process.exitCode = 1;
  }
}
