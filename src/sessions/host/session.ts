import type { Disposable } from '../event';
import { errorMessage } from '../log';
import { stateSentence } from '../sessionSentences';
import type {
  CompileIssues,
  ForeignTarget,
  LaunchSpec,
  NamedProcess,
  Reason,
  SessionSnapshot,
  StartParams,
} from '../protocol';
import { isActive } from '../sessionState';
import { specDigest } from '../specDigest';
import { adoptedReason } from './adoption';
import { CurrentServer } from './currentServer';
import { ConfirmationNeededError } from './foreignServers';
import { ForeignTargets } from './foreignTargets';
import { IssueWatch } from './issueWatch';
import type { AskForIssues } from './nextIssues';
import type { FamilyMarks } from './processFamily';
import type { HealthMonitor, Monitored } from './healthMonitor';
import { ServerCare, type Cared } from './serverCare';
import { ServerLife, type LifeDependencies } from './serverLife';
import type { AppServer, ServerFinder } from './serverFinder';
import { SessionHealth } from './sessionHealth';
import type { SessionRecord, SessionRecords } from './sessionRecords';
import { notice } from './sessionRun';
import { SessionStatus } from './sessionStatus';
import { SessionTerminal } from './sessionTerminal';
import { Wanted, type Wish } from './wish';

export interface SessionDependencies extends LifeDependencies {
  readonly records: SessionRecords;
  readonly monitor: HealthMonitor;
  /** What of an app does not compile, by its server's own word. */
  readonly compileIssues: AskForIssues;
  /** Whether another session of this host has claimed the port. */
  isPortOfAnother(port: number, session: Session): boolean;
  /** Whether a server that proves to be the session's app is shown or run by another session: apps may share a folder. */
  isServerOfAnother(server: AppServer, session: Session): Promise<boolean>;
  onDidChange(session: Session): void;
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
  readonly #wanted: Wanted;
  readonly #status: SessionStatus;
  readonly #server: CurrentServer;
  readonly #health: SessionHealth;
  readonly #care: ServerCare;
  readonly #life: ServerLife;
  readonly #foreign: ForeignTargets;
  readonly #issues: IssueWatch;
  readonly #monitoring: readonly Disposable[];
  readonly #stopWaiters: (() => void)[] = [];
  #isDriving = false;
  #cycle: AbortController | undefined;
  #isChecking = false;
  #windows: number;

