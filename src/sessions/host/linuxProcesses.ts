/**
 * Processes on Linux, straight from /proc: works in any container, with or without `ps`.
 * Invariant: a signal goes only to an identity that was verified in the same turn of the loop, or to a group with a
 * live member that is not our own; zombies count as dead.
 */
import type { ProcessIdentity, ProcessInfo, Processes } from './processes';
import {
  isZombieState,
  mapFew,
  procPids,
  readCommandLine,
  readEnvironment,
  readFileId,
  readProcLink,
  readProcStat,
  readResidentBytes,
  readUid,
  visitInSlices,
  type ProcStat,
} from '../procFiles';
import { existence, isForeignGroup, sendSignal } from './signals';

/** Process control over /proc. */
export const linuxProcesses: Processes = {
  async list() {
    const stats: ProcStat[] = [];
    await visitInSlices(procPids(), (pid) => {
      const stat = readProcStat(pid);
      if (stat) stats.push(stat);
      return undefined;
    });
    return mapFew(stats, describe);
  },

  liveness(identity) {
    const stat = readProcStat(identity.pid);
    if (stat) return Promise.resolve(isSame(stat, identity) ? 'alive' : 'dead');
    // /proc shows nothing: either there is no such process, or it is hidden (hidepid), which is no proof of death.
    return Promise.resolve(existence(identity.pid) === 'none' ? 'dead' : 'unknown');
  },

  identify(pid) {
    const stat = readProcStat(pid);
    const alive = stat !== undefined && !isZombieState(stat.state);
    return Promise.resolve(alive ? { pid, startTicks: stat.startTicks } : undefined);
  },

  groupOf(pid) {
    const stat = readProcStat(pid);
    return Promise.resolve(stat && !isZombieState(stat.state) ? stat.pgid : undefined);
  },

  async findByEnvironment(name, value, options) {
    const found: ProcessInfo[] = [];
    await mapFew(procPids(), async (pid) => {
      const environment = await readEnvironment(pid);
      if (!environment || !holds(environment, `${name}=${value}`, options?.prefix ?? false)) return;
      const stat = readProcStat(pid);
      if (stat) found.push(await describe(stat));
    });
    return found;
  },

  workingDirectory: (pid) => Promise.resolve(readProcLink(pid, 'cwd')),

  async runsIn(pid, folder) {
    const [own, wanted] = await Promise.all([readFileId(`/proc/${pid}/cwd`), readFileId(folder)]);
    return own === undefined ? undefined : own === wanted;
  },

  // What processes share counts once for each: what is really theirs would take a walk over all their pages.
  memory: (pids) => Promise.resolve(pids.reduce((sum, pid) => sum + (readResidentBytes(pid) ?? 0), 0)),

  signal(identity, signal) {
    const stat = readProcStat(identity.pid);
    return Promise.resolve(stat !== undefined && isSame(stat, identity) && sendSignal(identity.pid, signal));
  },

  signalGroup(pgid, signal) {
    if (!isForeignGroup(pgid) || readProcStat(process.pid)?.pgid === pgid) return false;
    // kill(-pgid, 0) succeeds for zombies too, so look at the members; as a rule the leader is one of them.
    const isMember = (pid: number) => {
      const stat = readProcStat(pid);
      return stat?.pgid === pgid && !isZombieState(stat.state);
    };
    return (isMember(pgid) || procPids().some(isMember)) && sendSignal(-pgid, signal);
  },
};

function isSame(stat: ProcStat, identity: ProcessIdentity): boolean {
  return stat.startTicks === identity.startTicks && !isZombieState(stat.state);
}

async function describe(stat: ProcStat): Promise<ProcessInfo> {
  const { pid, ppid, pgid, sid, startTicks } = stat;
  const isZombie = isZombieState(stat.state);
  return { pid, startTicks, ppid, pgid, sid, isZombie, uid: readUid(pid), command: await readCommandLine(pid) };
}

/** Whether NUL-separated `environment` has an entry that is `entry`, or that starts with it when `prefix`. */
export function holds(environment: Buffer, entry: string, prefix: boolean): boolean {
  const needle = Buffer.from(prefix ? `\0${entry}` : `\0${entry}\0`);
  // A NUL on both sides, so that the first and the last entry look like the others.
  return Buffer.concat([Buffer.of(0), environment, Buffer.of(0)]).includes(needle);
}
