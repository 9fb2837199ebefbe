import { Emitter } from '../../../src/sessions/event';
import type { AppFolder } from '../../../src/sessions/host/appFolder';
import type { FolderLock } from '../../../src/sessions/host/folderLock';
import type { KernelLock } from '../../../src/sessions/host/kernelLock';
import type { Prober, ProbeResult } from '../../../src/sessions/host/prober';
import type { Ports, ProcessInfo, Processes } from '../../../src/sessions/host/processes';
import type { Programs } from '../../../src/sessions/host/programs';
import type { Reapers } from '../../../src/sessions/host/reaper';
import type { AppServer, ServerFinder } from '../../../src/sessions/host/serverFinder';
import type { TerminalExit, TerminalFactory } from '../../../src/sessions/host/terminal';
import type { Machine, Proc, SimListener } from './machine';

/** Flaws that a mutation puts into the ports, to prove that the witness notices. All off in a true run. */
export interface PortFlaws {
  readonly hostLockIsNone?: boolean;
  readonly appLockIsNone?: boolean;
  readonly reapersDoNothing?: boolean;
  /** A pid alone counts as an identity. */
  readonly pidIsTrusted?: boolean;
  readonly everyPortIsFree?: boolean;
  readonly cookiesAreNotFound?: boolean;
  readonly unknownIsDead?: boolean;
  readonly foreignServersAreNotFound?: boolean;
}

/** What the machine's ports ask of the world around it. */
export interface Surroundings {
  readonly flaws: PortFlaws;
  /** Whether the system refuses to say what becomes of processes, for now. */
  isFoggy(): boolean;
  /** Whether a look at the whole system fails, now and then while it is foggy. */
  looksFail(): boolean;
  /** A synchronous effect of a host is about to happen: it may be killed right before. False: it is dead. */
  mayAct(host: Proc): boolean;
  dependencies(folder: string): 'installed' | 'missing' | 'differs';
}

