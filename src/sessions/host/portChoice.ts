import { errorMessage, type Logger } from '../log';
import type { LaunchSpec, Reason } from '../protocol';
import type { Ports, Processes } from './processes';

const MAX_PORT = 65_535;

export interface PortDependencies {
  readonly ports: Ports;
  readonly processes: Processes;
  /** Name of a user, for people. */
  readonly userName?: (uid: number) => Promise<string | undefined>;
  readonly log: Logger;
}

/** The port to use, or why there is none now. */
export type PortChoice =
  { readonly port: number; readonly skipped: 'session' | 'stranger' | undefined } | { readonly taken: Reason };

/**
 * The spec's port; the next free one where another session of ours has it or `useNext` says so. Otherwise a stranger on
 * it is named. `claim` takes a port for the session before it is looked at, so that two that start at once can't meet.
 */
export async function choosePort(
  deps: PortDependencies,
  spec: Pick<LaunchSpec, 'port'>,
  useNext: boolean,
  claim: (port: number) => boolean,
): Promise<PortChoice> {
  let skipped: 'session' | 'stranger' | undefined;
  for (let port = spec.port; port <= MAX_PORT; port++) {
    if (!claim(port)) {
      skipped ??= 'session';
      continue;
    }
    if (await deps.ports.isFree(port)) return { port, skipped };
    if (port === spec.port && !useNext) break;
    skipped ??= 'stranger';
  }
  return { taken: { code: 'portTaken', facts: await holderFacts(deps, spec.port) } };
}

/** Who holds a port, as far as this user can see: pid, uid, command line, folder. */
async function holderFacts(
  { ports, processes, userName, log }: PortDependencies,
  port: number,
): Promise<NonNullable<Reason['facts']>> {
  try {
    const listeners = await ports.listeners(port);
    const holder = listeners.find(({ pid }) => pid !== undefined) ?? listeners[0];
    const uid = holder?.uid;
    const name = uid === undefined ? undefined : await userName?.(uid);
    const user = { ...(uid === undefined ? {} : { uid }), ...(name === undefined ? {} : { user: name }) };
    // A socket without a process that we may see: another user's, or another container's in this network.
    if (holder?.pid === undefined) return { port, ...user, ...(holder ? { hidden: true } : {}) };
    const { pid } = holder;
    const info = (await processes.list()).find((candidate) => candidate.pid === pid);
    const folder = await processes.workingDirectory(pid);
    return {
      port,
      pid,
      ...user,
      ...(info ? { command: info.command.slice(0, 200) } : {}),
      ...(folder === undefined ? {} : { folder }),
    };
  } catch (error) {
    log.warn('port holder could not be looked at', { port, error: errorMessage(error) });
    return { port };
  }
}
