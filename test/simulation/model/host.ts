import type { Logger } from '../../../src/sessions/log';
import { HOST_EXIT, type HostReport } from '../../../src/sessions/hostArguments';
import type { Endpoint, HostFacts, Serve } from '../../../src/sessions/host/endpoint';
import { runHost, type HostLife, type HostPorts } from '../../../src/sessions/host/hostLife';
import type { ProcessIdentity } from '../../../src/sessions/host/processes';
import type { HostSettings, SessionSnapshot } from '../../../src/sessions/protocol';
import type { Disposable } from '../../../src/sessions/event';
import type { ScopeFolder } from './files';
import type { Machine, Proc } from './machine';
import { SimPeer, type RequestWitness } from './network';
import { portsOf, type Surroundings } from './ports';
import type { Actor } from './scheduler';

/** The socket and the token of the scope, as they lie in the state folder: they outlive their host. */
export interface Place {
  readonly host: SimHost;
  readonly facts: HostFacts;
}

export interface HostWorld {
  readonly machine: Machine;
  readonly folder: ScopeFolder;
  readonly surroundings: Surroundings;
  readonly requests: RequestWitness;
  readonly log: Logger;
  readonly cookiePrefix: string;
  readonly lockName: string;
  place: Place | undefined;
  readonly hex: (bytes: number) => string;
  onExit(host: SimHost, code: number, report: HostReport | undefined): void;
  onError(host: SimHost, error: unknown): void;
}

/** One session host of the simulation: the real life of a host on the ports of the model. */
export class SimHost {
  readonly proc: Proc;
  readonly version: string;
  /** Clients can connect: from here on it serves until it ends. */
  isServing = false;
  life: HostLife | undefined;
  /** What it last told its clients, by session name. */
  readonly told = new Map<string, SessionSnapshot>();
  readonly peers = new Set<SimPeer>();
  #serve: Serve | undefined;
  readonly #world: HostWorld;

  constructor(world: HostWorld, proc: Proc, version: string) {
    this.#world = world;
    this.proc = proc;
    this.version = version;
  }

  run(settings: HostSettings, endHolder: ProcessIdentity | undefined): void {
    const { machine, folder, surroundings, log, cookiePrefix, lockName, hex } = this.#world;
    const { scheduler } = machine;
    const ports = portsOf(machine, this.proc, surroundings);
    const { terminals, hostLock, ...rest } = ports;
    const hostPorts: HostPorts = {
      version: this.version,
      pid: this.proc.pid,
      lockNames: [lockName],
      hostLock,
      cookiePrefix,
      endHolder,
      session: {
        ...rest,
        clock: scheduler.clockOf(this.proc),
        log,
        records: folder.recordsOf(this.proc, log, surroundings),
        softRestart: () => Promise.resolve(false),
        compileIssues: () => Promise.resolve({ issues: [], unknown: 'notSupported' }),
      },
      terminals: () => scheduler.call(this.proc, 'chooses terminals', () => terminals),
      // Nobody in this world looks at a preview.
      gateway: {
        spawn: () => {
          throw new Error('no client asks for a gateway');
        },
        ports: { read: () => new Map(), write: () => undefined },
      },
      endpoint: this.#endpoint(),
      readSettings: () => folder.settings ?? settings,
      saveSettings: (value) => {
        if (folder.isFull) throw new Error('ENOSPC: no space left on device');
        if (surroundings.mayAct(this.proc)) folder.settings = value;
      },
      randomHex: hex,
      exit: (code, report) => this.#exit(code, report),
    };
    runHost(hostPorts).then(
      (life) => (this.life = life),
      (error: unknown) => {
        if (this.proc.isDead) return;
        this.#world.onError(this, error);
        this.#exit(HOST_EXIT.failed, undefined);
      },
    );
  }

  /** A client's connection: the kernel takes it, the code hears of it when it runs. Undefined: refused. */
  connect(client: Actor): SimPeer | undefined {
    if (this.proc.isDead || !this.isServing) return undefined;
    const { machine, requests } = this.#world;
    const [own, theirs] = SimPeer.pair(machine.scheduler, client, this.proc, requests);
    this.peers.add(theirs);
    machine.scheduler.post(this.proc, 'accepts a connection', () => {
      if (theirs.isClosed) return;
      theirs.accept();
      const served = this.#serve?.(theirs, () => undefined);
      theirs.onDidClose(() => {
        this.peers.delete(theirs);
        served?.dispose();
      });
    });
    return own;
  }

  snapshots(): readonly SessionSnapshot[] {
    return [...this.told.values()];
  }

  /** It is gone, however that came: what the kernel does for it. */
  ended(): void {
    this.isServing = false;
    for (const peer of this.peers) peer.drop();
    this.peers.clear();
    this.#world.machine.hostEnded(this.proc);
  }

  #exit(code: number, report: HostReport | undefined): void {
    const world = this.#world;
    if (this.proc.isDead) return;
    world.onExit(this, code, report);
    world.machine.end(this.proc, { exitCode: code }); // Tells `ended` by itself.
  }

  #endpoint(): Endpoint {
    const world = this.#world;
    const { scheduler } = world.machine;
    let facts: HostFacts | undefined;
    let timer: Disposable | undefined;
    const open = () => {
      if (!facts || !world.surroundings.mayAct(this.proc)) return;
      world.place = { host: this, facts };
      this.isServing = true;
    };
    // Deleted: made again; another's: said, and looked at again (hostEndpoint.ts).
    const check = () => {
      timer = scheduler.after(this.proc, 'looks at its socket', 5000, () => {
        if (world.place === undefined) open();
        check();
      });
    };
    return {
      folder: '/state',
      listen: (given, serve) =>
        scheduler.call(this.proc, 'listens for clients', () => {
          facts = given;
          this.#serve = serve;
          open();
          check();
        }),
      isTaken: () => world.place !== undefined && world.place.host !== this,
      dispose: () => {
        timer?.dispose();
        if (this.proc.isDead) return;
        this.isServing = false;
        for (const peer of [...this.peers]) peer.dispose();
        if (world.place?.host === this) world.place = undefined;
      },
    };
  }
}
