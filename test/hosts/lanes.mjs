// Work side by side that wants a machine to itself: on Linux a network of its own is as good as one, with every port free.
import { spawnSync } from 'node:child_process';
import { ensureCommand } from './debian.mjs';

/** Words before a command, of root's: a network with nothing but a loopback. It wants `ip`. */
export const inOwnNetwork = ['unshare', '--net', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh'];

/**
 * Whether a network of one's own can be had.
 * @returns {Promise<readonly string[] | undefined>} the words for it; undefined where there is none to be had: not Linux, not root, or not allowed
 */
export async function ownNetwork() {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined;
  await ensureCommand({ title: 'ip', commands: ['ip'], packages: ['iproute2'] });
  const [command = '', ...words] = inOwnNetwork;
  return spawnSync(command, [...words, 'true']).status === 0 ? inOwnNetwork : undefined;
}

/**
 * Does all jobs in their order, each by the first lane that is free.
 * @template J
 * @param {readonly J[]} jobs
 * @param {number} lanes how many are done at once
 * @param {(job: J, lane: number) => Promise<void>} work `lane` counts from 0; a job has its lane to itself
 */
export async function inLanes(jobs, lanes, work) {
  const waiting = [...jobs];
  const lane = async (/** @type {number} */ number) => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) await work(job, number);
  };
  await Promise.all(Array.from({ length: Math.min(lanes, jobs.length) }, (_, number) => lane(number)));
}
