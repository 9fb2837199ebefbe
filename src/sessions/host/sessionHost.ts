import { goesByOwnName } from '../appTypes';
import type { Clock } from '../clock';
import type { Disposable } from '../event';
import type { Logger } from '../log';
import type { HostSettings, LaunchSpec, RedisSettings, SessionSnapshot, StartParams } from '../protocol';
import { onOneMachine, type AcrossMachines } from './acrossMachines';
import { findFamily } from './processFamily';
import type { Gateways } from './gateways';
import type { AppServer } from './serverFinder';
import { Session, type SessionDependencies } from './session';
import type { SessionRecord } from './sessionRecords';
import { Notices } from './notices';
import { Turn } from './turn';

/** What the host knows of a connected client. */
export interface ClientView {
  readonly kind: 'window' | 'cli';
  readonly apps: ReadonlySet<string>;
  push(snapshot: SessionSnapshot): void;
}

/** What the host itself gives to its sessions. */
export type HostsOwn =
  'isPortOfAnother' | 'isServerOfAnother' | 'installTurn' | 'settings' | 'onDidChange' | 'acrossMachines';

export interface SessionHostOptions {
  readonly dependencies: Omit<SessionDependencies, HostsOwn>;
  readonly settings: HostSettings;
  readonly records: readonly SessionRecord[];
  /** Keeps the host-wide values for the next host. */
  readonly saveSettings: (settings: HostSettings) => void;
  /** Taken over: ended with the host. */
  readonly gateways: Gateways;
  /** Taken over: closed with the host. None: this machine is all there is. */
  readonly acrossMachines?: AcrossMachines | undefined;
  /** Nobody is connected and nothing runs: the process may end. */
  readonly onIdle: () => void;
}

/** How long a host without client and session waits for one, in milliseconds: a reload is quicker. */
const IDLE_EXIT_MS = 5000;

/**
 * All sessions of this scope and the clients that look on. One process decides, in one event loop: that is what makes
 * a dev server unique here.
 */
export class SessionHost {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #options: SessionHostOptions;
  readonly #dependencies: SessionDependencies;
  readonly #gateways: Gateways;
  readonly #acrossMachines: AcrossMachines;
  readonly #sessions = new Map<string, Session>();
  readonly #clients = new Set<ClientView>();
  /** Which window tells what. */
  readonly notices = new Notices();
  readonly #graceTimers = new Map<Session, Disposable>();
  #settings: HostSettings;
  #idleTimer: Disposable | undefined;
  /** Set while Redis is used. */
  #renewing: Disposable | undefined;
  #isClosing = false;

  constructor(options: SessionHostOptions) {
    this.#options = options;
    this.#clock = options.dependencies.clock;
    this.#log = options.dependencies.log;
    this.#settings = options.settings;
    this.#gateways = options.gateways;
    this.#acrossMachines = options.acrossMachines ?? onOneMachine;
    this.#acrossMachines.onDidChange(() => {
      for (const session of this.#sessions.values()) session.warningChanged();
    });
    this.#dependencies = {
      ...options.dependencies,
      isPortOfAnother: (port, session) =>
        this.#gateways.has(port) ||
        [...this.#sessions.values()].some((other) => other !== session && other.claimedPort === port),
      isServerOfAnother: (server, session) => this.#isServerOfAnother(server, session),
      installTurn: new Turn(),
      settings: () => this.#settings,
      onDidChange: (session) => this.#broadcast(session),
      acrossMachines: this.#acrossMachines,
    };
    for (const record of options.records) {
      const session = new Session(this.#dependencies, record.id, record.spec, 0, record);
      this.#sessions.set(record.spec.appKey, session);
    }
    this.#considerIdle();
  }

