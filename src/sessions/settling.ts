/** Waiting for a server that was asked for: what its states mean for whoever waits, in a window or without one. */
import type { App } from './apps';
import { isUp } from './appReport';
import { delay, systemClock } from './clock';
import type { ConnectionState } from './devServers';
import { DevServerError } from './errors';
import { DisposableStore, type Event } from './event';
import type { Reason, SessionSnapshot } from './protocol';

/** What a session's state means for somebody who waits for its server. */
export type Verdict =
  | { readonly kind: 'running' }
  /** Not yet; it goes on by itself. */
  | { readonly kind: 'onItsWay' }
  /** Over, if it stays so: a restart passes by here. */
  | { readonly kind: 'stopped' }
  | { readonly kind: 'failed' }
  /** It goes on only when a person does something, here or elsewhere. */
  | { readonly kind: 'needsPerson' };

/** Blocked or waiting for what passes without a person. */
const PASSING: ReadonlySet<Reason['code']> = new Set(['installerAtWork', 'folderLocked', 'startingElsewhere']);

/** Pure: what to make of one snapshot. */
export function verdictOf({ state, reason }: Pick<SessionSnapshot, 'state' | 'reason'>): Verdict {
  switch (state) {
    case 'running':
      return { kind: 'running' };
    case 'unhealthy':
      // It answers, with an error: waiting would not mend the app.
      return reason.code === 'answeredWithError' ? { kind: 'running' } : { kind: 'onItsWay' };
    case 'installing':
    case 'starting':
    case 'stopping':
      return { kind: 'onItsWay' };
    case 'blocked':
    case 'waiting':
      return PASSING.has(reason.code) && reason.facts?.['hidden'] !== true
        ? { kind: 'onItsWay' }
        : { kind: 'needsPerson' };
    case 'failed':
      return { kind: 'failed' };
    case 'stopped':
      return { kind: 'stopped' };
  }
}

export interface Waiting {
  /** The session as it is now. */
  readonly current: () => SessionSnapshot | undefined;
  /** Calls the listener whenever `current` may have changed. */
  readonly onChange: (listener: () => void) => { dispose(): void };
  /** Rejects when the host is lost for good. */
  readonly lost: Promise<never>;
  /** Whether the snapshot is from before what was asked for, and says nothing of it. */
  readonly isOld: (snapshot: SessionSnapshot) => boolean;
  readonly onSnapshot: (snapshot: SessionSnapshot) => void;
}

/** How long `stopped` must last to be the end and no half of a restart, in milliseconds. */
const SETTLE_MS = 1000;
/**
 * How long a server must have run to be relied on, in milliseconds: one that gives up right after its first answer is shown, but
 * of no use, and its package manager takes a moment to say so.
 */
const PROVEN_MS = 300;

/** The verdict that ends the wait: anything but `onItsWay`. Rejects as `lost` does. The caller limits the time. */
export function waitForVerdict(waiting: Waiting): Promise<Exclude<Verdict, { kind: 'onItsWay' }>> {
  let settle: NodeJS.Timeout | undefined;
  let subscription: { dispose(): void } | undefined;
  const decided = new Promise<Exclude<Verdict, { kind: 'onItsWay' }>>((resolve) => {
    const look = () => {
      clearTimeout(settle);
      const snapshot = waiting.current();
      if (!snapshot) return;
      waiting.onSnapshot(snapshot);
      const verdict = verdictOf(snapshot);
      if (waiting.isOld(snapshot) || verdict.kind === 'onItsWay') return;
      const settleMs = settleMsOf(verdict, snapshot);
      if (settleMs > 0) settle = setTimeout(() => resolve(verdict), settleMs);
      else resolve(verdict);
    };
    subscription = waiting.onChange(look);
    look();
  });
  return Promise.race([decided, waiting.lost]).finally(() => {
    clearTimeout(settle);
    subscription?.dispose();
  });
}

function settleMsOf({ kind }: Verdict, { sinceMs }: SessionSnapshot): number {
  if (kind === 'stopped') return SETTLE_MS;
  // The host's wall clock and ours are the same machine's; one that was set meanwhile makes the wait no longer.
  return kind === 'running' ? Math.min(PROVEN_MS, PROVEN_MS - (Date.now() - sinceMs)) : 0;
}

/** Where a server is watched. */
export interface SettlingServers {
  readonly connection: ConnectionState;
  readonly onDidChangeConnection: Event<ConnectionState>;
  readonly onDidChangeAnySession: Event<SessionSnapshot>;
  session(app: App): SessionSnapshot | undefined;
}

/**
 * Waits for the verdict on an app's server. `before`: the session before something was asked of it, whose snapshots say nothing yet;
 * undefined where none was. `onSnapshot` hears of the later ones. Rejects when the host is lost for good, or with the signal's reason.
 */
export async function settledVerdict(
  servers: SettlingServers,
  app: App,
  {
    before,
    onSnapshot,
    signal,
  }: {
    readonly before: SessionSnapshot | undefined;
    readonly onSnapshot: (snapshot: SessionSnapshot) => void;
    readonly signal?: AbortSignal;
  },
): Promise<Exclude<Verdict, { kind: 'onItsWay' }>> {
  const store = new DisposableStore();
  let isSameHost = true;
  const isOld = (snapshot: SessionSnapshot) => isSameHost && isFromBefore(snapshot, before);
  const lost = new Promise<never>((_resolve, reject) => {
    store.add(
      servers.onDidChangeConnection((state) => {
        // Another host counts from the beginning.
        if (state.kind === 'connecting') isSameHost = false;
        if (state.kind === 'failed') reject(state.error);
      }),
    );
    const onAbort = () => reject(signal?.reason as Error);
    if (signal?.aborted) onAbort();
    signal?.addEventListener('abort', onAbort);
    store.add({ dispose: () => signal?.removeEventListener('abort', onAbort) });
  });
  try {
    return await waitForVerdict({
      current: () => (servers.connection.kind === 'connected' ? servers.session(app) : undefined),
      onChange: (listener) => servers.onDidChangeAnySession(listener),
      lost,
      isOld,
      onSnapshot: (snapshot) => {
        if (!isOld(snapshot)) onSnapshot(snapshot);
      },
    });
  } finally {
    store.dispose();
  }
}

/**
 * Pure: tells snapshots of before a start from later ones of the same host: by the revision; and a server that ran before a
 * restart by when it began to run, for it may be pushed once more.
 */
export function isFromBefore(snapshot: SessionSnapshot, before: SessionSnapshot | undefined): boolean {
  return (
    before !== undefined &&
    (snapshot.revision <= before.revision || (isUp(snapshot) && snapshot.sinceMs === before.sinceMs))
  );
}

/** Between two tries while a host is replaced, in milliseconds, and how many there are. */
const TRY_AGAIN_MS = 250;
const MAX_TRIES = 80;

/** An older host makes room for this client's own just now: it is asked again. The caller limits the time. */
export async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await ask();
    } catch (error) {
      const isPassing =
        error instanceof DevServerError && (error.code === 'hostRetiring' || error.code === 'connectionLost');
      if (!isPassing || tries >= MAX_TRIES) throw error;
      await delay(systemClock, TRY_AGAIN_MS);
    }
  }
}

/** Rejects with `late` if the promise has not settled after `ms`; it goes on unheard. */
export async function within<T>(promise: Promise<T>, ms: number, late: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => (timer = setTimeout(() => reject(late()), ms)));
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}
