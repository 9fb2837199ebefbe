import { SESSION_COOKIE } from '../serverEnvironment';
import type { ProcessIdentity, ProcessEntry, Processes } from './processes';

/** How the processes of a session are known: the group they were born in, and the cookie that stays with those who left it. */
export interface FamilyMarks {
  /** Undefined where no group is known to be ours. */
  readonly pgid: number | undefined;
  /** Value of the session cookie, `<scope>:<nonce>`, or its beginning where `isPrefix`. */
  readonly cookie: string;
  readonly isPrefix?: boolean;
  /** The process that leads the group, where it could be looked at: another one of its number has taken the number over. */
  readonly leader?: ProcessIdentity;
}

/**
 * All live processes of a session: its group, the descendants of its leader and whatever carries its cookie. Zombies do
 * not count: they have ended and wait for a parent that may never ask.
 */
export async function findFamily(processes: Processes, marks: FamilyMarks): Promise<readonly ProcessEntry[]> {
  const [all, marked] = await Promise.all([
    processes.table(),
    processes.findByEnvironment(SESSION_COOKIE, marks.cookie, { prefix: marks.isPrefix === true }),
  ]);
  const members = new Map<number, ProcessEntry>();
  for (const info of marked) members.set(info.pid, info);
  const pgid = all.some((info) => hasTakenOver(info, marks)) ? undefined : marks.pgid;
  // A leader that was just forked is still in the host's group, with the host's environment.
  for (const info of all) if (info.pgid === pgid || isLeader(info, marks)) members.set(info.pid, info);
  const children = new Map<number, ProcessEntry[]>();
  for (const info of all) {
    const siblings = children.get(info.ppid);
    if (siblings) siblings.push(info);
    else children.set(info.ppid, [info]);
  }
  const queue = [...members.keys(), ...(pgid === undefined ? [] : [pgid])];
  for (let pid = queue.pop(); pid !== undefined; pid = queue.pop())
    for (const child of children.get(pid) ?? []) {
      if (members.has(child.pid)) continue;
      members.set(child.pid, child);
      queue.push(child.pid);
    }
  return [...members.values()].filter((info) => !info.isZombie && info.pid !== process.pid);
}

/**
 * Whether a process is one of the family, without a look at all others where its group alone tells: the number of a group
 * is nobody else's as long as its leader lives.
 */
export async function isInFamily(processes: Processes, marks: FamilyMarks, pid: number): Promise<boolean> {
  const { pgid, leader } = marks;
  if (pgid !== undefined && leader && (await processes.groupOf(pid)) === pgid) {
    if ((await processes.liveness(leader)) === 'alive') return true;
  }
  return (await findFamily(processes, marks)).some((info) => info.pid === pid);
}

function isLeader({ pid, startTicks }: ProcessIdentity, { leader }: FamilyMarks): boolean {
  return leader !== undefined && pid === leader.pid && startTicks === leader.startTicks;
}

/** The group's number is a stranger's: ours has died out, and its leader's pid was given to another. */
function hasTakenOver({ pid, startTicks }: ProcessIdentity, { pgid, leader }: FamilyMarks): boolean {
  return pid === pgid && leader !== undefined && startTicks !== leader.startTicks;
}

/** Those of `identities` that still live (or may: unknown counts as alive). */
export async function stillAlive<T extends ProcessIdentity>(
  processes: Processes,
  identities: readonly T[],
): Promise<readonly T[]> {
  const verdicts = await Promise.all(identities.map((identity) => processes.liveness(identity)));
  return identities.filter((_identity, index) => verdicts[index] !== 'dead');
}
