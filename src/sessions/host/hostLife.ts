/**
 * The life of the session host, from its birth to its end, over ports: takes the host locks, fences, serves, and ends when
 * nobody needs it, when it is told to, or when a newer one shall take its place. The simulation runs this very code.
 * Invariant: nothing is fenced, read or served before every host lock is held, and they are held until the process ends.
 */
import { delay } from '../clock';
import { failpoint } from '../failpoints';
import { HOST_EXIT, type HostReport } from '../hostArguments';
import { errorMessage } from '../log';
import type { HostSettings, RetireParams, RetireResult } from '../protocol';
import { isActive } from '../sessionState';
import { isNewerVersion } from '../version';
import { serveClient, type Refusal } from './clientConnection';
import type { AcrossMachines } from './acrossMachines';
import type { Endpoint } from './endpoint';
import { Fence } from './fence';
import { Gateways, type GatewaysOptions } from './gateways';
import { HealthMonitor } from './healthMonitor';
import type { HeldLock, KernelLock } from './kernelLock';
import type { ProcessIdentity } from './processes';
import type { SessionDependencies } from './session';
import { SessionHost, type HostsOwn } from './sessionHost';
import type { TerminalFactory } from './terminal';

/** How long an ended predecessor's locks may take to be free, and between two looks, in milliseconds: 50 to 90 measured (FACTS). */
const ENDED_HOLDER_LIMIT_MS = 5000;
const ENDED_HOLDER_POLL_MS = 20;
/** Between two looks at what the fence could not settle, in milliseconds. */
const FENCE_AGAIN_MS = 3000;

export interface HostPorts {
  readonly version: string;
  readonly pid: number;
  /** Names of the host locks, in the order in which they are taken; it takes all of them to serve. */
  readonly lockNames: readonly string[];
  readonly hostLock: KernelLock;
  /** What the cookies of this scope's servers begin with. */
  readonly cookiePrefix: string;
  /** A host that hangs and is to be ended first, on a person's word. */
  readonly endHolder: ProcessIdentity | undefined;
  /** What the sessions act through. */
  readonly session: Omit<SessionDependencies, HostsOwn | 'monitor' | 'newCookie' | 'terminals' | 'obstacle'>;
  readonly terminals: () => Promise<TerminalFactory>;
  /** What the preview gateways act through. */
  readonly gateway: Omit<GatewaysOptions, 'clock' | 'log'>;
  /** The guarantee beyond this machine; taken over. */
  readonly acrossMachines?: AcrossMachines;
  readonly endpoint: Endpoint;
  /** Values that hold for the whole host: those that an earlier host kept, else those of the client that started this one. */
  readonly readSettings: () => HostSettings;
  /** Throws when they can't be kept. */
  readonly saveSettings: (settings: HostSettings) => void;
  /** Unpredictable bytes as hex. */
  readonly randomHex: (bytes: number) => string;
  /** Ends the process; `report` tells the client that started it why. Nothing is done after it. */
  readonly exit: (code: number, report?: HostReport) => void;
}

export interface HostLife {
  /** Ends servers and host; what was wished for stays on record for the next one. */
  end(): void;
}