  snapshots(): readonly SessionSnapshot[] {
    return [...this.#sessions.values()].map((session) => session.snapshot());
  }

  /** The session of this name, undefined when there is none. */
  find(id: string): Session | undefined {
    return [...this.#sessions.values()].find((session) => session.id === id);
  }

  /** The gateway of the session's app, once it listens and accepts these hosts. Rejects with `gatewayFailed`. */
  gateway(session: Session, hosts: readonly string[]): Promise<{ readonly port: number; readonly id: string }> {
    const ports = this.snapshots().map(({ port }) => port);
    return this.#gateways.serve(session.snapshot(), hosts, ports);
  }

  start(params: StartParams): SessionSnapshot {
    return this.#sessionFor(params.spec).start(params);
  }

  /** Rejects with `ConfirmationNeededError` when an adopted server would have to be ended without a person's word. */
  restart(params: StartParams): Promise<SessionSnapshot> {
    return this.#sessionFor(params.spec).restart(params);
  }

  /** Values that hold for the whole host: the last writer wins, and the next host begins with them. */
  configure(settings: HostSettings): void {
    const changed = JSON.stringify(settings) !== JSON.stringify(this.#settings);
    this.#settings = settings;
    this.#dependencies.monitor.setInterval(settings.healthIntervalMs);
    if (!changed) return;
    this.#log.info('settings changed', { ...settings });
    this.#options.saveSettings(settings);
  }

  /** The Redis by which machines agree from now on, or none. Never logged: its address may hold a password. */
  useRedis(settings: RedisSettings | undefined): void {
    this.#acrossMachines.use(settings);
    this.#renewing?.dispose();
    this.#renewing = settings && this.#dependencies.monitor.add({ checkHealth: () => this.#acrossMachines.renew() });
    // What runs already is news there.
    for (const session of this.#sessions.values()) this.#acrossMachines.update(session.snapshot());
  }

  /** A client said hello. Dispose when it is gone. */
  addClient(client: ClientView): Disposable {
    this.#clients.add(client);
    this.clientsChanged();
    return {
      dispose: () => {
        this.notices.left(client);
        if (this.#clients.delete(client)) this.clientsChanged();
      },
    };
  }

  /** Clients came, went, or look at other apps now. */
  clientsChanged(): void {
    for (const session of this.#sessions.values()) {
      session.setWindows(this.#windowsOf(session.appKey));
      this.#considerGrace(session);
    }
    this.#considerIdle();
  }

  /** Ends every server and keeps what was wished for on record. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.#idleTimer?.dispose();
    for (const timer of this.#graceTimers.values()) timer.dispose();
    this.#gateways.dispose();
    await Promise.all([...this.#sessions.values()].map((session) => session.halt()));
    this.#renewing?.dispose();
    await this.#acrossMachines.close();
    for (const session of this.#sessions.values()) session.dispose();
  }

  async #isServerOfAnother({ port, identity }: AppServer, session: Session): Promise<boolean> {
    // It passes on what a server says of itself, and is none.
    if (this.#gateways.has(port)) return true;
    for (const other of this.#sessions.values()) {
      if (other === session) continue;
      if (other.claimedPort === port) return true;
      const { marks } = other;
      if (!marks || !identity) continue;
      if ((await findFamily(this.#dependencies.processes, marks)).some(({ pid }) => pid === identity.pid)) return true;
    }
    return false;
  }

  #sessionFor(spec: LaunchSpec): Session {
    const known = this.#sessions.get(spec.appKey);
    if (known) return known;
    const session = new Session(this.#dependencies, this.#nameFor(spec), spec, this.#windowsOf(spec.appKey));
    this.#sessions.set(spec.appKey, session);
    return session;
  }

  /** `dev_server_web`; a second app of a type appends its folder, a third of the same folder name a number. */
  #nameFor(spec: LaunchSpec): string {
    const taken = new Set([...this.#sessions.values()].map((session) => session.id));
    const plain = goesByOwnName(spec.type) ? `dev_server_${sanitized(spec.appName)}` : `dev_server_${spec.type}`;
    if (spec.isFirstOfType !== false && !taken.has(plain)) return plain;
    const withFolder = `${plain}_${sanitized(spec.folder.split(/[\\/]/).at(-1) ?? '')}`;
    for (let n = 1; ; n++) {
      const name = n === 1 ? withFolder : `${withFolder}_${n}`;
      if (!taken.has(name)) return name;
    }
  }

  #broadcast(session: Session): void {
    const snapshot = session.snapshot();
    this.#gateways.update(snapshot);
    this.#acrossMachines.update(snapshot);
    for (const client of this.#clients) client.push(snapshot);
    if (!session.isActive) this.#considerIdle();
  }

  #windowsOf(appKey: string): number {
    return [...this.#clients].filter((client) => client.kind === 'window' && client.apps.has(appKey)).length;
  }

  #isWatched(session: Session): boolean {
    return [...this.#clients].some((client) => client.apps.has(session.appKey));
  }

  /** Nobody has looked at a session for the grace time: a stop is forgotten, and on a desktop the server ends. */
  #considerGrace(session: Session): void {
    if (this.#isWatched(session)) {
      this.#graceTimers.get(session)?.dispose();
      this.#graceTimers.delete(session);
      return;
    }
    if (this.#graceTimers.has(session) || this.#isClosing) return;
    this.#graceTimers.set(
      session,
      this.#clock.after(this.#settings.graceMs, () => {
        this.#graceTimers.delete(session);
        // Nobody looks on any more: somebody else's server goes on without us.
        if (session.isOnlyWatched) void session.halt();
        else if (session.isActive && this.#settings.lastClient === 'stop')
          void session.stop({ code: 'stoppedByLastWindow' });
        else if (session.isSticky) session.forgetStop();
      }),
    );
  }

  #considerIdle(): void {
    const isBusy = this.#clients.size > 0 || [...this.#sessions.values()].some((session) => session.isActive);
    if (isBusy || this.#isClosing) {
      this.#idleTimer?.dispose();
      this.#idleTimer = undefined;
      return;
    }
    this.#gateways.rest();
    if (this.#idleTimer) return;
    // A stop that a person asked for must be remembered as long as the grace time.
    const remembers = [...this.#sessions.values()].some((session) => session.isSticky);
    this.#idleTimer = this.#clock.after(Math.max(IDLE_EXIT_MS, remembers ? this.#settings.graceMs + 1000 : 0), () => {
      this.#idleTimer = undefined;
      this.#options.onIdle();
    });
  }
}

function sanitized(name: string): string {
  return name.replace(/[^A-Za-z0-9_.-]+/g, '_') || 'app';
}
