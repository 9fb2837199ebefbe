import type { TerminalExit, TerminalFactory, TerminalOptions } from '../../../src/sessions/host/terminal';
import type { Listener, Ports, ProcessIdentity, ProcessInfo, Processes } from '../../../src/sessions/host/processes';
import type { Prober, ProbeResult } from '../../../src/sessions/host/prober';
import type { AppFolder } from '../../../src/sessions/host/appFolder';
import type { AppServer, ServerFinder } from '../../../src/sessions/host/serverFinder';
import type { Programs } from '../../../src/sessions/host/programs';
import type { Reapers } from '../../../src/sessions/host/reaper';
import { Emitter } from '../../../src/sessions/event';

type Signal = 'SIGINT' | 'SIGTERM' | 'SIGKILL';

/** A process of the machine: what it ignores it survives, anything else ends it. */
export interface FakeProcess extends ProcessInfo {
  ppid: number;
  isZombie: boolean;
  isHidden: boolean;
  /** Undefined: hidden. */
  cwd: string | undefined;
  /** Resident, in bytes. */
  memory: number;
  readonly ignores: Set<Signal>;
  readonly heard: Signal[];
  readonly env: Readonly<Record<string, string>>;
  /** Runs when it ends, with the signal that did it. */
  onEnd: (signal: Signal | undefined) => void;
}

/** A program that the host started in a terminal. */
export interface FakeProgram {
  readonly options: TerminalOptions;
  readonly process: FakeProcess;
  /** What was typed into it. */
  readonly typed: string[];
  readonly sizes: string[];
  print(data: string): void;
  /** Listens on the port that the environment names, or on another. */
  listen(port?: number): void;
  exit(exitCode: number): void;
  /** A child in the same group, or in one of its own. */
  fork(options?: { readonly ownGroup?: boolean; readonly env?: Readonly<Record<string, string>> }): FakeProcess;
}

/** Processes, ports and terminals of a machine that exists in memory only. */
export class FakeMachine {
  readonly all: FakeProcess[] = [];
  readonly programs: FakeProgram[] = [];
  readonly listening: { port: number; pid: number | undefined }[] = [];
  /** Guards that were made and not yet let go. */
  guards = 0;
  /** Programs that are nowhere on the PATH. */
  readonly missing = new Set<string>();
  folderExists = true;
  dependencies: 'installed' | 'missing' | 'differs' = 'installed';
  /** Another package manager that works in the app's folder. */
  installer: { readonly pid: number; readonly command: string } | undefined;
  /** Digests of the lock file and the like. */
  files: Readonly<Record<string, string>> = {};
  /** Whether the server can restart in place. */
  canSoftRestart = false;
  softRestarts = 0;
  /** Servers that prove to be the app's; those that no process is behind any more are left out. */
  readonly appServers: AppServer[] = [];
  hasPackage = true;
  /** What each started program does; it listens unless a test says otherwise. */
  onStart: (program: FakeProgram) => void = (program) => program.listen();
  /** The answer to a probe; the default is yes as long as somebody listens. */
  onProbe: ((port: number) => Promise<ProbeResult> | undefined) | undefined;
  #nextPid = 1000;

  /** The program that was started last. */
  get last(): FakeProgram {
    const last = this.programs.at(-1);
    if (!last) throw new Error('nothing was started');
    return last;
  }

  /** How many programs have something left in their groups. */
  get groups(): number {
    const alive = (pgid: number) => this.all.some((process) => process.pgid === pgid && !process.isZombie);
    return this.programs.filter(({ process }) => alive(process.pgid)).length;
  }

