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
  /** What the app's page answers after that, 0 for nobody there: servers that share one folder of builds spoil it for each other. */
  readonly status: number;
}

/** All that wanted a server have asked for it by now. */
export const SETTLE_MS = 60_000;

/** `port` is where the app's page is asked for at the end. */
export async function settled(
  watch: FolderWatch,
  { port, settleMs, reloads = 0 }: { port: number; settleMs: number; reloads?: number },
): Promise<Counts> {
  await sleep(settleMs);
  const alive = watch.look().length;
  const { started, peak } = watch;
  const status = await fetch(`http://localhost:${port}/`).then(
    (answer) => answer.status,
    () => 0,
  );
  return { started, peak, alive, reloads, status };
}
