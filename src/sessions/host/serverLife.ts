import { goesByOwnName } from '../appTypes';
import { delay } from '../clock';
import { failpoint } from '../failpoints';
import { errorMessage } from '../log';
import type { LaunchSpec, Reason, ReasonCode } from '../protocol';
import type { AcrossMachines, StartPermit } from './acrossMachines';
import { adoptedReason, watchAdopted } from './adoption';
import { covers, endForeign, foreignFamily } from './foreignServers';
import type { HeldLock, KernelLock } from './kernelLock';
import { stillAlive } from './processFamily';
import { CrashCount } from './restartPolicy';
import type { AppServer } from './serverFinder';
import type { Cared, CareDependencies, ServerCare } from './serverCare';
import { notice, runServer, type Leftovers, type RunOutcome } from './sessionRun';
import { stopFamily } from './stopLadder';
import type { TerminalExit } from './terminal';
import { noFindings } from './upkeep';
import type { Wish } from './wish';

/** Between two tries for an app lock that another host holds. */
const APP_LOCK_POLL_MS = 2000;
/** Between two tries to start where another container's server has the folder: each costs the start of a server. */
const FOLDER_LOCK_POLL_MS = 15_000;
/** Between two looks at what stands in the way: a taken port, a server that somebody else is to start. */
const LOOK_AGAIN_MS = 1000;

export interface LifeDependencies extends CareDependencies {
  /** Who else might start the app, beyond this machine. */
  readonly acrossMachines: AcrossMachines;
  readonly appLock: KernelLock;
  newCookie(): string;
  /** Why this app may not start now (the fence: processes of an earlier host that may be its server). */
  readonly obstacle?: (appKey: string) => Reason | undefined;
}

type Exited = Extract<RunOutcome, { kind: 'exited' }>;

/** Keeps an app's server running, run after run, until somebody wanted otherwise or it is given up. */
export class ServerLife {
  readonly #deps: LifeDependencies;
  readonly #session: Cared;
  readonly #care: ServerCare;
  readonly #isPortOfAnother: (port: number) => boolean;
  readonly #crashCount = new CrashCount();
  /** What earlier runs left and could not be ended. */
  #leftovers: readonly Leftovers[] = [];
  #lock: HeldLock | undefined;
  /** The Redis lock of the start that is on. */
  #permit: StartPermit | undefined;
  #isLiving = false;

  constructor(
    deps: LifeDependencies,
    session: Cared,
    care: ServerCare,
    /** Whether another session of this host has claimed the port. */
    isPortOfAnother: (port: number) => boolean,
  ) {
    this.#deps = deps;
    this.#session = session;
    this.#care = care;
    this.#isPortOfAnother = isPortOfAnother;
  }

  /** Restarts after crashes in a row. */
  get crashes(): number {
    return this.#crashCount.crashes;
  }

  /** A person or a new start: earlier crashes do not count any more. */
  forgetCrashes(): void {
    this.#crashCount.forget();
  }

