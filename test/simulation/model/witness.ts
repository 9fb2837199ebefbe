import type { Launch, Machine, Proc, Signal } from './machine';
import type { Scheduler } from './scheduler';

/** What must hold: I1 to I6 (DESIGN section 4), and what else of the protocol a step may show to be broken. */
export type Invariant =
  | 'I1 one server'
  | 'I2 no orphans'
  | 'I3 gets there'
  | 'I4 a stop stands'
  | 'I5 an answer for everyone'
  | 'I6 no stranger is signalled'
  | 'one host serves'
  | 'a stop is true'
  | 'nothing ends unasked'
  | 'a taken port is left alone'
  | 'a crash loop ends'
  | 'no host in vain'
  | 'no zombies'
  | 'no error escapes'
  | 'windows follow';

export class Violation extends Error {
  constructor(
    readonly invariant: Invariant,
    readonly detail: string,
  ) {
    super(`${invariant}: ${detail}`);
  }
}

export interface WitnessOptions {
  readonly machine: () => Machine;
  readonly scheduler: Scheduler;
  /** Whether windows of this user that show the app are connected to a host. */
  readonly hasWindow: (uid: number, appKey: string) => boolean;
  readonly graceMs: number;
  /** Servers end when no window has looked at them for the grace time. */
  readonly endsUnwatched: boolean;
  /** Records were lost behind the hosts' backs: a stop may be forgotten with them. */
  readonly hasLostRecords: (uid: number) => boolean;
  /** Some processes can't be ended or looked at for a time: then a successor serves beside them, and must start nothing. */
  readonly mayLeaveProcesses: boolean;
  /** The host that clients of this user reach, if it is up. */
  readonly servingHost: (uid: number) => Proc | undefined;
}

interface PersonsStop {
  readonly host: Proc;
  readonly uid: number;
  readonly appKey: string;
  /** No window was connected for the grace time since. */
  isForgotten: boolean;
  windowlessSinceMs: number | undefined;
  /** Requests that are on their way to their answer: what starts meanwhile is what they end. */
  unanswered: number;
}

/** A reaper notices within 80 ms, waits a second and kills (FACTS "Trees"); the rest is for a machine that is busy. */
const REAPED_MS = 2500;
/** A port that was taken for so long must have been seen to be, however slowly the host looks; but not while it is suspended. */
const TAKEN_MS = 12_000;
/** One start and four more after crashes (DESIGN: five in a row give `failed`); a fallback and a lost race for the port may add. */
const MAX_STARTS_IN_A_ROW = 7;
const HEALTHY_MS = 60_000;

/**
 * Looks at the machine from outside, as a test of real processes would look at /proc, and keeps what people asked for. It
 * never asks the code how things stand.
 */
export class Witness {
  readonly #options: WitnessOptions;
  readonly #stops = new Map<string, PersonsStop>();
  /** Processes (pid and start time) that a person agreed to end. */
  readonly #confirmed = new Set<string>();
  /** Launches that a request, or the lack of windows, may end. */
  readonly #endable = new Set<Launch>();
  /** Launches that no window looks at: since when. */
  readonly #unwatched = new Map<Launch, number>();
  /** Requests to end something that a launch may cross on its way: host and app. */
  readonly #crossed = new Set<string>();
  /** Machine's starts in a row of servers that did not live for a minute, by app. */
  readonly #starts = new Map<string, { count: number; lastMs: number }>();
  #violation: Violation | undefined;

  constructor(options: WitnessOptions) {
    this.#options = options;
  }

  get violation(): Violation | undefined {
    return this.#violation;
  }

  report(invariant: Invariant, detail: string): void {
    this.#violation ??= new Violation(invariant, detail);
  }

  /** A person's word for these very processes. */
  agreed(processes: readonly { readonly pid: number; readonly startTicks: string }[]): void {
    for (const { pid, startTicks } of processes) this.#confirmed.add(`${pid}:${startTicks}`);
  }

