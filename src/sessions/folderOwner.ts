import { statSync } from 'node:fs';
import { errorCode } from './log';

/** A user of this machine by number. */
export interface UserIds {
  readonly uid: number;
  readonly gid: number;
}

/** What the system knows of a user; one without a passwd entry has numbers only. */
export interface User extends UserIds {
  readonly name?: string;
  readonly home?: string;
  readonly shell?: string;
}

/**
 * Whom this process has to act as for a folder: its owner, where this process is root and the folder is somebody else's
 * (DESIGN section 4). Undefined: as itself.
 */
export function otherOwner(folder: string): UserIds | undefined {
  if (process.geteuid?.() !== 0) return undefined;
  try {
    const { uid, gid } = statSync(folder);
    return uid === 0 ? undefined : { uid, gid };
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return undefined; // Gone, or closed even to root: whoever uses it says so.
  }
}

/** Names that say who somebody is or was, beside those that are set anew. */
const PERSONAL_NAMES = /^(SUDO_|MAIL$|XDG_RUNTIME_DIR$|DBUS_SESSION_BUS_ADDRESS$|OLDPWD$)/;

/**
 * The environment of root as `user` may use it: with that user's home, name and shell, and without what lies in root's
 * home, such as its package manager's store. PATH stays: a tool that the user may not run is passed over by the system.
 */
export function environmentAs(user: User, env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const rootHome = env['HOME'] === user.home ? undefined : env['HOME'];
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || PERSONAL_NAMES.test(name)) continue;
    const isRoots = rootHome && rootHome !== '/' && `${value}/`.startsWith(`${rootHome}/`);
    if (!isRoots || name === 'PATH') result[name] = value;
  }
  // A user without a home gets the one that Docker gives: without any, Node's tools throw where they look for it.
  const own = { HOME: user.home || '/', USER: user.name, LOGNAME: user.name, SHELL: user.shell };
  for (const [name, value] of Object.entries(own)) {
    if (value) result[name] = value;
    else delete result[name];
  }
  return result;
}
