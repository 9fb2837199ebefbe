import type { Logger } from '../../../src/sessions/log';
import type { HostSettings, LaunchSpec, SessionSnapshot } from '../../../src/sessions/protocol';
import { ScopeFolder } from './files';
import { SimHost, type HostWorld, type Place } from './host';
import { Machine, Proc, world as nobody, type Behaviour, type SimApp } from './machine';
import type { PortFlaws, Surroundings } from './ports';
import { Random } from './random';
import { Scheduler, type Actor } from './scheduler';
import { SimWindow, StartLock, type SpawnedChild, type WindowWorld } from './window';
import { Witness, type Violation } from './witness';
import type { RequestWitness, SimPeer } from './network';

/** What may happen in a world, beside what the code does; each schedule draws some of them. */
export const deeds = [
  'userStart',
  'userStop',
  'userRestart',
  'ctrlC',
  'openWindow',
  'closeWindow',
  'killWindow',
  'pauseWindow',
  'killHost',
  'pauseHost',
  'killServer',
  'pauseServer',
  'strangerTakesPort',
  'strangerFreesPort',
  'agentStarts',
  'agentEnds',
  'endForeign',
  'killReaper',
  'reusePid',
  'jumpWall',
  'fillDisk',
  'spoilRecord',
  'deleteSocket',
  'fog',
  'reboot',
  'upgrade',
  'replaceHung',
] as const;

export type Deed = (typeof deeds)[number];

export interface WorldOptions {
  readonly seed: number;
  readonly flaws?: PortFlaws;
  /** The deeds of this world; drawn by the seed if absent. */
  readonly deeds?: readonly Deed[];
  /** How servers behave; drawn by the seed if absent. */
  readonly behaviour?: Partial<Behaviour>;
  readonly trace?: (atMs: number, actor: string, what: string, states: string) => void;
}

/** What a schedule saw, so that a run can show that it looked at something. */
export interface Sightings {
  steps: number;
  virtualMs: number;
  hosts: number;
  hostsKilled: number;
  launches: number;
  stops: number;
  adoptions: number;
  crashLoops: number;
  blocked: number;
  reboots: number;
  recordsMovedAside: number;
}

const GRACE_MS = 20_000;
/** Within so much virtual time after the last fault everything has found its state (I3), and every request its answer (I5). */
const CALM_LIMIT_MS = 240_000;
const END_LIMIT_MS = 90_000;
/** More steps than any calm needs: a loop that never rests is found by it. */
const MAX_STEPS = 60_000;