/** The ports of one host's code onto the machine. */
export function portsOf(machine: Machine, host: Proc, surroundings: Surroundings) {
  const { scheduler } = machine;
  const { flaws } = surroundings;
  const call = <T>(label: string, effect: () => T, isQuick = false) => scheduler.call(host, label, effect, isQuick);
  // Another user's processes are listed, but neither their environment and sockets can be read nor can they be signalled.
  const isHidden = (proc: Proc) => proc.uid !== host.uid;
  const isSame = (proc: Proc, pid: number, startTicks: string) =>
    proc.pid === pid && (flaws.pidIsTrusted === true || proc.startTicks === startTicks);

  /** A look at the whole system, which in the fog sometimes fails as a whole. */
  const look = <T>(label: string, effect: () => T) =>
    call(label, () => {
      if (surroundings.looksFail()) throw new Error(`${label} was not answered in time`);
      return effect();
    });

  const processes: Processes = {
    list: () => look('processes.list', () => machine.procs.map(infoOf)),
    table: () => look('processes.table', () => machine.procs.map(infoOf)),
    liveness: ({ pid, startTicks }) =>
      call(
        'processes.liveness',
        () => {
          if (surroundings.isFoggy()) return flaws.unknownIsDead ? 'dead' : 'unknown';
          return machine.procs.some((proc) => isSame(proc, pid, startTicks) && !proc.isZombie) ? 'alive' : 'dead';
        },
        true,
      ),
    identify: (pid) =>
      call('processes.identify', () => {
        const found = machine.procs.find((proc) => proc.pid === pid && !proc.isZombie);
        return found && { pid, startTicks: found.startTicks };
      }),
    groupOf: (pid) =>
      call('processes.groupOf', () => machine.procs.find((proc) => proc.pid === pid && !proc.isZombie)?.pgid),
    findByEnvironment: (_name, value, options) =>
      look('processes.findByEnvironment', () => {
        if (flaws.cookiesAreNotFound) return [];
        const found: ProcessInfo[] = [];
        for (const proc of machine.procs) {
          if (proc.cookie === undefined || proc.isZombie || isHidden(proc)) continue; // A zombie has no environment any more.
          if (options?.prefix ? proc.cookie.startsWith(value) : proc.cookie === value) found.push(infoOf(proc));
        }
        return found;
      }),
    workingDirectory: (pid) =>
      call(
        'processes.workingDirectory',
        () => machine.procs.find((proc) => proc.pid === pid && !isHidden(proc))?.folder,
        true,
      ),
    runsIn: (pid, folder) =>
      call(
        'processes.runsIn',
        () => {
          const proc = machine.procs.find((one) => one.pid === pid && !one.isZombie);
          return proc && !isHidden(proc) ? proc.folder === folder : undefined;
        },
        true,
      ),
    memory: () => call('processes.memory', () => 0, true),
    signal: ({ pid, startTicks }, signal) =>
      call(`processes.signal`, () => {
        if (!surroundings.mayAct(host)) return false;
        // To send it, the identity must be verified in the same turn, and in the fog it can't be.
        if (surroundings.isFoggy()) return false;
        const found = machine.procs.find((proc) => isSame(proc, pid, startTicks) && !proc.isZombie);
        if (!found || isHidden(found)) return false;
        machine.deliver(found, signal, host);
        return true;
      }),
    signalGroup: (pgid, signal) => surroundings.mayAct(host) && machine.deliverToGroup(pgid, signal, host, host.uid),
  };

  const listenerInfo = ({ port, proc }: SimListener) => ({
    address: '127.0.0.1',
    port,
    pid: isHidden(proc) ? undefined : proc.pid,
    uid: proc.uid,
  });
  const ports: Ports = {
    isFree: (port) => look('ports.isFree', () => flaws.everyPortIsFree === true || !machine.isListening(port)),
    listeners: (port) =>
      look('ports.listeners', () => machine.listeners.filter((one) => one.port === port).map(listenerInfo)),
    allListeners: () => look('ports.allListeners', () => machine.listeners.map(listenerInfo)),
  };

  const prober: Prober = {
    probe: (_spec, port, timeoutMs) =>
      new Promise((resolve) => {
        if (host.isDead) return;
        scheduler.post(host, 'prober connects', () => {
          const found = machine.listeners.find((one) => one.port === port);
          const answer = (result: ProbeResult) =>
            scheduler.post(host, result.answered ? 'prober is answered' : 'prober is refused', () => resolve(result));
          if (!found) return answer({ answered: false, error: 'ECONNREFUSED' });
          // Suspended or hanging: the kernel accepts, nobody answers, or only when it goes on within the limit.
          if (found.proc.isPaused || found.proc.isHanging)
            scheduler.after(host, 'prober gives up', timeoutMs, () =>
              resolve({ answered: false, error: `no answer in ${timeoutMs} ms` }),
            );
          else answer({ answered: true, httpStatus: found.status });
        });
      }),
  };

  const finder: ServerFinder = {
    find: (spec) =>
      call('finder.find', () => {
        if (flaws.foreignServersAreNotFound) return [];
        const found: AppServer[] = [];
        for (const { port, proc, status } of machine.listeners) {
          if (proc.app?.spec.folder !== spec.folder || proc.isPaused || proc.isHanging || status === 0) continue;
          const server: AppServer = {
            port,
            identity: isHidden(proc) ? undefined : { pid: proc.pid, startTicks: proc.startTicks },
            uid: proc.uid,
            command: isHidden(proc) ? '' : proc.command,
            proof: 'workingDirectory',
          };
          if (port === spec.port) found.unshift(server);
          else found.push(server);
        }
        return found;
      }),
  };

  const programs: Programs = {
    find: (program) => call('programs.find', () => `/bin/${program}`, true),
    findPackage: () => call('programs.findPackage', () => '/modules', true),
  };

  const appFolder: AppFolder = {
    exists: () => call('appFolder.exists', () => true, true),
    dependencies: (folder) => call('appFolder.dependencies', () => surroundings.dependencies(folder), true),
    installerAtWork: (folder, own) =>
      call('appFolder.installerAtWork', () => {
        const found = machine.procs.find(
          (proc) => proc.folder === folder && proc.role === 'installer' && proc.isAlive && !own.includes(proc.pid),
        );
        return found && { pid: found.pid, command: found.command };
      }),
    fingerprint: () => call('appFolder.fingerprint', () => ({}), true),
  };

  const folderLock: FolderLock = {
    holder: (spec) =>
      call('folderLock.holder', () => {
        const holder = flaws.foreignServersAreNotFound ? undefined : machine.folderLockHolder(spec.folder);
        return holder && { pid: holder.pid };
      }),
    // As on Linux; apps without such a lock have nobody in it.
    mayBeAnothers: async (spec, isOurs) => {
      const holder = await call('folderLock.mayBeAnothers', () => machine.folderLockHolder(spec.folder));
      return holder !== undefined && !(await isOurs(holder.pid));
    },
  };

  const terminals: TerminalFactory = {
    kind: 'node-pty',
    isTerminal: true,
    spawn: (options) => {
      if (!surroundings.mayAct(host)) throw new Error('the host is dead');
      const data = new Emitter<string>();
      const exit = new Emitter<TerminalExit>();
      const leader = machine.launch(host, options, (how) => exit.fire(how));
      return {
        pid: leader.pid,
        onData: data.event,
        onExit: exit.event,
        // Ctrl+C goes to the foreground group, by the terminal and on a person's word.
        write: (text) => {
          if (!host.isDead && text.includes('\x03')) machine.deliverToGroup(leader.pid, 'SIGINT', 'world');
        },
        resize: () => undefined,
        pause: () => undefined,
        resume: () => undefined,
      };
    },
  };

  const reapers: Reapers = {
    create: () => {
      const reaper = machine.createReaper(host);
      return {
        guard: (pgid) => {
          if (surroundings.mayAct(host)) reaper.guard(pgid);
        },
        dispose: () => {
          if (surroundings.mayAct(host)) reaper.dispose();
        },
      };
    },
  };

  const lock = (isNone: boolean | undefined): KernelLock => ({
    tryAcquire: (identity) =>
      call(`lock ${identity}`, () => {
        if (isNone) return { dispose: () => undefined };
        const holder = machine.locks.get(identity);
        // A holder that is this very process has it twice no more than another one.
        if (holder !== undefined) return undefined;
        machine.locks.set(identity, host);
        return {
          dispose: () => {
            if (surroundings.mayAct(host) && machine.locks.get(identity) === host) machine.locks.delete(identity);
          },
        };
      }),
    describeHolder: (identity) =>
      call('lock holder', () => {
        const holder = machine.locks.get(identity);
        return holder && { pid: holder.pid, uid: holder.uid };
      }),
  });

  return {
    processes,
    ports,
    prober,
    finder,
    programs,
    appFolder,
    folderLock,
    terminals,
    reapers,
    appLock: lock(flaws.appLockIsNone),
    hostLock: lock(flaws.hostLockIsNone),
  };
}

function infoOf({ pid, startTicks, ppid, pgid, sid, isZombie, uid, command }: Proc): ProcessInfo {
  return { pid, startTicks, ppid, pgid, sid, isZombie, uid, command };
}
