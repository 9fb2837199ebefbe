import path from 'node:path';
import { APP_TYPES } from '../appTypes';
import { delay } from '../clock';
import { failpoint } from '../failpoints';
import { errorMessage, type Logger } from '../log';
import type { LaunchSpec, Reason } from '../protocol';
import type { SessionEvent } from '../sessionState';
import type { AppFolder } from './appFolder';
import { launchGuarded, ProgramMissingError, type GuardedProcess, type LaunchDependencies } from './guardedProcess';
import { choosePort } from './portChoice';
import type { FamilyMarks } from './processFamily';
import type { ProcessIdentity } from './processes';
import { untilReady, type Readiness, type ReadinessDependencies } from './readiness';
import { stopFamily } from './stopLadder';
import type { TerminalExit } from './terminal';
import type { Turn } from './turn';

/** A tool that a command needs is given up after this long, and the fallback taken. */
const TOOL_INSTALL_MS = 180_000;
/** What a person sees who wonders why keys do nothing. */
const NO_TERMINAL =
  'no terminal can be had on this machine: the server does not know the size of this window, and gets what is typed with the Return key';
/** Between two looks at another package manager that works in the folder. */
const INSTALLER_POLL_MS = 1000;

export interface RunDependencies extends LaunchDependencies, ReadinessDependencies {
  readonly userName?: (uid: number) => Promise<string | undefined>;
  readonly appFolder: AppFolder;
  /** Two package managers in one repository spoil it for both: of a host's sessions one installs at a time. */
  readonly installTurn: Turn;
  readonly log: Logger;
}

/** What a run needs of its session. */
export interface RunContext {
  readonly spec: LaunchSpec;
  readonly env: Readonly<Record<string, string>>;
  readonly useFallback: boolean;
  /** Take the next free port where a stranger has the app's own. */
  readonly useNextPort: boolean;
  /** Install the packages although some are there. */
  readonly install: boolean;
  /** They were installed in an earlier round of this start: what is missing still, no install brings. */
  readonly hasInstalled: boolean;
  readonly size: { readonly cols: number; readonly rows: number };
  newCookie(): string;
  /** Takes the port for this session, in place of the one it had; false when another session of this host has it. */
  claimPort(port: number): boolean;
  /** Whether the user has just typed Ctrl+C. */
  wasInterrupted(): boolean;
  report(event: SessionEvent): void;
  /** Output of the program, or a line about it. */
  print(text: string): void;
  /** Something of the session runs from now on, or nothing does any more; also tells where input and size go. */
  onProcess(process: GuardedProcess | undefined, port: number): void;
  /** Those could not be ended: to be tried again before anything else is started. */
  onLeftovers(leftovers: Leftovers): void;
  /** A person's Ctrl+C has ended the server, and tidying up after it begins. */
  onInterrupted(): void;
  /** The server, which ran, has ended by itself; looking for what it left begins. */
  onEnded(exit: TerminalExit): void;
  /** The packages were installed on request: not again for a crash. */
  onInstalled(): void;
  /** Everything is ready for the spawn, which follows. */
  beforeSpawn(): Promise<void>;
  /** Whether no other machine has got the start meanwhile. Asked last: nothing that takes time may come after it. */
  mayStart(): Promise<boolean>;
  /** From now on `end` ends this run as if the server had exited by itself. */
  onEndable(end: () => void): void;
  onReady(ready: Readiness, facts: { readonly usedFallback: boolean; readonly told: number }): void;
}

export type RunOutcome =
  | { readonly kind: 'aborted'; readonly leftovers: number }
  | { readonly kind: 'failed'; readonly reason: Reason }
  /** The packages are installed; that took its time, so all is to be looked at again. */
  | { readonly kind: 'installed' }
  /** Another machine has got the start while this one was slow: nothing was started. */
  | { readonly kind: 'overtaken' }
  /** A stranger has the port: nothing was started. */
  | { readonly kind: 'blocked'; readonly reason: Reason }
  | {
      readonly kind: 'exited';
      readonly exit: TerminalExit;
      readonly wasReady: boolean;
      readonly portTaken: boolean;
      readonly usedFallback: boolean;
    };

/** Processes of a run that could not be ended, and the guard that stays with them until they are. */
export interface Leftovers {
  readonly marks: FamilyMarks;
  /** Those that were seen last; while none of them lives, the number of their group is anybody's. */
  readonly seen: readonly ProcessIdentity[];
  release(): void;
}

