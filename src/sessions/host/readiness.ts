import { delay, type Clock } from '../clock';
import { failpoint } from '../failpoints';
import type { LaunchSpec, Reason } from '../protocol';
import type { FolderLock } from './folderLock';
import type { GuardedProcess } from './guardedProcess';
import { findFamily, isInFamily } from './processFamily';
import type { Ports, Processes } from './processes';
import { PROBE_TIMEOUT_MS, type Prober, type ProbeResult } from './prober';

/** First and longest pause between two readiness probes (DESIGN section 4). */
const FIRST_PROBE_PAUSE_MS = 25;
const MAX_PROBE_PAUSE_MS = 500;
/** For so long the pauses do not grow: most servers answer in that time, and are to be shown 50 ms later (DESIGN section 10). */
const EAGER_MS = 5000;
/**
 * A second look before a server counts as running, where another one may have its folder: a duplicate Next answers shortly
 * and then gives up (FACTS).
 */
const SECOND_LOOK_MS = 150;
/** After this long without an answer on its port it is looked for on others, and again each so often. */
const OTHER_PORT_MS = 2000;
/** A server that only accepts connections might be anything: on another port it is believed in after this long. */
const OTHER_PORT_TCP_MS = 10_000;
/** A look that fails says nothing, the next one may; so many in a row end the start with their error. */
const MAX_FAILED_LOOKS = 100;
/** After this long without an answer the user is told what is missing. */
const SLOW_START_MS = 60_000;

export interface ReadinessDependencies {
  readonly clock: Clock;
  readonly ports: Ports;
  readonly processes: Processes;
  readonly prober: Prober;
  /** The framework's own lock on a folder, where it has one. */
  readonly folderLock?: FolderLock;
}

/** A server that answers, from within our own family. */
export interface Readiness {
  readonly port: number;
  readonly listenerPid: number | undefined;
  readonly result: ProbeResult;
  readonly durationMs: number;
}

/**
 * Probes, fast at first, until the server answers from within our own family: on the port that it was told, or on
 * another one of its own. `onSlow` hears what is missing after a minute. Undefined: it was over before.
 */
export async function untilReady(
  deps: ReadinessDependencies,
  spec: Pick<LaunchSpec, 'probe' | 'type' | 'folder'>,
  server: GuardedProcess,
  told: number,
  over: AbortSignal,
  onSlow: (reason: Reason) => void,
): Promise<Readiness | undefined> {
  const { clock, prober } = deps;
  const startedMs = clock.nowMs();
  let failedLooks = 0;
  let otherLookMs = startedMs + OTHER_PORT_MS;
  /** Somebody else answers there: who that is costs a look at all processes each time. */
  let isStrangers = false;
  for (let pauseMs = FIRST_PROBE_PAUSE_MS; !over.aborted;) {
    const ask = async (port: number): Promise<Readiness | undefined> => {
      const beganMs = clock.nowMs();
      const result = await prober.probe(spec.probe, port, PROBE_TIMEOUT_MS);
      if (!result.answered || over.aborted) return undefined;
      const listener = await ownListener(deps, server, port).catch((error: unknown) => {
        failedLooks++;
        if (failedLooks >= MAX_FAILED_LOOKS) throw error;
        return undefined;
      });
      if (listener) failedLooks = 0;
      else isStrangers = true;
      return listener && { port, listenerPid: listener.pid, result, durationMs: clock.nowMs() - beganMs };
    };
    let ready = await ask(told);
    if (over.aborted) return undefined;
    const nowMs = clock.nowMs();
    if (!ready && nowMs >= otherLookMs) {
      otherLookMs = nowMs + OTHER_PORT_MS;
      const own = await ownPorts(deps, server).catch((): readonly number[] => []);
      if (spec.probe.kind === 'http' || nowMs - startedMs > OTHER_PORT_TCP_MS)
        for (const port of own) if (port !== told && !ready && !over.aborted) ready = await ask(port);
      if (!ready && nowMs - startedMs > SLOW_START_MS)
        onSlow({ code: 'notListening', facts: { port: told, listening: own.includes(told) } });
    }
    if (ready) {
      failpoint('start.ready');
      if (await mayGiveUp(deps, spec, server)) await delay(clock, SECOND_LOOK_MS, over);
      return over.aborted ? undefined : ready;
    }
    await delay(clock, pauseMs, over);
    if (isStrangers || clock.nowMs() - startedMs >= EAGER_MS) pauseMs = Math.min(MAX_PROBE_PAUSE_MS, pauseMs * 1.5);
  }
  return undefined;
}

/** Whether the framework may yet end this server for another one of the same folder. */
async function mayGiveUp(
  { folderLock, processes }: ReadinessDependencies,
  spec: Pick<LaunchSpec, 'type' | 'folder'>,
  { marks }: GuardedProcess,
): Promise<boolean> {
  if (!folderLock) return spec.type === 'web';
  return folderLock.mayBeAnothers(spec, (pid) => isInFamily(processes, marks, pid)).catch(() => true);
}

/** The listener of the port if it is one of ours; where pids are hidden, an answer and our own user must do. */
export async function ownListener(
  deps: Pick<ReadinessDependencies, 'ports' | 'processes'>,
  server: GuardedProcess,
  port: number,
): Promise<{ readonly pid: number | undefined } | undefined> {
  const listeners = await deps.ports.listeners(port);
  const pids = listeners.flatMap(({ pid }) => (pid === undefined ? [] : [pid]));
  if (pids.length === 0) {
    const uid = process.getuid?.();
    const mayBeOurs = listeners.some((listener) => listener.uid === undefined || listener.uid === uid);
    return mayBeOurs ? { pid: undefined } : undefined;
  }
  for (const pid of new Set(pids)) if (await isInFamily(deps.processes, server.marks, pid)) return { pid };
  return undefined;
}

async function ownPorts(deps: ReadinessDependencies, server: GuardedProcess): Promise<readonly number[]> {
  const [listeners, family] = await Promise.all([deps.ports.allListeners(), findFamily(deps.processes, server.marks)]);
  const pids = new Set(family.map(({ pid }) => pid));
  const ports = listeners.filter(({ pid }) => pid !== undefined && pids.has(pid)).map(({ port }) => port);
  return [...new Set(ports)].sort((a, b) => a - b);
}