/** Resolves when the host serves, or with undefined when it has exited instead. Rejects when it can't serve at all. */
export async function runHost(ports: HostPorts): Promise<HostLife | undefined> {
  const { session: base, exit } = ports;
  const { clock, log, records, processes } = base;
  failpoint('host.begin');
  if (ports.endHolder) {
    const detail = await endHungHolder(ports, ports.endHolder);
    if (detail !== undefined) {
      log.warn('the host that hangs is not ended', { pid: ports.endHolder.pid, detail });
      exit(HOST_EXIT.done, { kind: 'notReplaced', pid: ports.endHolder.pid, detail });
      return undefined;
    }
  }
  const locks = await acquireAll(ports, ports.endHolder ? ENDED_HOLDER_LIMIT_MS : 0);
  if (typeof locks === 'string') {
    const holder = await ports.hostLock.describeHolder(locks).catch(() => undefined);
    log.info('another host has the scope', { pid: ports.pid, holder: holder?.pid });
    exit(HOST_EXIT.done, { kind: 'lockHeld', pid: holder?.pid, uid: holder?.uid });
    return undefined;
  }
  failpoint('host.locked');
  log.info('host begins', { pid: ports.pid, version: ports.version });

  const fence = new Fence(base, ports.cookiePrefix);
  const [known, terminals] = await Promise.all([fence.run(records), ports.terminals()]);
  failpoint('host.fenced');

  const settings = ports.readSettings();
  let ending: 'no' | 'retiring' | 'ending' = 'no';
  const close = (isForGood: boolean) => {
    if (ending === 'ending') return;
    ending = 'ending';
    const ids = host.snapshots().map(({ id }) => id);
    void host
      .close()
      .then(() => {
        if (isForGood) ids.forEach((id) => records.remove(id));
      })
      .catch((error: unknown) => log.error('not everything was ended', { error: errorMessage(error) }))
      .finally(() => {
        ports.endpoint.dispose();
        log.info('host ends', { pid: ports.pid });
        exit(HOST_EXIT.done);
      });
  };
  const host = new SessionHost({
    dependencies: {
      ...base,
      records: fence.guarding(records),
      terminals,
      monitor: new HealthMonitor(clock, settings.healthIntervalMs),
      newCookie: () => ports.cookiePrefix + ports.randomHex(12),
      obstacle: (appKey) => fence.obstacle(appKey),
    },
    settings,
    records: known,
    gateways: new Gateways({ clock, log, ...ports.gateway }),
    acrossMachines: ports.acrossMachines,
    saveSettings: (value) => {
      try {
        ports.saveSettings(value);
      } catch (error) {
        log.warn('settings not kept', { error: errorMessage(error) });
      }
    },
    onIdle: () => {
      log.info('nobody needs this host any more');
      close(true);
    },
  });

  const refusal = (): Refusal | undefined => {
    if (ending !== 'no') return { code: 'hostRetiring', facts: {} };
    const { endpoint } = ports;
    return endpoint.isTaken() ? { code: 'stateFolderTaken', facts: { folder: endpoint.folder } } : undefined;
  };
  const retire = ({ version, force }: RetireParams): RetireResult['verdict'] => {
    if (!isNewerVersion(version, ports.version)) return 'notNewer';
    if (!force && host.snapshots().some(({ state }) => isActive(state))) return 'busy';
    log.info('a newer host takes over', { version, own: ports.version, asked: force });
    ending = 'retiring'; // From here on nothing is started that the newer host would have to end.
    clock.after(0, () => close(false)); // After the answer.
    return 'retiring';
  };
  const token = ports.randomHex(32);
  const identity = await processes.identify(ports.pid);
  await ports.endpoint.listen(
    { token, version: ports.version, pid: ports.pid, startTicks: identity?.startTicks ?? '' },
    (peer, welcomed) =>
      serveClient(
        peer,
        {
          host,
          clock,
          log,
          token,
          version: ports.version,
          hostPid: ports.pid,
          refusal,
          shutdown: () => close(true),
          retire,
        },
        welcomed,
      ),
  );
  failpoint('host.listening');
  lookAgain(ports, fence);
  return { end: () => close(false) };
}

/** Takes every lock or none. Gives the name of the one that another holds. */
async function acquireAll({ hostLock, lockNames, session }: HostPorts, limitMs: number): Promise<HeldLock[] | string> {
  const endMs = session.clock.nowMs() + limitMs;
  for (;;) {
    const held: HeldLock[] = [];
    let missing: string | undefined;
    for (const name of lockNames) {
      const lock = await hostLock.tryAcquire(name);
      if (!lock) {
        missing = name;
        break;
      }
      held.push(lock);
    }
    if (missing === undefined) return held;
    for (const lock of held) lock.dispose();
    if (session.clock.nowMs() >= endMs) return missing;
    await delay(session.clock, ENDED_HOLDER_POLL_MS);
  }
}

/**
 * Ends the host that hangs, and nothing else: the process must be the one that was named AND, where the system tells, the
 * holder of a host lock. Gives why it was left alone; undefined when it is gone.
 */
async function endHungHolder(
  { hostLock, lockNames, session: { processes, log } }: HostPorts,
  holder: ProcessIdentity,
): Promise<string | undefined> {
  const liveness = await processes.liveness(holder);
  if (liveness === 'dead') return undefined;
  if (liveness === 'unknown') return 'it can not be looked at';
  for (const name of lockNames) {
    const seen = await hostLock.describeHolder(name);
    if (seen?.pid !== undefined && seen.pid !== holder.pid) return `process ${seen.pid} holds the lock`;
  }
  log.warn('ending a host that hangs, as asked', { pid: holder.pid });
  return (await processes.signal(holder, 'SIGKILL')) ? undefined : 'it could not be signalled';
}

/** What the fence could not settle is looked at until it is settled. */
function lookAgain({ session }: HostPorts, fence: Fence): void {
  const { clock, log } = session;
  const schedule = () => {
    if (fence.isSettled) return;
    clock.after(FENCE_AGAIN_MS, () => {
      fence
        .lookAgain()
        .catch((error: unknown) => log.warn('look at earlier processes failed', { error: errorMessage(error) }))
        .finally(schedule);
    });
  };
  schedule();
}
