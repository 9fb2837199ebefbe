import type { Reason, SessionState } from './protocol';

/**
 * The life of a session as one pure function: `transition` is the only place where a state follows another. An event
 * that makes no sense in a state returns undefined; the caller logs it and changes nothing.
 */
export interface Status {
  readonly state: SessionState;
  readonly reason: Reason;
}

export type SessionEvent =
  /** A start was asked for and begins to look around. */
  | { readonly type: 'begin'; readonly reason: Reason }
  /** Port or app lock is taken by somebody else. */
  | { readonly type: 'block'; readonly reason: Reason }
  | { readonly type: 'install'; readonly reason: Reason }
  /** The server's process exists, or its start goes on with news. */
  | { readonly type: 'launch'; readonly reason: Reason }
  | { readonly type: 'answer'; readonly reason: Reason }
  /** A server of this app that somebody else started has proved itself. */
  | { readonly type: 'adopt'; readonly reason: Reason }
  /** Somebody else is to start it. */
  | { readonly type: 'wait'; readonly reason: Reason }
  | { readonly type: 'silence'; readonly reason: Reason }
  | { readonly type: 'stop'; readonly reason: Reason }
  /** Nothing of the server is left. */
  | { readonly type: 'end'; readonly reason: Reason }
  | { readonly type: 'fail'; readonly reason: Reason };

const allowed: Readonly<
  Record<SessionEvent['type'], { readonly from: readonly SessionState[]; readonly to: SessionState }>
> = {
  begin: { from: ['stopped', 'failed', 'blocked', 'waiting'], to: 'starting' },
  block: { from: ['starting', 'installing', 'blocked', 'waiting'], to: 'blocked' },
  install: { from: ['starting', 'installing', 'blocked'], to: 'installing' },
  // From running and unhealthy: the server crashed and a restart is on its way.
  launch: { from: ['starting', 'installing', 'running', 'unhealthy', 'blocked'], to: 'starting' },
  answer: { from: ['starting', 'running', 'unhealthy'], to: 'running' },
  adopt: {
    from: ['stopped', 'failed', 'starting', 'waiting', 'blocked', 'installing', 'running', 'unhealthy'],
    to: 'running',
  },
  // From installing: another machine has won while this one was slow.
  wait: { from: ['starting', 'installing', 'waiting', 'blocked', 'running', 'unhealthy'], to: 'waiting' },
  silence: { from: ['running', 'unhealthy'], to: 'unhealthy' },
  stop: {
    from: ['waiting', 'blocked', 'installing', 'starting', 'running', 'unhealthy', 'stopping', 'failed'],
    to: 'stopping',
  },
  end: {
    from: ['waiting', 'blocked', 'installing', 'starting', 'running', 'unhealthy', 'stopping', 'failed', 'stopped'],
    to: 'stopped',
  },
  fail: { from: ['waiting', 'blocked', 'installing', 'starting', 'running', 'unhealthy', 'stopping'], to: 'failed' },
};

/** The status after `event`, or undefined when the event is illegal in this state. */
export function transition(status: Status, event: SessionEvent): Status | undefined {
  const rule = allowed[event.type];
  return rule.from.includes(status.state) ? { state: rule.to, reason: event.reason } : undefined;
}

/** A server exists or is on its way: its record must outlive the host, its app must not be started twice. */
export function isActive(state: SessionState): boolean {
  return state !== 'stopped' && state !== 'failed';
}
