import type { Disposable } from '../event';

/**
 * The tiny shell beside each session that ends the session's process group when the host is gone, however it went: its
 * stdin is a pipe that only the host holds (DESIGN section 4, FACTS "Trees").
 */
export interface Reaper extends Disposable {
  /** From now on the group dies with the host. Called right after the spawn. */
  guard(pgid: number): void;
  /** The group has ended in good order: the reaper leaves without a signal. */
  dispose(): void;
}

export interface Reapers {
  /** Started before the server, so that no moment is left between the server's birth and its guard. */
  create(): Reaper;
}
