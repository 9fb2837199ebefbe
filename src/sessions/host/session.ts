import { isDeepStrictEqual } from 'node:util';
import { delay } from '../clock';
import type { Disposable } from '../event';
import { failpoint } from '../failpoints';
import { errorMessage } from '../log';
import { stateSentence } from '../messages';
import type { ForeignTarget, LaunchSpec, NamedProcess, Reason, SessionSnapshot, StartParams } from '../protocol';
import { isActive, transition, type SessionEvent, type Status } from '../sessionState';
import { specDigest } from '../specDigest';
import { watchAdopted } from './adoption';
import { ConfirmationNeededError, covers, endForeign, foreignFamily, named } from './foreignServers';
import type { GuardedProcess } from './guardedProcess';
import type { HealthMonitor, Monitored } from './healthMonitor';
import type { HeldLock, KernelLock } from './kernelLock';
import type { FamilyMarks } from './processFamily';
import type { ProcessIdentity, ProcessInfo } from './processes';
import type { ProbeResult } from './prober';
import { ownListener } from './readiness';
import { afterCrash, freshPolicy, type RestartPolicy } from './restartPolicy';
import type { AppServer, ServerFinder } from './serverFinder';
import { SessionHealth } from './sessionHealth';
import type { SessionRecord, SessionRecords } from './sessionRecords';
import { notice, runServer, type RunDependencies, type RunOutcome } from './sessionRun';
import { SessionTerminal } from './sessionTerminal';
import { stopFamily } from './stopLadder';
import { noFindings, Upkeep, type Findings, type UpkeepDependencies } from './upkeep';

/** Between two tries for an app lock that another host holds. */
const APP_LOCK_POLL_MS = 2000;
/** Between two looks at what stands in the way: a taken port, a server that somebody else is to start. */
const LOOK_AGAIN_MS = 1000;

export interface SessionDependencies extends RunDependencies, Omit<UpkeepDependencies, 'appFolder'> {
  readonly appLock: KernelLock;
  readonly finder: ServerFinder;
  readonly records: SessionRecords;
  readonly monitor: HealthMonitor;
  newCookie(): string;
  /** Why this app may not start now (the fence: processes of an earlier host that may be its server). */
  readonly obstacle?: (appKey: string) => Reason | undefined;
  /** Whether another session of this host has claimed the port. */
  isPortOfAnother(port: number, session: Session): boolean;
  onDidChange(session: Session): void;
}

interface Wish {
  /** `look`: a server that somebody else started is to be adopted; nothing is started. */
  readonly kind: 'run' | 'stop' | 'look';
  readonly reason: Reason;
  readonly useNextPort: boolean;
  /** The processes of an adopted server that a person agreed to end. */
  readonly confirmed: readonly NamedProcess[] | undefined;
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
  readonly #health: SessionHealth;
  readonly #upkeep: Upkeep;
  readonly #monitoring: Disposable;
  readonly #stopWaiters: (() => void)[] = [];
  #spec: LaunchSpec;
  #env: Readonly<Record<string, string>> = {};
  #status: Status;
  #sinceMs: number;
  #desired: 'running' | 'stopped' = 'stopped';
  #isSticky = false;
  #wish: Wish | undefined;
  #isDriving = false;
  #cycle: AbortController | undefined;
  #process: GuardedProcess | undefined;
  /** The server of somebody else that is shown as this session's. */
  #adopted: AppServer | undefined;
  #port: number;
  /** The port that this run has chosen, from the choice on: two sessions that start at once must not meet. */
  #claimedPort: number | undefined;
  #listenerPid: number | undefined;
  #policy: RestartPolicy = freshPolicy;
  #findings: Findings = noFindings;
  #mustInstall = false;
  /** What earlier runs left and could not be ended. */
  #leftovers: readonly FamilyMarks[] = [];
  /** Why the run that is about to end does so, where its exit alone would not tell. */
  #endReason: Reason | undefined;
  #isChecking = false;
  #revision = 0;
  #windows: number;

  constructor(deps: SessionDependencies, id: string, spec: LaunchSpec, windows: number, record?: SessionRecord) {
    this.id = id;
    this.#deps = deps;
    this.terminal = new SessionTerminal(deps.clock);
    this.#health = new SessionHealth(deps.clock, deps.prober);
    this.#upkeep = new Upkeep(deps);
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
    this.#monitoring = deps.monitor.add(this);
  }

  get appKey(): string {
    return this.#spec.appKey;
  }