const silent: Logger = {
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

const webSpec = (name: string, inode: number, port: number, more: Partial<LaunchSpec> = {}): LaunchSpec => ({
  appKey: `1:${inode}:${name}`,
  appName: name,
  type: 'web',
  folder: `/w/${name}`,
  command: ['pnpm', 'run', 'dev'],
  port,
  probe: { kind: 'http', method: 'GET', path: '/__nextjs_server_status' },
  env: {},
  ...more,
});

/** The workspaces to draw from. Frozen and shared: nobody changes a spec. */
const workspaces: readonly (readonly SimApp[])[] = [
  [{ name: 'web', spec: webSpec('web', 2, 3000), hasLock: false }],
  [{ name: 'web', spec: webSpec('web', 2, 3000), hasLock: true }],
  [{ name: 'web', spec: webSpec('web', 2, 3000, { install: ['pnpm', 'install'] }), hasLock: false }],
  [
    { name: 'web', spec: webSpec('web', 2, 3000), hasLock: false },
    { name: 'other', spec: webSpec('other', 3, 3000), hasLock: false },
  ],
  [
    { name: 'web', spec: webSpec('web', 2, 3000, { onPortTaken: 'useNext' }), hasLock: true },
    {
      name: 'mobile',
      spec: webSpec('mobile', 4, 8081, {
        type: 'mobile',
        fallback: { command: ['npx', 'expo', 'start', '--lan'], reason: 'tunnelUnavailable' },
      }),
      hasLock: false,
    },
  ],
];

const wellBehaved: Behaviour = {
  forkMs: 30,
  listenMs: 300,
  tidyMs: 60,
  ignoresInt: false,
  ignoresTerm: false,
  crashAfterMs: undefined,
  exitCode: 0,
  hangAfterMs: undefined,
  status: 200,
  neverListens: false,
  otherPort: undefined,
  forksDaemon: false,
  unkillableMs: 0,
};

/** One user's session host and windows on the machine: state folder, lock, socket. */
class Scope {
  folder = new ScopeFolder();
  place: Place | undefined;
  readonly hosts: SimHost[] = [];
  readonly windows: SimWindow[] = [];
  /** The version of the extension that new windows bring. */
  newest = 0;

  constructor(
    readonly uid: number,
    readonly hostWorld: HostWorld,
    readonly windowWorld: WindowWorld,
  ) {}
}

/** One simulated machine with its people, under one seed: runs a schedule of faults, then calm, then the end. */
export class World {
  readonly seed: number;
  readonly random: Random;
  readonly scheduler: Scheduler;
  readonly machine: Machine;
  readonly witness: Witness;
  readonly sightings: Sightings = {
    steps: 0,
    virtualMs: 0,
    hosts: 0,
    hostsKilled: 0,
    launches: 0,
    stops: 0,
    adoptions: 0,
    crashLoops: 0,
    blocked: 0,
    reboots: 0,
    recordsMovedAside: 0,
  };
  readonly apps: readonly SimApp[];
  readonly hosts: SimHost[] = [];
  readonly windows: SimWindow[] = [];
  #phase: 'chaos' | 'calm' | 'ending' | 'over' = 'chaos';
  #stepsLeft: number;
  #calmSinceMs = 0;
  #endingSinceMs = 0;
  #cookies = 0;
  #fogUntilMs = -1;
  #place: Place | undefined;
  #folder = new ScopeFolder();
  #newest = 0;
  #interrupts = new Map<Proc, number>();
  readonly #deeds: readonly Deed[];
  readonly #deedChance: number;
  readonly #behaviour: Partial<Behaviour> | undefined;
  readonly #drawnBehaviours: readonly (keyof Behaviour)[];
  readonly #killsMidway: boolean;
  readonly #missing = new Set<string>();
  readonly #hostWorld: HostWorld;
  readonly #windowWorld: WindowWorld;
  readonly #settings: HostSettings;

  constructor(options: WorldOptions) {
    this.seed = options.seed;
    const random = new Random(options.seed);
    this.random = random;
    const { trace } = options;
    this.scheduler = new Scheduler({
      random,
      instant: random.pick([0, 0.5, 0.9]),
      timePasses: random.pick([0.02, 0.1, 0.3]),
      maxLatencyMs: random.pick([50, 500, 3000]),
      jitterMs: random.pick([0, 5, 60]),
      trace: trace && ((actor, what) => trace(this.scheduler.nowMs, actor, what, this.#states())),
    });
    this.apps = random.pick(workspaces);
    // Few kinds of faults in one schedule reach deeper than all of them at once.
    const many = random.pick([3, 6, 12]);
    this.#deeds =
      options.deeds ??
      deeds.filter((deed) => random.chance(deed === 'reboot' || deed === 'fog' ? many / 60 : many / 20));
    this.#deedChance = random.pick([0.02, 0.06, 0.15]);
    this.#killsMidway = this.#deeds.includes('killHost') && random.chance(0.5);
    this.#behaviour = options.behaviour;
    const oddities = [
      'ignoresInt',
      'ignoresTerm',
      'crashAfterMs',
      'hangAfterMs',
      'status',
      'neverListens',
      'otherPort',
      'forksDaemon',
      'unkillableMs',
      'tidyMs',
    ] as const;
    this.#drawnBehaviours = random.chance(0.5) ? oddities.filter(() => random.chance(0.25)) : [];
    this.#stepsLeft = 30 + random.below(random.pick([60, 250]));
    if (random.chance(0.1)) for (const { spec } of this.apps) this.#missing.add(spec.folder);
    this.machine = new Machine({
      scheduler: this.scheduler,
      random,
      apps: this.apps,
      behaviour: (app) => this.#drawBehaviour(app),
      initNeverReaps: random.chance(0.2),
      reapersAct: options.flaws?.reapersDoNothing !== true,
      events: {
        onSignal: (proc, signal, by) => this.witness.onSignal(proc, signal, by),
        onLaunch: (launch) => {
          this.sightings.launches++;
          this.witness.onLaunch(launch);
        },
        onExitTold: (leader) => this.#onExitTold(leader),
      },
    });
    this.#settings = {
      healthIntervalMs: random.pick([5000, 15_000]),
      lastClient: random.pick(['keep', 'keep', 'stop'] as const),
      graceMs: GRACE_MS,
    };
    this.witness = new Witness({
      machine: () => this.machine,
      scheduler: this.scheduler,
      hasWindow: (appKey) =>
        this.windows.some(
          (one) => one.kind === 'window' && one.isConnected && one.apps.some(({ spec }) => spec.appKey === appKey),
        ),
      graceMs: GRACE_MS,
      hasLostRecords: () => this.#folder.hasLostRecords,
      mayLeaveProcesses: this.#mayLeaveProcesses,
      servingHost: () => (this.#place?.host.isServing ? this.#place.host.proc : undefined),
    });
    const surroundings: Surroundings = {
      flaws: options.flaws ?? {},
      isFoggy: () => this.scheduler.nowMs < this.#fogUntilMs && this.random.chance(0.5),
      mayAct: (host) => this.#mayAct(host),
      dependencies: (folder) => (this.#missing.has(folder) ? 'missing' : 'installed'),
      installed: (folder) => void this.#missing.delete(folder),
    };
    const requests: RequestWitness = {
      onRequest: (host, method, params) => this.#onRequest(host, method, params),
      onAnswer: (host, method, params, failed) => this.#onAnswer(host, method, params, failed),
      onNotification: (host, method, params) => this.#onNotification(host, method, params),
      onSnapshot: (host, snapshot) => this.#onSnapshot(host, snapshot),
    };
    const self = this;
    this.#hostWorld = {
      machine: this.machine,
      get folder() {
        return self.#folder;
      },
      surroundings,
      requests,
      log: silent,
      get cookiePrefix() {
        return `scope${self.machine.bootId}:`;
      },
      get lockName() {
        return `host:${self.machine.bootId}`;
      },
      get place() {
        return self.#place;
      },
      set place(value) {
        self.#place = value;
      },
      hex: () => String(++this.#cookies),
      onExit: (host, code, report) => {
        const child = this.#children.get(host);
        // The news needs its way through a pipe.
        if (child) this.scheduler.after(nobody, 'a host has ended', 5, () => void (child.ended = { code, report }));
      },
      onError: (host, error) => this.#onError(`${host.proc.name} could not serve`, error),
    };
    this.#windowWorld = {
      machine: this.machine,
      log: silent,
      startLock: new StartLock(() => this.machine, random.chance(0.3)),
      settings: this.#settings,
      get place() {
        return self.#place;
      },
      spawnHost: (version, settings, endHolder) => this.#spawnHost(version, settings, endHolder),
      onState: () => undefined,
    };
    this.#openWindow();
    if (random.chance(0.5)) this.#openWindow();
  }

  readonly #children = new Map<SimHost, SpawnedChild>();

  get isOver(): boolean {
    return this.#phase === 'over' || this.violation !== undefined;
  }

  get violation(): Violation | undefined {
    return this.witness.violation;
  }

  /** Some processes can't be ended or looked at for a time. */
  get #mayLeaveProcesses(): boolean {
    return this.#drawnBehaviours.includes('unkillableMs') || this.#deeds.includes('fog');
  }

  /** One step; the microtasks that it wakes must run before the next call. */
  step(): void {
    try {
      this.#look();
      if (this.isOver) return;
      if (++this.sightings.steps > MAX_STEPS) {
        this.witness.report('I3 gets there', 'the world never comes to rest');
        return;
      }
      if (this.#phase === 'chaos' && this.#stepsLeft-- <= 0) this.#becomeCalm();
      if (this.#phase === 'chaos' && this.random.chance(this.#deedChance) && this.#deeds.length > 0) {
        this.#do(this.random.pick(this.#deeds));
        return;
      }
      if (!this.scheduler.step() && this.#phase === 'chaos') this.#stepsLeft = 0;
    } catch (error) {
      this.#onError('a callback threw', error);
    }
  }

  /** An error that nobody caught: a host or window would have died of it. */
  onUnhandled(error: unknown): void {
    this.#onError('unhandled rejection', error);
  }

  #onError(what: string, error: unknown): void {
    this.witness.report('no error escapes', `${what}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }

  /** After each step. */
  #look(): void {
    this.sightings.virtualMs = this.scheduler.nowMs;
    this.witness.look();
    let serving = 0;
    for (const host of this.hosts) if (host.isServing && host.proc.isAlive) serving++;
    if (serving > 1)
      this.witness.report(
        'one host serves',
        this.hosts
          .filter((host) => host.isServing && host.proc.isAlive)
          .map(({ proc }) => proc.name)
          .join(' and '),
      );
    if (this.violation) return;
    if (this.#phase === 'calm') this.#lookAtCalm();
    else if (this.#phase === 'ending') this.#lookAtEnd();
  }

  // --- people and faults -----------------------------------------------------------------------------------------

  #do(deed: Deed): void {
    const { random, scheduler, machine } = this;
    if (scheduler.isTraced) scheduler.trace('people', deed);
    switch (deed) {
      case 'userStart':
        return this.#person((window, app) =>
          window.start(app, 'user', random.chance(0.2) ? { useNextPort: true } : undefined),
        );
      case 'userStop':
        return this.#person((window, app) => {
          for (let times = random.chance(0.2) ? 3 : 1; times > 0; times--) window.stop(app);
        });
      case 'userRestart':
        return this.#person((window, app) => window.restart(app));
      case 'ctrlC':
        return this.#person((window, app) => window.type(app, '\x03'));
      case 'openWindow':
        return this.#openWindow();
      case 'closeWindow': {
        const window = this.#anyWindow();
        if (!window || window.proc.isPaused) return;
        scheduler.runAs(window.proc, 'closes', () => window.close());
        this.#dropWindow(window);
        return;
      }
      case 'killWindow': {
        const window = this.#anyWindow();
        if (window) this.#killWindow(window);
        return;
      }
      case 'pauseWindow': {
        const window = this.#anyWindow();
        if (window) this.#pauseFor(window.proc);
        return;
      }
      case 'killHost': {
        const host = this.#anyHost();
        if (host) this.#killHost(host);
        return;
      }
      case 'pauseHost': {
        const host = this.#anyHost();
        if (host) this.#pauseFor(host.proc);
        return;
      }
      case 'killServer': {
        const proc = this.#anyOf(machine.procs.filter(({ launch, isAlive }) => launch && isAlive));
        if (!proc) return;
        machine.deliver(proc, 'SIGKILL', 'world');
        return;
      }
      case 'pauseServer': {
        const proc = this.#anyOf(machine.procs.filter(({ launch, isAlive }) => launch && isAlive));
        if (proc) this.#pauseFor(proc);
        return;
      }
      case 'strangerTakesPort': {
        const port = random.pick(this.apps).spec.port + (random.chance(0.2) ? 1 : 0);
        if (machine.isListening(port)) return;
        machine.listen(machine.birth({ name: 'stranger', role: 'foreign', folder: '/elsewhere' }), port, random.chance(0.8) ? 200 : 0);
        return;
      }
      case 'strangerFreesPort': {
        const found = this.#anyOf(machine.procs.filter((proc) => this.#isStranger(proc)));
        if (found) machine.end(found);
        return;
      }
      case 'agentStarts':
        return this.#agentStarts();
      case 'agentEnds': {
        const found = this.#anyOf(machine.procs.filter(({ name, isAlive }) => isAlive && name.startsWith('otherServer')));
        if (found) machine.end(found, { exitCode: 0 });
        return;
      }
      case 'endForeign':
        return this.#endForeign();
      case 'killReaper':
        return machine.killReaper();
      case 'reusePid': {
        const pid = this.#anyOf(machine.freedPids.filter((one) => !machine.isInUse(one)));
        if (pid !== undefined)
          machine.birth({ name: 'innocent', role: 'foreign', pid, folder: '/elsewhere', command: 'vi' });
        return;
      }
      case 'jumpWall':
        return scheduler.jumpWall(random.chance(0.5) ? 3_600_000 : -3_600_000);
      case 'fillDisk':
        this.#folder.isFull = !this.#folder.isFull;
        return;
      case 'spoilRecord': {
        const id = this.#anyOf([...this.#folder.records.keys()]);
        if (id !== undefined) this.#folder.spoil(id, random.pick(['empty', 'cut', 'rubbish', 'newer']));
        return;
      }
      case 'deleteSocket':
        if (this.#place?.host.isServing) this.#place = undefined;
        return;
      case 'fog':
        this.#fogUntilMs = scheduler.nowMs + random.between(100, 8000);
        return;
      case 'reboot':
        return this.#reboot();
      case 'upgrade':
        this.#newest++;
        return this.#openWindow();
      case 'replaceHung': {
        const window = this.#anyWindow();
        const place = this.#place;
        if (!window || window.proc.isPaused || !place) return;
        scheduler.runAs(window.proc, 'a person replaces the host', () => {
          window.client.replaceHungHost().catch(() => undefined);
        });
        return;
      }
    }
  }

  #person(act: (window: SimWindow, app: SimApp) => void): void {
    const window = this.#anyWindow();
    if (!window || window.proc.isPaused || window.apps.length === 0) return;
    const app = this.random.pick(window.apps);
    this.scheduler.runAs(window.proc, `a person acts on ${app.name}`, () => act(window, app));
  }

  #openWindow(): void {
    const { random } = this;
    if (this.windows.length >= 4) return;
    const kind = random.chance(0.85) ? 'window' : 'cli';
    const proc = this.machine.birth({ name: kind, role: 'client', folder: '/home' });
    const apps = random.chance(0.7) ? this.apps : [random.pick(this.apps)];
    const window = new SimWindow(this.#windowWorld, proc, {
      kind,
      apps,
      autoStart: kind === 'window' && random.chance(0.8) ? apps : [],
      version: `1.${random.chance(0.7) ? this.#newest : 0}.0`,
    });
    this.windows.push(window);
    this.scheduler.runAs(proc, 'opens', () => window.open());
  }

  #killWindow(window: SimWindow): void {
    this.machine.end(window.proc, { signal: 'SIGKILL' });
    const { peer } = window.client;
    if (peer) (peer as SimPeer).drop();
    this.#dropWindow(window);
  }

  #dropWindow(window: SimWindow): void {
    const at = this.windows.indexOf(window);
    if (at >= 0) this.windows.splice(at, 1);
    if (!window.proc.isDead) this.machine.end(window.proc);
  }

  #killHost(host: SimHost): void {
    if (!host.proc.isAlive) return;
    this.sightings.hostsKilled++;
    this.machine.end(host.proc, { signal: 'SIGKILL' });
  }

  #pauseFor(proc: Proc): void {
    if (proc.isPaused) {
      this.machine.resume(proc);
      return;
    }
    this.machine.pause(proc);
    if (this.scheduler.isTraced) this.scheduler.trace(proc, 'is suspended');
    this.scheduler.after(nobody, `${proc.name} goes on`, this.random.pick([200, 3000, 25_000]), () =>
      this.machine.resume(proc),
    );
  }

  #spawnHost(
    version: string,
    settings: HostSettings,
    endHolder: { readonly pid: number; readonly startTicks: string } | undefined,
  ): SpawnedChild {
    // On a person's word, and for that very process.
    if (endHolder) this.witness.agreed([endHolder]);
    const proc = this.machine.birth({ name: 'host', role: 'host', folder: '/' });
    const host = new SimHost(this.#hostWorld, proc, version);
    const child: SpawnedChild = { host, ended: undefined };
    this.sightings.hosts++;
    this.hosts.push(host);
    this.#children.set(host, child);
    proc.onEnd = () => {
      host.ended();
      const at = this.hosts.indexOf(host);
      if (at >= 0) this.hosts.splice(at, 1);
      if (proc.killedBy) child.ended = { code: proc.killedBy, report: undefined };
    };
    this.scheduler.after(proc, 'begins', this.random.between(20, 300), () => host.run(settings, endHolder));
    return child;
  }

  /** A synchronous effect of a host: it may be killed right before, and then it does not happen. */
  #mayAct(host: Proc): boolean {
    if (host.isDead) return false;
    if (this.#killsMidway && this.#phase === 'chaos' && this.random.chance(0.01)) {
      const found = this.hosts.find(({ proc }) => proc === host);
      if (this.scheduler.isTraced) this.scheduler.trace(host, 'is killed in the midst of a turn');
      if (found) this.#killHost(found);
      return false;
    }
    return true;
  }

  #agentStarts(): void {
    const { random, machine } = this;
    const app = random.pick(this.apps);
    const behaviour = this.#phase === 'chaos' ? this.#drawBehaviour(app) : wellBehaved;
    const port = app.spec.port + (random.chance(0.3) ? 1 : 0);
    // In a group with something that must not hear a signal: an agent, or the editor.
    const agent = random.chance(0.7)
      ? machine.birth({ name: 'agent', role: 'foreign', folder: '/home', command: 'agent' })
      : undefined;
    machine.foreignServer(app, port, agent, { ...behaviour, unkillableMs: 0, forksDaemon: false });
  }

  #endForeign(): void {
    const { random, witness } = this;
    const window = this.windows.find((one) => one.question !== undefined && !one.proc.isPaused);
    const question = window?.question;
    if (window && question && question.processes.length > 0 && random.chance(0.8)) {
      const { app, processes } = question;
      window.question = undefined;
      witness.agreed(processes);
      this.scheduler.runAs(window.proc, 'a person agrees', () => {
        const session = window.sessions.get(app.spec.appKey);
        if (session?.adopted) {
          if (random.chance(0.5)) window.stop(app, processes);
          else window.restart(app, processes);
        } else window.endForeign(app, session?.state === 'blocked' ? 'portHolder' : 'secondServer', processes);
      });
      return;
    }
    this.#person((other, app) => {
      const session = other.sessions.get(app.spec.appKey);
      if (session?.adopted) other.askForeign(app, 'adopted');
      else other.askForeign(app, session?.state === 'blocked' ? 'portHolder' : 'secondServer');
    });
  }

  #reboot(): void {
    this.sightings.reboots++;
    for (const window of [...this.windows]) this.windows.splice(this.windows.indexOf(window), 1);
    for (const host of this.hosts) {
      host.proc.isDead = true;
      host.isServing = false;
    }
    this.hosts.length = 0;
    this.machine.reboot();
    this.witness.rebooted();
    // A boot is another scope: its folder is empty, the old one stays with all its files.
    this.#folder = new ScopeFolder();
    this.#place = undefined;
    this.#openWindow();
  }

  #isStranger(proc: Proc): boolean {
    return proc.isAlive && proc.role === 'foreign' && (proc.name.startsWith('stranger') || proc.name.startsWith('innocent'));
  }

  #anyWindow(): SimWindow | undefined {
    return this.#anyOf(this.windows);
  }

  #anyHost(): SimHost | undefined {
    return this.#anyOf(this.hosts.filter(({ proc }) => proc.isAlive));
  }

  #anyOf<T>(items: readonly T[]): T | undefined {
    return items.length === 0 ? undefined : this.random.pick(items);
  }

  #drawBehaviour(app: SimApp): Behaviour {
    const { random } = this;
    let drawn: Behaviour = {
      ...wellBehaved,
      forkMs: random.between(1, 80),
      listenMs: random.between(20, 1500),
      tidyMs: random.between(5, 250),
    };
    if (this.#phase !== 'chaos') return drawn;
    if (this.#behaviour) return { ...drawn, ...this.#behaviour };
    for (const oddity of this.#drawnBehaviours) {
      if (random.chance(0.5)) continue;
      switch (oddity) {
        case 'ignoresInt':
          drawn = { ...drawn, ignoresInt: true };
          break;
        case 'ignoresTerm':
          drawn = { ...drawn, ignoresTerm: true };
          break;
        case 'crashAfterMs':
          drawn = {
            ...drawn,
            crashAfterMs: random.pick([10, 900, 4000, 30_000]),
            exitCode: random.pick([0, 1, 1]),
          };
          break;
        case 'hangAfterMs':
          drawn = { ...drawn, hangAfterMs: random.pick([0, 5000]) };
          break;
        case 'status':
          drawn = { ...drawn, status: 500 };
          break;
        case 'neverListens':
          drawn = { ...drawn, neverListens: true };
          break;
        case 'otherPort':
          drawn = { ...drawn, otherPort: app.spec.port + 7 };
          break;
        case 'forksDaemon':
          drawn = { ...drawn, forksDaemon: true };
          break;
        case 'unkillableMs':
          drawn = { ...drawn, unkillableMs: random.pick([3000, 20_000]) };
          break;
        case 'tidyMs':
          drawn = { ...drawn, tidyMs: random.between(1000, 6000) };
          break;
      }
    }
    return drawn;
  }

  // --- what people asked for -------------------------------------------------------------------------------------

  #onRequest(host: Actor, method: string, params: unknown): void {
    if (host.isDead || !(host instanceof Proc)) return;
    if (method === 'stop') {
      const { sessionId, confirmed } = params as { sessionId: string; confirmed?: { pid: number; startTicks: string }[] };
      const appKey = this.#appOf(host, sessionId);
      if (appKey === undefined) return;
      if (confirmed) this.witness.agreed(confirmed);
      this.sightings.stops++;
      this.witness.stopAsked(appKey, host);
    } else if (method === 'start' || method === 'restart') {
      const { spec, origin } = params as { spec: LaunchSpec; origin: string };
      if (origin === 'user') {
        this.witness.startAsked(spec.appKey);
        for (const leader of this.#interrupts.keys())
          if (leader.app?.spec.appKey === spec.appKey) this.#interrupts.delete(leader);
      }
    }
  }

  #onSnapshot(host: Actor, snapshot: SessionSnapshot): void {
    const found = this.hosts.find(({ proc }) => proc === host);
    const before = found?.told.get(snapshot.id);
    found?.told.set(snapshot.id, snapshot);
    if (before?.state === snapshot.state) return;
    if (snapshot.adopted) this.sightings.adoptions++;
    if (snapshot.state === 'blocked') this.sightings.blocked++;
    if (snapshot.reason.code === 'crashLoop') this.sightings.crashLoops++;
  }

  #onAnswer(host: Actor, method: string, params: unknown, failed: boolean): void {
    if (method !== 'stop' || !(host instanceof Proc)) return;
    const appKey = this.#appOf(host, (params as { sessionId: string }).sessionId);
    if (appKey === undefined) return;
    const state = this.#sessionOf(host, appKey);
    this.witness.stopAnswered(appKey, failed || state?.reason.code === 'leftovers');
  }

  #onNotification(host: Actor, method: string, params: unknown): void {
    if (method !== 'input' || !(host instanceof Proc) || host.isDead) return;
    const appKey = this.#appOf(host, (params as { sessionId: string }).sessionId);
    if (appKey === undefined || this.#sessionOf(host, appKey)?.state !== 'running') return;
    const leader = this.machine.procs.find(
      (proc) => proc.role === 'runner' && proc.isAlive && proc.app?.spec.appKey === appKey && proc.launch?.host === host,
    );
    if (leader) this.#interrupts.set(leader, this.scheduler.nowMs);
  }

  /** "An exit soon after a typed Ctrl+C is a stop": a person's, from then on. */
  #onExitTold(leader: Proc): void {
    const typedMs = this.#interrupts.get(leader);
    this.#interrupts.delete(leader);
    if (typedMs === undefined || this.scheduler.nowMs - typedMs > 4000 || !leader.launch || !leader.app) return;
    if (!leader.launch.host.isDead) this.witness.interrupted(leader.app.spec.appKey, leader.launch.host);
  }

  #appOf(host: Proc, sessionId: string): string | undefined {
    return this.#snapshotsOf(host).find(({ id }) => id === sessionId)?.appKey;
  }

  #sessionOf(host: Proc, appKey: string): SessionSnapshot | undefined {
    return this.#snapshotsOf(host).find((one) => one.appKey === appKey);
  }

  #snapshotsOf(host: Proc): readonly SessionSnapshot[] {
    return this.hosts.find(({ proc }) => proc === host)?.snapshots() ?? [];
  }

  // --- the calm after the faults ---------------------------------------------------------------------------------

  #becomeCalm(): void {
    this.#phase = 'calm';
    this.#calmSinceMs = this.scheduler.nowMs;
    this.scheduler.isCalm = true;
    if (this.scheduler.isTraced) this.scheduler.trace('people', 'no more faults from here on');
    this.#fogUntilMs = -1;
    this.#folder.isFull = false;
    for (const proc of [...this.machine.procs]) {
      if (proc.isPaused) this.machine.resume(proc);
      if (this.#isStranger(proc)) this.machine.end(proc);
    }
    // A person looks whether all is well: the window stays.
    if (!this.windows.some(({ kind, apps }) => kind === 'window' && apps.length === this.apps.length)) {
      if (this.windows.length >= 4) this.#killWindow(this.windows[0] as SimWindow);
      const proc = this.machine.birth({ name: 'window', role: 'client', folder: '/home' });
      const window = new SimWindow(this.#windowWorld, proc, {
        kind: 'window',
        apps: this.apps,
        autoStart: this.apps,
        version: `1.${this.#newest}.0`,
      });
      this.windows.push(window);
      this.scheduler.runAs(proc, 'opens', () => window.open());
    } else {
      // Whoever has given up is asked by its person once more.
      for (const window of this.windows)
        if (!window.isConnected) this.scheduler.runAs(window.proc, 'tries again', () => window.client.keepConnected());
    }
  }

  #lookAtCalm(): void {
    const { nowMs } = this.scheduler;
    if (nowMs - this.#calmSinceMs < 1500) return;
    const unfit = this.#whyNotSettled();
    if (unfit === undefined) {
      if (this.random.chance(0.3)) this.#endAll();
      else this.#phase = 'over';
      return;
    }
    if (nowMs - this.#calmSinceMs > CALM_LIMIT_MS) this.witness.report(unfit.invariant, unfit.detail);
  }

  /** What keeps the world from being as it should be by now; undefined: all is well. */
  #whyNotSettled(): { readonly invariant: 'I3 gets there' | 'I5 an answer for everyone' | 'windows follow'; readonly detail: string } | undefined {
    const serving = this.#place?.host;
    if (!serving?.isServing || !serving.proc.isAlive) return { invariant: 'I3 gets there', detail: 'no host serves' };
    for (const window of this.windows)
      if (!window.isConnected)
        return {
          invariant: 'I3 gets there',
          detail: `${window.proc.name} is not connected: ${JSON.stringify(window.client.state)}`,
        };
    const snapshots = serving.snapshots();
    for (const app of this.apps) {
      if (!this.windows.some(({ kind, apps }) => kind === 'window' && apps.includes(app))) continue;
      const session = snapshots.find(({ appKey }) => appKey === app.spec.appKey);
      if (!session) {
        // Stopped by a person and with its record lost, it is as if it had never been; who asks again is a new window.
        if (!this.windows.some((window) => window.owesStart(app))) continue;
        return { invariant: 'I3 gets there', detail: `nobody has asked for ${app.name}` };
      }
      const detail = this.#whyUntrue(session, app);
      if (detail !== undefined)
        return {
          invariant: 'I3 gets there',
          detail: `${session.id} is ${session.state} (${session.reason.code}), desired ${session.desired}: ${detail}`,
        };
      for (const window of this.windows) {
        const seen = window.sessions.get(app.spec.appKey);
        if (window.apps.includes(app) && seen?.revision !== session.revision)
          return { invariant: 'windows follow', detail: `${window.proc.name} sees ${app.name} ${seen?.state ?? 'nowhere'}, not ${session.state}` };
      }
    }
    for (const peer of serving.peers)
      for (const [, { method }] of peer.unanswered)
        return { invariant: 'I5 an answer for everyone', detail: `${method} is not answered` };
    return undefined;
  }

  /** Why a state is not what the machine shows. */
  #whyUntrue({ state, reason, desired, port, adopted }: SessionSnapshot, app: SimApp): string | undefined {
    const { machine } = this;
    const listener = machine.listeners.find((one) => one.port === port && one.proc.app === app);
    switch (state) {
      case 'running':
        if (!listener) return 'nobody of it listens there';
        if (listener.proc.isHanging) return 'it hangs';
        return (listener.proc.launch === undefined) === adopted ? undefined : 'adopted says otherwise';
      case 'unhealthy':
        return listener && !listener.proc.isHanging ? 'it answers' : undefined;
      case 'stopped':
        if (desired === 'running') return 'nobody starts it';
        return machine.launches.some((launch) => launch.app === app && launch.live > 0) ? 'something of it lives' : undefined;
      case 'failed':
        return undefined;
      case 'blocked':
        if (reason.code === 'portTaken') return machine.isListening(app.spec.port) ? undefined : 'the port is free';
        if (reason.code === 'appLockHeld') return [...machine.locks.keys()].some((name) => name.startsWith('app:')) ? undefined : 'the lock is free';
        return 'what is in the way has gone';
      case 'starting':
        return reason.code === 'notListening' ? undefined : 'it takes too long';
      default:
        return 'it takes too long';
    }
  }

  // --- the end ---------------------------------------------------------------------------------------------------

  #endAll(): void {
    const window = this.windows.find(({ isConnected }) => isConnected);
    if (!window) return;
    this.#phase = 'ending';
    this.#endingSinceMs = this.scheduler.nowMs;
    for (const other of [...this.windows])
      if (other !== window) {
        this.scheduler.runAs(other.proc, 'closes', () => other.close());
        this.#dropWindow(other);
      }
    this.scheduler.runAs(window.proc, 'a person ends all', () => {
      window.shutdown();
    });
    this.scheduler.after(nobody, 'the last window is closed', 3, () => {
      this.scheduler.runAs(window.proc, 'closes', () => window.close());
      this.#dropWindow(window);
    });
  }

  #lookAtEnd(): void {
    const isOver = this.hosts.length === 0;
    if (!isOver && this.scheduler.nowMs - this.#endingSinceMs < END_LIMIT_MS) return;
    if (!isOver) return this.witness.report('I3 gets there', 'the host does not end');
    const left = this.machine.launches.find(({ live }) => live > 0);
    // What the kernel holds is ended by its reaper as soon as a signal gets through.
    if (left && this.#mayLeaveProcesses && this.scheduler.nowMs - this.#endingSinceMs < END_LIMIT_MS) return;
    if (left) return this.witness.report('I2 no orphans', `launch ${left.number} lives after the end`);
    const zombie = this.machine.procs.find(({ isZombie, launch }) => isZombie && launch?.isUndisturbed === true);
    if (zombie && zombie.ppid === 1) return this.witness.report('no zombies', `${zombie.name} is left to PID 1`);
    this.#phase = 'over';
  }

  #states(): string {
    const host = this.#place?.host;
    const lines = host?.proc.isAlive
      ? host.snapshots().map(({ id, state, reason, adopted }) => `${id}=${adopted ? 'adopted ' : ''}${state}(${reason.code})`)
      : [];
    return lines.join(' ');
  }
}
