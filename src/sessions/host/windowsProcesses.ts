/**
 * Processes on Windows, through PowerShell's CIM classes and `taskkill`.
 * Invariant: Windows knows no process groups, so a "group" is the tree under its leader, which `taskkill /T` ends; a
 * signal goes only to an identity that was verified right before.
 */
import { errorMessage, type Logger } from '../log';
import { runCommand } from '../runCommand';
import type { ProcessIdentity, ProcessInfo, Processes } from './processes';

const timeoutMs = 15_000;

/** Ticks are a number too long for JSON, so text; dates would come in two formats from two PowerShell versions. */
const query =
  'Get-CimInstance Win32_Process | Select-Object ProcessId,ParentProcessId,CommandLine,' +
  "@{n='Started';e={if($_.CreationDate){$_.CreationDate.ToUniversalTime().Ticks.ToString()}else{'0'}}}" +
  ' | ConvertTo-Json -Compress';

/** Process control over PowerShell and `taskkill`; what a group signal could not do goes to the log. */
export function windowsProcesses(log: Logger): Processes {
  const list = async (): Promise<ProcessInfo[]> => {
    const result = await powershell(query);
    if (result.exitCode !== 0) throw new Error(`process list failed: ${result.stderr}`);
    return parseCimProcesses(result.stdout);
  };
  const find = async (pid: number) => (await list()).find((info) => info.pid === pid);

  return {
    list,

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

    async signal(identity, signal) {
      if (!isSame(await find(identity.pid), identity)) return false;
      return (await taskkill(identity.pid, signal)).exitCode === 0;
    },

    signalGroup(pgid, signal) {
      if (!Number.isSafeInteger(pgid) || pgid <= 4 || pgid === process.pid) return false;
      void taskkill(pgid, signal).then(({ exitCode, stderr }) => {
        if (exitCode !== 0) log.warn('taskkill failed', { pid: pgid, signal, error: stderr.trim() });
      });
      return true;
    },
  };
}

function powershell(command: string) {
  return runCommand('powershell.exe', ['-NoProfile', '-NonInteractive', '-Command', command], { timeoutMs });
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

/** Without /F it only asks (a console program may not hear it), with it the tree is ended. */
function taskkill(pid: number, signal: 'SIGINT' | 'SIGTERM' | 'SIGKILL') {
  const force = signal === 'SIGKILL' ? ['/F'] : [];
  return runCommand('taskkill', ['/PID', String(pid), '/T', ...force], { timeoutMs });
}

function isSame(info: ProcessInfo | undefined, identity: ProcessIdentity): boolean {
  return info?.startTicks === identity.startTicks;
}

/** The JSON of the query above: an array, or one bare object when there is one process only. */
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
      startTicks: typeof started === 'string' ? started : '0',
      command: typeof command === 'string' ? command : '',
    });
  }
  return processes;
}

interface CimProcess {
  readonly ProcessId?: unknown;
  readonly ParentProcessId?: unknown;
  readonly CommandLine?: unknown;
  readonly Started?: unknown;
}
