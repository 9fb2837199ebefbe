/**
 * Processes on macOS (and other Unix systems without Linux's /proc), through `ps` and `lsof`.
 * Invariant: what `ps` did not answer is unknown, never "nothing is there"; a signal goes only to an identity that was
 * verified right before.
 */
import { stat } from 'node:fs/promises';
import { runCommand, type CommandResult } from '../runCommand';
import type { ProcessIdentity, ProcessInfo, Processes } from './processes';
import { isForeignGroup, sendSignal } from './signals';

/** Columns whose `=` leaves the headings out; `command` is last because it alone may hold blanks. */
const columns = 'pid=,ppid=,pgid=,sess=,stat=,uid=,lstart=,command=';

const timeoutMs = 5_000;

/** A fixed language for the dates, and a PATH on which the tools are, whatever the host's own is. */
export const toolEnvironment = { PATH: '/bin:/usr/bin:/sbin:/usr/sbin', LC_ALL: 'C', TZ: 'UTC' };

/** Process control over `ps`; `run` is how the tools are asked. */
export function psProcesses(run: typeof runCommand = runCommand): Processes {
  const tool = (file: string, args: readonly string[]) => run(file, args, { env: toolEnvironment, timeoutMs });

  const ps = async (args: readonly string[]): Promise<ProcessInfo[]> => {
    const result = await tool('ps', args);
    if (result.exitCode !== 0) throw new Error(`ps failed: ${reasonOf(result)}`);
    return parsePs(result.stdout);
  };

  /** Undefined only when `ps` said that there is none. */
  const one = async (pid: number): Promise<ProcessInfo | undefined> => {
    const result = await tool('ps', ['-ww', '-o', columns, '-p', String(pid)]);
    // `ps -p` exits with 1 and no output when there is no such process.
    if (result.exitCode !== 0 && (result.exitCode !== 1 || result.stdout !== ''))
      throw new Error(`ps failed: ${reasonOf(result)}`);
    return parsePs(result.stdout)[0];
  };

  const workingDirectory = async (pid: number): Promise<string | undefined> => {
    const { stdout } = await tool('lsof', ['-a', '-p', String(pid), '-d', 'cwd', '-Fn']);
    const path = /^n(\/.*)$/m.exec(stdout)?.[1];
    return path === undefined ? undefined : withoutEscapes(path);
  };

  const list = () => ps(['-axww', '-o', columns]);

  return {
    list,
    // One question gives it all.
    table: list,

    async liveness(identity) {
      try {
        const info = await one(identity.pid);
        return info && isSame(info, identity) ? 'alive' : 'dead';
      } catch {
        return 'unknown';
      }
    },

    async identify(pid) {
      const info = await one(pid);
      return info && !info.isZombie ? { pid, startTicks: info.startTicks } : undefined;
    },

    async groupOf(pid) {
      const info = await one(pid);
      return info && !info.isZombie ? info.pgid : undefined;
    },

    async findByEnvironment(name, value, options) {
      // `-E` appends the environment to the command, as far as the system shows it (own processes that are not protected).
      // The plain list tells where the command ends: an argument that looks like our cookie must not count.
      const [plain, withEnvironment] = await Promise.all([ps(['-axww', '-o', columns]), ps(['-axwwE', '-o', columns])]);
      return selectByEnvironment(plain, withEnvironment, `${name}=${value}`, options?.prefix ?? false);
    },

    workingDirectory,

    async runsIn(pid, folder) {
      const directory = await workingDirectory(pid);
      if (directory === undefined) return undefined;
      const [own, wanted] = await Promise.all([fileId(directory), fileId(folder)]);
      return own === undefined ? undefined : own === wanted;
    },

    async memory(pids) {
      // With no number at all `ps -p` is a wrong use; with none that lives it exits with 1.
      if (pids.length === 0) return 0;
      const result = await tool('ps', ['-o', 'rss=', '-p', pids.join(',')]);
      if (result.exitCode !== 0 && result.exitCode !== 1) throw new Error(`ps failed: ${reasonOf(result)}`);
      return parseRss(result.stdout);
    },

    async signal(identity, signal) {
      const info = await one(identity.pid);
      return info !== undefined && isSame(info, identity) && sendSignal(identity.pid, signal);
    },

    // macOS answers EPERM for a group of zombies, so the call itself tells whether a live member was left.
    signalGroup: (pgid, signal) => isForeignGroup(pgid) && sendSignal(-pgid, signal),
  };
}

function reasonOf({ timedOut, stderr }: CommandResult): string {
  return timedOut ? 'timed out' : stderr;
}

/** `lsof` writes each byte that its language has no letter for as `\xc3`, some as `\t`, and a backslash twice. */
function withoutEscapes(path: string): string {
  const letters: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };
  return path.replaceAll(/(?:\\x[\da-f]{2})+|\\([\\bfnrt])/g, (escape, letter: string | undefined) =>
    letter === undefined
      ? Buffer.from(escape.replaceAll('\\x', ''), 'hex').toString('utf8')
      : (letters[letter] ?? letter),
  );
}

/** Undefined when there is no such folder (any more), or none that we may see. */
async function fileId(folder: string): Promise<string | undefined> {
  const stats = await stat(folder, { bigint: true }).catch(() => undefined);
  return stats && `${stats.dev}:${stats.ino}`;
}

function isSame(info: ProcessInfo, identity: ProcessIdentity): boolean {
  return info.startTicks === identity.startTicks && !info.isZombie;
}

// pid ppid pgid sess stat uid "Mon Nov 23 10:57:00 2026" command; sess is a hexadecimal address on macOS.
const psLine = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(\S+)\s+(\d+)\s+(\w{3}\s+\w{3}\s+\d+\s+[\d:]+\s+\d+)\s?(.*)$/;

/** The output of `ps -o pid=,ppid=,pgid=,sess=,stat=,uid=,lstart=,command=`; lines of another shape are left out. */
export function parsePs(text: string): ProcessInfo[] {
  const processes: ProcessInfo[] = [];
  for (const line of text.split('\n')) {
    const match = psLine.exec(line);
    if (!match) continue;
    const [, pid, ppid, pgid, session = '', state = '', uid, started = '', command = ''] = match;
    processes.push({
      pid: Number(pid),
      ppid: Number(ppid),
      pgid: Number(pgid),
      sid: /^\d+$/.test(session) ? Number(session) : 0,
      isZombie: state.startsWith('Z'),
      uid: Number(uid),
      // Seconds are all that ps tells; the pid beside it makes it an identity.
      startTicks: started.replaceAll(/\s+/g, ' '),
      command: command.trim(),
    });
  }
  return processes;
}

/** The output of `ps -o rss=`, a number of KiB a line, as a sum in bytes. */
export function parseRss(text: string): number {
  return (text.match(/\d+/g) ?? []).reduce((sum, kib) => sum + Number(kib) * 1024, 0);
}

/** Of two lists of one moment, without and with environments, the processes whose environment holds `entry`. */
export function selectByEnvironment(
  plain: readonly ProcessInfo[],
  withEnvironment: readonly ProcessInfo[],
  entry: string,
  prefix: boolean,
): ProcessInfo[] {
  const long = new Map(withEnvironment.map((info) => [info.pid, info]));
  return plain.filter((info) => {
    const other = long.get(info.pid);
    if (!other || other.startTicks !== info.startTicks || !other.command.startsWith(info.command)) return false;
    const environment = `${other.command.slice(info.command.length)} `;
    return environment.includes(prefix ? ` ${entry}` : ` ${entry} `);
  });
}