const abortedRun: RunOutcome = { kind: 'aborted', leftovers: 0 };
const unknownExit: TerminalExit = { exitCode: undefined, signal: undefined };

/**
 * One run of a server from the port check to its end: the start sequence of DESIGN section 4. An aborted signal stops it
 * wherever it is, and it resolves only when nothing of it is left (or with the number of those that could not be ended).
 */
export async function runServer(deps: RunDependencies, context: RunContext, signal: AbortSignal): Promise<RunOutcome> {
  const { spec } = context;
  if (!(await deps.appFolder.exists(spec.folder))) return failed('folderMissing', { folder: spec.folder });
  const first = await choosePort(deps, spec, context.useNextPort, (port) => context.claimPort(port));
  if (signal.aborted) return abortedRun;
  if ('taken' in first) return { kind: 'blocked', reason: first.taken };
  failpoint('start.portChecked');

  const tool = await prepareTool(deps, context, first.port, signal);
  if (signal.aborted) return abortedRun;
  if ('code' in tool) return { kind: 'failed', reason: tool };
  const install = await installDependencies(deps, context, first.port, signal);
  if (signal.aborted) return abortedRun;
  if (install === 'installed') return { kind: 'installed' };
  if (install) return { kind: 'failed', reason: install };

  await context.beforeSpawn();
  // Once more: looking around takes its time, and somebody else may have come in between.
  const choice = await choosePort(deps, spec, context.useNextPort, (port) => context.claimPort(port));
  if (signal.aborted) return abortedRun;
  if ('taken' in choice) return { kind: 'blocked', reason: choice.taken };
  const isOurs = await context.mayStart();
  if (signal.aborted) return abortedRun;
  if (!isOurs) return { kind: 'overtaken' };
  const { port } = choice;
  const fallback = tool.useFallback ? spec.fallback : undefined;
  const command = fallback?.command ?? spec.command;
  context.report({ type: 'launch', reason: { code: fallback?.reason ?? 'waitingForAnswer', facts: { port } } });
  if (choice.skipped)
    context.print(
      notice(
        choice.skipped === 'session'
          ? `port ${spec.port} belongs to another dev server of this machine; using ${port}`
          : `port ${spec.port} is taken; using ${port}`,
      ),
    );
  failpoint('start.beforeSpawn');
  context.print(notice(firstLine(spec, command, port)));
  if (!deps.terminals.isTerminal) context.print(notice(NO_TERMINAL));
  const server = await launch(deps, context, command, port, tool.env, signal);
  if (!server) return abortedRun;
  if ('code' in server) return { kind: 'failed', reason: server };
  return watchOwn(deps, context, server, port, tool.useFallback, signal);
}

/** From the birth of the server to its end. */
async function watchOwn(
  deps: RunDependencies,
  context: RunContext,
  server: GuardedProcess,
  port: number,
  usedFallback: boolean,
  signal: AbortSignal,
): Promise<RunOutcome> {
  const { spec } = context;
  let isGone = false;
  let seen: readonly ProcessIdentity[] = server.identity ? [server.identity] : [];
  try {
    failpoint('start.spawned');
    context.onProcess(server, port);
    failpoint('start.recorded');
    let exit: TerminalExit | undefined;
    let wasInterrupted = false;
    let isReady = false;
    const onExit = (value: TerminalExit) => {
      exit = value;
      // Asked now: what is tidied up after it may take longer than a Ctrl+C counts.
      wasInterrupted = context.wasInterrupted();
      if (signal.aborted) return;
      if (wasInterrupted) context.onInterrupted();
      else if (isReady) context.onEnded(value);
    };
    const over = new AbortController();
    const givenUp = new AbortController();
    context.onEndable(() => givenUp.abort());
    const ended = Promise.race([
      server.exited.then(onExit),
      untilAborted(signal, over.signal),
      untilAborted(givenUp.signal, over.signal),
    ]);
    void ended.then(() => over.abort());
    const onSlow = (reason: Reason) => context.report({ type: 'launch', reason });
    // Not the probe's own end: a server that accepts and never answers must not hold up a stop.
    const ready = await Promise.race([
      untilReady(deps, spec, server, port, over.signal, onSlow),
      ended.then(() => undefined),
    ]);
    isReady = ready !== undefined;
    if (ready) context.onReady(ready, { usedFallback, told: port });
    if (ready) failpoint('start.running');
    await ended;
    const usedPort = ready?.port ?? port;
    const { left } = await stopFamily(deps, server.marks, signal.aborted ? usedPort : undefined, {
      interrupted: wasInterrupted || context.wasInterrupted(),
    });
    isGone = left.length === 0;
    seen = left;
    if (signal.aborted) return { kind: 'aborted', leftovers: left.length };
    if (left.length > 0) return failed('leftovers', { count: left.length, pids: pidsOf(left) });
    const portTaken = ready === undefined && !(await deps.ports.isFree(port));
    return {
      kind: 'exited',
      exit: exit ?? unknownExit,
      wasReady: ready !== undefined,
      portTaken,
      usedFallback,
    };
  } catch (error) {
    // Something could not be looked at: no server is left running that nobody watches.
    if (!isGone) {
      const { left } = await stopFamily(deps, server.marks, undefined);
      isGone = left.length === 0;
      seen = left;
    }
    throw error;
  } finally {
    // What could not be ended stays guarded, and goes with the host at the latest.
    if (isGone) server.release();
    else context.onLeftovers({ marks: server.marks, seen, release: () => server.release() });
    context.onProcess(undefined, port);
  }
}

