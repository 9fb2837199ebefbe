/**
 * The reaper's adapter: a shell on a pipe.
 * Invariant: as long as a group is guarded, the end of this process, however it comes, ends the group: the kernel closes
 * the pipe. The kernel's own hang-up of a terminal is not enough: node-pty leaks terminal masters into later children,
 * and `script` and pipes are hung up by nobody (FACTS "Trees").
 */
import { spawn, type ChildProcess } from 'node:child_process';
import type { Writable } from 'node:stream';
import type { Logger } from '../log';
import type { Reaper, Reapers } from './reaper';

/**
 * Plain POSIX: dash, bash and BusyBox's ash run it alike. It ignores what a terminal or a service manager sends to
 * everybody. Two ways to name a group: dash takes `-123` without `--` for an option, BusyBox takes `--` for a pid, and
 * each fails without a signal on the other's.
 * The leader may be gone while members live, so the group is asked, not the leader; zombies that nobody reaps answer,
 * too, and then the KILL reaches nobody.
 */
const script = `
trap '' HUP INT QUIT TERM
group=
signal() {
  kill -s "$1" -- "-$group" 2>/dev/null || kill -s "$1" "-$group" 2>/dev/null
}
while read -r word value; do
  case $word in
    guard) group=$value ;;
    done) exit 0 ;;
  esac
done
[ -n "$group" ] || exit 0
signal INT || exit 0
tenths=0
while [ "$tenths" -lt 10 ]; do
  sleep 0.1
  signal 0 || exit 0
  tenths=$((tenths + 1))
done
signal KILL
`;

/** A reaper that dies is replaced, but not for ever: then something on this machine ends shells. */
const replacements = 3;

export interface ReaperOptions {
  readonly platform: NodeJS.Platform;
  readonly log: Logger;
  /** The shell; another one in tests. */
  readonly shell?: readonly [file: string, ...args: string[]];
}

/** Reapers of this platform. */
export function platformReapers({ platform, log, shell = ['/bin/sh'] }: ReaperOptions): Reapers {
  // Windows: no groups and no POSIX shell. ConPTY ends its programs when the host's handle closes.
  if (platform === 'win32') return { create: () => ({ guard: () => undefined, dispose: () => undefined }) };
  return { create: () => new ShellReaper(shell, log) };
}

type Shell = ChildProcess & { readonly stdin: Writable };

class ShellReaper implements Reaper {
  readonly #command: readonly [string, ...string[]];
  readonly #log: Logger;
  #group: number | undefined;
  #shell: Shell;
  #left = replacements;
  #disposed = false;

  constructor(command: readonly [string, ...string[]], log: Logger) {
    this.#command = command;
    this.#log = log;
    this.#shell = this.#start();
  }

  guard(pgid: number): void {
    if (!Number.isSafeInteger(pgid) || pgid <= 1) throw new Error(`${pgid} is no process group`);
    this.#group = pgid;
    this.#tell(`guard ${pgid}`);
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#tell('done');
    this.#shell.stdin.end();
  }

  #tell(line: string): void {
    // A line is written at once or not at all: it is far shorter than what a pipe takes whole.
    if (this.#shell.stdin.writable) this.#shell.stdin.write(`${line}\n`);
  }

  #start(): Shell {
    const [file, ...args] = this.#command;
    const shell = spawn(file, [...args, '-c', script, 'cheatcode-reaper'], {
      // A session of its own, so that no terminal's Ctrl+C or hang-up reaches it.
      detached: true,
      // Nothing of the session's: its cookie would make the reaper look like a part of the server.
      env: { PATH: '/usr/local/bin:/usr/bin:/bin' },
      cwd: '/',
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    const warn = (message: string) => this.#log.warn(message, { group: this.#group });
    shell.on('error', (error) => warn(`reaper failed: ${error.message}`));
    shell.stdin.on('error', (error) => this.#log.debug('reaper hears no more', { error: error.message }));
    // `close` follows a failed start as well as an exit.
    shell.once('close', () => {
      if (this.#disposed || shell !== this.#shell) return;
      warn('reaper ended before its time');
      if (this.#left-- > 0) {
        this.#shell = this.#start();
        if (this.#group !== undefined) this.#tell(`guard ${this.#group}`);
      }
    });
    // It must not keep a host alive that has come to its end.
    shell.unref();
    (shell.stdin as Writable & { unref?(): void }).unref?.();
    return shell;
  }
}
