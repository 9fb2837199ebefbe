/**
 * The doctor's questions, asked of this machine. Nothing here changes anything; what can't be told is undefined, and what
 * runs a program is bounded.
 */
import * as l10n from '@vscode/l10n';
import { constants } from 'node:fs';
import { access, readdir, readFile, realpath, stat, statfs } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { inBrackets } from './factWords';
import type { DoctorPorts, FirstProcess, SeenProcess } from './doctorPorts';
import { installedState } from './installedLock';
import { parseProcNetTcp, socketHolders } from './linuxSockets';
import { findProgram, isPortFree, portHolder } from './lookAround';
import { lockHolder } from './nextLock';
import {
  isZombieState,
  mapFew,
  procPids,
  readCommandLine,
  readEnvironment,
  readFileId,
  readProcStat,
} from './procFiles';

/** Runs a program, bounded; undefined as `DoctorPorts.outputOf`. */
export type OutputOf = DoctorPorts['outputOf'];

/** Bit of SIGCHLD in the masks of `/proc/<pid>/status`. */
const SIGCHLD_BIT = 1n << 16n;
const COMMAND_CHARS = 60;

/** This machine's answers. `outputOf` is how its caller runs programs. */
export function systemDoctorPorts(outputOf: OutputOf): DoctorPorts {
  const { platform } = process;
  const isLinux = platform === 'linux';
  return {
    platform,
    outputOf,
    readText,
    exists: (file) => isThere(file, constants.F_OK),
    names: (folder) => readdir(folder).catch(() => []),
    realPath: (file) => realpath(file).catch(() => file),
    installed: installedState,
    disk: (folder) => diskOf(folder),
    mountKind: async (folder) => (isLinux ? mountKindOf(folder, await readText('/proc/self/mountinfo')) : undefined),
    freeMemory: async () => {
      if (isLinux) return freeMemory(await readText('/proc/meminfo'), await controlGroup(readText));
      // macOS keeps little free, and gives back what it keeps.
      return platform === 'win32' ? os.freemem() : undefined;
    },
    processes: () => (isLinux ? seenProcesses() : Promise.resolve(undefined)),
    firstProcess: () => (isLinux ? firstProcess() : Promise.resolve(undefined)),
    runsIn: async (pid, folder) => {
      if (!isLinux) return undefined;
      const [own, wanted] = await Promise.all([readFileId(`/proc/${pid}/cwd`), readFileId(folder)]);
      return own === undefined ? undefined : own === wanted;
    },
    variableOf: async (pid, name) => {
      if (!isLinux) return undefined;
      const variables = (await readEnvironment(pid))?.toString('utf8').split('\0') ?? [];
      return variables.find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1);
    },
    isPortFree,
    portHolder: async (port) => (isLinux ? await linuxHolder(port) : undefined) ?? (await portHolder(port)),
    findProgram: (program, folder, env) => Promise.resolve(findProgram(program, folder, env)),
    // By the system's list alone: a try, however short, could be in the way of a server that starts.
    isLocked: async (file) => {
      const locks = isLinux ? await readText('/proc/locks') : undefined;
      const stats = await stat(file, { bigint: true }).catch(() => undefined);
      return locks === undefined || stats === undefined
        ? undefined
        : lockHolder(locks, stats.dev, stats.ino) !== undefined;
    },
  };
}

/**
 * Deletes Next's lock file while its kernel lock is held here, so that no server has it, in whatever container. False:
 * somebody has it, or it can't be told (no `flock`).
 */
export async function deleteFreeLock(file: string, outputOf: OutputOf): Promise<boolean> {
  const script = 'flock -n -x "$1" rm -f -- "$1" && echo deleted';
  const answer = await outputOf('sh', ['-c', script, 'sh', file], { cwd: '/', env: process.env });
  return answer?.trim() === 'deleted';
}

function readText(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch(() => undefined);
}

function isThere(file: string, mode: number): Promise<boolean> {
  return access(file, mode).then(
    () => true,
    () => false,
  );
}

async function diskOf(folder: string) {
  try {
    const at = await nearestFolder(folder);
    const [facts, { dev }] = await Promise.all([statfs(at), stat(at, { bigint: true })]);
    return {
      device: String(dev),
      type: facts.type,
      freeBytes: facts.bavail * facts.bsize,
      // Some file systems count no files.
      freeFiles: facts.files > 0 ? facts.ffree : undefined,
    };
  } catch {
    return undefined;
  }
}

/** The folder, or the nearest above it that is there. */
async function nearestFolder(folder: string): Promise<string> {
  for (let at = path.resolve(folder); ; at = path.dirname(at))
    if ((await isThere(at, constants.F_OK)) || path.dirname(at) === at) return at;
}

