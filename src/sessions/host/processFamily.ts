import { SESSION_COOKIE } from '../serverEnvironment';
import type { ProcessIdentity, ProcessInfo, Processes } from './processes';

/** How the processes of a session are known: the group they were born in, and the cookie that stays with those who left it. */
export interface FamilyMarks {
  /** Undefined where no group is known to be ours. */
  readonly pgid: number | undefined;
  /** Value of the session cookie, `<scope>:<nonce>`, or its beginning where `isPrefix`. */
  readonly cookie: string;
  readonly isPrefix?: boolean;
}

/**
 * All live processes of a session: its group, the descendants of its leader and whatever carries its cookie. Zombies do
 * not count: they have ended and wait for a parent that may never ask.
 */
export async function findFamily(processes: Processes, marks: FamilyMarks): Promise<readonly ProcessInfo[]> {
  const [all, marked] = await Promise.all([
    processes.list(),
    processes.findByEnvironment(SESSION_COOKIE, marks.cookie, { prefix: marks.isPrefix === true }),
  ]);
  const members = new Map<number, ProcessInfo>();
  for (const info of marked) members.set(info.pid, info);
  for (const info of all) if (info.pgid === marks.pgid) members.set(info.pid, info);
  const children = new Map<number, ProcessInfo[]>();
  for (const info of all) {
    const siblings = children.get(info.ppid);
    if (siblings) siblings.push(info);
    else children.set(info.ppid, [info]);
  }
  const queue = [...members.keys(), ...(marks.pgid === undefined ? [] : [marks.pgid])];
  for (let pid = queue.pop(); pid !== undefined; pid = queue.pop())
    for (const child of children.get(pid) ?? []) {
      if (members.has(child.pid)) continue;
      members.set(child.pid, child);
      queue.push(child.pid);
    }
  return [...members.values()].filter((info) => !info.isZombie && info.pid !== process.pid);
}

/** Those of `identities` that still live (or may: unknown counts as alive). */
export async function stillAlive<T extends ProcessIdentity>(
  processes: Processes,
  identities: readonly T[],
): Promise<readonly T[]> {
  const verdicts = await Promise.all(identities.map((identity) => processes.liveness(identity)));
  return identities.filter((_identity, index) => verdicts[index] !== 'dead');
}
