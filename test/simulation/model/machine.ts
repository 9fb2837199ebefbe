import type { LaunchSpec } from '../../../src/sessions/protocol';
import { SESSION_COOKIE } from '../../../src/sessions/serverEnvironment';
import type { TerminalExit, TerminalOptions } from '../../../src/sessions/host/terminal';
import type { Random } from './random';
import type { Actor, Scheduler } from './scheduler';

export type Signal = 'SIGINT' | 'SIGTERM' | 'SIGKILL';

/** One app of the simulated workspace. */
export interface SimApp {
  readonly name: string;
  readonly spec: LaunchSpec;
  /** Next 16's own lock: a second server in the folder listens shortly and gives up. */
  readonly hasLock: boolean;
}

/** What a server does; drawn anew for each one that is started. */
export interface Behaviour {
  readonly forkMs: number;
  readonly listenMs: number;
  /** How long it tidies up after SIGINT. */
  readonly tidyMs: number;
  readonly ignoresInt: boolean;
  readonly ignoresTerm: boolean;
  readonly crashAfterMs: number | undefined;
  readonly exitCode: number;
  readonly hangAfterMs: number | undefined;
  readonly status: number;
  readonly neverListens: boolean;
  readonly otherPort: number | undefined;
  /** Forks a process that leaves group and session and keeps the cookie. */
  readonly forksDaemon: boolean;
  /** In the kernel, where no signal reaches it, for this long after the first one. */
  readonly unkillableMs: number;
}

/** A program that a host started in a terminal: the server of an app, or an install. */
export interface Launch {
  readonly number: number;
  readonly kind: 'server' | 'install';
  readonly app: SimApp;
  readonly host: Proc;
  readonly behaviour: Behaviour;
  /** Live processes of it, whatever group they are in. */
  live: number;
  leader: Proc | undefined;
  /** A reaper is beside it: its group ends with the host. */
  isGuarded: boolean;
  /** When its host died, in virtual milliseconds. */
  hostDiedMs: number | undefined;
  /** Its processes have met nothing but what a stop does: then a good stop leaves no zombie. */
  isUndisturbed: boolean;
}

/** A process of the machine. */
export class Proc implements Actor {
  isDead = false;
  isPaused = false;
  /** When it was last let go on, in virtual milliseconds: before that it could see nothing. */
  resumedMs = 0;
  isZombie = false;
  /** Set by the first SIGINT: it tidies up and waits for its children. */
  isClosing = false;
  /** Accepts and never answers. */
  isHanging = false;
  ppid: number;
  readonly held: Signal[] = [];
  /** Dies at this time at the earliest, in virtual milliseconds. */
  unkillableUntilMs: number | undefined;
  exitCode = 0;
  killedBy: Signal | undefined;
  onEnd: (() => void) | undefined;
  /** Called by whoever waits for it as a parent. */
  onReap: (() => void) | undefined;

  constructor(
    readonly name: string,
    readonly pid: number,
    readonly startTicks: string,
    ppid: number,
    readonly pgid: number,
    readonly sid: number,
    readonly role: 'host' | 'client' | 'runner' | 'server' | 'daemon' | 'installer' | 'foreign',
    readonly command: string,
    readonly cookie: string | undefined,
    readonly folder: string | undefined,
    readonly app: SimApp | undefined,
    readonly launch: Launch | undefined,
    readonly uid: number,
  ) {
    this.ppid = ppid;
  }

  /** Runs, or could run again. */
  get isAlive(): boolean {
    return !this.isDead;
  }
}

export interface SimListener {
  readonly port: number;
  readonly proc: Proc;
  readonly status: number;
  readonly sinceMs: number;
}

interface SimReaper {
  readonly host: Proc;
  group: number | undefined;
  isOff: boolean;
  replacements: number;
}

/** What the witness is told of, besides what it sees. */
interface MachineEvents {
  onSignal(proc: Proc, signal: Signal, by: Proc | 'reaper' | 'world'): void;
  onLaunch(launch: Launch, port: number): void;
  /** The host of a launch hears that its leader has exited. */
  onExitTold(leader: Proc): void;
}

export interface MachineOptions {
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly apps: readonly SimApp[];
  readonly behaviour: (app: SimApp) => Behaviour;
  /** PID 1 never asks for the orphans it gets: they stay zombies (fault 42). */
  readonly initNeverReaps: boolean;
  readonly reapersAct: boolean;
  /** An install of this folder has come to a good end. */
  readonly onInstalled: (folder: string) => void;
  readonly events: MachineEvents;
}

const signalNumbers = { SIGINT: 2, SIGTERM: 15, SIGKILL: 9 } as const;

