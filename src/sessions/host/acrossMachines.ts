import type { LaunchSpec, Reason, RedisSettings, SessionSnapshot } from '../protocol';
import type { Disposable } from '../event';

/** Whose start it is: a session by its name, for the key is made of it. */
export interface StartRequest {
  /** `dev_server_web`: the key gets what follows `dev_server_`. */
  readonly sessionId: string;
  readonly spec: LaunchSpec;
  /** A person wants it here although it runs elsewhere: what the registry says does not count. */
  readonly startHere: boolean;
}

/** What another machine's word means for a start here. */
export type StartAnswer =
  /** The Redis lock is ours: look again (the double check), and start. */
  | { readonly kind: 'granted'; readonly permit: StartPermit }
  /** No Redis, or none that answers: the local guarantee stands. `reason` says what is wrong with a Redis that is configured. */
  | { readonly kind: 'local'; readonly reason?: Reason }
  /** Another machine or the backend starts it, or a server runs elsewhere: ask again after `lookAgainMs`. */
  | { readonly kind: 'wait'; readonly reason: Reason; readonly lookAgainMs: number }
  /** Redis is required and does not answer: ask again after `lookAgainMs`. */
  | { readonly kind: 'refused'; readonly reason: Reason; readonly lookAgainMs: number };

/** The Redis lock of one start, renewed until it is released. */
export interface StartPermit {
  /** The number of this win: greater than those of all earlier ones. */
  readonly fence: number;
  /**
   * Asks Redis whether the lock is still ours, right before something is started by it: false when another may have won
   * meanwhile (this process was suspended, Redis has forgotten). At most 2 s; a Redis that does not answer is no loss while
   * the lock's time has not run out, nor where the local guarantee is enough. Never rejects.
   */
  mayStart(): Promise<boolean>;
  /**
   * The start is over, however it ended: renewal ends, and the lock goes if it is still ours, after what the registry was
   * told of this session has arrived. Never rejects; safe to call twice.
   */
  release(): Promise<void>;
}

/**
 * The guarantee across machines (DESIGN section 7), one per host. Without Redis settings it answers `local` at once and
 * costs nothing. No method rejects or takes more than 2 s.
 */
export interface AcrossMachines extends Disposable {
  /** Another Redis, or none. What was published in the earlier one is taken back. */
  use(settings: RedisSettings | undefined): void;
  requestStart(request: StartRequest, signal: AbortSignal): Promise<StartAnswer>;
  /** Tells the registry of a session as it is now, where that is news: published while its server runs, else removed. */
  update(snapshot: SessionSnapshot): void;
  /** Called by the one health interval: renews what is published. Never rejects. */
  renew(): Promise<void>;
  /** What is wrong across machines with a session that runs or starts here; undefined where nothing is. */
  warning(sessionId: string): Reason | undefined;
  /** Something that `warning` gives has changed. */
  onDidChange(listener: () => void): Disposable;
  /** Takes back what this host has published and holds, at most 2 s; then `dispose`. */
  close(): Promise<void>;
}

/** A host that is on its own: nothing is configured, as in the simulation and in most tests. */
export const onOneMachine: AcrossMachines = {
  use: () => undefined,
  requestStart: () => Promise.resolve({ kind: 'local' }),
  update: () => undefined,
  renew: () => Promise.resolve(),
  warning: () => undefined,
  onDidChange: () => ({ dispose: () => undefined }),
  close: () => Promise.resolve(),
  dispose: () => undefined,
};
