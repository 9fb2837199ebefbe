import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import os from 'node:os';
import path from 'node:path';
import { environmentAs, type User } from './folderOwner';
import { errorMessage, type Logger } from './log';

/** As long as the editor gives a shell (`application.shellEnvironmentResolutionTimeout`), in milliseconds. */
const LIMIT_MS = 10_000;
/** What a program is found by where nobody set a PATH: the one of Debian's login. */
const PLAIN_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** An environment has 2 MB at most by the kernel's limit; what start files print beside it is not kept for ever. */
const MAX_OUTPUT_CHARS = 8_000_000;
/** Accounts that nobody logs in to have one of these, and servers none the less. */
const NO_SHELLS = new Set(['nologin', 'false', 'true', 'sync', 'halt', 'shutdown']);
/** Of the shell that was asked, and of nobody else. */
const SHELLS_OWN = ['_', 'SHLVL', 'PWD', 'OLDPWD', 'ELECTRON_RUN_AS_NODE'];

export interface ShellEnvironmentOptions {
  /** Whose shell, if root asks for another; undefined: this process's own user's. */
  readonly user?: User;
  /** What the shell begins with; may be empty. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Logger;
  readonly limitMs?: number;
  readonly platform?: NodeJS.Platform;
}

/**
 * The environment that the user's shell makes as a login shell that is interactive, for a client that has none from an editor:
 * version managers of Node are set up in `.bashrc`, which no other kind of shell reads. The shell is the account's, whatever
 * `SHELL` says. Windows has no such shells: there it is `env`. One that fails, or takes longer than 10 s, is ended with all it began, and what it was given is used:
 * never rejects.
 */
export async function resolveShellEnvironment(options: ShellEnvironmentOptions): Promise<Record<string, string>> {
  const { user, log, limitMs = LIMIT_MS, platform = process.platform } = options;
  // No login shells there: each program is given what the system has for the user.
  if (platform === 'win32') return copyOf(options.env);
  const account = user ?? ownAccount();
  const given = user ? environmentAs(user, options.env) : withAccount(account, options.env);
  given['PATH'] ||= PLAIN_PATH;
  const shell = shellOf(account);
  try {
    const text = await askShell(shell, user, given, limitMs);
    const found = Object.fromEntries(text);
    for (const name of SHELLS_OWN) delete found[name];
    return found;
  } catch (error) {
    log.warn('the shell gave no environment', { shell, error: errorMessage(error) });
    return given;
  }
}

function copyOf(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

function ownAccount(): User {
  try {
    const { username, homedir, shell, uid, gid } = os.userInfo();
    return { uid, gid, name: username, home: homedir, ...(shell ? { shell } : {}) };
  } catch {
    return { uid: process.geteuid?.() ?? -1, gid: process.getegid?.() ?? -1 }; // A number without an account.
  }
}

/** An environment that is set stays; a bare one gets what every login sets. */
function withAccount(
  { name, home, shell }: User,
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  return copyOf({ HOME: home, USER: name, LOGNAME: name, SHELL: shell, ...env });
}

function shellOf({ shell }: User): string {
  return shell && !NO_SHELLS.has(path.basename(shell)) ? shell : '/bin/sh';
}

/** Rejects with what went wrong. The shell and its children are gone when this returns. */
async function askShell(
  shell: string,
  user: User | undefined,
  env: Readonly<Record<string, string>>,
  limitMs: number,
): Promise<(readonly [string, string])[]> {
  const mark = randomBytes(12).toString('hex');
  // The kernel's own list needs no program that another user may not run.
  const isLinux = process.platform === 'linux';
  const node = `'${process.execPath.replaceAll("'", `'\\''`)}'`;
  const print = isLinux ? 'cat /proc/self/environ' : `${node} -e 'process.stdout.write(JSON.stringify(process.env))'`;
  const child = spawn(shell, ['-i', '-l', '-c', `printf ${mark}; ${print}; printf ${mark}`], {
    cwd: '/',
    // A group of its own, which can be ended whole; and no terminal that it could wait for.
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...env, ...(isLinux ? {} : { ELECTRON_RUN_AS_NODE: '1' }) },
    ...(user ? { uid: user.uid, gid: user.gid } : {}),
  });
  let said = '';
  let isLate = false;
  const endGroup = () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // Nothing of it is left.
    }
  };
  const timer = setTimeout(() => {
    isLate = true;
    endGroup();
  }, limitMs);
  const found = () => said.split(mark);
  await new Promise<void>((resolve, reject) => {
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      if (said.length < MAX_OUTPUT_CHARS) said += text;
      // A start file may have left something in the background that keeps the pipe open.
      if (found().length >= 3) resolve();
    });
    child.once('error', reject);
    child.once('close', () => resolve());
  }).finally(() => {
    clearTimeout(timer);
    endGroup();
    child.stdout?.destroy();
  });
  const [, text] = found();
  if (found().length < 3 || text === undefined)
    throw new Error(isLate ? `no answer within ${limitMs / 1000} s` : 'it ended without an answer');
  return isLinux ? listed(text) : Object.entries(JSON.parse(text) as Record<string, string>);
}

/** `NAME=value`, each ended by NUL. */
function listed(text: string): (readonly [string, string])[] {
  return text.split('\0').flatMap((entry) => {
    const at = entry.indexOf('=');
    return at > 0 ? [[entry.slice(0, at), entry.slice(at + 1)] as const] : [];
  });
}
