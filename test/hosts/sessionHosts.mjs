// Ends the session hosts of a state folder. They run detached from the editor on purpose: whoever gave them a
// state folder of their own has to end them.
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { endProcess } from './ending.mjs';

/**
 * @param {string} stateDir what CHEATCODE_STATE_DIR was set to
 * @returns {Promise<{ pid: number, startTicks: string }[]>} hosts that are or were there
 */
export async function sessionHostsOf(stateDir) {
  const hosts = [];
  for (const name of await readdir(stateDir).catch(() => /** @type {string[]} */ ([]))) {
    const text = await readFile(path.join(stateDir, name, 'host.json'), 'utf8').catch(() => '');
    try {
      const { pid, startTicks } = JSON.parse(text);
      if (Number.isInteger(pid) && startTicks !== undefined) hosts.push({ pid, startTicks: String(startTicks) });
    } catch {
      // No record, or half of one: nobody to end.
    }
  }
  return hosts;
}

/**
 * Asks every session host of a state folder to end, its servers with it, and waits until it is gone.
 * @param {string} stateDir
 */
export async function endSessionHosts(stateDir) {
  await Promise.all((await sessionHostsOf(stateDir)).map((host) => endProcess(host)));
}
