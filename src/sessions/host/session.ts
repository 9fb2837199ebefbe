import { isDeepStrictEqual } from 'node:util';
import { delay } from '../clock';
import type { Disposable } from '../event';
import { errorMessage } from '../log';
import { stateSentence } from '../messages';
import type { LaunchSpec, ProbeOutcome, Reason, SessionSnapshot, StartParams } from '../protocol';
import { isActive, transition, type SessionEvent, type Status } from '../sessionState';
import type { GuardedProcess } from './guardedProcess';
import type { HealthMonitor, Monitored } from './healthMonitor';
import type { HeldLock, KernelLock } from './kernelLock';
import type { ProbeResult } from './prober';
import { afterCrash, freshPolicy, HEALTHY_MS, type RestartPolicy } from './restartPolicy';
import type { SessionRecord, SessionRecords } from './sessionRecords';
import { SessionTerminal } from './sessionTerminal';
import { notice, PROBE_TIMEOUT_MS, runServer, type RunDependencies, type RunOutcome } from './sessionRun';

/** Between two tries for an app lock that another host holds. */
const APP_LOCK_POLL_MS = 5000;
/** A failed probe is looked at once more, this soon, before it counts. */
const RECHECK_MS = 1000;

export interface SessionDependencies extends RunDependencies {
  readonly appLock: KernelLock;
  readonly records: SessionRecords;
  readonly monitor: HealthMonitor;
  newCookie(): string;
  /** Whether another session of this host has claimed the port. */
  isPortOfAnother(port: number, session: Session): boolean;
  onDidChange(session: Session): void;
}

interface Wish {
  readonly kind: 'run' | 'stop';
  readonly reason: Reason;
  readonly env: Readonly<Record<string, string>>;
}

/**
 * One app's dev server: what was wished for and what is. Wishes are carried out one after another in a single flow, so
 * that within a session two servers can't meet; a later wish ends the run of an earlier one, and a second `start` joins
 * the first. The screen outlives the runs.
 */
export class Session implements Monitored {
  readonly id: string;
  readonly terminal: SessionTerminal;
  readonly #deps: SessionDependencies;
  #spec: LaunchSpec;
  #status: Status;
  #sinceMs: number;
  #desired: 'running' | 'stopped' = 'stopped';
  #isSticky = false;
  #wish: Wish | undefined;
  #isDriving = false;
  #cycle: AbortController | undefined;
  #process: GuardedProcess | undefined;
  #port: number;
  /** The port that this run has chosen, from the choice on: two sessions that start at once must not meet. */
  #claimedPort: number | undefined;
  #listenerPid: number | undefined;
  #lastProbe: ProbeOutcome | undefined;
  #healthySinceMs: number | undefined;
  #policy: RestartPolicy = freshPolicy;
  #probing = false;
  #monitoring: Disposable | undefined;
  #revision = 0;
  #windows: number;
  readonly #stopWaiters: (() => void)[] = [];

