import type { Launch, Machine, Proc, Signal } from './machine';
import type { Scheduler } from './scheduler';

/** What must hold (DESIGN section 4), and what else a step may show. */
export type Invariant =
  | 'I1 one server'
  | 'I2 no orphans'
  | 'I3 gets there'
  | 'I4 a stop stands'
  | 'I5 an answer for everyone'
  | 'I6 no stranger is signalled'
  | 'one host serves'
  | 'a stop is true'
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
  /** Whether windows of this app are connected to any host. */
  readonly hasWindow: (appKey: string) => boolean;
  readonly graceMs: number;
  /** Records were lost behind the hosts' backs: a stop may be forgotten with them. */
  readonly hasLostRecords: () => boolean;
  /** Some processes can't be ended or looked at for a time: then a successor serves beside them, and must start nothing. */
  readonly mayLeaveProcesses: boolean;
  /** The host that clients reach, if it is up. */
  readonly servingHost: () => Proc | undefined;
}

interface PersonsStop {
  readonly host: Proc;
  /** No window was connected for the grace time since. */
  isForgotten: boolean;
  /** Requests that are on their way to their answer: what starts meanwhile is what they end. */
  unanswered: number;
}

/**
 * Looks at the machine from outside, as a test of real processes would look at /proc, and keeps what people asked for. It
 * never asks the code how things stand.
 */
export class Witness {
  readonly #options: WitnessOptions;
  readonly #stops = new Map<string, PersonsStop>();
  readonly #windowlessSinceMs = new Map<string, number>();
  /** Processes (pid and start time) that a person agreed to end, by the host that was told. */
  readonly #confirmed = new Set<string>();
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

  stopAsked(appKey: string, host: Proc): void {
    const before = this.#stops.get(appKey);
    this.#stops.set(appKey, { host, isForgotten: false, unanswered: (before?.unanswered ?? 0) + 1 });
  }

  /** `failed`: the host refused, so that nothing was asked for after all. */
  stopAnswered(appKey: string, failed: boolean): void {
    const stop = this.#stops.get(appKey);
    if (!stop) return;
    stop.unanswered = Math.max(0, stop.unanswered - 1);
    if (failed && stop.unanswered === 0) this.#stops.delete(appKey);
    else if (!failed && stop.unanswered === 0) {
      const live = this.#options
        .machine()
        .launches.find(({ kind, live, app }) => kind === 'server' && live > 0 && app.spec.appKey === appKey);
      if (live && !this.#options.mayLeaveProcesses)
        this.report('a stop is true', `${appKey} was said to be stopped while launch ${live.number} lives`);
    }
  }

  /** A person's start, restart or Ctrl+C afterwards is what counts. */
  startAsked(appKey: string): void {
    this.#stops.delete(appKey);
  }

  /** The server has ended by a person's Ctrl+C. */
  interrupted(appKey: string, host: Proc): void {
    this.#stops.set(appKey, { host, isForgotten: false, unanswered: 0 });
  }

  isStopped(appKey: string): boolean {
    return this.#stops.has(appKey);
  }

  rebooted(): void {
    this.#stops.clear();
    this.#confirmed.clear();
  }

  onSignal(proc: Proc, signal: Signal, by: Proc | 'reaper' | 'world'): void {
    if (by === 'world' || proc.launch) return;
    if (this.#confirmed.has(`${proc.pid}:${proc.startTicks}`)) return;
    this.report('I6 no stranger is signalled', `${typeof by === 'string' ? by : by.name} sent ${signal} to ${proc.name}`);
  }

  onLaunch(launch: Launch): void {
    if (launch.kind !== 'server') return;
    const key = launch.app.spec.appKey;
    const stop = this.#stops.get(key);
    if (!stop || stop.isForgotten || this.#options.hasLostRecords()) return;
    // It crossed the stop on its way; the same flow ends it before it answers.
    if (stop.unanswered > 0 && stop.host === launch.host && !launch.host.isDead) return;
    this.report('I4 a stop stands', `${key} was stopped by a person, and launch ${launch.number} is a machine's`);
  }

  /** After each step. */
  look(): void {
    const { scheduler, hasWindow, graceMs, mayLeaveProcesses } = this.#options;
    const { launches } = this.#options.machine();
    const serving = this.#options.servingHost();
    for (let at = 0; at < launches.length; at++) {
      const launch = launches[at] as Launch;
      if (launch.live === 0) continue;
      if (launch.host !== serving && serving && launch.host.isDead && !mayLeaveProcesses)
        this.report(
          'I2 no orphans',
          `launch ${launch.number} of ${launch.host.name} lives while ${serving.name} serves`,
        );
      if (launch.kind !== 'server') continue;
      for (let later = at + 1; later < launches.length; later++) {
        const other = launches[later] as Launch;
        if (other.live > 0 && other.kind === 'server' && other.app === launch.app)
          this.report('I1 one server', `launches ${launch.number} and ${other.number} of ${launch.app.name} both live`);
      }
    }
    for (const [key, stop] of this.#stops) {
      if (hasWindow(key)) this.#windowlessSinceMs.delete(key);
      else {
        const since = this.#windowlessSinceMs.get(key);
        if (since === undefined) this.#windowlessSinceMs.set(key, scheduler.nowMs);
        else if (scheduler.nowMs - since >= graceMs) stop.isForgotten = true;
      }
    }
  }
}
