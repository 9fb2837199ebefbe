import type { Disposable } from '../event';

/**
 * A lock that the kernel holds for this process and drops at its death, even while it is suspended: the only kind of
 * lock that a promise may rest on (DESIGN section 4). One adapter a platform, one contract suite for all.
 */
export interface KernelLock {
  /**
   * Takes the lock named by `identity` (any string, the same in every process that means the same thing) without
   * waiting. Undefined: another live process holds it. Rejects only when the platform can't lock at all.
   * The caller disposes to release; a process that ends releases by ending.
   */
  tryAcquire(identity: string): Promise<HeldLock | undefined>;
  /** Who holds it, as far as this user can see; for messages, never for decisions. */
  describeHolder(identity: string): Promise<LockHolder | undefined>;
}

export type HeldLock = Disposable;

export interface LockHolder {
  readonly pid: number | undefined;
  readonly uid: number | undefined;
}
