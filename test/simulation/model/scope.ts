import type { HostReport } from '../../../src/sessions/hostArguments';
import type { Logger } from '../../../src/sessions/log';
import type { HostSettings } from '../../../src/sessions/protocol';
import type { ProcessIdentity } from '../../../src/sessions/host/processes';
import { ScopeFolder } from './files';
import { SimHost, type HostWorld, type Place } from './host';
import { world as nobody, type Machine, type Proc, type SimApp } from './machine';
import type { RequestWitness, SimPeer } from './network';
import type { Surroundings } from './ports';
import { SimWindow, StartLock, type SpawnedChild, type WindowWorld } from './window';

export interface ScopeOptions {
  readonly uid: number;
  readonly machine: Machine;
  readonly apps: readonly SimApp[];
  readonly settings: HostSettings;
  readonly surroundings: Surroundings;
  readonly requests: RequestWitness;
  readonly startLockIsOff: boolean;
  readonly hex: (bytes: number) => string;
  /** A person agreed to the end of this process: a host that hangs. */
  agreed(holder: ProcessIdentity): void;
  onHost(): void;
  onHostInVain(): void;
  onError(what: string, error: unknown): void;
}

const silent: Logger = {
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** What one user has on the machine: state folder, socket, start lock, hosts, windows. */
export class Scope implements HostWorld, WindowWorld {
  readonly uid: number;
  readonly machine: Machine;
  readonly surroundings: Surroundings;
  readonly requests: RequestWitness;
  readonly settings: HostSettings;
  readonly startLock: StartLock;
  readonly log = silent;
  readonly hex: (bytes: number) => string;
  folder = new ScopeFolder();
  place: Place | undefined;
  /** Those that live. */
  readonly hosts: SimHost[] = [];
  readonly windows: SimWindow[] = [];
  /** Minor version of the extension that the newest window brought. */
  newest = 0;
  readonly #options: ScopeOptions;
  readonly #children = new Map<SimHost, SpawnedChild>();

  constructor(options: ScopeOptions) {
    this.#options = options;
    this.uid = options.uid;
    this.machine = options.machine;
    this.surroundings = options.surroundings;
    this.requests = options.requests;
    this.settings = options.settings;
    this.hex = options.hex;
    this.startLock = new StartLock(options.machine, options.startLockIsOff);
  }

  get cookiePrefix(): string {
    return `scope${this.uid}-${this.machine.bootId}:`;
  }

  get lockName(): string {
    return `host:${this.uid}-${this.machine.bootId}`;
  }

  /** The host that clients reach. */
  get serving(): SimHost | undefined {
    const host = this.place?.host;
    return host?.isServing && host.proc.isAlive ? host : undefined;
  }

  hasWindow(appKey: string): boolean {
    return this.windows.some(
      (one) => one.kind === 'window' && one.isConnected && one.apps.some(({ spec }) => spec.appKey === appKey),
    );
  }

  openWindow(
    kind: 'window' | 'cli',
    apps: readonly SimApp[],
    autoStart: readonly SimApp[],
    version: string,
  ): SimWindow {
    const proc = this.machine.birth({ name: kind, role: 'client', folder: '/home', uid: this.uid });
    const window = new SimWindow(this, proc, { kind, apps, autoStart, version });
    this.windows.push(window);
    this.machine.scheduler.runAs(proc, 'opens', () => window.open());
    return window;
  }

  /** In good order: the extension's `deactivate` runs. */
  closeWindow(window: SimWindow): void {
    this.machine.scheduler.runAs(window.proc, 'closes', () => window.close());
    this.#forget(window);
    this.machine.end(window.proc);
  }

  killWindow(window: SimWindow): void {
    this.machine.end(window.proc, { signal: 'SIGKILL' });
    const { peer } = window.client;
    if (peer) (peer as SimPeer).drop();
    this.#forget(window);
  }

  /** Every process is gone with the machine; its folder is another scope's from now on. */
  reboot(): void {
    for (const host of this.hosts) host.isServing = false;
    this.hosts.length = 0;
    this.windows.length = 0;
    this.folder = new ScopeFolder();
    this.place = undefined;
    this.startLock.forget();
  }

  spawnHost(version: string, settings: HostSettings, endHolder: ProcessIdentity | undefined): SpawnedChild {
    const { machine } = this;
    if (endHolder) this.#options.agreed(endHolder);
    this.#options.onHost();
    const proc: Proc = machine.birth({ name: 'host', role: 'host', folder: '/', uid: this.uid });
    const host = new SimHost(this, proc, version);
    const child: SpawnedChild = { host, ended: undefined };
    this.hosts.push(host);
    this.#children.set(host, child);
    proc.onEnd = () => {
      host.ended();
      const at = this.hosts.indexOf(host);
      if (at >= 0) this.hosts.splice(at, 1);
      if (proc.killedBy) child.ended = { code: proc.killedBy, report: undefined };
    };
    machine.scheduler.after(proc, 'begins', machine.scheduler.random.between(20, 300), () =>
      host.run(settings, endHolder),
    );
    return child;
  }

  onExit(host: SimHost, code: number, report: HostReport | undefined): void {
    if (report?.kind === 'lockHeld') this.#options.onHostInVain();
    const child = this.#children.get(host);
    // The news needs its way through a pipe.
    if (child) this.machine.scheduler.after(nobody, 'a host has ended', 5, () => void (child.ended = { code, report }));
  }

  onError(host: SimHost, error: unknown): void {
    this.#options.onError(`${host.proc.name} could not serve`, error);
  }

  #forget(window: SimWindow): void {
    const at = this.windows.indexOf(window);
    if (at >= 0) this.windows.splice(at, 1);
  }
}