  get isActive(): boolean {
    return isActive(this.#status.state) || this.#isDriving;
  }

  get isAdopted(): boolean {
    return this.#adopted !== undefined;
  }

  /** The server is somebody else's to start and to end. */
  get isOnlyWatched(): boolean {
    return this.isAdopted || (this.#spec.managed === 'external' && this.isActive);
  }

  get isSticky(): boolean {
    return this.#isSticky;
  }

  get claimedPort(): number | undefined {
    return this.#claimedPort ?? this.#adopted?.port;
  }

  get windows(): number {
    return this.#windows;
  }

  snapshot(): SessionSnapshot {
    const { state, reason } = this.#status;
    const pid = this.#process?.terminal.pid;
    const { lastProbe } = this.#health;
    const { secondServers, warning, restartOffer } = this.#findings;
    return {
      id: this.id,
      appKey: this.#spec.appKey,
      appName: this.#spec.appName,
      type: this.#spec.type,
      folder: this.#spec.folder,
      state,
      reason,
      sinceMs: this.#sinceMs,
      adopted: this.isAdopted,
      ...(this.#spec.managed ? { managed: this.#spec.managed } : {}),
      desired: this.#desired,
      port: this.#port,
      url: `http://localhost:${this.#port}`,
      ...(pid === undefined ? {} : { pid }),
      ...(this.#listenerPid === undefined ? {} : { listenerPid: this.#listenerPid }),
      ...(lastProbe ? { lastProbe } : {}),
      windows: this.#windows,
      ...(secondServers.length > 0 ? { secondServers } : {}),
      ...(restartOffer ? { restartOffer } : {}),
      ...(warning ? { warning } : {}),
      specDigest: specDigest(this.#spec),
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
   * asked for; `restore` only brings back what ran when the host was lost; `watch` only looks.
   */
  start(params: StartParams): SessionSnapshot {
    const isPerson = params.origin === 'user';
    const {
      state,
      reason: { code },
    } = this.#status;
    if (params.origin === 'watch' && params.spec.managed === undefined) {
      if (!this.isActive) this.#spec = params.spec;
      void this.checkHealth();
      return this.snapshot();
    }
    if (!isPerson && this.#isSticky) return this.snapshot();
    // `neverStarted`: the lost host could not keep its record, but the window that asks saw the server run.
    if (params.origin === 'restore' && code !== 'hostLost' && code !== 'neverStarted') return this.snapshot();
    // A server that gave up waits for a person: another tab that opens is no news.
    if (!isPerson && state === 'failed') return this.snapshot();
    // What a person asks for now is newer than the Ctrl+C before it.
    if (isPerson) this.terminal.forgetInterrupt();
    if (this.#adopted && this.#wish && this.#wish.kind !== 'stop') {
      // It runs already; from now on ours follows when it ends.
      this.#env = params.env;
      this.#want('running');
      this.#save();
      this.#changed();
      return this.snapshot();
    }
    // Blocked: the person may bring another port.
    if (this.#wish?.kind === 'run' && !(isPerson && state === 'blocked')) return this.snapshot();
    this.#policy = freshPolicy;
    this.#begin(params, { code: isPerson ? 'requested' : 'autoStarted' });
    return this.snapshot();
  }

  /**
   * Ends the server and resolves when it is gone, or with the reason why something of it is left. Throws
   * `ConfirmationNeededError` for an adopted server unless a person agreed to all that would be signalled.
   */
  async stop(
    reason: Reason = { code: 'stoppedByUser' },
    confirmed?: readonly NamedProcess[],
  ): Promise<SessionSnapshot> {
    // Not awaited where there is nothing to ask: of two wishes in one breath the later one must win.
    if (this.#adopted && reason.code === 'stoppedByUser') await this.#checkConfirmed(confirmed);
    this.#want('stopped', reason.code === 'stoppedByUser');
    await this.#stopAndWait(reason, confirmed);
    return this.snapshot();
  }

  /** The host ends or nobody looks on: the server goes (an adopted one is let go), the wish stays on record. */
  async halt(): Promise<void> {
    await this.#stopAndWait({ code: this.isAdopted ? 'neverStarted' : 'hostLost' });
  }

  /** Ends the server if there is one, then starts it by the new spec; answers at once. Throws as `stop` does. */
  async restart(params: StartParams): Promise<SessionSnapshot> {
    if (this.#adopted) await this.#checkConfirmed(params.confirmed);
    this.#policy = freshPolicy;
    this.#begin(params, { code: 'requested' });
    return this.snapshot();
  }

  /** The processes that would be signalled to end a server which we did not start; empty when it can't be ended. */
  async foreignProcesses(target: ForeignTarget): Promise<readonly NamedProcess[]> {
    return (await this.#foreignMembers(target)).map(named);
  }

  /** Ends the port's holder or the second servers on a person's word; resolves when that is done. Throws as `stop` does. */
  async endForeign(
    target: 'portHolder' | 'secondServer',
    confirmed: readonly NamedProcess[],
  ): Promise<SessionSnapshot> {
    const members = await this.#foreignMembers(target);
    if (!covers(confirmed, members)) throw new ConfirmationNeededError(members.map(named));
    const left = await endForeign(this.#deps, members);
    if (left.length > 0)
      this.#deps.log.warn('could not be ended', { session: this.id, pids: left.map(({ pid }) => pid).join(',') });
    await this.checkHealth();
    return this.snapshot();
  }

  /** No window has been there for the grace time: what a person stopped may start by itself again. */
  forgetStop(): void {
    this.#isSticky = false;
    this.#save();
  }

  /** Called by the one health interval. Never rejects. */
  async checkHealth(): Promise<void> {
    if (this.#isChecking) return;
    this.#isChecking = true;
    try {
      const { state } = this.#status;
      if (state === 'running' || state === 'unhealthy') await this.#checkServer();
      else if (!this.isActive && this.#windows > 0) await this.#lookAround();
    } catch (error) {
      this.#deps.log.warn('health not checked', { session: this.id, error: errorMessage(error) });
    } finally {
      this.#isChecking = false;
    }
  }

  dispose(): void {
    this.#monitoring.dispose();
    this.terminal.dispose();
  }

  /** A server that runs is probed and looked after. */
  async #checkServer(): Promise<void> {
    const process = this.#process;
    const adopted = this.#adopted;
    const signal = this.#cycle?.signal;
    // Another server, or none: what was found is old news.
    const isOver = () => process !== this.#process || adopted !== this.#adopted || signal?.aborted !== false;
    const result = await this.#health.check(this.#spec.probe, this.#port, isOver, signal);
    if (!result || isOver()) return;
    if (result.answered) this.#answered(result);
    else {
      this.#health.isSilent();
      this.#apply({
        type: 'silence',
        reason: { code: 'noAnswer', facts: { port: this.#port, detail: result.error ?? '' } },
      });
    }
    if (process && result.answered) await this.#followListener(process);
    if (!isOver()) await this.#tend(isOver);
  }

  /** What a server needs beside probes: its memory, its files, others of its kind. */
  async #tend(isOver: () => boolean): Promise<void> {
    const process = this.#process;
    const adopted = this.#adopted;
    const findings = await this.#upkeep.look(
      { spec: this.#spec, port: this.#port, marks: process?.marks, adopted },
      (facts) => {
        this.terminal.print(notice(`${facts['mb']} MB of memory in use: the server was asked to restart in place`));
        if (!isOver()) this.#apply({ type: 'answer', reason: { code: 'memoryRestart', facts } });
      },
    );
    if (isOver()) return;
    this.#findings = findings;
    this.#changed();
    if (process) this.#actOn(findings, process);
  }

  /** What the settings let the host do by itself. */
  #actOn({ restartOffer, isOfferSettled }: Findings, process: GuardedProcess): void {
    const limitMs = this.#deps.settings().restartUnresponsiveMs;
    if (limitMs !== undefined && this.#health.silentMs >= limitMs && !this.#endReason) {
      // Counted like a crash, so that a server which always hangs is given up in the end.
      this.#endReason = { code: 'unresponsiveRestart', facts: { seconds: Math.round(this.#health.silentMs / 1000) } };
      void stopFamily(this.#deps, process.marks, undefined).catch((error: unknown) =>
        this.#deps.log.warn('server could not be ended', { session: this.id, error: errorMessage(error) }),
      );
    } else if (restartOffer && isOfferSettled && this.#spec.onChange === 'restart') {
      this.#begin(
        {
          spec: this.#spec,
          env: this.#env,
          origin: 'user',
          choice: { install: restartOffer.code === 'dependenciesChanged' },
        },
        restartOffer,
      );
    }
  }

  /** Next replaces its own process when its configuration changes. */
  async #followListener(process: GuardedProcess): Promise<void> {
    const listener = await ownListener(this.#deps, process, this.#port);
    if (process === this.#process && listener?.pid !== undefined) this.#listenerPid = listener.pid;
  }

  /** Nothing of ours runs: is there a server of this app that somebody else has started? */
  async #lookAround(): Promise<void> {
    const found = await this.#findForeign();
    if (!found || this.isActive) return;
    this.#setWish({ kind: 'look', reason: adoptedReason(found), ...noChoice });
  }

  /** Resolves when the run that was on has ended, also when a later wish has overtaken this one. */
  async #stopAndWait(reason: Reason, confirmed?: readonly NamedProcess[]): Promise<void> {
    const ended = new Promise<void>((resolve) => this.#stopWaiters.push(resolve));
    this.#setWish({ kind: 'stop', reason, ...noChoice, confirmed });
    await ended;
  }

  async #checkConfirmed(confirmed: readonly NamedProcess[] | undefined): Promise<void> {
    const members = await this.#foreignMembers('adopted');
    if (members.length === 0 || !covers(confirmed, members)) throw new ConfirmationNeededError(members.map(named));
  }

  async #foreignMembers(target: ForeignTarget): Promise<readonly ProcessInfo[]> {
    const { processes, ports } = this.#deps;
    const listeners: ProcessIdentity[] = [];
    const add = async (pid: number | undefined) => {
      const identity = pid === undefined ? undefined : await processes.identify(pid);
      if (identity) listeners.push(identity);
    };
    if (target === 'adopted') {
      if (this.#adopted?.identity) listeners.push(this.#adopted.identity);
    } else if (target === 'secondServer') {
      for (const { pid } of this.#findings.secondServers) await add(pid);
    } else if (this.#status.state === 'blocked' && this.#status.reason.code === 'portTaken') {
      for (const { pid } of await ports.listeners(this.#spec.port)) await add(pid);
    }
    const members = new Map<number, ProcessInfo>();
    for (const listener of listeners) {
      const folder = target === 'portHolder' ? await processes.workingDirectory(listener.pid) : this.#spec.folder;
      for (const info of await foreignFamily(processes, listener, folder ?? this.#spec.folder))
        members.set(info.pid, info);
    }
    return [...members.values()];
  }

  #begin(params: StartParams, reason: Reason): void {
    this.#spec = params.spec;
    this.#env = params.env;
    if (!this.isActive) this.#port = params.spec.port;
    this.#mustInstall = params.choice?.install === true;
    this.#want('running');
    this.terminal.forgetInterrupt();
    this.#setWish({
      kind: 'run',
      reason,
      useNextPort: params.choice?.useNextPort === true,
      confirmed: params.confirmed,
    });
  }

  #want(desired: 'running' | 'stopped', isSticky = false): void {
    this.#desired = desired;
    this.#isSticky = isSticky;
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
    if (wish.kind === 'run') this.#apply({ type: 'begin', reason: wish.reason });
    const stopping = () => this.#apply({ type: 'stop', reason: this.#wish?.reason ?? wish.reason });
    let lock: HeldLock | undefined;
    try {
      failpoint('start.wished');
      if (!(await this.#endLeftovers())) return 'leftBehind';
      if (wish.kind === 'run') signal.addEventListener('abort', stopping, { once: true });
      let useFallback = false;
      while (!signal.aborted) {
        const found = await this.#findForeign();
        if (signal.aborted) break;
        if (found) {
          signal.addEventListener('abort', stopping, { once: true });
          if ((await this.#watchAdopted(found, signal)) === 'aborted') {
            if (await this.#releaseAdopted()) break;
            return 'leftBehind';
          }
          if ((await this.#afterAdopted(signal)) === 'over') return undefined;
          continue;
        }
        if (this.#desired !== 'running') return undefined; // Only a look, and there is nothing to see any more.
        if (this.#spec.managed === 'external') {
          this.#apply({ type: 'wait', reason: { code: 'managedElsewhere', facts: { port: this.#spec.port } } });
          await delay(this.#deps.clock, LOOK_AGAIN_MS, signal);
          continue;
        }
        const obstacle = this.#deps.obstacle?.(this.#spec.appKey);
        if (obstacle) {
          this.#apply({ type: 'block', reason: obstacle });
          await delay(this.#deps.clock, LOOK_AGAIN_MS, signal);
          continue;
        }
        lock ??= await this.#tryAppLock(signal);
        if (!lock || signal.aborted) continue;
        failpoint('start.appLocked');
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
        if (outcome.kind === 'blocked') {
          this.#apply({ type: 'block', reason: outcome.reason });
          await delay(this.#deps.clock, LOOK_AGAIN_MS, signal);
          continue;
        }
        useFallback = outcome.usedFallback;
        // Somebody took the port between our check and the spawn, or had the folder's own lock: blocked or adopted in the
        // next round, but no crash.
        if (!outcome.wasReady && (outcome.portTaken || (await this.#findForeign()))) continue;
        const next = this.#afterExit(outcome, useFallback);
        if (next === 'over') return undefined;
        useFallback = next.useFallback;
        await this.#pauseAfterCrash(outcome, next.delayMs, signal);
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
      this.#adopted = undefined;
      this.#upkeep.end();
      this.#findings = noFindings;
    }
    return undefined;
  }

  /** What an earlier run left is ended before anything else is started. */
  async #endLeftovers(): Promise<boolean> {
    const left: FamilyMarks[] = [];
    for (const marks of this.#leftovers)
      if ((await stopFamily(this.#deps, marks, undefined, { quick: true })).left.length > 0) left.push(marks);
    this.#leftovers = left;
    if (left.length === 0) return true;
    this.#fail({ code: 'leftovers', facts: { count: left.length } });
    return false;
  }

  /** A server of this app that is neither ours nor another session's. */
  async #findForeign(): Promise<AppServer | undefined> {
    const found = await this.#deps.finder.find(this.#spec);
    return found.find(({ port }) => !this.#deps.isPortOfAnother(port, this));
  }

  async #watchAdopted(found: AppServer, signal: AbortSignal): Promise<'gone' | 'aborted'> {
    this.#health.begin();
    this.#health.answers();
    const adopt = (server: AppServer) => {
      this.#adopted = server;
      this.#port = server.port;
      this.#listenerPid = server.identity?.pid;
      this.#apply({ type: 'adopt', reason: adoptedReason(server) });
      this.#changed();
    };
    adopt(found);
    this.terminal.print(
      notice(`a server that runs already is shown: port ${found.port}${found.command ? `, ${found.command}` : ''}`),
    );
    const end = await watchAdopted(this.#deps, found, this.#spec, signal, adopt);
    if (end === 'gone') {
      this.#adopted = undefined;
      this.#listenerPid = undefined;
      this.#findings = noFindings;
    }
    return end;
  }

  /** Somebody wished otherwise: an adopted server is ended only as far as a person agreed, and else let go. */
  async #releaseAdopted(): Promise<boolean> {
    const confirmed = this.#wish?.confirmed;
    const members = confirmed
      ? (await this.#foreignMembers('adopted')).filter((info) => covers(confirmed, [info]))
      : [];
    const left = await endForeign(this.#deps, members);
    this.#adopted = undefined;
    this.#listenerPid = undefined;
    if (left.length === 0) return true;
    this.#fail({
      code: 'leftovers',
      facts: { count: left.length, pids: left.map(({ pid }) => pid).join(', ') },
    });
    return false;
  }

  /** The adopted server is gone: ours follows after the back-off if one is wanted. */
  async #afterAdopted(signal: AbortSignal): Promise<'over' | undefined> {
    if (this.#desired !== 'running') {
      this.#end({ code: 'adoptedEnded' });
      return 'over';
    }
    if (this.#spec.managed === 'external') return undefined;
    const { policy, next } = afterCrash(this.#policy, this.#health.hadHealthyMinute);
    this.#policy = policy;
    if (next === 'giveUp') {
      this.#fail({ code: 'crashLoop', facts: { crashes: policy.crashes } });
      return 'over';
    }
    this.#apply({ type: 'launch', reason: { code: 'adoptedEnded', facts: { delayMs: next.delayMs } } });
    this.terminal.print(notice(`that server has ended; starting one here in ${next.delayMs / 1000} s`));
    await delay(this.#deps.clock, next.delayMs, signal);
    return undefined;
  }

  /** One try; while another host has the folder its holder is named and the next try put off. */
  async #tryAppLock(signal: AbortSignal): Promise<HeldLock | undefined> {
    const identity = `app:${appLockIdentity(this.#spec)}`;
    const lock = await this.#deps.appLock.tryAcquire(identity);
    if (lock) return lock;
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
    return undefined;
  }

  async #run(wish: Wish, useFallback: boolean, signal: AbortSignal): Promise<RunOutcome> {
    this.#health.begin();
    this.#endReason = undefined;
    const outcome = await runServer(
      this.#deps,
      {
        spec: this.#spec,
        env: this.#env,
        useFallback,
        useNextPort: wish.useNextPort || this.#spec.onPortTaken === 'useNext',
        install: this.#mustInstall,
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
        onLeftovers: (marks) => (this.#leftovers = [...this.#leftovers, marks]),
        onInstalled: () => (this.#mustInstall = false),
        beforeSpawn: () => this.#upkeep.begin(this.#spec),
        onReady: (ready, { usedFallback, told }) => {
          this.#port = ready.port;
          this.#claimedPort = ready.port;
          this.#listenerPid = ready.listenerPid;
          this.#health.note(ready.result, ready.durationMs);
          const wanted = this.#spec.port;
          const hint: Reason | undefined =
            ready.port !== told || ready.port !== wanted
              ? { code: 'otherPort', facts: { port: ready.port, wanted } }
              : usedFallback && this.#spec.fallback
                ? { code: this.#spec.fallback.reason }
                : undefined;
          this.#answered(ready.result, hint);
          // At once for the first time: packages that are not those of the lock file are no news for later.
          const process = this.#process;
          void this.#tend(() => signal.aborted || process !== this.#process);
        },
      },
      signal,
    );
    this.#findings = noFindings;
    return outcome;
  }

  #answered(result: ProbeResult, hint?: Reason): void {
    this.#health.answers();
    const status = result.httpStatus ?? 0;
    if (status >= 500) this.#apply({ type: 'answer', reason: { code: 'answeredWithError', facts: { status } } });
    else if (this.#status.state === 'running' && this.#status.reason.code !== 'answeredWithError') return;
    else if (this.#adopted) this.#apply({ type: 'adopt', reason: adoptedReason(this.#adopted) });
    else this.#apply({ type: 'answer', reason: hint ?? { code: 'answered' } });
  }

  #afterExit(
    outcome: Extract<RunOutcome, { kind: 'exited' }>,
    useFallback: boolean,
  ): 'over' | { readonly delayMs: number; readonly useFallback: boolean } {
    const { hadHealthyMinute } = this.#health;
    const stop = (reason: Reason) => {
      this.#want('stopped', true);
      this.#end(reason);
      return 'over' as const;
    };
    if (this.terminal.wasInterrupted()) return stop({ code: 'interruptedInTerminal' });
    // Next's command line ends with 0 when its server is killed, by the kernel for want of memory for one: no stop.
    if (outcome.wasReady && outcome.exit.exitCode === 0 && this.#spec.type !== 'web' && !this.#endReason)
      return stop({ code: 'exitedNormally' });
    if (this.#spec.fallback && !useFallback && !hadHealthyMinute) {
      this.terminal.print(notice(`no tunnel could be had (${exitText(outcome)}); going on with the local network`));
      return { delayMs: 0, useFallback: true };
    }
    const { policy, next } = afterCrash(this.#policy, hadHealthyMinute);
    this.#policy = policy;
    if (next === 'giveUp') {
      this.#fail({ code: 'crashLoop', facts: { ...exitFacts(outcome), crashes: policy.crashes } });
      return 'over';
    }
    return { delayMs: next.delayMs, useFallback };
  }

  async #pauseAfterCrash(
    outcome: Extract<RunOutcome, { kind: 'exited' }>,
    delayMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    const facts = { ...exitFacts(outcome), delayMs };
    // Without a pause it is the fallback that comes next; a crash of the fallback is a crash like any other.
    const code = delayMs === 0 ? (this.#spec.fallback?.reason ?? 'crashed') : 'crashed';
    const reason = this.#endReason ?? { code, facts };
    this.#apply({ type: 'launch', reason });
    if (delayMs === 0) return;
    const why = this.#endReason ? 'it did not answer any more' : exitText(outcome);
    this.terminal.print(notice(`the server ended (${why}); starting it again in ${delayMs / 1000} s`));
    await delay(this.#deps.clock, delayMs, signal);
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

const noChoice = { useNextPort: false, confirmed: undefined } as const;

function adoptedReason({ port, identity, uid, command, proof }: AppServer): Reason {
  return {
    code: 'adopted',
    facts: {
      port,
      ...(identity ? { pid: identity.pid } : {}),
      ...(uid === undefined ? {} : { uid }),
      ...(command ? { command: command.slice(0, 200) } : {}),
      proof,
    },
  };
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