interface PreparedTool {
  /** The tool can't be had: the fallback's command runs. */
  readonly useFallback: boolean;
  readonly env: Readonly<Record<string, string>>;
}

/** Looks for the tool that the command needs and installs it where it is missing; failing is no error. */
async function prepareTool(
  deps: RunDependencies,
  context: RunContext,
  port: number,
  signal: AbortSignal,
): Promise<PreparedTool | Reason> {
  const { spec, useFallback } = context;
  const tool = spec.requiredTool;
  if (!tool || useFallback) return { useFallback, env: {} };
  const find = () => deps.programs.findPackage(tool.packageName, tool.minVersion, spec.folder, context.env);
  let modules = await find();
  if (modules === undefined && !signal.aborted) {
    context.report({ type: 'install', reason: { code: 'preparingTool', facts: { tool: tool.packageName } } });
    await runInstall(deps, context, tool.install, port, signal, TOOL_INSTALL_MS);
    if (!signal.aborted && context.wasInterrupted()) return { code: 'interruptedInTerminal' };
    if (!signal.aborted) modules = await find();
  }
  if (modules === undefined) {
    if (!signal.aborted) context.print(notice(`${tool.packageName} could not be installed; going on without it`));
    return { useFallback: spec.fallback !== undefined, env: {} };
  }
  // Expo looks for global packages where npm's configuration files say, not where npm itself would (a prefix in the
  // environment, nvm), and then it asks and waits. Named outright, what is there is found.
  const inherited = context.env['NODE_PATH'];
  return {
    useFallback: false,
    env: { NODE_PATH: inherited ? `${inherited}${path.delimiter}${modules}` : modules },
  };
}

/** Installs the app's packages where they are missing or a person asked for it; gives the reason when that failed. */
async function installDependencies(
  deps: RunDependencies,
  context: RunContext,
  port: number,
  signal: AbortSignal,
): Promise<Reason | 'installed' | undefined> {
  const { spec } = context;
  if (!spec.install || context.hasInstalled) return undefined;
  if (!context.install && (await deps.appFolder.dependencies(spec.folder)) !== 'missing') return undefined;
  const { install } = spec;
  if (deps.installTurn.isTaken) context.report({ type: 'install', reason: { code: 'installerAtWork' } });
  let isMine = false;
  const turn = deps.installTurn.take(() => {
    isMine = true;
    return installInTurn(deps, context, install, port, signal);
  });
  // Another app's install may take minutes: a stop waits for the end of our own only.
  const over = new AbortController();
  try {
    await Promise.race([turn, untilAborted(signal, over.signal)]);
  } finally {
    over.abort();
  }
  return isMine ? turn : undefined;
}

