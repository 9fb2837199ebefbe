import type { Clock } from '../../../src/sessions/clock';
import type { Disposable } from '../../../src/sessions/event';
import type { Random } from './random';

/** Whoever code or time belongs to: nothing of a dead actor ever runs again, what a paused one waits for is held back. */
export interface Actor {
  readonly name: string;
  isDead: boolean;
  isPaused: boolean;
}

/** Whose code runs at the moment: the globals that the bundle replaces (timers, `process.pid`) belong to this one. */
export const current: { scheduler: Scheduler | undefined; actor: Actor | undefined } = {
  scheduler: undefined,
  actor: undefined,
};

interface Task {
  readonly actor: Actor;
  readonly label: string;
  readonly sinceMs: number;
  readonly run: () => void;
}

interface Timer {
  readonly actor: Actor;
  readonly label: string;
  readonly atMs: number;
  isOff: boolean;
  readonly run: () => void;
}

export interface SchedulerOptions {
  readonly random: Random;
  /** How often a quick look (liveness, a file) is answered at once instead of after a step of its own. */
  readonly instant: number;
  /** How often time passes although somebody could act. */
  readonly timePasses: number;
  /** After this long in virtual time whoever can act does, in milliseconds. */
  readonly maxLatencyMs: number;
  /** How late a timer may be, in milliseconds. */
  readonly jitterMs: number;
  /** Told what each step was; only while a schedule is replayed. */
  readonly trace: ((actor: string, what: string) => void) | undefined;
}

/**
 * Time and turns of one simulated world: a port call becomes a promise that is settled when the scheduler picks it, a
 * timer fires when the virtual clock gets there. Each step is one such event; the microtasks that it wakes run before
 * the next. All choices come from one seed.
 */
export class Scheduler {
  readonly random: Random;
  readonly #options: SchedulerOptions;
  readonly #tasks: Task[] = [];
  #timers: Timer[] = [];
  #nowMs = 0;
  #wallOffsetMs = Date.UTC(2026, 0, 1);
  /** Faults are over: whoever can act does before time passes. */
  isCalm = false;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.random = options.random;
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  get isTraced(): boolean {
    return this.#options.trace !== undefined;
  }

  wallMs(): number {
    return this.#wallOffsetMs + this.#nowMs;
  }

  jumpWall(ms: number): void {
    this.#wallOffsetMs += ms;
  }

  /** A line of the replay. Callers build `what` only when `isTraced`. */
  trace(actor: Actor | string, what: string): void {
    this.#options.trace?.(typeof actor === 'string' ? actor : actor.name, what);
  }

  /** Something that `actor` will do or hear in a step of its own. */
  post(actor: Actor, label: string, run: () => void): void {
    if (!actor.isDead) this.#tasks.push({ actor, label, sinceMs: this.#nowMs, run });
  }

  /**
   * A port call of `actor`: the effect happens at once or when it is picked, the answer arrives when it is picked; never,
   * once the actor is dead. `quick` ones are sometimes answered at once.
   */
  call<T>(actor: Actor, label: string, effect: () => T, isQuick = false): Promise<T> {
    if (actor.isDead) return new Promise(() => undefined);
    const { random } = this;
    if (isQuick && random.chance(this.isCalm ? 0.9 : this.#options.instant)) {
      try {
        return Promise.resolve(effect());
      } catch (error) {
        return Promise.reject(toError(error));
      }
    }
    const isEarly = random.chance(0.5);
    return new Promise((resolve, reject) => {
      if (!isEarly) {
        this.post(actor, label, () => {
          try {
            resolve(effect());
          } catch (error) {
            reject(toError(error));
          }
        });
        return;
      }
      let value: T;
      try {
        value = effect();
      } catch (error) {
        this.post(actor, label, () => reject(toError(error)));
        return;
      }
      this.post(actor, label, () => resolve(value));
    });
  }

  /** Runs once, `delayMs` or a little more from now, unless the actor is dead by then. */
  after(actor: Actor, label: string, delayMs: number, run: () => void): Disposable {
    const late = this.#options.jitterMs === 0 ? 0 : this.random.next() * this.#options.jitterMs;
    const timer: Timer = {
      actor,
      label,
      atMs: this.#nowMs + Math.max(0, delayMs) + late,
      isOff: actor.isDead,
      run,
    };
    if (!timer.isOff) this.#timers.push(timer);
    return { dispose: () => void (timer.isOff = true) };
  }

  /** The clock of an actor's code. */
  clockOf(actor: Actor): Clock {
    return {
      nowMs: () => this.#nowMs,
      wallMs: () => this.wallMs(),
      after: (delayMs, callback) => this.after(actor, 'timer', delayMs, callback),
    };
  }

  /** One event: a task that is ready, or the next timer. False: nothing will ever happen by itself. */
  step(): boolean {
    const timer = this.#nextTimer();
    const task = this.#pickTask(timer);
    if (task !== undefined) {
      const [picked] = this.#tasks.splice(task, 1);
      if (picked) this.#run(picked.actor, picked.label, picked.run);
      return true;
    }
    if (!timer) return false;
    timer.isOff = true;
    if (timer.atMs > this.#nowMs) this.#nowMs = timer.atMs;
    this.#run(timer.actor, timer.label, timer.run);
    return true;
  }

  /** Runs code of an actor that no port call or timer led to: a person's doing. */
  runAs(actor: Actor, label: string, run: () => void): void {
    this.#run(actor, label, run);
  }

  #run(actor: Actor, label: string, run: () => void): void {
    current.scheduler = this;
    current.actor = actor;
    if (this.#options.trace) this.#options.trace(actor.name, label);
    run();
  }

  /** Index of the task to run now; undefined: time passes. */
  #pickTask(timer: Timer | undefined): number | undefined {
    const tasks = this.#tasks;
    let ready = 0;
    let oldest = -1;
    for (let at = 0; at < tasks.length; at++) {
      const { actor } = tasks[at] as Task;
      if (actor.isDead) {
        tasks.splice(at--, 1);
        continue;
      }
      if (actor.isPaused) continue;
      ready++;
      if (oldest < 0) oldest = at;
    }
    if (ready === 0) return undefined;
    const { random } = this;
    if (timer) {
      const isDue = timer.atMs <= this.#nowMs;
      if (isDue ? random.below(ready + 1) === 0 : !this.isCalm && random.chance(this.#options.timePasses)) {
        // A call may take its time, but not for ever.
        const oldestMs = (tasks[oldest] as Task).sinceMs;
        if (timer.atMs - oldestMs <= this.#options.maxLatencyMs) return undefined;
        return oldest;
      }
    }
    let left = random.below(ready);
    for (let at = 0; at < tasks.length; at++) {
      if ((tasks[at] as Task).actor.isPaused) continue;
      if (left-- === 0) return at;
    }
    return undefined;
  }

  #nextTimer(): Timer | undefined {
    const timers = this.#timers;
    let next: Timer | undefined;
    let kept = 0;
    for (const timer of timers) {
      if (timer.isOff || timer.actor.isDead) continue;
      timers[kept++] = timer;
      if (!timer.actor.isPaused && (!next || timer.atMs < next.atMs)) next = timer;
    }
    timers.length = kept;
    return next;
  }
}

/** What was thrown, as it is: the code looks at it as at any error. */
export function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
