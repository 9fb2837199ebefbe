// Runs schedules in as many processes as there are cores, in portions of neighbouring seeds.
import { fork } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const worker = path.join(path.dirname(fileURLToPath(import.meta.url)), 'worker.mjs');
/** Small enough that the last portions end together, large enough that telling costs nothing. */
const defaultPortion = 250;

/**
 * @typedef {{ seed: number, invariant: string, detail: string }} Failure
 * @typedef {{ schedules: number, sightings: Record<string, number>, failures: Failure[] }} Tally
 */

/**
 * @param {string} bundle the built simulation
 * @param {{ profile: string, flaws?: Readonly<Record<string, boolean>>, firstSeed: number, count: number, limitMs?: number, stopAt?: (failure: Failure) => boolean,
 *   maxFailures?: number, processes?: number, portion?: number }} options
 * @returns {Promise<Tally>}
 */
export async function runInPool(bundle, options) {
  const {
    profile,
    flaws = {},
    firstSeed,
    count,
    limitMs,
    stopAt,
    maxFailures = 20,
    processes,
    portion = defaultPortion,
  } = options;
  /** @type {Tally} */
  const total = { schedules: 0, sightings: {}, failures: [] };
  const end = performance.now() + (limitMs ?? Infinity);
  let next = firstSeed;
  let isEnough = false;
  const one = () =>
    new Promise((resolve, reject) => {
      const child = fork(worker, [bundle, profile, JSON.stringify(flaws)], { execArgv: [] });
      const more = () => {
        if (isEnough || next >= firstSeed + count || performance.now() > end) return child.disconnect();
        const size = Math.min(portion, firstSeed + count - next);
        child.send({ firstSeed: next, count: size });
        next += size;
      };
      child.on('message', (/** @type {Tally} */ tally) => {
        total.schedules += tally.schedules;
        for (const [name, value] of Object.entries(tally.sightings))
          total.sightings[name] = (total.sightings[name] ?? 0) + value;
        total.failures.push(...tally.failures);
        if (stopAt ? tally.failures.some(stopAt) : total.failures.length >= maxFailures) isEnough = true;
        more();
      });
      child.on('error', reject);
      child.on('exit', (code) =>
        code === 0 ? resolve(undefined) : reject(new Error(`a process of the simulation ended with ${code}`)),
      );
      more();
    });
  await Promise.all(Array.from({ length: processes ?? os.availableParallelism() }, one));
  total.failures.sort((a, b) => a.seed - b.seed);
  return total;
}