async function installInTurn(
  deps: RunDependencies,
  context: RunContext,
  command: readonly string[],
  port: number,
  signal: AbortSignal,
): Promise<Reason | 'installed' | undefined> {
  const { spec } = context;
  const isNeeded = async () => context.install || (await deps.appFolder.dependencies(spec.folder)) === 'missing';
  // What another package manager in the folder installs may be all that is missing.
  for (;;) {
    const other = signal.aborted ? undefined : await deps.appFolder.installerAtWork(spec.folder, []);
    if (!other) break;
    context.report({
      type: 'install',
      reason: { code: 'installerAtWork', facts: { pid: other.pid, command: other.command.slice(0, 200) } },
    });
    await delay(deps.clock, INSTALLER_POLL_MS, signal);
  }
  if (signal.aborted || !(await isNeeded()) || signal.aborted) return undefined;
  context.report({
    type: 'install',
    reason: {
      code: context.install ? 'dependenciesChanged' : 'dependenciesMissing',
      facts: { command: command.join(' ') },
    },
  });
  failpoint('start.installing');
  const done = await runInstall(deps, context, command, port, signal);
  if (signal.aborted) return undefined;
  if ('code' in done) return done;
  if (done.exitCode !== 0 && context.wasInterrupted()) return { code: 'interruptedInTerminal' };
  if (done.exitCode !== 0)
    return {
      code: 'installFailed',
      facts: {
        command: command.join(' '),
        ...(done.exitCode === undefined ? {} : { exitCode: done.exitCode }),
      },
    };
  context.onInstalled();
  return 'installed';
}

async function launch(
  deps: RunDependencies,
  context: RunContext,
  command: readonly string[],
  port: number,
  extraEnv: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<GuardedProcess | Reason | undefined> {
  const argv = withPort(command, port);
  try {
    return await launchGuarded(deps, {
      argv,
      cwd: context.spec.folder,
      env: { ...context.env, PORT: String(port), ...context.spec.env, ...extraEnv },
      cookie: context.newCookie(),
      ...context.size,
      onData: (data) => context.print(data),
      signal,
    });
  } catch (error) {
    const program = argv[0] ?? '';
    return error instanceof ProgramMissingError
      ? { code: 'commandNotFound', facts: { program } }
      : { code: 'spawnFailed', facts: { program, detail: errorMessage(error) } };
  }
}

/** Runs an install in the session's terminal, with `CI` set so that it asks nothing. */
async function runInstall(
  deps: RunDependencies,
  context: RunContext,
  command: readonly string[],
  port: number,
  signal: AbortSignal,
  limitMs?: number,
): Promise<{ readonly exitCode: number | undefined } | Reason> {
  context.print(notice(`${command.join(' ')}  (in ${context.spec.folder})`));
  const install = await launch(deps, context, command, port, { CI: '1' }, signal);
  if (!install) return { exitCode: undefined };
  if ('code' in install) return install;
  let isGone = false;
  let seen: readonly ProcessIdentity[] = install.identity ? [install.identity] : [];
  const limit = new AbortController();
  const over = new AbortController();
  const timer = limitMs === undefined ? undefined : deps.clock.after(limitMs, () => limit.abort());
  try {
    context.onProcess(install, port);
    const exit = await Promise.race([
      install.exited,
      untilAborted(signal, over.signal),
      untilAborted(limit.signal, over.signal),
    ]);
    const { left } = await stopFamily(deps, install.marks, undefined);
    isGone = left.length === 0;
    seen = left;
    return { exitCode: exit?.exitCode };
  } finally {
    over.abort();
    timer?.dispose();
    if (isGone) install.release();
    else context.onLeftovers({ marks: install.marks, seen, release: () => install.release() });
    context.onProcess(undefined, port);
  }
}

function failed(code: Reason['code'], facts: Reason['facts']): RunOutcome {
  return { kind: 'failed', reason: facts ? { code, facts } : { code } };
}

function pidsOf(left: readonly { readonly pid: number }[]): string {
  return left.map(({ pid }) => pid).join(', ');
}

/** Resolves when `signal` aborts; lets go of it when `over` does, since one signal serves many runs. */
function untilAborted(signal: AbortSignal, over: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve(undefined);
    const done = () => resolve(undefined);
    signal.addEventListener('abort', done, { once: true });
    over.addEventListener('abort', () => signal.removeEventListener('abort', done), { once: true });
  });
}

/** What runs and where: `Cheatcode: Web (pnpm run dev) in cheatcode-app → http://localhost:3000`. */
function firstLine(spec: LaunchSpec, command: readonly string[], port: number): string {
  const { type, appName, folder } = spec;
  const what = (spec.isFirstOfType === false ? undefined : APP_TYPES[type].label) ?? appName;
  const line = withPort(command, port).join(' ');
  return `Cheatcode: ${what} (${line}) in ${path.basename(folder)} → http://localhost:${port}`;
}

function withPort(command: readonly string[], port: number): readonly string[] {
  return command.map((word) => word.replaceAll('{port}', String(port)));
}

/** A line of our own in the terminal, dim so that it is not taken for the server's. */
export function notice(text: string): string {
  return `\x1b[2m● ${text}\x1b[0m\r\n`;
}