  constructor(deps: SessionDependencies, id: string, spec: LaunchSpec, windows: number, record?: SessionRecord) {
    this.id = id;
    this.#deps = deps;
    this.#windows = windows;
    this.#wanted = new Wanted(spec);
    if (record) {
      this.#wanted.desired = record.desired;
      this.#wanted.isSticky = record.isSticky;
    }
    this.terminal = new SessionTerminal(deps.clock, () => this.#interrupted());
    this.#server = new CurrentServer(spec.port);
    this.#health = new SessionHealth(deps.clock, deps.prober);
    const code = !record ? 'neverStarted' : record.desired === 'running' ? 'hostLost' : 'stoppedByUser';
    this.#status = new SessionStatus(
      { id, clock: deps.clock, log: deps.log },
      { state: 'stopped', reason: { code } },
      () => {
        this.#issues.follow({
          state: this.#status.state,
          pid: this.#server.process?.terminal.pid,
          adoptedPort: this.#server.adopted?.port,
        });
        deps.onDidChange(this);
      },
    );
    this.#issues = new IssueWatch(deps, {
      snapshot: () => this.snapshot(),
      isSeen: () => this.#windows > 0,
      onChange: () => this.#status.changed(),
    });
    const cared: Cared = {
      id,
      server: this.#server,
      status: this.#status,
      health: this.#health,
      terminal: this.terminal,
      wanted: this.#wanted,
      save: () => this.#save(),
      end: (reason) => this.#end(reason),
      fail: (reason) => this.#fail(reason),
      restart: (reason, install) =>
        this.#begin({ spec: this.#wanted.spec, env: this.#wanted.env, origin: 'user', choice: { install } }, reason),
    };
    // What another session runs is nobody's to adopt, to report or to end from here.
    const finder: ServerFinder = {
      find: async (wantedSpec) => {
        const found = await deps.finder.find(wantedSpec);
        const isAnothers = await Promise.all(found.map((server) => deps.isServerOfAnother(server, this)));
        return found.filter((_server, index) => !isAnothers[index]);
      },
    };
    this.#care = new ServerCare({ ...deps, finder }, cared);
    this.#life = new ServerLife({ ...deps, finder }, cared, this.#care, (port) => deps.isPortOfAnother(port, this));
    this.#foreign = new ForeignTargets(deps, cared);
    this.#monitoring = [
      deps.monitor.add(this),
      deps.monitor.add(this.#issues),
      this.terminal.onDidPrint((text) => this.#issues.read(text)),
      this.#issues,
    ];
  }

  get appKey(): string {
    return this.#wanted.spec.appKey;
  }

  get isActive(): boolean {
    return isActive(this.#status.state) || this.#isDriving;
  }

  get isAdopted(): boolean {
    return this.#server.adopted !== undefined;
  }

  /** The server is somebody else's to start and to end. */
  get isOnlyWatched(): boolean {
    return this.isAdopted || (this.#wanted.spec.managed === 'external' && this.isActive);
  }

  get isSticky(): boolean {
    return this.#wanted.isSticky;
  }

  get claimedPort(): number | undefined {
    return this.#server.adopted?.port ?? this.#server.claimedPort;
  }

  /** Tells the processes of its own server or install; undefined while there is none. */
  get marks(): FamilyMarks | undefined {
    return this.#server.process?.marks;
  }

  get windows(): number {
    return this.#windows;
  }

  snapshot(): SessionSnapshot {
    const { state, reason, sinceMs, revision } = this.#status;
    const { port, listenerPid, startedMs, process, findings } = this.#server;
    const { lastProbe } = this.#health;
    const { issues } = this.#issues;
    const acrossMachines = isActive(state) ? this.#deps.acrossMachines.warning(this.id) : undefined;
    return {
      id: this.id,
      appKey: this.#wanted.spec.appKey,
      appName: this.#wanted.spec.appName,
      type: this.#wanted.spec.type,
      folder: this.#wanted.spec.folder,
      state,
      reason,
      sinceMs,
      adopted: this.isAdopted,
      ...(this.#wanted.spec.managed ? { managed: this.#wanted.spec.managed } : {}),
      desired: this.#wanted.desired,
      port,
      url: `http://localhost:${port}`,
      ...(process ? { pid: process.terminal.pid } : {}),
      ...(process && startedMs !== undefined ? { startedMs } : {}),
      ...(findings.memoryMb === undefined ? {} : { memoryMb: findings.memoryMb }),
      ...(listenerPid === undefined ? {} : { listenerPid }),
      ...(lastProbe ? { lastProbe } : {}),
      windows: this.#windows,
      ...(findings.secondServers.length > 0 ? { secondServers: findings.secondServers } : {}),
      ...(findings.restartOffer ? { restartOffer: findings.restartOffer } : {}),
      ...(findings.warning ? { warning: findings.warning } : {}),
      ...(acrossMachines ? { acrossMachines } : {}),
      specDigest: specDigest(this.#wanted.spec),
      crashes: this.#life.crashes,
      ...(issues ? { issues } : {}),
      revision,
    };
  }

  setWindows(count: number): void {
    if (count === this.#windows) return;
    const isSeenAgain = this.#windows === 0;
    this.#windows = count;
    if (isSeenAgain) this.#issues.seen();
    this.#status.changed();
  }

  /** What the machines' agreement has to say of this session is another. */
  warningChanged(): void {
    if (this.isActive) this.#status.changed();
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
      if (!this.isActive) this.#wanted.spec = params.spec;
      void this.checkHealth();
      return this.snapshot();
    }
    if (!isPerson && this.#wanted.isSticky) return this.snapshot();
    // `neverStarted`: the lost host could not keep its record, but the window that asks saw the server run.
    if (params.origin === 'restore' && !['hostLost', 'neverStarted', 'adoptedEnded'].includes(code))
      return this.snapshot();
    // A server that gave up waits for a person: another tab that opens is no news.
    if (!isPerson && state === 'failed') return this.snapshot();
    if (this.isAdopted && this.#wanted.wish && this.#wanted.wish.kind !== 'stop') {
      // It runs already; from now on ours follows when it ends.
      this.#wanted.env = params.env;
      this.#wanted.spec = params.spec;
      this.#wanted.wish.kind = 'run';
      this.#wanted.run();
      this.#save();
      this.#status.changed();
      return this.snapshot();
    }
    // What stands in the way may not do so any more with what the person brings: another port, no other manager.
    const isHeldUp = state === 'blocked' || state === 'waiting';
    // A run that a Ctrl+C has just ended is none to join.
    const isOn = this.#wanted.wish?.kind === 'run' && this.#wanted.desired === 'running';
    if (isOn && !(isPerson && isHeldUp)) {
      // What a person asks for now is newer than the Ctrl+C before it.
      if (isPerson) this.terminal.forgetInterrupt();
      return this.snapshot();
    }
    this.#life.forgetCrashes();
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
    if (this.isAdopted && reason.code === 'stoppedByUser') {
      // The person's word is given: a host that dies while it looks must not have its successor start one.
      if (confirmed) this.#rememberStop();
      await this.#checkStop(confirmed);
    }
    this.#wanted.stop(reason.code !== 'stoppedByLastWindow');
    await this.#stopAndWait(reason, confirmed);
    return this.snapshot();
  }

  /** The host ends or nobody looks on: the server goes (an adopted one is let go), the wish stays on record. */
  async halt(): Promise<void> {
    await this.#stopAndWait({ code: this.isAdopted ? 'neverStarted' : 'hostLost' });
  }

  /** Ends the server if there is one, then starts it by the new spec; answers at once. Throws as `stop` does. */
  async restart(params: StartParams): Promise<SessionSnapshot> {
    if (this.isAdopted) await this.#foreign.check('adopted', params.confirmed);
    this.#life.forgetCrashes();
    this.#begin(params, { code: 'requested' });
    return this.snapshot();
  }

  /** The processes that would be signalled to end a server which we did not start; empty when it can't be ended. */
  async foreignProcesses(target: ForeignTarget): Promise<readonly NamedProcess[]> {
    return this.#foreign.processes(target);
  }

  /**
   * Ends the port's holder or the second servers on a person's word; resolves when they are gone. Throws as `stop` does,
   * and `foreignAlive` with the pids that are left.
   */
  async endForeign(
    target: 'portHolder' | 'secondServer',
    confirmed: readonly NamedProcess[],
  ): Promise<SessionSnapshot> {
    await this.#foreign.end(target, confirmed);
    await this.checkHealth();
    return this.snapshot();
  }

  /** No window has been there for the grace time: what a person stopped may start by itself again. */
  forgetStop(): void {
    this.#wanted.isSticky = false;
    this.#save();
  }

  /** What of its code does not compile, or threw: asked for now. Never rejects. */
  compileIssues(): Promise<CompileIssues> {
    return this.#issues.ask();
  }

  /** Called by the one health interval. Never rejects. */
  async checkHealth(): Promise<void> {
    if (this.#isChecking) return;
    this.#isChecking = true;
    try {
      const { state } = this.#status;
      if (state === 'running' || state === 'unhealthy') await this.#care.check(this.#cycle?.signal);
      else if (!this.isActive && this.#windows > 0) await this.#lookAround();
    } catch (error) {
      this.#deps.log.warn('health not checked', { session: this.id, error: errorMessage(error) });
    } finally {
      this.#isChecking = false;
    }
  }

  dispose(): void {
    for (const part of this.#monitoring) part.dispose();
    this.terminal.dispose();
  }

  /** Throws unless a person agreed; that nothing is to follow the adopted server is heard in any case where it can't be ended. */
  async #checkStop(confirmed: readonly NamedProcess[] | undefined): Promise<void> {
    try {
      await this.#foreign.check('adopted', confirmed);
    } catch (error) {
      if (error instanceof ConfirmationNeededError && error.processes.length === 0) this.#rememberStop();
      throw error;
    }
  }

  /** Nothing is to follow the adopted server, whether it can be ended or not. */
  #rememberStop(): void {
    this.#wanted.stop(true);
    this.#save();
    this.#status.changed();
  }

  /** Ctrl+C while nothing runs, but something was about to: between two tries, or waiting for a port. */
  #interrupted(): void {
    if (this.isActive && !this.isAdopted) void this.stop({ code: 'interruptedInTerminal' });
  }

  /** Nothing of ours runs: is there a server of this app that somebody else has started? */
  async #lookAround(): Promise<void> {
    const found = await this.#life.findForeign();
    if (!found || this.isActive) return;
    this.#setWish({
      kind: 'look',
      reason: adoptedReason(found),
      useNextPort: false,
      startHere: false,
      confirmed: undefined,
    });
  }

  /** Resolves when the run that was on has ended, also when a later wish has overtaken this one. */
  async #stopAndWait(reason: Reason, confirmed?: readonly NamedProcess[]): Promise<void> {
    const ended = new Promise<void>((resolve) => this.#stopWaiters.push(resolve));
    this.#setWish({ kind: 'stop', reason, useNextPort: false, startHere: false, confirmed });
    await ended;
  }

  #begin(params: StartParams, reason: Reason): void {
    this.#wanted.spec = params.spec;
    this.#wanted.env = params.env;
    if (!this.isActive) this.#server.port = params.spec.port;
    this.#wanted.mustInstall = params.choice?.install === true;
    this.#wanted.run();
    this.#setWish({
      kind: 'run',
      reason,
      // A restart keeps to the port that a person chose.
      useNextPort: params.choice?.useNextPort ?? this.#wanted.wish?.useNextPort ?? false,
      startHere: params.choice?.startHere === true,
      confirmed: params.confirmed,
    });
  }

  #setWish(wish: Wish): void {
    this.#wanted.wish = wish;
    // Before anything is signalled: a successor of a host that dies meanwhile must know of it.
    if (wish.kind !== 'look') this.#save();
    this.#cycle?.abort();
    if (!this.#isDriving) void this.#drive();
  }

  /** The single flow: carries out wishes until none is left. Never rejects. */
  async #drive(): Promise<void> {
    // Set and cleared in the same turn as the wishes are looked at, so that none is overlooked.
    this.#isDriving = true;
    let leftBehind = false;
    for (let wish = this.#wanted.wish; wish; wish = this.#wanted.wish) {
      if (leftBehind && wish.kind === 'stop') {
        // It was tried just now, and is not stopped: the failure stands until the next wish.
      } else if (wish.kind === 'stop') {
        // Said only when it is true: an earlier run may have left what could not be ended.
        if (await this.#life.endLeftovers()) this.#end(wish.reason);
      } else {
        const cycle = new AbortController();
        this.#cycle = cycle;
        leftBehind = (await this.#life.live(wish, cycle.signal)) === 'leftBehind';
        this.#cycle = undefined;
      }
      if (this.#wanted.wish === wish) this.#wanted.wish = undefined;
      for (const resolve of this.#stopWaiters.splice(0)) resolve();
    }
    this.#isDriving = false;
    this.#status.changed(); // Only now is it inactive for the host.
  }

  #end(reason: Reason): void {
    const wasStopped = this.#status.state === 'stopped';
    this.#status.apply({ type: 'end', reason });
    if (!wasStopped) this.#tell();
    this.#save();
  }

  #fail(reason: Reason): void {
    this.#status.apply({ type: 'fail', reason });
    this.#tell();
    this.#save();
  }

  /**
   * The terminal says how things ended, in the words of the status item, and which key restarts: in English, for all windows
   * share this one screen, whatever language they have.
   */
  #tell(): void {
    if (this.#wanted.wish?.kind === 'run' && !this.#cycle) return this.terminal.print(notice('starting again'));
    const key = this.#wanted.spec.managed === 'external' ? '' : ' Press Enter to start it again.';
    this.terminal.print(notice(stateSentence(this.id, this.snapshot()) + key));
  }

  /** A disk that does not take the record costs the successor's convenience, not this server. */
  #save(): void {
    const { process } = this.#server;
    try {
      this.#deps.records.write({
        id: this.id,
        spec: this.#wanted.spec,
        desired: this.#wanted.desired,
        isSticky: this.#wanted.isSticky,
        ...(process?.identity ? { process: { ...process.identity, cookie: process.marks.cookie } } : {}),
      });
    } catch (error) {
      this.#deps.log.warn('session record not written', { session: this.id, error: errorMessage(error) });
    }
  }
}
