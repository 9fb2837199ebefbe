/**
 * Processes on Windows, through PowerShell's CIM classes and `taskkill`.
 * Invariant: Windows knows no process groups, so a "group" is the tree under its leader, which `taskkill /T` ends; a
 * signal goes only to an identity that was verified right before.
 */
import { errorMessage, type Logger } from '../log';
import { runCommand } from '../runCommand';
import { onceATurn } from './onceATurn';
import type { ProcessIdentity, ProcessInfo, Processes } from './processes';
import { existence } from './signals';

const timeoutMs = 15_000;

/**
 * Ticks are a number too long for JSON, so text; dates would come in two formats from two PowerShell versions. The output is
 * UTF-8 where PowerShell may set it: left alone it would be in the code page of old consoles.
 */
export const listQuery =
  'try{[Console]::OutputEncoding=New-Object Text.UTF8Encoding $false}catch{};' +
  'Get-CimInstance Win32_Process | Select-Object ProcessId,ParentProcessId,CommandLine,' +
  "@{n='Started';e={if($_.CreationDate){$_.CreationDate.ToUniversalTime().Ticks.ToString()}else{'0'}}}" +
  ' | ConvertTo-Json -Compress';

/**
 * Process control over PowerShell and `taskkill`; what a group signal could not do goes to the log. `run` is how the tools are
 * asked, and `exists` whether the system knows a pid at all.
 */
export function windowsProcesses(
  log: Logger,
  run: typeof runCommand = runCommand,
  exists: (pid: number) => boolean = (pid) => existence(pid) === 'some',
): Processes {
  const powershell = (command: string) =>
    run('powershell.exe', ['-NoProfile', '-NonInteractive', '-Command', command], { timeoutMs });

  const list = async (): Promise<ProcessInfo[]> => {
    const result = await powershell(listQuery);
    if (result.exitCode !== 0) throw new Error(`process list failed: ${result.timedOut ? 'timed out' : result.stderr}`);
    return parseCimProcesses(result.stdout);
  };

  // PowerShell takes half a second to begin.
  const soon = onceATurn(list);
  const find = async (pid: number) => (exists(pid) ? (await soon()).find((info) => info.pid === pid) : undefined);

  /**
   * Without /F it only asks, and no program without a window hears that: then it exits with an error at once. `isTree`: with all that
   * it has started.
   */
  const taskkill = (pid: number, isForced: boolean, isTree: boolean) =>
    run('taskkill', ['/PID', String(pid), ...(isTree ? ['/T'] : []), ...(isForced ? ['/F'] : [])], { timeoutMs });

  return {
    list,
    // One question gives it all.
    table: list,

    async liveness(identity) {
      try {
        return isSame(await find(identity.pid), identity) ? 'alive' : 'dead';
      } catch (error) {
        log.warn('process list is not available', { error: errorMessage(error) });
        return 'unknown';
      }
    },

    async identify(pid) {
      const info = await find(pid);
      return info && { pid, startTicks: info.startTicks };
    },

    groupOf: () => Promise.resolve(undefined),

    // Another process's environment can't be read without native code. Trees end by `taskkill /T`.
    findByEnvironment: () => Promise.resolve([]),

    // Likewise.
    workingDirectory: () => Promise.resolve(undefined),
    runsIn: () => Promise.resolve(undefined),

    async memory(pids) {
      if (pids.length === 0) return 0;
      const result = await powershell(memoryQuery(pids));
      if (result.exitCode !== 0) throw new Error(`memory of processes failed: ${result.stderr}`);
      return parseMemory(result.stdout);
    },

    // This one process: what it has started may be nobody's to end.
    async signal(identity, signal) {
      if (!isSame(await find(identity.pid), identity)) return false;
      return (await taskkill(identity.pid, signal !== 'SIGINT', false)).exitCode === 0;
    },

    signalGroup(pgid, signal) {
      if (!Number.isSafeInteger(pgid) || pgid <= 4 || pgid === process.pid) return false;
      void taskkill(pgid, signal !== 'SIGINT', true).then(({ exitCode, stderr }) => {
        // Its own words are in the language of the system.
        if (exitCode !== 0) log.debug('taskkill did not end it', { pid: pgid, signal, exitCode, error: stderr.trim() });
      });
      return true;
    },
  };
}

/** PowerShell that prints the working sets of these processes together, in bytes, as digits alone in every language. */
export function memoryQuery(pids: readonly number[]): string {
  const filter = pids.map((pid) => `ProcessId=${pid}`).join(' OR ');
  return `[uint64](Get-CimInstance Win32_Process -Filter '${filter}' | Measure-Object WorkingSetSize -Sum).Sum`;
}

/** What the query above prints: digits; nothing where none of the processes is left and PowerShell has no sum. */
export function parseMemory(text: string): number {
  return Number(/^\d+$/.exec(text.trim())?.[0] ?? 0);
}

function isSame(info: ProcessInfo | undefined, identity: ProcessIdentity): boolean {
  return info?.startTicks === identity.startTicks;
}

/**
 * The JSON of the list: an array, or one bare object when there is one process only. Windows leaves a process the number of a
 * parent that is gone, and may give that number to another: no process is the child of one that began later.
 */
export function parseCimProcesses(json: string): ProcessInfo[] {
  const parsed: unknown = json.trim() === '' ? [] : JSON.parse(json);
  const processes: ProcessInfo[] = [];
  for (const entry of Array.isArray(parsed) ? (parsed as unknown[]) : [parsed]) {
    if (typeof entry !== 'object' || entry === null) continue;
    const { ProcessId: pid, ParentProcessId: ppid, CommandLine: command, Started: started } = entry as CimProcess;
    if (typeof pid !== 'number') continue;
    processes.push({
      pid,
      ppid: typeof ppid === 'number' ? ppid : 0,
      pgid: pid,
      sid: 0,
      isZombie: false,
      uid: undefined,
      startTicks: typeof started === 'string' && /^\d+$/.test(started) ? started : '0',
      command: typeof command === 'string' ? command : '',
    });
  }
  const started = new Map(processes.map(({ pid, startTicks }) => [pid, BigInt(startTicks)]));
  return processes.map((info) => {
    const own = BigInt(info.startTicks);
    return own > 0n && (started.get(info.ppid) ?? 0n) > own ? { ...info, ppid: 0 } : info;
  });
}

interface CimProcess {
  readonly ProcessId?: unknown;
  readonly ParentProcessId?: unknown;
  readonly CommandLine?: unknown;
  readonly Started?: unknown;
}