  constructor(deps: SessionDependencies, id: string, spec: LaunchSpec, windows: number, record?: SessionRecord) {
    this.id = id;
    this.#deps = deps;
    this.terminal = new SessionTerminal(deps.clock);
    this.#spec = spec;
    this.#port = spec.port;
    this.#windows = windows;
    this.#status = { state: 'stopped', reason: { code: 'neverStarted' } };
    if (record) {
      this.#desired = record.desired;
      this.#isSticky = record.isSticky;
      this.#status = {
        state: 'stopped',
        reason: { code: record.desired === 'running' ? 'hostLost' : 'stoppedByUser' },
      };
    }
    this.#sinceMs = deps.clock.wallMs();
  }

  get appKey(): string {
    return this.#spec.appKey;
  }

  get isActive(): boolean {
    return isActive(this.#status.state) || this.#isDriving;
  }

  get isSticky(): boolean {
    return this.#isSticky;
  }

  get claimedPort(): number | undefined {
    return this.#claimedPort;
  }

  get windows(): number {
    return this.#windows;
  }

  snapshot(): SessionSnapshot {
    const { state, reason } = this.#status;
    const pid = this.#process?.terminal.pid;
    return {
      id: this.id,
      appKey: this.#spec.appKey,
      appName: this.#spec.appName,
      type: this.#spec.type,
      folder: this.#spec.folder,
      state,
      reason,
      sinceMs: this.#sinceMs,
      adopted: false,
      desired: this.#desired,
      port: this.#port,
      url: `http://localhost:${this.#port}`,
      ...(pid === undefined ? {} : { pid }),
      ...(this.#listenerPid === undefined ? {} : { listenerPid: this.#listenerPid }),
      ...(this.#lastProbe ? { lastProbe: this.#lastProbe } : {}),
      windows: this.#windows,
      crashes: this.#policy.crashes,
      revision: this.#revision,
    };
  }

  setWindows(count: number): void {
    if (count === this.#windows) return;
    this.#windows = count;
    this.#changed();
  }

  /**
   * Records the wish to run and answers at once. A machine's wish (`auto`, `restore`) does not undo a stop that a person
   * asked for; `restore` only brings back what ran when the host was lost.
   */
  start(params: StartParams): SessionSnapshot {
    const isPerson = params.origin === 'user';
    if (!isPerson && this.#isSticky) return this.snapshot();
    // `neverStarted`: the lost host could not keep its record, but the window that asks saw the server run.
    const {
      state,
      reason: { code },
    } = this.#status;
    if (params.origin === 'restore' && code !== 'hostLost' && code !== 'neverStarted') return this.snapshot();
    // A server that gave up waits for a person: another tab that opens is no news.
    if (!isPerson && this.#status.state === 'failed') return this.snapshot();
    // What a person asks for now is newer than the Ctrl+C before it.
    if (isPerson) this.terminal.forgetInterrupt();
    // Blocked: the person may bring another port.
    if (this.#wish?.kind === 'run' && !(isPerson && state === 'blocked')) return this.snapshot();
    this.#policy = freshPolicy;
    this.#begin(params, { code: isPerson ? 'requested' : 'autoStarted' });
    return this.snapshot();
  }

  /** Ends the server and resolves when it is gone, or with the reason why something of it is left. */
  async stop(reason: Reason = { code: 'stoppedByUser' }): Promise<SessionSnapshot> {
    this.#desired = 'stopped';
    this.#isSticky = reason.code === 'stoppedByUser';
    await this.#stopAndWait(reason);
    return this.snapshot();
  }

  /** The host ends: the server goes, the wish stays on record for the next host's clients. */
  async halt(): Promise<void> {
    await this.#stopAndWait({ code: 'hostLost' });
  }

  /** Ends the server if there is one, then starts it by the new spec; answers at once. */
  restart(params: StartParams): SessionSnapshot {
    this.#policy = freshPolicy;
    this.#begin(params, { code: 'requested' });
    return this.snapshot();
  }

  /** No window has been there for the grace time: what a person stopped may start by itself again. */
  forgetStop(): void {
    this.#isSticky = false;
    this.#save();
  }

  /** Called by the one health interval. */
  async checkHealth(): Promise<void> {
    if (this.#probing || (this.#status.state !== 'running' && this.#status.state !== 'unhealthy')) return;
    this.#probing = true;
    const process = this.#process;
    const signal = this.#cycle?.signal;
    // Another server, or none: what the probe found is old news.
    const isOver = () => process === undefined || process !== this.#process || signal?.aborted === true;
    try {
      let result = await this.#probe();
      if (!result.answered && this.#status.state === 'running') {
        await delay(this.#deps.clock, RECHECK_MS, signal);
        if (!isOver()) result = await this.#probe();
      }
      if (isOver()) return;
      if (result.answered) this.#answered(result);
      else
        this.#apply({
          type: 'silence',
          reason: { code: 'noAnswer', facts: { port: this.#port, detail: result.error ?? '' } },
        });
      this.#changed();
    } finally {
      this.#probing = false;
    }
  }

  dispose(): void {
    this.#monitoring?.dispose();
    this.terminal.dispose();
  }

  /** Resolves when the run that was on has ended, also when a later wish has overtaken this one. */
  async #stopAndWait(reason: Reason): Promise<void> {
    const ended = new Promise<void>((resolve) => this.#stopWaiters.push(resolve));
    this.#setWish({ kind: 'stop', reason, env: {} });
    await ended;
  }

  async #probe(): Promise<ProbeResult> {
    const { clock, prober } = this.#deps;
    const beganMs = clock.nowMs();
    const result = await prober.probe(this.#spec.probe, this.#port, PROBE_TIMEOUT_MS);
    this.#noteProbe(result, clock.nowMs() - beganMs);
    return result;
  }

  #noteProbe(result: ProbeResult, durationMs: number): void {
    this.#lastProbe = {
      atMs: this.#deps.clock.wallMs(),
      ok: result.answered,
      durationMs: Math.round(durationMs),
      ...(result.httpStatus === undefined ? {} : { httpStatus: result.httpStatus }),
      ...(result.error === undefined ? {} : { error: result.error }),
    };
  }

  #begin(params: StartParams, reason: Reason): void {
    this.#spec = params.spec;
    this.#desired = 'running';
    this.#isSticky = false;
    this.terminal.forgetInterrupt();
    this.#setWish({ kind: 'run', reason, env: params.env });
  }

  #setWish(wish: Wish): void {
    this.#wish = wish;
    this.#cycle?.abort();
    if (!this.#isDriving) void this.#drive();
  }

  /** The single flow: carries out wishes until none is left. Never rejects. */
  async #drive(): Promise<void> {
    // Set and cleared in the same turn as the wishes are looked at, so that none is overlooked.
    this.#isDriving = true;
    let leftBehind = false;
    for (let wish = this.#wish; wish; wish = this.#wish) {
      this.#save();
      if (leftBehind) {
        // Neither stopped, nor may a second server start beside what is left: the failure stands until the next wish.
      } else if (wish.kind === 'stop') {
        this.#end(wish.reason);
      } else {
        const cycle = new AbortController();
        this.#cycle = cycle;
        leftBehind = (await this.#live(wish, cycle.signal)) === 'leftBehind';
        this.#cycle = undefined;
      }
      if (this.#wish === wish) this.#wish = undefined;
      for (const resolve of this.#stopWaiters.splice(0)) resolve();
    }
    this.#isDriving = false;
    this.#changed(); // Only now is it inactive for the host.
  }

  /** Keeps the server running until somebody wishes otherwise or it is given up. */
  async #live(wish: Wish, signal: AbortSignal): Promise<'leftBehind' | undefined> {
    this.#apply({ type: 'begin', reason: wish.reason });
    const stopping = () => this.#apply({ type: 'stop', reason: this.#wish?.reason ?? wish.reason });
    let lock: HeldLock | undefined;
    try {
      lock = await this.#takeAppLock(signal, wish.reason);
      signal.addEventListener('abort', stopping, { once: true });
      let useFallback = false;
      while (lock && !signal.aborted) {
        const outcome = await this.#run(wish, useFallback, signal);
        if (outcome.kind === 'aborted') {
          if (outcome.leftovers === 0) break;
          this.#fail({ code: 'leftovers', facts: { count: outcome.leftovers } });
          return 'leftBehind';
        }
        if (outcome.kind === 'failed') {
          this.#fail(outcome.reason);
          return undefined;
        }
        useFallback = outcome.usedFallback;
        if (outcome.portTaken) continue; // Somebody took the port between our check and the spawn: blocked, not a crash.
        const next = this.#afterExit(outcome, useFallback);
        if (next === 'over') return undefined;
        useFallback = next.useFallback;
        // Without a pause it is the fallback that comes next; a crash of the fallback is a crash like any other.
        const code = next.delayMs === 0 ? (this.#spec.fallback?.reason ?? 'crashed') : 'crashed';
        this.#apply({ type: 'launch', reason: { code, facts: { ...exitFacts(outcome), delayMs: next.delayMs } } });
        if (next.delayMs > 0) {
          this.terminal.print(
            notice(`the server ended (${exitText(outcome)}); starting it again in ${next.delayMs / 1000} s`),
          );
          await delay(this.#deps.clock, next.delayMs, signal);
        }
      }
      // Stopped, or to be started anew: either way nothing runs now.
      this.#end(this.#wish?.reason ?? wish.reason);
    } catch (error) {
      this.#deps.log.error('run failed', { session: this.id, error: errorMessage(error) });
      this.#fail({ code: 'spawnFailed', facts: { program: this.#spec.command[0] ?? '', detail: errorMessage(error) } });
    } finally {
      signal.removeEventListener('abort', stopping);
      lock?.dispose();
      this.#claimedPort = undefined;
      this.#monitoring?.dispose();
      this.#monitoring = undefined;
    }
    return undefined;
  }

  async #takeAppLock(signal: AbortSignal, reason: Reason): Promise<HeldLock | undefined> {
    const identity = `app:${appLockIdentity(this.#spec)}`;
    while (!signal.aborted) {
      const lock = await this.#deps.appLock.tryAcquire(identity);
      if (lock) {
        if (this.#status.state === 'blocked') this.#apply({ type: 'begin', reason });
        return lock;
      }
      const holder = await this.#deps.appLock.describeHolder(identity);
      this.#apply({
        type: 'block',
        reason: {
          code: 'appLockHeld',
          facts: {
            ...(holder?.pid === undefined ? {} : { pid: holder.pid }),
            ...(holder?.uid === undefined ? {} : { uid: holder.uid }),
          },
        },
      });
      await delay(this.#deps.clock, APP_LOCK_POLL_MS, signal);
    }
    return undefined;
  }

  #run(wish: Wish, useFallback: boolean, signal: AbortSignal): Promise<RunOutcome> {
    this.#healthySinceMs = undefined;
    return runServer(
      this.#deps,
      {
        spec: this.#spec,
        env: wish.env,
        useFallback,
        size: this.terminal.size,
        newCookie: () => this.#deps.newCookie(),
        wasInterrupted: () => this.terminal.wasInterrupted(),
        claimPort: (port) => {
          if (this.#deps.isPortOfAnother(port, this)) return false;
          this.#claimedPort = port;
          return true;
        },
        report: (event) => {
          if (!signal.aborted) this.#apply(event);
        },
        print: (text) => this.terminal.print(text),
        onProcess: (process, port) => {
          this.#process = process;
          this.#port = port;
          this.#listenerPid = undefined;
          this.terminal.connect(process?.terminal);
          this.#save();
          this.#changed();
        },
        onReady: ({ port, listenerPid, result, durationMs, usedFallback }) => {
          this.#port = port;
          this.#listenerPid = listenerPid;
          this.#healthySinceMs = this.#deps.clock.nowMs();
          this.#monitoring ??= this.#deps.monitor.add(this);
          this.#noteProbe(result, durationMs);
          this.#answered(result, usedFallback ? this.#spec.fallback?.reason : undefined);
        },
      },
      signal,
    );
  }

  #answered(result: ProbeResult, hint?: Reason['code']): void {
    const status = result.httpStatus ?? 0;
    if (status >= 500) this.#apply({ type: 'answer', reason: { code: 'answeredWithError', facts: { status } } });
    else if (this.#status.state === 'running' && this.#status.reason.code !== 'answeredWithError') return;
    else this.#apply({ type: 'answer', reason: { code: hint ?? 'answered' } });
  }

  #afterExit(
    outcome: Extract<RunOutcome, { kind: 'exited' }>,
    useFallback: boolean,
  ): 'over' | { readonly delayMs: number; readonly useFallback: boolean } {
    const { clock } = this.#deps;
    const now = clock.nowMs();
    const healthyMs = this.#healthySinceMs === undefined ? 0 : now - this.#healthySinceMs;
    const stop = (reason: Reason) => {
      this.#desired = 'stopped';
      this.#isSticky = true;
      this.#end(reason);
      return 'over' as const;
    };
    if (this.terminal.wasInterrupted()) return stop({ code: 'interruptedInTerminal' });
    // Next's command line ends with 0 when its server is killed, by the kernel for want of memory for one: no stop.
    if (outcome.wasReady && outcome.exit.exitCode === 0 && this.#spec.type !== 'web')
      return stop({ code: 'exitedNormally' });
    if (this.#spec.fallback && !useFallback && healthyMs < HEALTHY_MS) {
      this.terminal.print(notice(`no tunnel could be had (${exitText(outcome)}); going on with the local network`));
      return { delayMs: 0, useFallback: true };
    }
    const { policy, next } = afterCrash(this.#policy, healthyMs);
    this.#policy = policy;
    if (next === 'giveUp') {
      this.#fail({ code: 'crashLoop', facts: { ...exitFacts(outcome), crashes: policy.crashes } });
      return 'over';
    }
    return { delayMs: next.delayMs, useFallback };
  }

  #end(reason: Reason): void {
    const wasStopped = this.#status.state === 'stopped';
    this.#apply({ type: 'end', reason });
    if (!wasStopped) this.#tell();
    this.#save();
  }

  #fail(reason: Reason): void {
    this.#apply({ type: 'fail', reason });
    this.#tell();
    this.#save();
  }

  /** The terminal says how things ended, in the words of the status item. */
  #tell(): void {
    const text =
      this.#wish?.kind === 'run' && !this.#cycle ? 'starting again' : stateSentence(this.id, this.snapshot());
    this.terminal.print(notice(text));
  }

  #apply(event: SessionEvent): void {
    const next = transition(this.#status, event);
    if (!next) {
      this.#deps.log.debug('illegal event ignored', { session: this.id, state: this.#status.state, event: event.type });
      return;
    }
    // A blocked run looks again each second: the same news is no news.
    if (next.state === this.#status.state && isDeepStrictEqual(next.reason, this.#status.reason)) return;
    if (next.state !== this.#status.state) {
      this.#sinceMs = this.#deps.clock.wallMs();
      this.#deps.log.info('session changed', {
        session: this.id,
        state: next.state,
        reason: next.reason.code,
        port: this.#port,
      });
    }
    this.#status = next;
    this.#changed();
  }

  #changed(): void {
    this.#revision++;
    this.#deps.onDidChange(this);
  }

  /** A disk that does not take the record costs the successor's convenience, not this server. */
  #save(): void {
    const process = this.#process;
    try {
      this.#deps.records.write({
        id: this.id,
        spec: this.#spec,
        desired: this.#desired,
        isSticky: this.#isSticky,
        ...(process?.identity ? { process: { ...process.identity, cookie: process.marks.cookie } } : {}),
      });
    } catch (error) {
      this.#deps.log.warn('session record not written', { session: this.id, error: errorMessage(error) });
    }
  }
}

/** One folder, one Next or Expo, under whatever name; custom apps may share a folder. */
function appLockIdentity(spec: LaunchSpec): string {
  return spec.type === 'custom' ? spec.appKey : spec.appKey.split(':').slice(0, 2).join(':');
}

function exitFacts({ exit }: Extract<RunOutcome, { kind: 'exited' }>): Record<string, number> {
  return {
    ...(exit.exitCode === undefined ? {} : { exitCode: exit.exitCode }),
    ...(exit.signal ? { signal: exit.signal } : {}),
  };
}

function exitText({ exit }: Extract<RunOutcome, { kind: 'exited' }>): string {
  return exit.signal ? `signal ${exit.signal}` : `exit code ${exit.exitCode ?? 'unknown'}`;
}