/** The kind of the mount with the longest path above the folder, the last of several on one. */
export async function mountKindOf(folder: string, mountInfo: string | undefined): Promise<string | undefined> {
  const real = await nearestFolder(folder).then((one) => realpath(one).catch(() => one));
  let best: { readonly at: string; readonly kind: string | undefined } | undefined;
  for (const line of (mountInfo ?? '').split('\n')) {
    const [before = '', after = ''] = line.split(' - ');
    const at = before
      .split(' ')[4]
      ?.replace(/\\(\d{3})/g, (_all, code: string) => String.fromCharCode(parseInt(code, 8)));
    if (at === undefined || !(real === at || real.startsWith(at === '/' ? '/' : `${at}/`))) continue;
    if (best === undefined || at.length >= best.at.length) best = { at, kind: after.split(' ')[0] };
  }
  return best?.kind;
}

/** What a group of processes may use, and does, in bytes; undefined where nothing limits it. */
export interface ControlGroup {
  readonly limitBytes: number;
  readonly usedBytes: number;
}

/** The smaller of what the machine has and what the container may still take. */
export function freeMemory(memInfo: string | undefined, group: ControlGroup | undefined): number | undefined {
  const kilobytes = /^MemAvailable:\s+(\d+) kB$/m.exec(memInfo ?? '')?.[1];
  const machine = kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  const own = group === undefined ? undefined : Math.max(0, group.limitBytes - group.usedBytes);
  if (machine === undefined || own === undefined) return machine ?? own;
  return Math.min(machine, own);
}

/** The limit of a container, of either version of control groups; what the kernel would give back counts as free. */
export async function controlGroup(
  read: (file: string) => Promise<string | undefined>,
): Promise<ControlGroup | undefined> {
  const places = [
    ['/sys/fs/cgroup', 'memory.max', 'memory.current', /^inactive_file (\d+)$/m],
    ['/sys/fs/cgroup/memory', 'memory.limit_in_bytes', 'memory.usage_in_bytes', /^total_inactive_file (\d+)$/m],
  ] as const;
  for (const [folder, limit, used, inactive] of places) {
    const limitBytes = Number((await read(`${folder}/${limit}`))?.trim() || NaN);
    const usedBytes = Number((await read(`${folder}/${used}`))?.trim() || NaN);
    // "max", or a number beyond all memory, is no limit.
    if (!Number.isFinite(limitBytes) || !Number.isFinite(usedBytes) || limitBytes >= 2 ** 50) continue;
    const given = Number(inactive.exec((await read(`${folder}/memory.stat`)) ?? '')?.[1] ?? 0);
    return { limitBytes, usedBytes: Math.max(0, usedBytes - given) };
  }
  return undefined;
}

async function seenProcesses(): Promise<readonly SeenProcess[]> {
  const stats = procPids()
    .map(readProcStat)
    .filter((one) => one !== undefined);
  return mapFew(stats, async ({ pid, ppid, pgid, sid, state }) => {
    const isZombie = isZombieState(state);
    return { pid, ppid, pgid, sid, isZombie, command: isZombie ? '' : await readCommandLine(pid) };
  });
}

async function firstProcess(): Promise<FirstProcess | undefined> {
  const [name, status, command] = await Promise.all([
    readText('/proc/1/comm'),
    readText('/proc/1/status'),
    readCommandLine(1),
  ]);
  if (name === undefined || status === undefined) return undefined;
  return { name: name.trim(), command, ignoresChildren: ignoresChildren(status) };
}

/** Whether the text of `/proc/<pid>/status` says that SIGCHLD is ignored: then the system reaps by itself. */
export function ignoresChildren(status: string): boolean {
  const mask = /^SigIgn:\s+([0-9a-f]+)$/m.exec(status)?.[1];
  return mask !== undefined && (BigInt(`0x${mask}`) & SIGCHLD_BIT) !== 0n;
}

async function linuxHolder(port: number): Promise<{ readonly words: string; readonly pid: number } | undefined> {
  const tables = await Promise.all([readText('/proc/net/tcp'), readText('/proc/net/tcp6')]);
  const sockets = tables.flatMap((table) => parseProcNetTcp(table ?? '')).filter((one) => one.port === port);
  const [pid] = (await socketHolders(new Set(sockets.map(({ inode }) => inode)))).values();
  if (pid === undefined) return undefined;
  const command = (await readCommandLine(pid)).slice(0, COMMAND_CHARS);
  return { pid, words: command === '' ? l10n.t('pid {0}', pid) : command + inBrackets(l10n.t('pid {0}', pid)) };
}
