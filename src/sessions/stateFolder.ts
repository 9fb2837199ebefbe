import { createHash } from 'node:crypto';
import { chmodSync, existsSync, lstatSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DevServerError } from './errors';
import { errorCode, errorMessage } from './log';
import type { Scope } from './scope';

/**
 * Where host and clients meet on disk. Never `$HOME`, which differs between code-server, a terminal, `docker exec` and
 * sudo, but the passwd home of the effective user (DESIGN section 4).
 */
export interface ScopePaths {
  readonly folder: string;
  /** Unix socket, or the named pipe on Windows. */
  readonly socket: string;
  readonly token: string;
  /** Pid and start time of the host, a hint for people and tools. */
  readonly hostFile: string;
  readonly startLock: string;
  readonly log: string;
  readonly records: string;
  /** Values that hold for the whole host. */
  readonly settings: string;
  /** Whose all of it must be; undefined on a platform without numbers for users. */
  readonly uid: number | undefined;
}

/** Node 20 cuts longer socket paths silently (FACTS). */
const MAX_SOCKET_PATH_BYTES = 100;
/** As long as every scope's id. */
const SAMPLE_SCOPE = '0'.repeat(12);

/**
 * The state folder, made with mode 0700 if need be. `CHEATCODE_STATE_DIR` moves it, for tests. Throws
 * `stateFolderUnusable` when neither the usual place nor the fallback can be used.
 */
export function ensureStateFolder(env: Readonly<Record<string, string | undefined>>): string {
  const explicit = env['CHEATCODE_STATE_DIR'];
  const home = passwdHome();
  const uid = process.geteuid?.() ?? 0;
  const candidates = explicit
    ? [explicit]
    : [
        ...(home ? [path.join(home, '.cheatcode', 'run')] : []),
        path.join(process.platform === 'win32' ? os.tmpdir() : '/tmp', `cheatcode-${uid}`),
      ];
  const failures: string[] = [];
  for (const folder of candidates) {
    try {
      checkSocketPath(socketOf(folder, SAMPLE_SCOPE));
      ensurePrivateFolder(folder);
      checkWritable(folder);
      return folder;
    } catch (error) {
      failures.push(`${folder}: ${errorMessage(error)}`);
    }
  }
  throw new DevServerError('stateFolderUnusable', { folder: candidates[0] ?? '', detail: failures.join('; ') });
}

/** The folder and file names of one scope; the folder is made if need be. */
export function ensureScopePaths(stateFolder: string, scope: Scope): ScopePaths {
  const paths = scopePaths(stateFolder, scope, process.geteuid?.());
  try {
    checkSocketPath(paths.socket);
  } catch (error) {
    throw new DevServerError('stateFolderUnusable', { folder: stateFolder, detail: errorMessage(error) });
  }
  ensurePrivateFolder(paths.folder);
  return paths;
}

/** The same names of a user's scope, without a look at whether anything is there. */
export function scopePaths(stateFolder: string, scope: Scope, uid: number | undefined): ScopePaths {
  const folder = path.join(stateFolder, scope.id);
  return {
    folder,
    socket: socketOf(stateFolder, scope.id),
    token: path.join(folder, 'token'),
    hostFile: path.join(folder, 'host.json'),
    startLock: path.join(folder, 'start'),
    log: path.join(folder, 'host.log'),
    records: path.join(folder, 'records'),
    settings: path.join(folder, 'settings.json'),
    uid,
  };
}

function socketOf(stateFolder: string, scopeId: string): string {
  return process.platform === 'win32' ? pipeName(stateFolder, scopeId) : path.join(stateFolder, scopeId, 'host.sock');
}

/**
 * The named pipe of a scope. Pipes lie in no folder, so the state folder is a part of the name: another one is another host. In
 * whatever case and with whatever slashes the same folder is written, it is one.
 */
export function pipeName(stateFolder: string, scopeId: string): string {
  const folder = path.win32.resolve(stateFolder).toLowerCase();
  return `\\\\.\\pipe\\cheatcode-${scopeId}-${createHash('sha256').update(folder).digest('hex').slice(0, 16)}`;
}

function checkSocketPath(socket: string): void {
  const bytes = Buffer.byteLength(socket);
  if (bytes > MAX_SOCKET_PATH_BYTES)
    throw new Error(`its path is too long for a socket: ${bytes} bytes, at most ${MAX_SOCKET_PATH_BYTES}`);
}

/** Makes the folder 0700, or checks that what is there is a folder, ours, and no link that somebody planted. */
export function ensurePrivateFolder(folder: string): void {
  makeFolders(path.resolve(folder));
  const stat = lstatSync(folder);
  if (!stat.isDirectory()) throw new Error('is not a folder');
  const uid = process.geteuid?.();
  if (uid !== undefined && stat.uid !== uid) throw new Error(`belongs to user ${stat.uid}`);
  if (process.platform !== 'win32' && (stat.mode & 0o077) !== 0) chmodSync(folder, 0o700);
}

/** Not `recursive`: Node 24 loops for ever where a parent can't hold folders, such as /proc (measured). */
function makeFolders(folder: string, isAgain = false): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    const code = errorCode(error);
    if (code === 'EEXIST') return;
    const parent = path.dirname(folder);
    if (code !== 'ENOENT' || parent === folder || isAgain) throw error;
    // The parent may be there by now: another client makes the same folders, and must not drive us to the fallback.
    if (!existsSync(parent)) makeFolders(parent);
    makeFolders(folder, true);
  }
}

/** Whether an error says that the disk takes nothing, and not that the program is wrong. */
export function isStorageTrouble(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EPERM', 'EIO'].includes(errorCode(error) ?? '');
}

/** Root may write where the mode forbids it, but not on a read-only file system: only a try tells. */
function checkWritable(folder: string): void {
  const probe = path.join(folder, `.probe-${process.pid}-${Math.random().toString(36).slice(2)}`);
  writeFileSync(probe, '', { mode: 0o600, flag: 'wx' });
  rmSync(probe, { force: true });
}

function passwdHome(): string | undefined {
  try {
    // Not os.homedir(), which follows HOME.
    return os.userInfo().homedir || undefined;
  } catch (error) {
    if (errorCode(error) === 'ERR_SYSTEM_ERROR' || errorCode(error) === 'ENOENT') return undefined; // A uid without a passwd entry.
    throw error;
  }
}
