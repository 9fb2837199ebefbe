/**
 * Finds the servers of an app on any port, whoever started them.
 * Invariant: what it remembers of a listener holds for that very socket and its process only; whatever may change while they
 * stay the same (a server that does not answer yet) is looked at again each time.
 */
import type { LaunchSpec } from '../protocol';
import { ListenerJudge, type Verdict } from './listenerJudge';
import { readNextLock, type NextLock } from '../nextLock';
import type { Listener, Ports, ProcessIdentity, Processes } from './processes';

/** A dev server of an app that listens now and has proved that it is this app's, whoever started it. */
export interface AppServer {
  readonly port: number;
  /** The process that listens; undefined where the system hides it (another user's, another container's). */
  readonly identity: ProcessIdentity | undefined;
  readonly uid: number | undefined;
  /** Command line, for people; empty when hidden. */
  readonly command: string;
  /** What its identity was read from. */
  readonly proof: 'nextLock' | 'nextProject' | 'metroRoot' | 'workingDirectory';
}

/** Finds servers of an app on any port (DESIGN section 4, "Starting an app", point 3). */
export interface ServerFinder {
  /**
   * All servers of this app that listen now, our own included, the one on the spec's port first. Each has given proof of
   * identity AND a good probe; folders are compared by inode. Never rejects for what can't be seen.
   */
  find(spec: LaunchSpec): Promise<readonly AppServer[]>;
}

/** What a look at all listeners of an app's machine shows. */
export interface Findings {
  /** As `find` gives them. */
  readonly servers: readonly AppServer[];
  /** Listen and are this app's by lock file or working directory, but give no good answer: just starting, or hanging. */
  readonly silent: readonly AppServer[];
}

export interface SystemServerFinder extends ServerFinder {
  /** The servers that `find` gives, and beside them those that would be if they answered. */
  look(spec: LaunchSpec): Promise<Findings>;
}

export interface ServerFinderDependencies {
  readonly processes: Processes;
  readonly ports: Ports;
}

/**
 * A finder over these adapters. It remembers a proved server, and a proved stranger, for as long as the very same socket
 * listens: while nothing begins or ends to listen, a look costs what `allListeners` and one read of a small file cost.
 */
export function systemServerFinder(deps: ServerFinderDependencies): SystemServerFinder {
  /** Verdicts by app; those of an app whose spec has changed are thrown away. */
  const memories = new Map<string, { readonly digest: string; verdicts: Map<string, Verdict> }>();

  async function look(spec: LaunchSpec): Promise<Findings> {
    const [listeners, lock] = await Promise.all([listenersFor(spec, deps.ports), readNextLock(spec.folder)]);
    const memory = memoryOf(spec);
    const judge = new ListenerJudge(deps.processes, spec, lock);
    const verdicts = new Map<string, Verdict>();
    const results = await Promise.all(
      listeners.map(async (listener) => {
        const key = keyOf(listener, lock);
        const verdict = (key === undefined ? undefined : memory.verdicts.get(key)) ?? (await judge.of(listener));
        if (key !== undefined && (verdict.kind === 'server' || verdict.kind === 'stranger')) verdicts.set(key, verdict);
        return verdict;
      }),
    );
    memory.verdicts = verdicts;
    const of = (kind: 'server' | 'silent') =>
      unique(
        results.flatMap((verdict) => (verdict.kind === kind ? [verdict.server] : [])),
        spec.port,
      );
    return { servers: of('server'), silent: of('silent') };
  }

  function memoryOf(spec: LaunchSpec) {
    const digest = JSON.stringify([spec.folder, spec.type, spec.port, spec.probe]);
    const known = memories.get(spec.appKey);
    if (known?.digest === digest) return known;
    const fresh = { digest, verdicts: new Map<string, Verdict>() };
    memories.set(spec.appKey, fresh);
    return fresh;
  }

  return { look, find: async (spec) => (await look(spec)).servers };
}

/** All listeners; where the system would not say, the app's own port as if somebody hidden listened there. */
async function listenersFor(spec: LaunchSpec, ports: Ports): Promise<readonly Listener[]> {
  try {
    return await ports.allListeners();
  } catch {
    return [{ address: '127.0.0.1', port: spec.port, pid: undefined, uid: undefined }];
  }
}

/** What a verdict depends on; undefined where we can't tell that it is the same listener the next time. */
function keyOf({ socket, address, port, pid }: Listener, lock: NextLock | undefined): string | undefined {
  if (socket === undefined && pid === undefined) return undefined;
  const named = lock?.kind === 'named' && lock.port === port ? lock.pid : '';
  return [socket, address, port, pid, lock?.kind, named].join(' ');
}

/** One server that listens in several forms (IPv4 and IPv6) is one. */
function unique(servers: readonly AppServer[], ownPort: number): readonly AppServer[] {
  const byKey = new Map<string, AppServer>();
  for (const server of servers) {
    const key = `${server.port} ${server.identity?.pid ?? `of ${server.uid}`}`;
    if (!byKey.has(key)) byKey.set(key, server);
  }
  const rank = ({ port }: AppServer) => (port === ownPort ? 0 : port);
  return [...byKey.values()].sort((a, b) => rank(a) - rank(b));
}
