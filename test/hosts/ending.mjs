// Ends processes that we started: a whole group by its leader, one process by its verified identity. Never by name.
import { setTimeout as sleep } from 'node:timers/promises';
import { allProcesses, isAlive, processOf } from './proc.mjs';

/**
 * Ends a child that leads a group of its own, and everything that is left of that group.
 * @param {import('node:child_process').ChildProcess} leader spawned with `detached: true`
 * @param {{ signal?: NodeJS.Signals, patienceMs?: number }} [options]
 */
export async function endGroup(leader, { signal = 'SIGTERM', patienceMs = 10_000 } = {}) {
  const group = leader.pid;
  if (group === undefined) return;
  const members = async () => (await allProcesses()).filter((one) => one.pgid === group && one.state !== 'Z');
  const gone = async () =>
    process.platform === 'linux'
      ? (await members()).length === 0
      : leader.exitCode !== null || leader.signalCode !== null;
  signalGroup(group, signal);
  if (await until(gone, patienceMs)) return;
  signalGroup(group, 'SIGKILL');
  await until(gone, 5000);
}

/**
 * Ends one process if it is still the one that we mean.
 * @param {{ pid: number, startTicks: string }} identity
 * @param {{ patienceMs?: number }} [options] how long SIGTERM may take before SIGKILL
 */
export async function endProcess({ pid, startTicks }, { patienceMs = 15_000 } = {}) {
  for (const [signal, ms] of /** @type {const} */ ([
    ['SIGTERM', patienceMs],
    ['SIGKILL', 5000],
  ])) {
    if (!(await isAlive(pid, startTicks))) return;
    try {
      process.kill(pid, signal);
    } catch {
      return; // It ended between the look and the signal.
    }
    if (await until(async () => !(await isAlive(pid, startTicks)), ms)) return;
  }
  const left = await processOf(pid);
  throw new Error(`process ${pid} does not end: ${left?.command ?? ''}`);
}

/**
 * Polls a condition.
 * @param {() => Promise<boolean>} condition
 * @param {number} timeoutMs
 * @returns {Promise<boolean>} whether it came true in time
 */
export async function until(condition, timeoutMs) {
  const end = performance.now() + timeoutMs;
  for (;;) {
    if (await condition()) return true;
    if (performance.now() > end) return false;
    await sleep(50);
  }
}

/** @param {number} group @param {NodeJS.Signals} signal */
function signalGroup(group, signal) {
  try {
    process.kill(-group, signal);
  } catch {
    // Nobody is left in it.
  }
}
