import { setTimeout as sleep } from 'node:timers/promises';
import type { FolderWatch } from './folderWatch';

/** What a watch has seen once everybody has begun. */
export interface Counts {
  readonly started: number;
  readonly peak: number;
  /** Some time after the last of those that wanted one had begun. */
  readonly alive: number;
  /** Tabs that had to be loaded again: each has asked twice, so the numbers of such a round are too high for a rival. */
  readonly reloads: number;
}

/** All that wanted a server have asked for it by now. */
export const SETTLE_MS = 60_000;

export async function settled(watch: FolderWatch, settleMs: number, reloads = 0): Promise<Counts> {
  await sleep(settleMs);
  const alive = watch.look().length;
  const { started, peak } = watch;
  if (alive === 0) throw new Error(`of ${started} servers in ${watch.folder} none lives`);
  return { started, peak, alive, reloads };
}
