// Finds and ends what a test run left behind. Processes are known by a marker in their environment; Chromium's
// overwrite theirs, and are known by the run's folder on their command line or as their working directory.
import { readlink } from 'node:fs/promises';
import { endProcess, until } from './ending.mjs';
import { allProcesses, environmentOf } from './proc.mjs';

/**
 * @param {{ marker: string, runDir: string }} run `marker` is a whole `NAME=value`; parts of the run have added `.PART` to it
 * @returns {Promise<import('./proc.mjs').Process[]>} its live processes, ours not among them
 */
async function processesOfRun({ marker, runDir }) {
  const all = (await allProcesses()).filter((one) => one.pid !== process.pid && one.state !== 'Z' && one.state !== 'X');
  const ofRun = await Promise.all(
    all.map(async (one) => {
      if (one.command.includes(runDir)) return true;
      if ((await environmentOf(one.pid)).some((entry) => entry === marker || entry.startsWith(`${marker}.`)))
        return true;
      const cwd = await readlink(`/proc/${one.pid}/cwd`).catch(() => '');
      return cwd === runDir || cwd.startsWith(`${runDir}/`);
    }),
  );
  return all.filter((_, index) => ofRun[index]);
}

/**
 * Waits a moment for what is just ending, then ends what is left.
 * @param {{ marker: string, runDir: string }} run
 * @returns {Promise<import('./proc.mjs').Process[]>} what had to be ended
 */
export async function endLeftovers(run) {
  await until(async () => (await processesOfRun(run)).length === 0, 5000);
  const left = await processesOfRun(run);
  await Promise.allSettled(left.map((one) => endProcess(one, { patienceMs: 3000 })));
  return left;
}
