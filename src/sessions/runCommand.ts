/**
 * Runs short commands (versions, installs without a terminal, `ps`, `taskkill`) and is the only importer of execa.
 * Invariant: it answers with a result, whatever happens: a program that fails, is missing or hangs is an answer and no
 * exception, and nothing of the command's tree goes on after its time is up.
 */
import { statSync } from 'node:fs';
import { execa, type Options } from 'execa';

export interface RunCommandOptions {
  readonly cwd?: string;
  /** The whole environment of the command; without it, this process's own. */
  readonly env?: Readonly<Record<string, string>>;
  /** After this time the command and what it started are ended. */
  readonly timeoutMs: number;
  /** Ends the command early; the result then has `aborted`. */
  readonly signal?: AbortSignal;
}

export interface CommandResult {
  /** Undefined when the program never ran or ended by a signal. */
  readonly exitCode: number | undefined;
  readonly stdout: string;
  /** The program's own; when it could not be run at all, the reason. */
  readonly stderr: string;
  readonly timedOut: boolean;
  readonly aborted: boolean;
  /** The program could not be found. */
  readonly missing: boolean;
}

/** More output than this ends the command: nothing that we ask has a longer answer. */
const outputLimit = 16 * 1024 * 1024;

/** How long a command that was asked to end may tidy up. */
const killDelayMs = 2_000;

const isWindows = process.platform === 'win32';

/** Runs `file` with `args`, without a shell and without input, and collects its output. */
export async function runCommand(
  file: string,
  args: readonly string[],
  options: RunCommandOptions,
): Promise<CommandResult> {
  const { signal } = options;
  if (signal?.aborted) {
    return { exitCode: undefined, stdout: '', stderr: '', timedOut: false, aborted: true, missing: false };
  }
  const execaOptions = {
    reject: false,
    stdin: 'ignore',
    maxBuffer: outputLimit,
    windowsHide: true,
    // A group of its own, so that what the command started can be ended with it: execa's own timeout and cancel
    // signal the direct child alone, and `npm` alone would leave its install scripts behind.
    detached: !isWindows,
    extendEnv: options.env === undefined,
    ...(options.env && { env: { ...options.env } }),
    ...(options.cwd !== undefined && { cwd: options.cwd }),
  } as const satisfies Options;

  const subprocess = execa(file, args, execaOptions);
  let timedOut = false;
  const tree = subprocess.pid;
  const kill = (killSignal: 'SIGTERM' | 'SIGKILL') => {
    // A child that was never born has pid 0, and Node would kill that: this very process and its whole group.
    if (tree === undefined) return;
    if (!isWindows) return signalOwnGroup(tree, killSignal);
    // No groups there, and `kill` would end the direct child alone. Console programs don't hear a polite request.
    void execa('taskkill', ['/PID', String(tree), '/T', '/F'], { reject: false, stdin: 'ignore', windowsHide: true });
  };
  let killTimer: NodeJS.Timeout | undefined;
  const end = () => {
    if (killTimer) return;
    kill('SIGTERM');
    killTimer = setTimeout(() => kill('SIGKILL'), killDelayMs);
  };
  const timeout = setTimeout(() => {
    timedOut = true;
    end();
  }, options.timeoutMs);
  signal?.addEventListener('abort', end, { once: true });
  try {
    const result = await subprocess;
    return {
      exitCode: result.exitCode,
      stdout: result.stdout,
      stderr: result.stderr === '' && tree === undefined ? (result.originalMessage ?? '') : result.stderr,
      timedOut,
      aborted: signal?.aborted === true && !timedOut && result.failed,
      missing: result.code === 'ENOENT' && (options.cwd === undefined || isFolder(options.cwd)),
    };
  } finally {
    clearTimeout(timeout);
    // The leader is gone; what it left behind in its group must not wait for the timer.
    if (killTimer) {
      clearTimeout(killTimer);
      kill('SIGKILL');
    }
    signal?.removeEventListener('abort', end);
  }
}

function signalOwnGroup(pgid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(-pgid, signal);
  } catch (error) {
    // Gone already, which is what was wanted. (macOS says EPERM for a group of zombies.)
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}

/** A missing working directory is an ENOENT too, and no missing program. */
function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