/** How long the kernel takes to drop a dead process's locks, and a reaper to notice, at most (FACTS). */
const LOCK_RELEASE_MS = 90;
const REAPER_MS = 80;

/**
 * Processes, groups, ports, reapers and kernel locks of one machine, as the system has them: the witness looks here, the
 * code sees it through its ports only.
 */
export class Machine {
  readonly scheduler: Scheduler;
  readonly procs: Proc[] = [];
  readonly listeners: SimListener[] = [];
  readonly launches: Launch[] = [];
  readonly locks = new Map<string, Proc>();
  /** Pids that were somebody's and are nobody's now: they come back. */
  readonly freedPids: number[] = [];
  /** Folders in which Next's lock is held. */
  readonly #folderLocks = new Map<string, Proc>();
  readonly #options: MachineOptions;
  readonly #reapers: SimReaper[] = [];
  #nextPid = 100;
  #ticks = 1000;
  #launchCount = 0;
  bootId = 1;

  constructor(options: MachineOptions) {
    this.#options = options;
    this.scheduler = options.scheduler;
  }

  birth(of: {
    readonly name: string;
    readonly role: Proc['role'];
    readonly parent?: Proc | undefined;
    readonly pgid?: number;
    readonly sid?: number;
    readonly pid?: number;
    readonly command?: string;
    readonly cookie?: string | undefined;
    readonly folder?: string | undefined;
    readonly app?: SimApp | undefined;
    readonly launch?: Launch | undefined;
    readonly uid?: number;
  }): Proc {
    const pid = of.pid ?? this.#nextPid++;
    const reused = this.freedPids.indexOf(pid);
    if (reused >= 0) this.freedPids.splice(reused, 1);
    const proc = new Proc(
      `${of.name}#${pid}`,
      pid,
      String((this.#ticks += 7)),
      of.parent?.pid ?? 1,
      of.pgid ?? pid,
      of.sid ?? of.pgid ?? pid,
      of.role,
      of.command ?? of.name,
      of.cookie,
      of.folder,
      of.app,
      of.launch,
      of.uid ?? of.launch?.host.uid ?? of.parent?.uid ?? 0,
    );
    this.procs.push(proc);
    if (of.launch) of.launch.live++;
    return proc;
  }

  /** It ends now, however; what it held goes, its children become PID 1's, whoever waits for it hears. */
  end(proc: Proc, how: { readonly exitCode?: number; readonly signal?: Signal } = {}): void {
    if (!proc.isAlive) return;
    proc.exitCode = how.exitCode ?? 0;
    proc.killedBy = how.signal;
    const { scheduler } = this;
    if (scheduler.isTraced)
      scheduler.trace(proc, how.signal ? `ends by ${how.signal}` : `exits with ${how.exitCode ?? 0}`);
    proc.isZombie = true;
    if (proc.launch) proc.launch.live--;
    for (let at = this.listeners.length - 1; at >= 0; at--)
      if ((this.listeners[at] as SimListener).proc === proc) this.listeners.splice(at, 1);
    for (const [folder, holder] of this.#folderLocks) if (holder === proc) this.#folderLocks.delete(folder);
    for (const child of [...this.procs]) {
      if (child.ppid !== proc.pid || child === proc) continue;
      child.ppid = 1;
      if (child.isZombie) this.#reapedByInit(child);
    }
    proc.isDead = true;
    proc.onEnd?.();
    const parent = proc.ppid === 1 ? undefined : this.procs.find(({ pid }) => pid === proc.ppid);
    // A parent that is paused asks later, one that dies first leaves it to PID 1.
    if (parent) scheduler.post(parent, 'waits for its child', () => proc.onReap?.());
    else this.#reapedByInit(proc);
  }

  /** Takes a zombie out of the table. */
  remove(proc: Proc): void {
    const at = this.procs.indexOf(proc);
    if (at < 0) return;
    this.procs.splice(at, 1);
    proc.isDead = true;
    this.freedPids.push(proc.pid);
  }

  /** A process that holds kernel locks and reapers ends: a host. Its reapers act a little later, as do the locks. */
  hostEnded(proc: Proc): void {
    const { random } = this.#options;
    for (const launch of this.launches) {
      if (launch.host !== proc) continue;
      // Killed before it could ask how its child had ended, it leaves the zombie to PID 1.
      if (proc.killedBy && this.procs.some((one) => one.launch === launch)) launch.isUndisturbed = false;
      if (launch.live === 0) continue;
      launch.isUndisturbed = false;
      launch.hostDiedMs = this.scheduler.nowMs;
    }
    for (const [name, holder] of this.locks)
      if (holder === proc)
        this.scheduler.after(world, 'kernel drops a lock', random.next() * LOCK_RELEASE_MS, () => {
          if (this.locks.get(name) === proc) this.locks.delete(name);
        });
    for (const reaper of this.#reapers)
      if (reaper.host === proc && !reaper.isOff) this.#reap(reaper, random.next() * REAPER_MS);
  }

  /** The machine starts anew: every process is gone, every file is left. */
  reboot(): void {
    for (const proc of this.procs) {
      proc.isDead = true;
      if (proc.launch && !proc.isZombie) proc.launch.live--;
    }
    this.procs.length = 0;
    this.listeners.length = 0;
    this.locks.clear();
    this.#folderLocks.clear();
    for (const reaper of this.#reapers) reaper.isOff = true;
    this.#reapers.length = 0;
    this.freedPids.length = 0;
    this.#nextPid = 100;
    this.#ticks = 1000;
    this.bootId++;
  }

  /** A signal as the kernel delivers it. `by` says who sent it, for the witness. */
  deliver(proc: Proc, signal: Signal, by: Proc | 'reaper' | 'world'): void {
    if (!proc.isAlive) return;
    this.#options.events.onSignal(proc, signal, by);
    // A Ctrl+C is what a stop does, too; a second one cuts the tidying short.
    if (by === 'world' && proc.launch && (signal !== 'SIGINT' || proc.isClosing)) proc.launch.isUndisturbed = false;
    this.#hear(proc, signal);
  }

  /** False: no live member that this user may signal. */
  deliverToGroup(pgid: number, signal: Signal, by: Proc | 'reaper' | 'world', uid?: number): boolean {
    let any = false;
    for (const proc of [...this.procs]) {
      if (proc.pgid !== pgid || !proc.isAlive || (uid !== undefined && proc.uid !== uid)) continue;
      any = true;
      this.deliver(proc, signal, by);
    }
    return any;
  }

  pause(proc: Proc): void {
    proc.isPaused = true;
    if (proc.launch) proc.launch.isUndisturbed = false;
  }

  resume(proc: Proc): void {
    proc.isPaused = false;
    proc.resumedMs = this.scheduler.nowMs;
    for (const signal of proc.held.splice(0)) this.#hear(proc, signal);
  }

  isListening(port: number): boolean {
    for (const listener of this.listeners) if (listener.port === port) return true;
    return false;
  }

  listen(proc: Proc, port: number, status = 200): boolean {
    if (this.isListening(port)) return false;
    this.listeners.push({ port, proc, status, sinceMs: this.scheduler.nowMs });
    if (this.scheduler.isTraced) this.scheduler.trace(proc, `listens on ${port}`);
    return true;
  }

  /** Whoever has Next's own lock on a folder. */
  folderLockHolder(folder: string): Proc | undefined {
    const holder = this.#folderLocks.get(folder);
    return holder?.isAlive ? holder : undefined;
  }

  /** A program in a terminal of its own: what `TerminalFactory.spawn` does. */
  launch(host: Proc, options: TerminalOptions, onExit: (exit: TerminalExit) => void): Proc {
    const app = this.#options.apps.find(({ spec }) => spec.folder === options.cwd);
    if (!app) throw new Error(`no app in ${options.cwd}`);
    const isInstall = options.args[0] === 'install';
    const launch: Launch = {
      number: ++this.#launchCount,
      kind: isInstall ? 'install' : 'server',
      app,
      host,
      behaviour: this.#options.behaviour(app),
      live: 0,
      leader: undefined,
      isGuarded: false,
      hostDiedMs: undefined,
      isUndisturbed: true,
    };
    const { ignoresInt, tidyMs, forksDaemon, unkillableMs } = launch.behaviour;
    // Whoever leaves its parent, or has to be ended harder than by Ctrl+C, ends as a child of PID 1.
    if (ignoresInt || tidyMs > 4000 || forksDaemon || unkillableMs > 0) launch.isUndisturbed = false;
    this.launches.push(launch);
    const leader: Proc = this.birth({
      name: isInstall ? 'install' : 'runner',
      role: isInstall ? 'installer' : 'runner',
      parent: host,
      command: isInstall ? 'pnpm install' : 'pnpm run dev',
      cookie: options.env[SESSION_COOKIE],
      folder: app.spec.folder,
      app,
      launch,
    });
    launch.leader = leader;
    const { scheduler } = this;
    leader.onReap = () => {
      this.remove(leader);
      this.#options.events.onExitTold(leader);
      onExit(
        leader.killedBy
          ? { exitCode: undefined, signal: signalNumbers[leader.killedBy] }
          : { exitCode: leader.exitCode, signal: undefined },
      );
    };
    if (scheduler.isTraced) scheduler.trace(host, `starts ${leader.name} for ${app.name}, launch ${launch.number}`);
    if (isInstall) this.#runInstall(leader);
    else this.#runTree(leader, Number(options.env['PORT']));
    this.#options.events.onLaunch(launch, Number(options.env['PORT']));
    return leader;
  }

  createReaper(host: Proc): { guard(pgid: number): void; dispose(): void } {
    const reaper: SimReaper = { host, group: undefined, isOff: host.isDead, replacements: 3 };
    if (!host.isDead) this.#reapers.push(reaper);
    return {
      guard: (pgid) => {
        if (host.isDead) return;
        reaper.group = pgid;
        this.#guarded(pgid, host, true);
      },
      dispose: () => {
        if (host.isDead) return;
        reaper.isOff = true;
        const at = this.#reapers.indexOf(reaper);
        if (at >= 0) this.#reapers.splice(at, 1);
      },
    };
  }

  /** Ends one of the reapers, which its host replaces while it can. */
  killReaper(): void {
    const reaper = this.#reapers[this.#options.random.below(Math.max(1, this.#reapers.length))];
    if (!reaper) return;
    const isReplaced = reaper.host.isAlive && !reaper.host.isPaused && reaper.replacements-- > 0;
    if (isReplaced) return;
    reaper.isOff = true;
    if (reaper.group !== undefined) this.#guarded(reaper.group, reaper.host, false);
  }

  #guarded(pgid: number, host: Proc, isGuarded: boolean): void {
    for (const launch of this.launches)
      if (launch.host === host && launch.leader?.pid === pgid && launch.live > 0) launch.isGuarded = isGuarded;
  }

  /** What a reaper does when its host is gone: `kill -INT`, a look each tenth of a second, `kill -KILL` after one. */
  #reap(reaper: SimReaper, delayMs: number): void {
    if (!this.#options.reapersAct || reaper.group === undefined) return;
    const { group } = reaper;
    this.scheduler.after(world, 'a reaper notices', delayMs, () => {
      if (reaper.isOff || !this.deliverToGroup(group, 'SIGINT', 'reaper')) return;
      let tenths = 0;
      const look = () => {
        if (reaper.isOff || !this.procs.some((proc) => proc.pgid === group)) return;
        if (++tenths < 10) this.scheduler.after(world, 'a reaper looks', 100, look);
        else this.deliverToGroup(group, 'SIGKILL', 'reaper');
      };
      this.scheduler.after(world, 'a reaper looks', 100, look);
    });
  }

  /**
   * Whether the number can't be given to a new process: it names one, or a group; or a reaper will signal it within a
   * second, in which no real machine comes round to it again.
   */
  isInUse(pid: number): boolean {
    return (
      this.procs.some((proc) => proc.pid === pid || proc.pgid === pid || proc.sid === pid) ||
      this.#reapers.some((reaper) => reaper.group === pid && !reaper.isOff)
    );
  }

  #reapedByInit(proc: Proc): void {
    if (!this.#options.initNeverReaps) this.remove(proc);
  }

  #hear(proc: Proc, signal: Signal): void {
    if (!proc.isAlive) return;
    const { scheduler } = this;
    if (signal !== 'SIGKILL' && proc.isPaused) {
      proc.held.push(signal);
      return;
    }
    const behaviour = proc.launch?.behaviour;
    if (behaviour && behaviour.unkillableMs > 0) {
      proc.unkillableUntilMs ??= scheduler.nowMs + behaviour.unkillableMs;
      if (scheduler.nowMs < proc.unkillableUntilMs) {
        scheduler.after(world, `${signal} gets through`, proc.unkillableUntilMs - scheduler.nowMs, () =>
          this.#hear(proc, signal),
        );
        return;
      }
    }
    if (signal === 'SIGKILL') {
      if (proc.launch) proc.launch.isUndisturbed = false;
      this.end(proc, { signal });
      return;
    }
    if (proc.role === 'host' || proc.role === 'client') return; // Has handlers of its own; nobody sends it one here.
    const ignores = signal === 'SIGINT' ? behaviour?.ignoresInt : behaviour?.ignoresTerm;
    if (ignores === true) return;
    // A second Ctrl+C cuts the tidying short; SIGTERM ends a package manager without a look at its children (FACTS).
    if (proc.role === 'runner' && (signal === 'SIGTERM' || proc.isClosing)) {
      this.end(proc, { signal });
      return;
    }
    if (proc.isClosing) {
      this.end(proc, { signal });
      return;
    }
    proc.isClosing = true;
    if (proc.role === 'runner') return this.#endWithChildren(proc);
    const tidyMs = proc.role === 'foreign' ? 0 : (behaviour?.tidyMs ?? 0);
    scheduler.after(proc, 'has tidied up', tidyMs, () => this.end(proc, { signal }));
  }

  /** A package manager that was told to end does so when its children have. */
  #endWithChildren(runner: Proc): void {
    if (this.procs.some((proc) => proc.ppid === runner.pid && proc.isAlive)) return;
    this.scheduler.after(runner, 'ends after its children', 1, () => {
      // It has waited for each of them, also for one that had just ended by itself.
      for (const child of [...this.procs]) if (child.ppid === runner.pid && child.isZombie) child.onReap?.();
      this.end(runner, { exitCode: 130 });
    });
  }

  #runInstall(proc: Proc): void {
    const { random } = this.#options;
    this.scheduler.after(proc, 'has installed', random.between(100, 20_000), () => {
      const isGood = random.chance(0.8);
      if (isGood && proc.folder !== undefined) this.#options.onInstalled(proc.folder);
      this.end(proc, { exitCode: isGood ? 0 : 1 });
    });
  }

  /** `pnpm → next-server`: the child is what listens; the parent waits for it and passes its exit code on. */
  #runTree(runner: Proc, port: number): void {
    const { scheduler } = this;
    const { launch, app } = runner;
    if (!launch || !app) return;
    const { behaviour } = launch;
    scheduler.after(runner, 'forks the server', behaviour.forkMs, () => {
      if (runner.isClosing) return;
      const server = this.birth({
        name: 'server',
        role: 'server',
        parent: runner,
        pgid: runner.pgid,
        sid: runner.sid,
        command: 'next-server (v16)',
        cookie: runner.cookie,
        folder: runner.folder,
        app,
        launch,
      });
      this.#waitFor(runner, server);
      this.#serve(server, app, behaviour, port);
    });
  }

