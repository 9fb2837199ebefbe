import type { HostSettings, SessionSnapshot, StartParams } from '../../../src/sessions/protocol';
import { drawGood, drawOdd, oddities, workspaces, type Oddity } from './apps';
import { whyNotSettled } from './calm';
import { Machine, Proc, world as nobody, type Behaviour, type SimApp } from './machine';
import type { RequestWitness } from './network';
import { deeds, disturbing, People, type Deed } from './people';
import type { PortFlaws, Surroundings } from './ports';
import { Random } from './random';
import { Scheduler, type Actor } from './scheduler';
import { Scope } from './scope';
import { Witness, type Violation } from './witness';

export interface WorldOptions {
  readonly seed: number;
  readonly flaws?: PortFlaws;
  /** The deeds of this world, the oddities of its servers, how many users it has; drawn by the seed where absent. */
  readonly deeds?: readonly Deed[];
  readonly oddities?: readonly Oddity[];
  readonly users?: 1 | 2;
  /** PID 1 never asks for the orphans it gets (fault 42). */
  readonly initNeverReaps?: boolean;
  /** Steps before the calm, for what takes its time. */
  readonly steps?: number;
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
  clockJumps: number;
  pauses: number;
}

export function noSightings(): Sightings {
  return {
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
    clockJumps: 0,
    pauses: 0,
  };
}

const GRACE_MS = 20_000;
/** Within so much virtual time after the last fault everything has found its state (I3) and every request its answer (I5). */
const CALM_LIMIT_MS = 240_000;
/** What follows at once on the last fault is no calm yet. */
const CALM_AT_LEAST_MS = 1500;
/** A client that has given up is left to its person, who tries again so often. */
const TRY_AGAIN_MS = 10_000;
const END_LIMIT_MS = 90_000;
/** More steps than any schedule needs: a loop that never rests is found by it. */
const MAX_STEPS = 60_000;
/** An exit so soon after a typed Ctrl+C is a stop for certain (the code has 5 s). */
const INTERRUPTED_MS = 4000;

/** One simulated machine with its people under one seed: faults, then calm, and in some schedules the end. */
export class World {
  readonly seed: number;
  readonly sightings = noSightings();
  readonly #random: Random;
  readonly #scheduler: Scheduler;
  readonly #machine: Machine;
  readonly #witness: Witness;
  readonly #people: People;
  readonly #apps: readonly SimApp[];
  readonly #scopes: readonly Scope[];
  readonly #deeds: readonly Deed[];
  readonly #oddities: readonly Oddity[];
  readonly #deedChance: number;
  readonly #killsMidway: boolean;
  /** Apps whose packages are not installed yet. */
  readonly #missing = new Set<string>();
  /** Ctrl+C typed for an app of a host: when. */
  readonly #typed = new Map<string, number>();
  /** Leaders that were sent a Ctrl+C by a person: when. */
  readonly #interrupts = new Map<Proc, number>();
  #phase: 'chaos' | 'calm' | 'ending' | 'over' = 'chaos';
  #stepsLeft: number;
  #sinceMs = 0;
  #triedMs = 0;
  #cookies = 0;
  #fogUntilMs = -1;

