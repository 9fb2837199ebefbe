/** Fifty clients, each a process, that are held back until all are ready and then ask for the stub's server at once. */
import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { HostRig, repoRoot, waitFor } from '../../test/contract/support/hostRig';
import type { WindowsOptions } from '../../test/faults/support/windows.program';
import { SETTLE_MS, settled, type Counts } from './counts';
import { endAllIn, FolderWatch } from './folderWatch';

export const CLIENTS = 50;

const command = ['node', 'server.mjs'] as const;

/** Real clients of the product in this folder: each connects or starts the session host, and asks it for the app. */
export function countOurClients(distFolder: string): Promise<Counts> {
  return count((rig) => {
    const options: WindowsOptions = {
      count: 1,
      distFolder,
      spec: rig.spec({}, { command }),
      env: { PATH: process.env['PATH'] ?? '', HOME: path.dirname(rig.appFolder) },
      waitMs: 60_000,
    };
    return ['faults/support/windows.program.js', JSON.stringify(options)];
  });
}

export function countNaiveClients(): Promise<Counts> {
  return count((rig) => [
    'bench/duplicates/naiveClient.program.js',
    String(rig.port),
    rig.appFolder,
    process.execPath,
    'server.mjs',
  ]);
}

async function count(programOf: (rig: HostRig) => readonly [string, ...string[]]): Promise<Counts> {
  const rig = await HostRig.create();
  const watch = new FolderWatch(rig.appFolder, /^\S*node server\.mjs/);
  const [program, ...args] = programOf(rig);
  const clients = Array.from({ length: CLIENTS }, () =>
    spawn(process.execPath, [path.join(repoRoot, 'out/test', program), ...args], {
      stdio: ['pipe', 'pipe', 'inherit'],
    }),
  );
  try {
    const lines = clients.map(({ stdout }) => createInterface({ input: stdout })[Symbol.asyncIterator]());
    for (const line of lines) await line.next();
    for (const { stdin } of clients) stdin.write('go\n');
    for (const line of lines) {
      const answer = String((await line.next()).value);
      if (answer.includes('"error"')) throw new Error(answer);
    }
    await answers(rig.port);
    return await settled(watch, { port: rig.port, settleMs: SETTLE_MS });
  } finally {
    watch.stop();
    await Promise.all(clients.map(leave));
    await rig.endHosts();
    await endAllIn(rig.appFolder);
    await rig.dispose();
  }
}

async function answers(port: number): Promise<void> {
  const url = `http://localhost:${port}/`;
  await waitFor(
    'the server to answer',
    () =>
      fetch(url).then(
        ({ ok }) => ok,
        () => false,
      ),
    60_000,
  );
}

async function leave(client: ChildProcess): Promise<void> {
  client.stdin?.end();
  await waitFor('a client to leave', () => client.exitCode !== null || client.signalCode !== null);
}