  #waitFor(parent: Proc, child: Proc): void {
    child.onReap = () => {
      this.remove(child);
      if (parent.isClosing) this.#endWithChildren(parent);
      else
        this.scheduler.after(parent, 'ends with its child', 1, () =>
          this.end(parent, { exitCode: child.killedBy ? 1 : child.exitCode }),
        );
    };
  }

  /** A dev server's life from its first moment, whoever started it. */
  #serve(server: Proc, app: SimApp, behaviour: Behaviour, port: number): void {
    const { scheduler } = this;
    if (behaviour.forksDaemon)
      scheduler.after(server, 'forks a daemon', behaviour.listenMs / 2, () => {
        this.birth({
          name: 'daemon',
          role: 'daemon',
          command: 'watchman',
          cookie: server.cookie,
          folder: '/',
          launch: server.launch,
        });
      });
    if (behaviour.crashAfterMs !== undefined)
      scheduler.after(server, 'crashes', behaviour.crashAfterMs, () =>
        this.end(server, { exitCode: behaviour.exitCode }),
      );
    if (behaviour.neverListens) return;
    scheduler.after(server, 'wants to listen', behaviour.listenMs, () => {
      if (server.isClosing) return;
      if (!this.listen(server, behaviour.otherPort ?? port, behaviour.status)) {
        this.end(server, { exitCode: 1 }); // EADDRINUSE
        return;
      }
      if (app.hasLock) {
        const holder = this.#folderLocks.get(app.spec.folder);
        if (holder?.isAlive)
          scheduler.after(server, "meets the other's lock", behaviour.tidyMs / 2, () =>
            this.end(server, { exitCode: 1 }),
          );
        else this.#folderLocks.set(app.spec.folder, server);
      }
      if (behaviour.hangAfterMs !== undefined)
        scheduler.after(server, 'hangs', behaviour.hangAfterMs, () => void (server.isHanging = true));
    });
  }

  /** A server of the app that somebody else starts: in a group of its own, or in one with what must not be signalled. */
  foreignServer(app: SimApp, port: number, parent: Proc | undefined, behaviour: Behaviour): Proc {
    const server = this.birth({
      name: 'otherServer',
      role: 'foreign',
      parent,
      ...(parent ? { pgid: parent.pgid, sid: parent.sid } : {}),
      command: 'next-server (v16)',
      folder: app.spec.folder,
      app,
    });
    server.onReap = () => this.remove(server);
    this.#serve(server, app, behaviour, port);
    return server;
  }
}

/** Whoever is always there and never paused: the kernel, PID 1, reapers. */
export const world: Actor = { name: 'world', isDead: false, isPaused: false };