  constructor(options: WorldOptions) {
    const random = new Random(options.seed);
    const { trace } = options;
    this.seed = options.seed;
    this.#random = random;
    const instant = random.pick([0, 0.5, 0.9]);
    const timePasses = random.pick([0.02, 0.1, 0.3]);
    const maxLatencyMs = random.pick([50, 500, 3000]);
    this.#scheduler = new Scheduler({
      random,
      instant,
      timePasses,
      maxLatencyMs,
      jitterMs: random.pick([0, 5, 60]),
      trace: trace && ((actor, what) => trace(this.#scheduler.nowMs, actor, what, this.#states())),
    });
    this.#apps = random.pick(workspaces);
    // Few kinds of faults in one schedule reach deeper than all of them at once.
    const many = random.pick([0.1, 0.25, 0.5]);
    const drawnDeeds = deeds.filter((deed) => random.chance(rare.has(deed) ? many / 4 : many));
    const drawnOddities = random.chance(0.5) ? oddities.filter(() => random.chance(0.25)) : [];
    this.#deeds = options.deeds ?? drawnDeeds;
    this.#oddities = options.oddities ?? drawnOddities;
    this.#deedChance = random.pick([0.02, 0.06, 0.15]);
    this.#killsMidway = random.chance(0.5) && this.#deeds.includes('killHost');
    const drawnSteps = 30 + random.below(random.pick([60, 250]));
    this.#stepsLeft = options.steps ?? drawnSteps;
    if (random.chance(0.1)) for (const { spec } of this.#apps) this.#missing.add(spec.folder);
    const startLockIsOff = random.chance(0.3);
    const users = random.chance(0.12) ? 2 : 1;
    const initNeverReaps = random.chance(0.2);
    this.#machine = new Machine({
      scheduler: this.#scheduler,
      random,
      apps: this.#apps,
      behaviour: (app) => this.#drawBehaviour(app),
      initNeverReaps: options.initNeverReaps ?? initNeverReaps,
      reapersAct: options.flaws?.reapersDoNothing !== true,
      onInstalled: (folder) => void this.#missing.delete(folder),
      events: {
        onSignal: (proc, signal, by) => this.#witness.onSignal(proc, signal, by),
        onLaunch: (launch, port) => {
          this.sightings.launches++;
          this.#witness.onLaunch(launch, port);
        },
        onExitTold: (leader) => this.#onExitTold(leader),
      },
    });
    const settings: HostSettings = {
      healthIntervalMs: random.pick([5000, 15_000]),
      lastClient: random.pick(['keep', 'keep', 'stop'] as const),
      graceMs: GRACE_MS,
    };
    const surroundings: Surroundings = {
      flaws: options.flaws ?? {},
      isFoggy: () => this.#scheduler.nowMs < this.#fogUntilMs && random.chance(0.5),
      looksFail: () => this.#scheduler.nowMs < this.#fogUntilMs && random.chance(0.1),
      mayAct: (host) => this.#mayAct(host),
      dependencies: (folder) => (this.#missing.has(folder) ? 'missing' : 'installed'),
    };
    const requests: RequestWitness = {
      onRequest: (host, method, params) => this.#onRequest(host, method, params),
      onAnswer: (host, method, params, failed) => this.#onAnswer(host, method, params, failed),
      onNotification: (host, method, params) => this.#onNotification(host, method, params),
      onSnapshot: (host, snapshot) => this.#onSnapshot(host, snapshot),
    };
    // A start lock is waited for 15 s: on a machine that is slower than slow it is gone without.
    const isQuiet = !startLockIsOff && maxLatencyMs <= 500 && !this.#deeds.some((deed) => disturbing.includes(deed));
    const scopeOf = (uid: number) =>
      new Scope({
        uid,
        machine: this.#machine,
        apps: this.#apps,
        settings,
        surroundings,
        requests,
        startLockIsOff,
        hex: () => String(++this.#cookies),
        agreed: (holder) => this.#witness.agreed([holder]),
        onHost: () => void this.sightings.hosts++,
        onHostInVain: () => {
          if (isQuiet && this.#phase === 'chaos')
            this.#witness.report('no host in vain', 'a host was spawned beside one that serves, and nothing was amiss');
        },
        onError: (what, error) => {
          // A host that can't look at the system does not serve; its client tries again.
          if (!this.#deeds.includes('fog')) this.#onError(what, error);
        },
      });
    this.#scopes = (options.users ?? users) === 2 ? [scopeOf(0), scopeOf(1)] : [scopeOf(0)];
    this.#witness = new Witness({
      machine: () => this.#machine,
      scheduler: this.#scheduler,
      hasWindow: (uid, appKey) => this.#scopes[uid]?.hasWindow(appKey) === true,
      graceMs: GRACE_MS,
      endsUnwatched: settings.lastClient === 'stop',
      hasLostRecords: (uid) => this.#scopes[uid]?.folder.hasLostRecords === true,
      mayLeaveProcesses: this.#mayLeaveProcesses,
      servingHost: (uid) => this.#scopes[uid]?.serving?.proc,
    });
    this.#people = new People({
      random,
      scheduler: this.#scheduler,
      machine: this.#machine,
      witness: this.#witness,
      apps: this.#apps,
      scopes: this.#scopes,
      drawBehaviour: (app) => this.#drawBehaviour(app),
      onKill: () => void this.sightings.hostsKilled++,
      onPause: () => void this.sightings.pauses++,
      onReboot: () => void this.sightings.reboots++,
      onFog: (untilMs) => (this.#fogUntilMs = untilMs),
    });
    for (const scope of this.#scopes) {
      this.#people.openWindow(scope);
      if (random.chance(0.5)) this.#people.openWindow(scope);
    }
  }

