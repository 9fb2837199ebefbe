import { delay, type Clock } from '../clock';
import type { LaunchSpec, Reason } from '../protocol';
import type { Ports, Processes } from './processes';
import type { AppServer, ServerFinder } from './serverFinder';

/** Between two looks at an adopted server: it is no child of ours, so its end can't be heard. */
const LIVENESS_POLL_MS = 1000;
/** One whose process can't be seen has to prove itself again each time, which costs more. */
const HIDDEN_POLL_MS = 3000;
/** It is gone when it could not for so many looks: a server that is busy may miss one. */
const SILENT_LOOKS = 3;
/** Next that restarts itself is without a listener for about a second (measured): a successor is looked for so often. */
const SUCCESSOR_LOOKS = 2;

export interface AdoptionDependencies {
  readonly clock: Clock;
  readonly processes: Processes;
  readonly ports: Ports;
  readonly finder: ServerFinder;
}

/**
 * Watches a server that we did not start, until it is gone or the signal aborts. Next replaces its own process when its
 * configuration changes: a successor that proves itself is told to `onReplaced` and watched in its place.
 */
export async function watchAdopted(
  deps: AdoptionDependencies,
  first: AppServer,
  spec: LaunchSpec,
  signal: AbortSignal,
  onReplaced: (server: AppServer) => void,
): Promise<'gone' | 'aborted'> {
  let server = first;
  let missing = 0;
  for (let silentLooks = 0; ;) {
    await delay(deps.clock, server.identity ? LIVENESS_POLL_MS : HIDDEN_POLL_MS, signal);
    if (signal.aborted) return 'aborted';
    const liveness = await livenessOf(deps, server);
    if (liveness === 'alive') continue;
    if (liveness === 'unknown') {
      // By its own proof again: another app's server may have its port by now.
      const { port } = server;
      const isThere = await deps.finder.find(spec).then(
        (found) => found.some((one) => one.port === port),
        () => true,
      );
      silentLooks = isThere ? 0 : silentLooks + 1;
      if (silentLooks < SILENT_LOOKS) continue;
    }
    if (signal.aborted) return 'aborted';
    const [successor] = await deps.finder.find(spec);
    if (signal.aborted) return 'aborted';
    if (!successor) {
      missing++;
      if (missing < SUCCESSOR_LOOKS) continue;
      return 'gone';
    }
    server = successor;
    silentLooks = 0;
    missing = 0;
    onReplaced(server);
  }
}

/** A look that fails says nothing. */
function livenessOf(
  { processes }: AdoptionDependencies,
  { identity }: AppServer,
): Promise<'alive' | 'dead' | 'unknown'> {
  return identity ? processes.liveness(identity).catch(() => 'unknown' as const) : Promise.resolve('unknown');
}

/** Why a session runs although we started nothing: whose server it shows. */
export function adoptedReason({ port, identity, uid, command, proof }: AppServer): Reason {
  return {
    code: 'adopted',
    facts: {
      port,
      ...(identity ? { pid: identity.pid } : {}),
      ...(uid === undefined ? {} : { uid }),
      ...(command ? { command: command.slice(0, 200) } : {}),
      proof,
    },
  };
}
