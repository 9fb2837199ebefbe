import { readdirSync, readFileSync, rmSync, statSync, utimesSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import type { Clock } from '../clock';
import { errorMessage, type Logger } from '../log';
import { scopePaths } from '../stateFolder';

/** DESIGN section 3: what nobody has used for so long goes. */
const UNUSED_MS = 30 * 24 * 3600 * 1000;
/** How often a running host marks as used what it uses, in milliseconds. */
const DAY_MS = 24 * 3600 * 1000;
const SCOPE_NAME = /^[0-9a-f]{12}$/;

export interface Household {
  readonly stateFolder: string;
  readonly scopeFolder: string;
  /** The copy that this host runs from. */
  readonly ownCopy: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Once a day, beginning now: marks what is in use here, and removes the copies and scopes that nobody has used for 30 days. */
export function keepHouse(household: Household): void {
  const round = () => {
    void removeUnused(household);
    household.clock.after(DAY_MS, round, { background: true });
  };
  round();
}

/**
 * One round. Never removes a scope whose host answers, nor the copy that such a host runs from: a clock that is wrong must
 * not cost a server. A failure is only logged: it costs disk, nothing else.
 */
export async function removeUnused({ stateFolder, scopeFolder, ownCopy, clock, log }: Household): Promise<void> {
  const nowMs = clock.wallMs();
  const isOld = (folder: string) => {
    const stats = statSync(folder, { throwIfNoEntry: false });
    return stats?.isDirectory() === true && nowMs - stats.mtimeMs >= UNUSED_MS;
  };
  const remove = (folder: string) => {
    log.info('removing what nobody used for 30 days', { folder });
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    for (const used of [scopeFolder, ownCopy])
      if (statSync(used, { throwIfNoEntry: false })) utimesSync(used, nowMs / 1000, nowMs / 1000);
    const inUse = new Set([ownCopy]);
    for (const name of namesIn(stateFolder).filter((entry) => SCOPE_NAME.test(entry))) {
      const folder = path.join(stateFolder, name);
      if (folder === scopeFolder) continue;
      if (await answers(scopePaths(stateFolder, { id: name }, undefined).socket)) {
        const copy = copyOf(folder);
        if (copy !== undefined) inUse.add(copy);
      } else if (isOld(folder)) remove(folder);
    }
    const copies = path.join(stateFolder, 'bin');
    for (const folder of namesIn(copies).map((name) => path.join(copies, name)))
      if (!inUse.has(folder) && isOld(folder)) remove(folder);
  } catch (error) {
    log.debug('house-keeping left undone', { error: errorMessage(error) });
  }
}

function namesIn(folder: string): readonly string[] {
  return statSync(folder, { throwIfNoEntry: false }) ? readdirSync(folder) : [];
}

/** Whether somebody listens there; a socket in a folder is reached from every namespace that sees the folder. */
function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(socketPath);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function copyOf(scopeFolder: string): string | undefined {
  try {
    const { copy } = JSON.parse(readFileSync(path.join(scopeFolder, 'host.json'), 'utf8')) as { copy?: unknown };
    return typeof copy === 'string' ? copy : undefined;
  } catch {
    return undefined; // No host file, or half of one: the copy's own age decides.
  }
}