  get isOver(): boolean {
    return this.#phase === 'over' || this.violation !== undefined;
  }

  get violation(): Violation | undefined {
    return this.#witness.violation;
  }

  /** One step; the microtasks that it wakes must run before the next call. */
  step(): void {
    try {
      this.#look();
      if (this.isOver) return;
      if (++this.sightings.steps > MAX_STEPS) {
        this.#witness.report('I3 gets there', 'the world never comes to rest');
        return;
      }
      if (this.#phase === 'chaos' && this.#stepsLeft-- <= 0) this.#becomeCalm();
      if (this.#phase === 'chaos' && this.#deeds.length > 0 && this.#random.chance(this.#deedChance)) {
        const deed = this.#random.pick(this.#deeds);
        if (deed === 'jumpWall') this.sightings.clockJumps++;
        this.#people.do(deed);
        return;
      }
      if (!this.#scheduler.step() && this.#phase === 'chaos') this.#stepsLeft = 0;
    } catch (error) {
      this.#onError('a callback threw', error);
    }
  }

  /** An error that nobody caught: a host or window would have died of it. */
  onUnhandled(error: unknown): void {
    this.#onError('unhandled rejection', error);
  }

  #onError(what: string, error: unknown): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#witness.report('no error escapes', `${what}: ${text}`);
  }

  /** After each step. */
  #look(): void {
    this.sightings.virtualMs = this.#scheduler.nowMs;
    this.#witness.look();
    for (const { hosts } of this.#scopes) {
      let serving: string | undefined;
      for (const { isServing, proc } of hosts) {
        if (!isServing || !proc.isAlive) continue;
        if (serving !== undefined) this.#witness.report('one host serves', `${serving} and ${proc.name}`);
        serving = proc.name;
      }
    }
    if (this.violation) return;
    if (this.#phase === 'calm') this.#lookAtCalm();
    else if (this.#phase === 'ending') this.#lookAtEnd();
  }

  /** Some processes can't be ended or looked at for a time. */
  get #mayLeaveProcesses(): boolean {
    return this.#oddities.includes('isUnkillable') || this.#deeds.includes('fog');
  }

  /** A synchronous effect of a host: it may be killed right before, and then it does not happen. */
  #mayAct(host: Proc): boolean {
    if (host.isDead) return false;
    if (this.#killsMidway && this.#phase === 'chaos' && this.#random.chance(0.01)) {
      if (this.#scheduler.isTraced) this.#scheduler.trace(host, 'is killed in the midst of a turn');
      this.#people.killHost(host);
      return false;
    }
    return true;
  }

  #drawBehaviour(app: SimApp): Behaviour {
    return this.#phase === 'chaos' ? drawOdd(this.#random, app, this.#oddities) : drawGood(this.#random);
  }

  // --- what people asked for, as the hosts heard it --------------------------------------------------------------

  /** Parameters of stops that only asked what would be ended. */
  readonly #questions = new WeakSet<object>();

