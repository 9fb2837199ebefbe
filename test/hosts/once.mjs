// Makes a folder of the sandbox once: the stamp is written last, so an aborted run never counts as done,
// and a lock that the kernel drops with its holder keeps two runs from making the same folder.
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inSandbox, sandboxDir } from './paths.mjs';
import { step } from './step.mjs';

/**
 * Runs `make` unless the folder was already made from the same `key`.
 * @param {object} job
 * @param {string} job.name folder below `.sandbox/`, with `/` between its parts
 * @param {string} job.key whatever changes the result: versions, hashes
 * @param {string} job.title shown while it runs
 * @param {(dir: string) => Promise<void>} job.make fills the folder, which exists and is empty
 * @returns {Promise<string>} the folder
 */
export function once(job) {
  const current = inFlight.get(job.name);
  if (current) return current;
  const promise = makeOnce(job).finally(() => inFlight.delete(job.name));
  inFlight.set(job.name, promise);
  return promise;
}

/** Two steps of one process that need the same folder share its making. @type {Map<string, Promise<string>>} */
const inFlight = new Map();

/** @param {Parameters<typeof once>[0]} job */
async function makeOnce({ name, key, title, make }) {
  const dir = inSandbox(...name.split('/'));
  const stamp = inSandbox('.stamps', name.replaceAll('/', '+'));
  const wanted = createHash('sha256').update(key).update(dir).digest('hex');
  const done = async () => (await readFile(stamp, 'utf8').catch(() => '')) === wanted;
  if (await done()) return dir;
  return exclusive(name, async () => {
    if (await done()) return dir;
    await step(title, async () => {
      await rm(stamp, { force: true });
      await rm(dir, { recursive: true, force: true });
      await mkdir(dir, { recursive: true });
      await make(dir);
      await mkdir(path.dirname(stamp), { recursive: true });
      await writeFile(`${stamp}.new`, wanted);
      await rename(`${stamp}.new`, stamp);
    });
    return dir;
  });
}

/**
 * Runs `work` while no other process of this checkout runs work of the same name.
 * @template T
 * @param {string} name
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function exclusive(name, work) {
  const hash = createHash('sha512').update(`${sandboxDir}\0${name}`).digest('hex');
  for (let tries = 0; ; tries++) {
    const server = await listen(hash);
    if (server) {
      try {
        return await work();
      } finally {
        server.close();
      }
    }
    if (tries === 5) console.log(`• waiting for ${name}, which another step or run prepares …`);
    await sleep(200);
  }
}

/**
 * Binds the lock's name, or returns undefined if another process holds it.
 * On Linux an abstract socket of exactly 107 characters: Node 20 pads shorter names, so that two
 * versions of Node would hold "the same" lock.
 * @param {string} hash
 * @returns {Promise<net.Server | undefined>}
 */
async function listen(hash) {
  const address =
    process.platform === 'linux'
      ? `\0${hash.slice(0, 107)}`
      : process.platform === 'win32'
        ? `\\\\.\\pipe\\${hash.slice(0, 64)}`
        : path.join(os.tmpdir(), `${hash.slice(0, 32)}.lock`);
  const server = net.createServer().unref();
  const error = await new Promise((resolve) => {
    server.once('error', resolve);
    server.listen(address, () => resolve(undefined));
  });
  if (!error) return server;
  if (error.code !== 'EADDRINUSE') throw error;
  if (process.platform === 'linux' || process.platform === 'win32') return undefined;
  // Elsewhere the socket is a file that outlives a killed holder: nobody answers there any more.
  const alive = await new Promise((resolve) => {
    const socket = net.connect(address, () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
  if (!alive) await rm(address, { force: true });
  return undefined;
}
