// Looks at the machine from outside, through /proc: processes with their identity, who listens on a port.
// Nothing here asks the extension or its host. Other systems tell less (elsewhere.mjs): no environment, no folder.
import { readFile, readdir, readlink } from 'node:fs/promises';
import * as elsewhere from './elsewhere.mjs';

const hasProc = process.platform === 'linux';

/**
 * @typedef {object} Process
 * @property {number} pid
 * @property {number} ppid
 * @property {number} pgid
 * @property {number} sid
 * @property {string} state one letter: `Z` is a zombie
 * @property {string} startTicks with the pid the identity of a process within one boot
 * @property {string} command its command line, words joined by a space
 */

/** @param {number} pid @returns {Promise<Process | undefined>} undefined if there is none */
export async function processOf(pid) {
  if (!hasProc) return (await elsewhere.allProcesses()).find((one) => one.pid === pid);
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (stat === undefined) return undefined;
  // The name in parentheses may itself hold parentheses and spaces: the fields begin after the LAST one.
  const close = stat.lastIndexOf(')');
  const fields = stat.slice(close + 2).split(' ');
  const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return {
    pid,
    state: fields[0] ?? '',
    ppid: Number(fields[1]),
    pgid: Number(fields[2]),
    sid: Number(fields[3]),
    startTicks: fields[19] ?? '',
    command: line.replaceAll('\0', ' ').trim() || `[${stat.slice(stat.indexOf('(') + 1, close)}]`,
  };
}

/** @returns {Promise<Process[]>} every process that we may see, zombies included */
export async function allProcesses() {
  if (!hasProc) return elsewhere.allProcesses();
  const names = await readdir('/proc').catch(() => /** @type {string[]} */ ([]));
  const found = await Promise.all(names.filter((name) => /^\d+$/.test(name)).map((name) => processOf(Number(name))));
  return found.filter((one) => one !== undefined);
}

/** The environment that a process was started with; empty where it can't be read. @param {number} pid */
export async function environmentOf(pid) {
  const text = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
  return text.split('\0').filter((line) => line !== '');
}

/** @param {number} pid @param {string} startTicks @returns {Promise<boolean>} it is this very process and no zombie */
export async function isAlive(pid, startTicks) {
  const now = await processOf(pid);
  return now !== undefined && now.startTicks === startTicks && now.state !== 'Z' && now.state !== 'X';
}

/**
 * @typedef {object} Listener
 * @property {number} port
 * @property {string} address as the kernel shows it: hexadecimal; elsewhere as its tools write it
 * @property {number | undefined} uid undefined where nothing tells it
 * @property {number | undefined} pid undefined where the holder is another user's
 */

/** @param {number} port @returns {Promise<Listener[]>} what listens on a TCP port, on any address */
export async function listenersOf(port) {
  if (!hasProc) return elsewhere.listenersOf(port);
  /** @type {{ address: string, uid: number, inode: string }[]} */
  const sockets = [];
  for (const file of ['/proc/net/tcp', '/proc/net/tcp6']) {
    const lines = (await readFile(file, 'utf8').catch(() => '')).split('\n').slice(1);
    for (const line of lines) {
      const [, local = '', , state, , , , uid, , inode] = line.trim().split(/\s+/);
      const [address, hexPort] = local.split(':');
      const listening = state === '0A';
      if (listening && address && inode && parseInt(hexPort ?? '', 16) === port)
        sockets.push({ address, uid: Number(uid), inode });
    }
  }
  if (sockets.length === 0) return [];
  const holders = await socketHolders(new Set(sockets.map((socket) => `socket:[${socket.inode}]`)));
  return sockets.flatMap(({ address, uid, inode }) => {
    const pids = holders.get(`socket:[${inode}]`) ?? [undefined];
    return pids.map((pid) => ({ port, address, uid, pid }));
  });
}

/** @param {Set<string>} links @returns {Promise<Map<string, number[]>>} which processes hold these descriptors */
async function socketHolders(links) {
  /** @type {Map<string, number[]>} */
  const holders = new Map();
  const names = (await readdir('/proc').catch(() => /** @type {string[]} */ ([]))).filter((name) => /^\d+$/.test(name));
  await Promise.all(
    names.map(async (name) => {
      const descriptors = await readdir(`/proc/${name}/fd`).catch(() => /** @type {string[]} */ ([]));
      const targets = await Promise.all(descriptors.map((fd) => readlink(`/proc/${name}/fd/${fd}`).catch(() => '')));
      for (const target of new Set(targets)) {
        if (links.has(target)) holders.set(target, [...(holders.get(target) ?? []), Number(name)]);
      }
    }),
  );
  return holders;
}