  #onRequest(host: Actor, method: string, params: unknown): void {
    if (host.isDead || !(host instanceof Proc)) return;
    switch (method) {
      case 'stop': {
        const { sessionId, confirmed } = params as {
          readonly sessionId: string;
          readonly confirmed?: readonly { readonly pid: number; readonly startTicks: string }[];
        };
        const appKey = this.#appOf(host, sessionId);
        if (appKey === undefined) return;
        if (confirmed) this.#witness.agreed(confirmed);
        // A server of somebody else's is asked about first: until a person agreed, that is no stop.
        else if (this.#sessionOf(host, appKey)?.adopted) {
          this.#questions.add(params as object);
          return this.#witness.mayEnd(host, appKey);
        }
        this.sightings.stops++;
        return this.#witness.stopAsked(appKey, host);
      }
      case 'start':
      case 'restart': {
        const { spec, origin } = params as StartParams;
        if (origin !== 'user') return;
        // A person's start of a blocked app brings another port: it ends what was on its way, if that was anything.
        const state = this.#sessionOf(host, spec.appKey)?.state;
        const mayEnd = method === 'restart' || state === 'blocked' || state === 'stopping';
        this.#witness.startAsked(spec.appKey, host, mayEnd);
        // It forgets a Ctrl+C that was typed just before, so that the server hears a second one.
        if (this.#scheduler.nowMs - (this.#typed.get(`${host.name} ${spec.appKey}`) ?? -Infinity) < 6000)
          this.#disturb(host, spec.appKey);
        for (const leader of this.#interrupts.keys())
          if (leader.app?.spec.appKey === spec.appKey) this.#interrupts.delete(leader);
        return;
      }
      case 'shutdown':
        return this.#witness.mayEnd(host, undefined);
      case 'retire':
        if ((params as { readonly force: boolean }).force) this.#witness.mayEnd(host, undefined);
    }
  }

  #onAnswer(host: Actor, method: string, params: unknown, failed: boolean): void {
    if (method !== 'stop' || !(host instanceof Proc) || this.#questions.has(params as object)) return;
    const appKey = this.#appOf(host, (params as { readonly sessionId: string }).sessionId);
    if (appKey === undefined) return;
    const isLeft = this.#sessionOf(host, appKey)?.reason.code === 'leftovers';
    this.#witness.stopAnswered(appKey, host, failed || isLeft);
  }

  #onNotification(host: Actor, method: string, params: unknown): void {
    if (method !== 'input' || !(host instanceof Proc) || host.isDead) return;
    const appKey = this.#appOf(host, (params as { readonly sessionId: string }).sessionId);
    if (appKey === undefined) return;
    this.#witness.mayEnd(host, appKey);
    this.#typed.set(`${host.name} ${appKey}`, this.#scheduler.nowMs);
    const state = this.#sessionOf(host, appKey)?.state;
    // On top of a stop that has begun it is a second Ctrl+C for the server.
    if (state === 'stopping') this.#disturb(host, appKey);
    if (state !== 'running') return;
    const leader = this.#machine.procs.find(
      ({ role, isAlive, app, launch }) =>
        role === 'runner' && isAlive && app?.spec.appKey === appKey && launch?.host === host,
    );
    if (leader) this.#interrupts.set(leader, this.#scheduler.nowMs);
  }

  #disturb(host: Proc, appKey: string): void {
    for (const launch of this.#machine.launches)
      if (launch.host === host && launch.app.spec.appKey === appKey) launch.isUndisturbed = false;
  }

  #onSnapshot(host: Actor, snapshot: SessionSnapshot): void {
    const found = this.#hostOf(host);
    const before = found?.told.get(snapshot.id);
    found?.told.set(snapshot.id, snapshot);
    if (before?.state === snapshot.state) return;
    if (snapshot.adopted) this.sightings.adoptions++;
    if (snapshot.state === 'blocked') this.sightings.blocked++;
    if (snapshot.reason.code === 'crashLoop') this.sightings.crashLoops++;
  }

  /** "An exit soon after a typed Ctrl+C is a stop": a person's, from then on. */
  #onExitTold(leader: Proc): void {
    const typedMs = this.#interrupts.get(leader);
    this.#interrupts.delete(leader);
    if (typedMs === undefined || this.#scheduler.nowMs - typedMs > INTERRUPTED_MS || !leader.launch || !leader.app)
      return;
    if (!leader.launch.host.isDead) this.#witness.interrupted(leader.app.spec.appKey, leader.launch.host);
  }

  #hostOf(actor: Actor) {
    for (const { hosts } of this.#scopes) for (const host of hosts) if (host.proc === actor) return host;
    return undefined;
  }

  #appOf(host: Proc, sessionId: string): string | undefined {
    return this.#hostOf(host)?.told.get(sessionId)?.appKey;
  }

  #sessionOf(host: Proc, appKey: string): SessionSnapshot | undefined {
    return this.#hostOf(host)
      ?.snapshots()
      .find((one) => one.appKey === appKey);
  }

  // --- the calm after the faults, and the end --------------------------------------------------------------------

  #becomeCalm(): void {
    this.#phase = 'calm';
    this.#sinceMs = this.#scheduler.nowMs;
    this.#scheduler.isCalm = true;
    if (this.#scheduler.isTraced) this.#scheduler.trace('people', 'no more faults from here on');
    this.#fogUntilMs = -1;
    this.#people.cease();
    for (const scope of this.#scopes) this.#people.openLastWindow(scope);
    // Time passes also where nobody waits for anything.
    const pass = () => this.#scheduler.after(nobody, 'a second passes', 1000, pass);
    pass();
  }

  #lookAtCalm(): void {
    const { nowMs } = this.#scheduler;
    if (nowMs - this.#sinceMs < CALM_AT_LEAST_MS) return;
    this.#tryAgain();
    for (const scope of this.#scopes) {
      const unfit = whyNotSettled(scope, this.#apps);
      if (unfit === undefined) continue;
      if (nowMs - this.#sinceMs > CALM_LIMIT_MS) this.#witness.report(unfit.invariant, unfit.detail);
      return;
    }
    for (const { folder } of this.#scopes) this.sightings.recordsMovedAside += folder.movedAside;
    this.#lookForZombies();
    if (this.#random.chance(0.3)) this.#endAll();
    else this.#phase = 'over';
  }

  /** A client that has given up is left to its person. */
  #tryAgain(): void {
    const { nowMs } = this.#scheduler;
    if (nowMs - this.#triedMs < TRY_AGAIN_MS) return;
    this.#triedMs = nowMs;
    for (const { windows } of this.#scopes)
      for (const window of windows)
        if (!window.isConnected)
          this.#scheduler.runAs(window.proc, 'a person tries again', () => window.client.keepConnected());
  }

  #endAll(): void {
    this.#phase = 'ending';
    this.#sinceMs = this.#scheduler.nowMs;
    for (const scope of this.#scopes) {
      const window = scope.windows.find(({ isConnected }) => isConnected);
      if (!window) continue;
      for (const other of [...scope.windows]) if (other !== window) scope.closeWindow(other);
      this.#scheduler.runAs(window.proc, 'a person ends all', () => window.shutdown());
      this.#scheduler.after(nobody, 'the last window is closed', 3, () => scope.closeWindow(window));
    }
  }

  #lookAtEnd(): void {
    const hasHosts = this.#scopes.some(({ hosts }) => hosts.length > 0);
    const left = this.#machine.launches.find(({ live }) => live > 0);
    // What the kernel holds is ended by its reaper as soon as a signal gets through.
    const mayWait = hasHosts || (left !== undefined && this.#mayLeaveProcesses);
    if (mayWait && this.#scheduler.nowMs - this.#sinceMs < END_LIMIT_MS) return;
    if (hasHosts) return this.#witness.report('I3 gets there', 'a host does not end');
    if (left) return this.#witness.report('I2 no orphans', `launch ${left.number} lives after the end`);
    this.#lookForZombies();
    this.#phase = 'over';
  }

  /** A stop as it should be leaves none: parents wait for their children. */
  #lookForZombies(): void {
    const zombie = this.#machine.procs.find(
      ({ isZombie, ppid, launch }) => isZombie && ppid === 1 && launch?.isUndisturbed === true,
    );
    if (zombie) this.#witness.report('no zombies', `${zombie.name} is left to PID 1`);
  }

  #states(): string {
    return this.#scopes
      .flatMap(({ serving }) => serving?.snapshots() ?? [])
      .map(({ id, state, reason, adopted }) => `${id}=${adopted ? 'adopted ' : ''}${state}(${reason.code})`)
      .join(' ');
  }
}

/** So much is over after them that they must not come often. */
const rare = new Set<Deed>(['reboot', 'fog', 'fillDisk', 'spoilRecord']);
