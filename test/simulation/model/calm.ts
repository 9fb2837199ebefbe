import type { SessionSnapshot } from '../../../src/sessions/protocol';
import type { Machine, SimApp } from './machine';
import type { Scope } from './scope';
import type { Invariant } from './witness';

export interface Unfit {
  readonly invariant: Invariant;
  readonly detail: string;
}

/** What keeps a user's part of the world from being as it should be once faults have ceased; undefined: all is well. */
export function whyNotSettled(scope: Scope, apps: readonly SimApp[]): Unfit | undefined {
  const { serving } = scope;
  if (!serving) return unfit('I3 gets there', 'no host serves');
  for (const window of scope.windows)
    if (!window.isConnected)
      return unfit('I3 gets there', `${window.proc.name} is not connected: ${stateOf(window.client.state)}`);
  for (const app of apps) {
    const watching = scope.windows.filter((one) => one.kind === 'window' && one.apps.includes(app));
    if (watching.length === 0) continue;
    const session = serving.snapshots().find(({ appKey }) => appKey === app.spec.appKey);
    if (!session) {
      // Stopped by a person and its record lost, it is as if it had never been; who asks again is a new window.
      if (!watching.some((window) => window.owesStart(app))) continue;
      return unfit('I3 gets there', `nobody has asked for ${app.name}`);
    }
    const detail = whyUntrue(scope.machine, session, app, scope.uid);
    if (detail !== undefined)
      return unfit(
        'I3 gets there',
        `${session.id} is ${session.state} (${session.reason.code}), desired ${session.desired}: ${detail}`,
      );
    for (const window of watching) {
      const seen = window.sessions.get(app.spec.appKey);
      if (seen?.revision !== session.revision)
        return unfit(
          'windows follow',
          `${window.proc.name} sees ${app.name} ${seen?.state ?? 'nowhere'}, not ${session.state}`,
        );
    }
  }
  for (const peer of serving.peers)
    for (const { method } of peer.unanswered.values())
      return unfit('I5 an answer for everyone', `${method} is not answered`);
  return undefined;
}

/** Why a state is not what the machine shows. */
function whyUntrue(
  machine: Machine,
  { state, reason, desired, port, adopted }: SessionSnapshot,
  app: SimApp,
  uid: number,
): string | undefined {
  const listener = machine.listeners.find((one) => one.port === port && one.proc.app === app);
  switch (state) {
    case 'running':
      if (!listener) return 'nobody of it listens there';
      if (listener.proc.isHanging) return 'it hangs';
      return (listener.proc.launch?.host.uid !== uid) === adopted ? undefined : `adopted is ${adopted}`;
    case 'unhealthy':
      return listener && !listener.proc.isHanging ? 'it answers' : undefined;
    case 'stopped':
      if (desired === 'running') return 'nobody starts it';
      return undefined;
    case 'failed':
      return undefined;
    case 'blocked':
      if (reason.code === 'portTaken') return machine.isListening(app.spec.port) ? undefined : 'the port is free';
      if (reason.code === 'appLockHeld')
        return [...machine.locks.keys()].some((name) => name.startsWith('app:')) ? undefined : 'the lock is free';
      if (reason.code === 'folderLocked')
        return machine.folderLockHolder(app.spec.folder) ? undefined : 'nobody has the folder';
      return 'what is in the way has gone';
    case 'starting':
      return reason.code === 'notListening' ? undefined : 'it takes too long';
    default:
      return 'it takes too long';
  }
}

function stateOf(state: { readonly kind: string; readonly error?: Error }): string {
  return state.error ? `${state.kind}, ${state.error.message}` : state.kind;
}

function unfit(invariant: Invariant, detail: string): Unfit {
  return { invariant, detail };
}
