/** Moments of a start and what can be watched around them, from outside: nothing of ours says when they come. */
import net from 'node:net';
import { listenersOf, processes, treeOf, type Process } from '../../hosts/witness';
import type { Browser } from 'playwright-core';
import { eventually, type Editor } from './workbench';

/** The first extension host that is none of `known`. */
export async function newExtensionHost(editor: Editor, known: readonly number[]): Promise<number> {
  return eventually('an extension host', async () =>
    (await editor.extensionHosts()).find((pid) => !known.includes(pid)),
  );
}

/** The session host's process, as soon as it is there. */
export async function newHost(editor: Editor): Promise<number> {
  return eventually('a session host', async () => (await editor.hosts())[0]);
}

/** What the session leads: the package manager, as soon as it is there. */
export async function newLeader(editor: Editor): Promise<Process> {
  return eventually(
    'the package manager',
    async () => (await processes({ cookieStateDir: editor.stateFolder, command: /pnpm.* run dev/ }))[0],
  );
}

/** Something listens on the port. */
export async function portOpen(port: number, limitMs = 120_000): Promise<void> {
  await eventually(`port ${port} to be open`, async () => (await listenersOf(port)).length > 0, limitMs);
}

/** The process that leads a browser's. */
export async function browserPid(browser: Browser): Promise<number> {
  const devTools = await browser.newBrowserCDPSession();
  const { processInfo } = await devTools.send('SystemInfo.getProcessInfo');
  const leader = processInfo.find(({ type }) => type === 'browser')?.id;
  if (leader === undefined) throw new Error('the browser does not name its process');
  return leader;
}

/** Sends a signal to a process and all that it has started. */
export async function signalTree(leader: number, signal: NodeJS.Signals): Promise<void> {
  signalAll(
    (await treeOf(leader)).map(({ pid }) => pid),
    signal,
  );
}

/** Sends a signal to those that are still there. */
export function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids)
    try {
      process.kill(pid, signal);
    } catch {
      // It ended meanwhile.
    }
}

const KNOCK_MS = 50;

/** Knocks at a port every 50 ms, and counts how often nobody was there. The caller stops it. */
export class PortWatch {
  readonly #timer: NodeJS.Timeout;
  knocks = 0;
  refused = 0;

  constructor(port: number) {
    this.#timer = setInterval(() => {
      const socket = net.connect(port, '127.0.0.1');
      this.knocks++;
      socket.once('connect', () => socket.destroy());
      socket.once('error', () => this.refused++);
    }, KNOCK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