  /** A server of this app that is neither ours nor another session's. */
  async findForeign(): Promise<AppServer | undefined> {
    if (this.#leftovers.length > 0) return undefined; // It may be what we left.
    const found = await this.#deps.finder.find(this.#session.wanted.spec);
    return found[0];
  }

  /**
   * Carries out one wish until the signal aborts, the server was given up, or (`look`) there is none to see. Never
   * rejects. `leftBehind`: something could not be ended, and nothing may be started beside it.
   */
  async live(wish: Wish, signal: AbortSignal): Promise<'leftBehind' | undefined> {
    const { status, server, wanted } = this.#session;
    if (wish.kind === 'run') status.apply({ type: 'begin', reason: wish.reason });
    const stopping = () => status.apply({ type: 'stop', reason: wanted.wish?.reason ?? wish.reason });
    const tellStop = () => signal.addEventListener('abort', stopping, { once: true });
    this.#isLiving = true;
    try {
      failpoint('start.wished');
      if (wish.kind === 'run') tellStop();
      if (!(await this.endLeftovers())) return 'leftBehind';
      let useFallback = false;
      let hasInstalled = false;
      while (!signal.aborted) {
        // Before anything is adopted: what an earlier host of ours left is ended, never shown.
        const left = this.#deps.obstacle?.(wanted.spec.appKey);
        if (left && wish.kind === 'look') return undefined;
        if (left) {
          status.apply({ type: 'block', reason: left });
          await delay(this.#deps.clock, LOOK_AGAIN_MS, signal);
          continue;
        }
        const found = await this.findForeign();
        if (signal.aborted) break;
        if (found) {
          await this.#endPermit(); // Not of this start any more: whoever runs it has told whom it concerns.
          tellStop();
          if ((await this.#watch(found, signal)) === 'aborted') {
            if (await this.#release()) break;
            return 'leftBehind';
          }
          if ((await this.#afterAdopted(wish, signal)) === 'over') return undefined;
          continue;
        }
        if (wish.kind === 'look') return undefined; // There is nothing to see any more.
        const obstacle = await this.#obstacle();
        if (signal.aborted) break;
        if (obstacle) {
          status.apply(obstacle);
          await delay(this.#deps.clock, LOOK_AGAIN_MS, signal);
          continue;
        }
        this.#lock ??= await this.#tryAppLock(signal);
        if (!this.#lock || signal.aborted) continue;
        failpoint('start.appLocked');
        if (!(await this.#isOurTurn(wish, signal))) continue;
        const outcome: RunOutcome = await this.#run(wish, { useFallback, hasInstalled }, signal).catch(
          (error: unknown) => this.#broken(error, useFallback),
        );
        if (outcome.kind === 'aborted') {
          if (outcome.leftovers === 0) break;
          this.#session.fail({ code: 'leftovers', facts: { count: outcome.leftovers } });
          return 'leftBehind';
        }
        if (outcome.kind === 'installed') {
          hasInstalled = true;
          continue;
        }
        await this.#endPermit();
        if (outcome.kind === 'overtaken') {
          this.#deps.log.warn('another machine has overtaken this start', { session: this.#session.id });
          await delay(this.#deps.clock, LOOK_AGAIN_MS, signal);
          continue;
        }
        if (outcome.kind === 'failed') {
          if (outcome.reason.code === 'interruptedInTerminal') this.#settle(outcome.reason);
          else this.#session.fail(outcome.reason);
          return undefined;
        }
        if (outcome.kind === 'blocked') {
          status.apply({ type: 'block', reason: outcome.reason });
          await delay(this.#deps.clock, LOOK_AGAIN_MS, signal);
          continue;
        }
        useFallback = outcome.usedFallback;
        if (signal.aborted) break; // A newer wish has come meanwhile: how the run ended does not matter any more.
        // Ctrl+C has ended it, whatever else may have.
        if (wanted.desired !== 'running') {
          this.#settle({ code: 'interruptedInTerminal' });
          return undefined;
        }
        // Somebody took the port between our check and the spawn, or had the folder's own lock: blocked or adopted in the
        // next round, but no crash.
        if (!outcome.wasReady && (outcome.portTaken || (await this.findForeign()))) continue;
        if (!outcome.wasReady && (await this.#isFolderLocked())) {
          await delay(this.#deps.clock, FOLDER_LOCK_POLL_MS, signal);
          continue;
        }
        if (signal.aborted) break;
        const next = this.#afterExit(outcome, useFallback);
        if (next === 'over') return undefined;
        useFallback = next.useFallback;
        await this.#pauseAfterCrash(outcome, next.delayMs, signal);
      }
      // Stopped, or to be started anew: either way nothing runs now.
      this.#session.end(wanted.wish?.reason ?? wish.reason);
    } catch (error) {
      this.#deps.log.error('run failed', { session: this.#session.id, error: errorMessage(error) });
      const program = wanted.spec.command[0] ?? '';
      this.#session.fail({ code: 'spawnFailed', facts: { program, detail: errorMessage(error) } });
      if (this.#leftovers.length > 0) return 'leftBehind';
    } finally {
      signal.removeEventListener('abort', stopping);
      this.#isLiving = false;
      void this.#endPermit();
      this.#releaseLock();
      server.claimedPort = undefined;
      server.letGo();
      this.#care.upkeep.end();
    }
    return undefined;
  }

  /** What keeps this app from being started by us, now or ever. */
  async #obstacle(): Promise<{ readonly type: 'wait' | 'block'; readonly reason: Reason } | undefined> {
    const { spec } = this.#session.wanted;
    if (spec.managed === 'external')
      return { type: 'wait', reason: { code: 'managedElsewhere', facts: { port: spec.port } } };
    // A server that holds the folder and has not proved itself: it is just starting, or hangs.
    const holder = await this.#deps.folderLock?.holder(spec, false);
    return holder && { type: 'block', reason: { code: 'folderLocked', facts: { ...holder } } };
  }

  /**
   * Asks beyond this machine. False: not now, and what has to be waited for was waited for; or the look that follows a
   * win (the double check) is due, for whoever had the lock before may have started a server.
   */
  async #isOurTurn(wish: Wish, signal: AbortSignal): Promise<boolean> {
    if (this.#permit) return true;
    const { id, status, wanted } = this.#session;
    const { spec } = wanted;
    const request = { sessionId: id, spec, startHere: wish.startHere };
    const answer = await this.#deps.acrossMachines.requestStart(request, signal);
    if (answer.kind === 'local' || answer.kind === 'granted') {
      if (answer.kind === 'granted') this.#permit = answer.permit;
      if (signal.aborted) return false;
      // Whether or not there was a lock to win: what was waited for may have become a server here.
      if (status.state !== 'waiting' && answer.kind === 'local') return true;
      if (!(await this.findForeign())) {
        if (status.state === 'waiting' && !signal.aborted) status.apply({ type: 'begin', reason: wish.reason });
        return !signal.aborted;
      }
      await this.#endPermit();
      return false;
    }
    if (signal.aborted) return false;
    // Another host of this machine may be luckier: nothing is kept from it by one that waits.
    this.#releaseLock();
    status.apply({ type: answer.kind === 'wait' ? 'wait' : 'block', reason: answer.reason });
    await delay(this.#deps.clock, answer.lookAgainMs, signal);
    return false;
  }

  async #endPermit(): Promise<void> {
    const permit = this.#permit;
    this.#permit = undefined;
    await permit?.release();
  }

  /** Our server gave up because another one that can't be seen from here has the folder. */
  async #isFolderLocked(): Promise<boolean> {
    const holder = await this.#deps.folderLock?.holder(this.#session.wanted.spec, true);
    if (!holder) return false;
    this.#session.status.apply({ type: 'block', reason: { code: 'folderLocked', facts: { ...holder } } });
    return true;
  }

  /** Ends what earlier runs left; false (and the session has failed with the number) while something still is. */
  async endLeftovers(): Promise<boolean> {
    const left: Leftovers[] = [];
    for (const leftovers of this.#leftovers)
      if (await this.#end(leftovers)) leftovers.release();
      else left.push(leftovers);
    this.#leftovers = left;
    if (!this.#isLiving) this.#releaseLock();
    if (left.length === 0) return true;
    const pids = left.flatMap(({ seen }) => seen.map(({ pid }) => pid)).join(', ');
    this.#session.fail({ code: 'leftovers', facts: { count: left.length, pids } });
    return false;
  }

  /** The app is another host's to run, unless something of ours still lives. */
  #releaseLock(): void {
    if (this.#leftovers.length > 0) return;
    this.#lock?.dispose();
    this.#lock = undefined;
  }

  async #end({ marks, seen }: Leftovers): Promise<boolean> {
    try {
      // The number of a group that has died out may be another's by now; the cookie never is.
      const isGroupOurs = (await stillAlive(this.#deps.processes, seen)).length > 0;
      const present = isGroupOurs ? marks : { ...marks, pgid: undefined };
      return (await stopFamily(this.#deps, present, undefined, { quick: true })).left.length === 0;
    } catch (error) {
      this.#deps.log.warn('leftovers could not be looked at', { error: errorMessage(error) });
      return false;
    }
  }

  async #watch(found: AppServer, signal: AbortSignal): Promise<'gone' | 'aborted'> {
    const { health, server, status, terminal, wanted } = this.#session;
    health.begin();
    health.answers();
    this.#crashCount.begin();
    const adopt = (replacement: AppServer) => {
      server.adopted = replacement;
      server.claimedPort = undefined;
      server.port = replacement.port;
      server.listenerPid = replacement.identity?.pid;
      status.apply({ type: 'adopt', reason: adoptedReason(replacement) });
      status.changed();
    };
    adopt(found);
    const command = found.command ? `, ${found.command}` : '';
    terminal.print(notice(`a server that runs already is shown: port ${found.port}${command}`));
    const end = await watchAdopted(this.#deps, found, wanted.spec, signal, adopt);
    if (end === 'gone') server.letGo();
    return end;
  }

  /** Somebody wished otherwise: an adopted server is ended only as far as a person agreed, and else let go. */
  async #release(): Promise<boolean> {
    const { server, wanted } = this.#session;
    const confirmed = wanted.wish?.confirmed;
    const listener = server.adopted?.identity;
    const family = confirmed && listener ? await foreignFamily(this.#deps.processes, listener, wanted.spec.folder) : [];
    const left = await endForeign(
      this.#deps,
      family.filter((info) => covers(confirmed, [info])),
    );
    server.letGo();
    if (left.length === 0) return true;
    this.#session.fail({
      code: 'leftovers',
      facts: { count: left.length, pids: left.map(({ pid }) => pid).join(', ') },
    });
    return false;
  }

  /** The adopted server is gone: ours follows after the back-off if one is wanted. */
  async #afterAdopted(wish: Wish, signal: AbortSignal): Promise<'over' | undefined> {
    const { health, status, terminal, wanted } = this.#session;
    if (wish.kind === 'look' || wanted.desired !== 'running') {
      this.#session.end({ code: wish.kind === 'look' ? 'adoptedEnded' : 'stoppedByUser' });
      return 'over';
    }
    if (wanted.spec.managed === 'external') return undefined;
    const next = this.#crashCount.count(health.hadHealthyMinute);
    if (next === 'giveUp') {
      this.#session.fail({ code: 'crashLoop', facts: { crashes: this.crashes } });
      return 'over';
    }
    status.apply({ type: 'launch', reason: { code: 'adoptedEnded', facts: { delayMs: next.delayMs } } });
    terminal.print(notice(`that server has ended; starting one here in ${next.delayMs / 1000} s`));
    await delay(this.#deps.clock, next.delayMs, signal);
    return undefined;
  }

  /** One try; while another host has the folder its holder is named and the next try put off. */
  async #tryAppLock(signal: AbortSignal): Promise<HeldLock | undefined> {
    const identity = `app:${appLockIdentity(this.#session.wanted.spec)}`;
    const lock = await this.#deps.appLock.tryAcquire(identity);
    if (lock) return lock;
    const holder = await this.#deps.appLock.describeHolder(identity);
    this.#session.status.apply({
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

  async #run(
    wish: Wish,
    { useFallback, hasInstalled }: { readonly useFallback: boolean; readonly hasInstalled: boolean },
    signal: AbortSignal,
  ): Promise<RunOutcome> {
    const { health, server, status, terminal, wanted } = this.#session;
    const { spec } = wanted;
    health.begin();
    server.endReason = undefined;
    this.#crashCount.begin();
    const outcome = await runServer(
      this.#deps,
      {
        spec,
        env: wanted.env,
        useFallback,
        useNextPort: wish.useNextPort || spec.onPortTaken === 'useNext',
        install: wanted.mustInstall,
        hasInstalled,
        size: terminal.size,
        newCookie: () => this.#deps.newCookie(),
        wasInterrupted: () => terminal.wasInterrupted(),
        claimPort: (port) => {
          if (this.#isPortOfAnother(port)) return false;
          server.claimedPort = port;
          return true;
        },
        report: (event) => {
          if (!signal.aborted) status.apply(event);
        },
        print: (text) => terminal.print(text),
        onProcess: (process, port) => {
          server.process = process;
          server.startedMs = process && this.#deps.clock.wallMs();
          server.port = port;
          server.listenerPid = undefined;
          terminal.connect(process?.terminal);
          this.#session.save();
          status.changed();
        },
        onLeftovers: (leftovers) => (this.#leftovers = [...this.#leftovers, leftovers]),
        onInterrupted: () => {
          // On record at once: a successor of a host that dies while it tidies up must know of it.
          wanted.stop(true);
          this.#session.save();
          status.apply({ type: 'stop', reason: { code: 'interruptedInTerminal' } });
        },
        onEnded: (exit) => this.#tellCrash(exit, useFallback),
        onEndable: (end) => (server.endRun = end),
        onInstalled: () => (wanted.mustInstall = false),
        beforeSpawn: () => this.#care.upkeep.begin(spec),
        mayStart: async () => (await this.#permit?.mayStart()) ?? true,
        onReady: (ready, { usedFallback, told }) => {
          server.port = ready.port;
          server.claimedPort = ready.port;
          server.listenerPid = ready.listenerPid;
          health.note(ready.result, ready.durationMs);
          const wanted = spec.port;
          const hint: Reason | undefined =
            ready.port !== told || ready.port !== wanted
              ? { code: 'otherPort', facts: { port: ready.port, wanted } }
              : usedFallback && spec.fallback
                ? { code: spec.fallback.reason }
                : undefined;
          this.#care.answered(ready.result, hint);
          void this.#endPermit(); // It runs, and the registry says so from here on.
          // At once for the first time: packages that are not those of the lock file are no news for later.
          void this.#care.tend(signal);
        },
      },
      signal,
    );
    server.findings = noFindings;
    return outcome;
  }

  /** Something about the run could not be looked at: nothing of it is left, and it counts as a crash. */
  #broken(error: unknown, usedFallback: boolean): Exited {
    if (this.#leftovers.length > 0) throw error;
    const { id, server, wanted } = this.#session;
    this.#deps.log.error('run broke off', { session: id, error: errorMessage(error) });
    const facts = { program: wanted.spec.command[0] ?? '', detail: errorMessage(error) };
    server.endReason = { code: 'spawnFailed', facts };
    const exit = { exitCode: undefined, signal: undefined };
    return { kind: 'exited', exit, wasReady: false, portTaken: false, usedFallback };
  }

  #afterExit(
    outcome: Exited,
    useFallback: boolean,
  ): 'over' | { readonly delayMs: number; readonly useFallback: boolean } {
    const { health, server, terminal, wanted } = this.#session;
    if (outcome.wasReady && isNormalEnd(outcome.exit, wanted.spec) && !server.endReason) {
      this.#settle({ code: 'exitedNormally' });
      return 'over';
    }
    if (this.#isForFallback(useFallback)) {
      terminal.print(notice(`no tunnel could be had (${exitText(outcome)}); going on with the local network`));
      return { delayMs: 0, useFallback: true };
    }
    const next = this.#crashCount.count(health.hadHealthyMinute);
    if (next === 'giveUp') {
      const crashLoop = { code: 'crashLoop', facts: { ...exitFacts(outcome), crashes: this.crashes } } as const;
      this.#session.fail(server.endReason?.code === 'spawnFailed' ? server.endReason : crashLoop);
      return 'over';
    }
    return { delayMs: next.delayMs, useFallback };
  }

  /** A tunnel that can't be had is no crash of the server. */
  #isForFallback(useFallback: boolean): boolean {
    const { health, wanted } = this.#session;
    return wanted.spec.fallback !== undefined && !useFallback && !health.hadHealthyMinute;
  }

  /** A server that ran has ended: told before what it left is looked for, which takes a tenth of a second. */
  #tellCrash(exit: TerminalExit, useFallback: boolean): void {
    const { health, server, status, wanted } = this.#session;
    if (isNormalEnd(exit, wanted.spec) || server.endReason || this.#isForFallback(useFallback)) return;
    const next = this.#crashCount.count(health.hadHealthyMinute);
    if (next === 'giveUp') return;
    status.apply({
      type: 'launch',
      reason: { code: 'crashed', facts: { ...exitFacts({ exit }), delayMs: next.delayMs } },
    });
  }

  /** It ended as a person wanted: it stays stopped until somebody starts it. */
  #settle(reason: Reason): void {
    this.#session.wanted.stop(true);
    this.#session.end(reason);
  }

  async #pauseAfterCrash(outcome: Exited, delayMs: number, signal: AbortSignal): Promise<void> {
    const { server, status, terminal, wanted } = this.#session;
    const facts = { ...exitFacts(outcome), delayMs };
    // Without a pause it is the fallback that comes next; a crash of the fallback is a crash like any other.
    const code = delayMs === 0 ? (wanted.spec.fallback?.reason ?? 'crashed') : 'crashed';
    status.apply({ type: 'launch', reason: server.endReason ?? { code, facts } });
    if (delayMs === 0) return;
    const whys: Partial<Record<ReasonCode, string>> = {
      unresponsiveRestart: 'it did not answer any more',
      spawnFailed: String(server.endReason?.facts?.['detail']),
    };
    const why = (server.endReason && whys[server.endReason.code]) ?? exitText(outcome);
    terminal.print(notice(`the server ended (${why}); starting it again in ${delayMs / 1000} s`));
    await delay(this.#deps.clock, delayMs, signal);
  }
}

/** One folder, one server of a framework, under whatever name; custom apps may share a folder. */
function appLockIdentity(spec: LaunchSpec): string {
  return goesByOwnName(spec.type) ? spec.appKey : spec.appKey.split(':').slice(0, 2).join(':');
}

/** Next's command line ends with 0 when its server is killed, by the kernel for want of memory for one: no stop. */
function isNormalEnd({ exitCode }: TerminalExit, { type }: LaunchSpec): boolean {
  return exitCode === 0 && type !== 'web';
}

function exitFacts({ exit }: Pick<Exited, 'exit'>): Record<string, number> {
  return {
    ...(exit.exitCode === undefined ? {} : { exitCode: exit.exitCode }),
    ...(exit.signal ? { signal: exit.signal } : {}),
  };
}

function exitText({ exit }: Exited): string {
  return exit.signal ? `signal ${exit.signal}` : `exit code ${exit.exitCode ?? 'unknown'}`;
}
