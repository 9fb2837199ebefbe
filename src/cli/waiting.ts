import type { Reason, SessionSnapshot } from '../sessions/protocol';
import type { CommandError } from './commandError';

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
      if (verdict.kind === 'stopped') settle = setTimeout(() => resolve(verdict), SETTLE_MS);
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

/** Rejects with `CommandError` (timedOut) if the promise has not settled after `ms`; it goes on unheard. */
export async function within<T>(promise: Promise<T>, ms: number, late: () => CommandError): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => (timer = setTimeout(() => reject(late()), ms)));
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}