  /** Programs that run. */
  get running(): readonly FakeProgram[] {
    return this.programs.filter(({ process }) => this.#isAlive(process));
  }

  birth(of: Partial<FakeProcess> = {}): FakeProcess {
    const pid = of.pid ?? this.#nextPid++;
    const born: FakeProcess = {
      pid,
      startTicks: `${pid}00`,
      ppid: 1,
      pgid: pid,
      sid: pid,
      isZombie: false,
      isHidden: false,
      cwd: undefined,
      memory: 0,
      uid: 0,
      command: 'program',
      ignores: new Set(),
      heard: [],
      env: {},
      onEnd: () => undefined,
      ...of,
    };
    this.all.push(born);
    return born;
  }

  /** A server of the app that somebody else has started by hand. */
  startByHand(port = 3000, of: Partial<FakeProcess> = {}): FakeProcess {
    const server = this.birth({ command: 'next-server (v16.4.6)', cwd: '/w/cheatcode-app', ...of });
    this.listening.push({ port, pid: server.pid });
    this.appServers.push({
      port,
      identity: { pid: server.pid, startTicks: server.startTicks },
      uid: 0,
      command: server.command,
      proof: 'nextLock',
    });
    return server;
  }

  /** The process ends; a child whose parent never asks for it stays a zombie. */
  end(process: FakeProcess, signal?: Signal, asZombie = false): void {
    if (process.isZombie || !this.all.includes(process)) return;
    if (asZombie) process.isZombie = true;
    else this.all.splice(this.all.indexOf(process), 1);
    for (let at = this.listening.length - 1; at >= 0; at--)
      if (this.listening[at]?.pid === process.pid) this.listening.splice(at, 1);
    for (const other of this.all) if (other.ppid === process.pid) other.ppid = 1;
    process.onEnd(signal);
  }

  readonly processes: Processes = {
    list: () => Promise.resolve(this.all.filter(({ isHidden }) => !isHidden)),
    table: () => Promise.resolve(this.all.filter(({ isHidden }) => !isHidden)),
    liveness: (identity) => Promise.resolve(this.#liveness(identity)),
    identify: (pid) => {
      const found = this.all.find((process) => process.pid === pid && !process.isZombie);
      return Promise.resolve(found && { pid, startTicks: found.startTicks });
    },
    groupOf: (pid) => Promise.resolve(this.all.find((process) => process.pid === pid && !process.isZombie)?.pgid),
    findByEnvironment: (name, value, options) =>
      Promise.resolve(
        this.all.filter(({ env, isHidden }) => {
          const own = env[name];
          return !isHidden && own !== undefined && (options?.prefix ? own.startsWith(value) : own === value);
        }),
      ),
    workingDirectory: (pid) => Promise.resolve(this.all.find((process) => process.pid === pid)?.cwd),
    runsIn: (pid, folder) => {
      const cwd = this.all.find((process) => process.pid === pid)?.cwd;
      return Promise.resolve(cwd === undefined ? undefined : cwd === folder);
    },
    memory: (pids) =>
      Promise.resolve(this.all.reduce((sum, { pid, memory }) => sum + (pids.includes(pid) ? memory : 0), 0)),
    signal: (identity, signal) => {
      const found = this.#find(identity);
      if (!found) return Promise.resolve(false);
      this.#deliver(found, signal);
      return Promise.resolve(true);
    },
    signalGroup: (pgid, signal) => {
      const members = this.all.filter((process) => process.pgid === pgid && !process.isZombie);
      for (const member of members) this.#deliver(member, signal);
      return members.length > 0;
    },
  };

  readonly ports: Ports = {
    isFree: (port) => Promise.resolve(!this.listening.some((listener) => listener.port === port)),
    listeners: (port) =>
      Promise.resolve(
        this.listening
          .filter((listener) => listener.port === port)
          .map(({ pid }): Listener => ({ address: '127.0.0.1', port, pid, uid: process.getuid?.() })),
      ),
    allListeners: () =>
      Promise.resolve(
        this.listening.map(({ port, pid }): Listener => ({ address: '127.0.0.1', port, pid, uid: process.getuid?.() })),
      ),
  };

  /** Without `isTerminal`: as on a machine where none can be had. */
  readonly terminals: TerminalFactory & { isTerminal: boolean } = {
    kind: 'node-pty',
    isTerminal: true,
    spawn: (options) => {
      const data = new Emitter<string>();
      const exit = new Emitter<TerminalExit>();
      const process = this.birth({ env: options.env, command: [options.file, ...options.args].join(' ') });
      let exitCode: number | undefined;
      process.onEnd = (signal) =>
        exit.fire(signal ? { exitCode: undefined, signal: 9 } : { exitCode: exitCode ?? 0, signal: undefined });
      const program: FakeProgram = {
        options,
        process,
        typed: [],
        sizes: [],
        print: (text) => data.fire(text),
        listen: (port = Number(options.env['PORT'])) => void this.listening.push({ port, pid: process.pid }),
        exit: (code) => {
          exitCode = code;
          this.end(process);
        },
        fork: ({ ownGroup, env } = {}) =>
          this.birth({
            ppid: process.pid,
            ...(ownGroup ? {} : { pgid: process.pgid }),
            env: env ?? options.env,
          }),
      };
      this.programs.push(program);
      // As on a real machine: the program does nothing before its starter's turn of the loop has ended.
      queueMicrotask(() => this.onStart(program));
      return {
        pid: process.pid,
        onData: data.event,
        onExit: exit.event,
        write: (text) => void program.typed.push(text),
        resize: (cols, rows) => void program.sizes.push(`${cols}x${rows}`),
        pause: () => undefined,
        resume: () => undefined,
      };
    },
  };

  readonly prober: Prober = {
    probe: (_spec, port) => {
      const answered = this.listening.some((listener) => listener.port === port);
      return (
        this.onProbe?.(port) ??
        Promise.resolve(answered ? { answered, httpStatus: 200 } : { answered, error: 'ECONNREFUSED' })
      );
    },
  };

  readonly toolbox: Programs = {
    find: (program) => Promise.resolve(this.missing.has(program) ? undefined : `/bin/${program}`),
    findPackage: () => Promise.resolve(this.hasPackage ? '/modules' : undefined),
  };

  readonly appFolder: AppFolder = {
    exists: () => Promise.resolve(this.folderExists),
    dependencies: () => Promise.resolve(this.dependencies),
    installerAtWork: () => Promise.resolve(this.installer),
    fingerprint: () => Promise.resolve(this.files),
  };

  readonly finder: ServerFinder = {
    find: () =>
      Promise.resolve(
        this.appServers.filter(({ port, identity }) =>
          this.listening.some((listener) => listener.port === port && listener.pid === identity?.pid),
        ),
      ),
  };

  readonly softRestart = (): Promise<boolean> => {
    this.softRestarts++;
    return Promise.resolve(this.canSoftRestart);
  };

  readonly reapers: Reapers = {
    create: () => {
      let isDisposed = false;
      this.guards++;
      return {
        guard: () => undefined,
        dispose: () => {
          if (!isDisposed) this.guards--;
          isDisposed = true;
        },
      };
    },
  };

  #deliver(process: FakeProcess, signal: Signal): void {
    process.heard.push(signal);
    if (!process.ignores.has(signal)) this.end(process, signal);
  }

  #find({ pid, startTicks }: ProcessIdentity): FakeProcess | undefined {
    return this.all.find((process) => process.pid === pid && process.startTicks === startTicks && !process.isZombie);
  }

  #isAlive(process: FakeProcess): boolean {
    return this.all.includes(process) && !process.isZombie;
  }

  #liveness(identity: ProcessIdentity): 'alive' | 'dead' | 'unknown' {
    const found = this.#find(identity);
    return found?.isHidden ? 'unknown' : found ? 'alive' : 'dead';
  }
}