  /** This host was asked to end the server of an app, or (undefined) all that it has; also one that is being started. */
  mayEnd(host: Proc, appKey: string | undefined): void {
    this.#crossed.add(`${host.name} ${appKey ?? ''}`);
    for (const launch of this.#options.machine().launches)
      if (launch.host === host && launch.live > 0 && (appKey === undefined || launch.app.spec.appKey === appKey))
        this.#endable.add(launch);
  }

  stopAsked(appKey: string, host: Proc): void {
    this.mayEnd(host, appKey);
    const key = `${host.uid}:${appKey}`;
    const unanswered = (this.#stops.get(key)?.unanswered ?? 0) + 1;
    this.#stops.set(key, { host, uid: host.uid, appKey, isForgotten: false, windowlessSinceMs: undefined, unanswered });
  }

  /** `failed`: the host refused, so that nothing was asked for after all. */
  stopAnswered(appKey: string, host: Proc, failed: boolean): void {
    const key = `${host.uid}:${appKey}`;
    const stop = this.#stops.get(key);
    if (!stop) return;
    stop.unanswered = Math.max(0, stop.unanswered - 1);
    if (stop.unanswered > 0) return;
    if (failed) {
      this.#stops.delete(key);
      return;
    }
    const live = this.#options
      .machine()
      .launches.find(
        (launch) =>
          launch.kind === 'server' && launch.live > 0 && launch.host === host && launch.app.spec.appKey === appKey,
      );
    if (live && !this.#options.mayLeaveProcesses)
      this.report('a stop is true', `${appKey} was said to be stopped while launch ${live.number} lives`);
  }

  /** A person's start or restart: whatever stop came before is over. */
  startAsked(appKey: string, host: Proc, mayEnd: boolean): void {
    this.#stops.delete(`${host.uid}:${appKey}`);
    this.#starts.delete(appKey);
    if (mayEnd) this.mayEnd(host, appKey);
  }

  /** The server has ended by a person's Ctrl+C. */
  interrupted(appKey: string, host: Proc): void {
    const { uid } = host;
    this.#stops.set(`${uid}:${appKey}`, {
      host,
      uid,
      appKey,
      isForgotten: false,
      windowlessSinceMs: undefined,
      unanswered: 0,
    });
  }

  rebooted(): void {
    this.#stops.clear();
    this.#confirmed.clear();
    this.#starts.clear();
  }

  onSignal(proc: Proc, signal: Signal, by: Proc | 'reaper' | 'world'): void {
    if (by === 'world') return;
    const sender = typeof by === 'string' ? by : by.name;
    const { launch } = proc;
    if (!launch) {
      if (!this.#confirmed.has(`${proc.pid}:${proc.startTicks}`))
        this.report('I6 no stranger is signalled', `${sender} sent ${signal} to ${proc.name}`);
      return;
    }
    // While its leader lives the server runs; afterwards what it left is tidied away.
    if (by === launch.host && launch.leader?.isAlive && !launch.leader.isClosing && !this.#endable.has(launch)) {
      // Once begun for want of windows it is not broken off for one that comes back.
      if (!this.#options.hasWindow(launch.host.uid, launch.app.spec.appKey)) this.#endable.add(launch);
      else if (launch.kind === 'server' && !this.#options.mayLeaveProcesses)
        this.report('nothing ends unasked', `${sender} sent ${signal} to launch ${launch.number}`);
    }
  }

  onLaunch(launch: Launch, port: number): void {
    const { appKey } = launch.app.spec;
    if (this.#crossed.delete(`${launch.host.name} ${appKey}`) || this.#crossed.has(`${launch.host.name} `))
      this.#endable.add(launch);
    if (launch.kind !== 'server') return;
    const { scheduler } = this.#options;
    const machine = this.#options.machine();
    const holder = machine.listeners.find((listener) => listener.port === port);
    if (holder && scheduler.nowMs - Math.max(holder.sinceMs, launch.host.resumedMs) > TAKEN_MS)
      this.report(
        'a taken port is left alone',
        `launch ${launch.number} was told ${port}, which ${holder.proc.name} has`,
      );
    const stop = this.#stops.get(`${launch.host.uid}:${appKey}`);
    if (stop && !stop.isForgotten && !this.#options.hasLostRecords(stop.uid)) {
      // It crossed the stop on its way; the same flow ends it before it answers.
      if (!(stop.unanswered > 0 && stop.host === launch.host && !launch.host.isDead))
        this.report(
          'I4 a stop stands',
          `${appKey} was stopped by a person, and launch ${launch.number} is a machine's`,
        );
    }
    const starts = this.#starts.get(appKey);
    const isFresh = !starts || scheduler.nowMs - starts.lastMs > HEALTHY_MS;
    const count = isFresh ? 1 : starts.count + 1;
    this.#starts.set(appKey, { count, lastMs: scheduler.nowMs });
    if (count > MAX_STARTS_IN_A_ROW)
      this.report('a crash loop ends', `launch ${launch.number} is number ${count} in a row that nobody asked for`);
  }

  /** A window, a host or a fault that starts things anew: what follows is no loop. */
  newChapter(): void {
    this.#starts.clear();
  }

  /** After each step. */
  look(): void {
    const { scheduler, mayLeaveProcesses, servingHost } = this.#options;
    const { launches } = this.#options.machine();
    for (let at = 0; at < launches.length; at++) {
      const launch = launches[at] as Launch;
      if (launch.live === 0) continue;
      if (launch.host.isDead) {
        const serving = servingHost(launch.host.uid);
        if (serving && launch.host !== serving && !mayLeaveProcesses)
          this.report(
            'I2 no orphans',
            `launch ${launch.number} of ${launch.host.name} lives while ${serving.name} serves`,
          );
        const sinceMs = launch.hostDiedMs === undefined ? 0 : scheduler.nowMs - launch.hostDiedMs;
        if (launch.isGuarded && sinceMs > REAPED_MS && !mayLeaveProcesses) {
          const group = this.#options
            .machine()
            .procs.find((proc) => proc.launch === launch && proc.pgid === launch.leader?.pid && proc.isAlive);
          if (group) this.report('I2 no orphans', `${group.name} lives ${Math.round(sinceMs)} ms after its host`);
        }
      }
      if (this.#options.endsUnwatched) this.#lookForWatchers(launch);
      if (launch.kind !== 'server') continue;
      for (let later = at + 1; later < launches.length; later++) {
        const other = launches[later] as Launch;
        if (other.live === 0 || other.kind !== 'server' || other.app !== launch.app) continue;
        if (this.#mayOverlap(launch, other)) continue;
        this.report('I1 one server', `launches ${launch.number} and ${other.number} of ${launch.app.name} both live`);
      }
    }
    for (const stop of this.#stops.values()) this.#lookForWindows(stop);
  }

  /**
   * The app lock of a host that dies is free at once, while its reaper needs a second for the server; another user's host
   * can't look at that server, so for this second there may be two (a host of the same user fences first).
   */
  #mayOverlap(older: Launch, newer: Launch): boolean {
    if (older.host.uid === newer.host.uid || older.hostDiedMs === undefined) return false;
    const { scheduler, mayLeaveProcesses } = this.#options;
    if (!older.isGuarded || older.behaviour.forksDaemon || mayLeaveProcesses) return true;
    return scheduler.nowMs - older.hostDiedMs < REAPED_MS;
  }

  #lookForWatchers(launch: Launch): void {
    const { scheduler, hasWindow, graceMs } = this.#options;
    if (hasWindow(launch.host.uid, launch.app.spec.appKey)) {
      this.#unwatched.delete(launch);
      return;
    }
    const sinceMs = this.#unwatched.get(launch) ?? scheduler.nowMs;
    this.#unwatched.set(launch, sinceMs);
    if (scheduler.nowMs - sinceMs >= graceMs) this.#endable.add(launch);
  }

  #lookForWindows(stop: PersonsStop): void {
    const { scheduler, hasWindow, graceMs } = this.#options;
    if (hasWindow(stop.uid, stop.appKey)) stop.windowlessSinceMs = undefined;
    else {
      stop.windowlessSinceMs ??= scheduler.nowMs;
      if (scheduler.nowMs - stop.windowlessSinceMs >= graceMs) stop.isForgotten = true;
    }
  }
}
