import os from 'node:os';
import type { User, UserIds } from './folderOwner';

/**
 * Turns this process, which is root, into that user for good: user, group and supplementary groups. Gives what the system
 * knows of the user. Throws where this root may not do that (a container without CAP_SETUID, a uid that is not mapped);
 * the process is then still root. Not for a process that goes on as root afterwards: the change is the whole process's.
 */
export function becomeUser({ uid, gid }: UserIds): User {
  // Its types do not know initgroups, which it has documented since Node 0.9.
  const { seteuid, setgroups, initgroups, setgid, setuid } = process as NodeJS.Process & {
    initgroups?(this: void, user: string, extraGroup: number): void;
  };
  if (!seteuid || !setgroups || !initgroups || !setgid || !setuid)
    throw new Error('this platform has no users by number');
  // The system looks up the effective user only.
  seteuid(uid);
  const user = passwdUser();
  seteuid(0);
  const own = user?.gid ?? gid;
  if (user?.name === undefined) setgroups([]);
  else initgroups(user.name, own);
  setgid(own);
  setuid(uid);
  return user ?? { uid, gid };
}

function passwdUser(): User | undefined {
  try {
    const { uid, gid, username, homedir, shell } = os.userInfo();
    return { uid, gid, name: username, home: homedir, ...(shell ? { shell } : {}) };
  } catch {
    return undefined; // A number without an entry.
  }
}
