/**
 * Processes on Linux, straight from /proc: works in any container, with or without `ps`.
 * Invariant: a signal goes only to an identity that was verified in the same turn of the loop, or to a group with a
 * live member that is not our own; zombies count as dead.
 */
import { EnvironmentMemory } from './environmentMemory';
import { onceATurn } from './onceATurn';
import type { ProcessEntry, ProcessIdentity, ProcessInfo, Processes } from './processes';
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

const environments = new EnvironmentMemory(readEnvironment);

/** Of a family both the table and the environments are asked for at once. */
const readAllStats = onceATurn(async (): Promise<readonly ProcStat[]> => {
  const stats: ProcStat[] = [];
  await visitInSlices(procPids(), (pid) => {
    const stat = readProcStat(pid);
    if (stat) stats.push(stat);
    return undefined;
  });
  return stats;
});

/** Process control over /proc. */
export const linuxProcesses: Processes = {
  list: async () => mapFew(await readAllStats(), describe),

  table: async () => (await readAllStats()).map(entryOf),

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
    const isWanted = (one: string) => (options?.prefix === true ? one.startsWith(value) : one === value);
    const holders = await environments.withVariable(name, await readAllStats(), isWanted);
    // As they are now: one that has ended meanwhile is of no use to anybody.
    return holders.flatMap(({ pid, startTicks }) => {
      const stat = readProcStat(pid);
      return stat?.startTicks === startTicks ? [entryOf(stat)] : [];
    });
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

function entryOf({ pid, startTicks, ppid, pgid, sid, state }: ProcStat): ProcessEntry {
  return { pid, startTicks, ppid, pgid, sid, isZombie: isZombieState(state) };
}

async function describe(stat: ProcStat): Promise<ProcessInfo> {
  return { ...entryOf(stat), uid: readUid(stat.pid), command: await readCommandLine(stat.pid) };
}
