import path from 'node:path';
import { delay, type Clock } from '../clock';
import { errorMessage, type Logger } from '../log';
import type { LaunchSpec, Reason } from '../protocol';
import type { SessionEvent } from '../sessionState';
import { launchGuarded, ProgramMissingError, type GuardedProcess, type LaunchDependencies } from './guardedProcess';
import { findFamily } from './processFamily';
import type { Ports } from './processes';
import type { Prober, ProbeResult } from './prober';
import { stopFamily } from './stopLadder';
import type { TerminalExit } from './terminal';

const MAX_PORT = 65_535;
/** Between two looks at a port that is taken. */
const BLOCKED_POLL_MS = 1000;
/** First and longest pause between two readiness probes, and how long one may take (DESIGN section 4). */
const FIRST_PROBE_PAUSE_MS = 25;
const MAX_PROBE_PAUSE_MS = 500;
export const PROBE_TIMEOUT_MS = 5000;
/** A second look before a server counts as running: a duplicate Next answers shortly and then gives up (FACTS). */
const SECOND_LOOK_MS = 150;
/** After this long without an answer the user is told that the start is slow. */
const SLOW_START_MS = 60_000;
/** A tool that a command needs is given up after this long, and the fallback taken. */
const TOOL_INSTALL_MS = 180_000;

export interface RunDependencies extends LaunchDependencies {
  readonly clock: Clock;
  readonly ports: Ports;
  readonly prober: Prober;
  readonly log: Logger;
}

/** What a run needs of its session. */
export interface RunContext {
  readonly spec: LaunchSpec;
  readonly env: Readonly<Record<string, string>>;
  readonly useFallback: boolean;
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
  onReady(ready: Readiness): void;
}

export interface Readiness {
  readonly port: number;
  readonly listenerPid: number | undefined;
  readonly result: ProbeResult;
  readonly durationMs: number;
  readonly usedFallback: boolean;
}

export type RunOutcome =
  | { readonly kind: 'aborted'; readonly leftovers: number }
  | { readonly kind: 'failed'; readonly reason: Reason }
  | {
      readonly kind: 'exited';
      readonly exit: TerminalExit;
      readonly wasReady: boolean;
      readonly portTaken: boolean;
      readonly usedFallback: boolean;
    };

/**
 * One run of a server from the port check to its end: the start sequence of DESIGN section 4. An aborted signal stops it
 * wherever it is, and it resolves only when nothing of it is left (or with the number of those that could not be ended).
 */
export async function runServer(deps: RunDependencies, context: RunContext, signal: AbortSignal): Promise<RunOutcome> {
  const { spec } = context;
  if (!(await deps.programs.isFolder(spec.folder))) return failed('folderMissing', { folder: spec.folder });
  let useFallback = context.useFallback;

  let port = await awaitPort(deps, context, signal);
  if (port === undefined) return { kind: 'aborted', leftovers: 0 };

  const tool = spec.requiredTool;
  let toolEnv: Readonly<Record<string, string>> = {};
  if (tool && !useFallback) {
    const find = () => deps.programs.findPackage(tool.packageName, tool.minVersion, spec.folder, context.env);
    let modules = await find();
    if (modules === undefined) {
      context.report({ type: 'install', reason: { code: 'preparingTool', facts: { tool: tool.packageName } } });
      await runInstall(deps, context, tool.install, port, signal, TOOL_INSTALL_MS);
      if (signal.aborted) return { kind: 'aborted', leftovers: 0 };
      modules = await find();
    }
    if (modules === undefined) {
      useFallback = spec.fallback !== undefined;
      context.print(notice(`${tool.packageName} could not be installed; going on without it`));
    } else {
      // Expo looks for global packages where npm's configuration files say, not where npm itself would (a prefix in the
      // environment, nvm), and then it asks and waits. Named outright, what is there is found.
      const inherited = context.env['NODE_PATH'];
      toolEnv = { NODE_PATH: inherited ? `${inherited}${path.delimiter}${modules}` : modules };
    }
  }
  if (spec.install && !(await deps.programs.hasDependencies(spec.folder))) {
    context.report({ type: 'install', reason: { code: 'dependenciesMissing' } });
    const done = await runInstall(deps, context, spec.install, port, signal);
    if (signal.aborted) return { kind: 'aborted', leftovers: 0 };
    if (done !== 'done')
      return typeof done === 'object' ? { kind: 'failed', reason: done } : failed('installFailed', {});
  }

  // Once more: an install takes its time, and somebody else may have come in between.
  port = await awaitPort(deps, context, signal);
  if (port === undefined) return { kind: 'aborted', leftovers: 0 };
  const command = useFallback && spec.fallback ? spec.fallback.command : spec.command;
  context.report({
    type: 'launch',
    reason: { code: useFallback && spec.fallback ? spec.fallback.reason : 'waitingForAnswer', facts: { port } },
  });
  if (port !== spec.port)
    context.print(notice(`port ${spec.port} belongs to another dev server of this machine; using ${port}`));
  const server = await launch(deps, context, command, port, toolEnv);
  if ('code' in server) return { kind: 'failed', reason: server };
  let isGone = false;
  try {
    context.onProcess(server, port);
    let exit: TerminalExit | undefined;
    const over = new AbortController();
    const ended = Promise.race([server.exited.then((value) => void (exit = value)), aborted(signal)]);
    void ended.then(() => over.abort());
    // Not the probe's own end: a server that accepts and never answers must not hold up a stop.
    const ready = await Promise.race([
      untilReady(deps, context, server, port, over.signal),
      ended.then(() => undefined),
    ]);
    if (ready) context.onReady({ ...ready, usedFallback: useFallback });
    await ended;
    const { left } = await stopFamily(deps, server.marks, signal.aborted ? port : undefined, {
      interrupted: context.wasInterrupted(),
    });
    isGone = left.length === 0;
    if (signal.aborted || exit === undefined) return { kind: 'aborted', leftovers: left.length };
    if (left.length > 0) return failed('leftovers', { count: left.length });
    return {
      kind: 'exited',
      exit,
      wasReady: ready !== undefined,
      portTaken: !ready && !(await deps.ports.isFree(port)),
      usedFallback: useFallback,
    };
  } catch (error) {
    // Something could not be looked at: no server is left running that nobody watches.
    if (!isGone) isGone = (await stopFamily(deps, server.marks, undefined)).left.length === 0;
    throw error;
  } finally {
    // What could not be ended stays guarded, and goes with the host at the latest.
    if (isGone) server.release();
    context.onProcess(undefined, port);
  }
}

/** The port to use: the spec's, or the next free one if another session of ours has it. Waits while a stranger has it. */
async function awaitPort(deps: RunDependencies, context: RunContext, signal: AbortSignal): Promise<number | undefined> {
  const wanted = context.spec.port;
  for (let blocked = false; !signal.aborted;) {
    let port = wanted;
    let isFree = false;
    for (; port <= MAX_PORT; port++) {
      // Claimed before it is looked at: a session that starts at the same time must not choose it, too.
      if (!context.claimPort(port)) continue;
      isFree = await deps.ports.isFree(port);
      // A stranger on the port that was asked for is waited for; beyond it any free port will do.
      if (isFree || port === wanted) break;
    }
    if (isFree) {
      if (blocked) context.report({ type: 'launch', reason: { code: 'waitingForAnswer', facts: { port } } });
      return port;
    }
    port = Math.min(port, MAX_PORT);
    const holder = (await deps.ports.listeners(port))[0];
    const info =
      holder?.pid === undefined ? undefined : (await deps.processes.list()).find(({ pid }) => pid === holder.pid);
    context.report({
      type: 'block',
      reason: {
        code: 'portTaken',
        facts: {
          port,
          ...(holder?.pid === undefined ? {} : { pid: holder.pid }),
          ...(holder?.uid === undefined ? {} : { uid: holder.uid }),
          ...(info ? { command: info.command.slice(0, 200) } : {}),
        },
      },
    });
    blocked = true;
    await delay(deps.clock, BLOCKED_POLL_MS, signal);
  }
  return undefined;
}

async function launch(
  deps: RunDependencies,
  context: RunContext,
  command: readonly string[],
  port: number,
  extraEnv: Readonly<Record<string, string>>,
): Promise<GuardedProcess | Reason> {
  const argv = command.map((word) => word.replaceAll('{port}', String(port)));
  context.print(notice(`${argv.join(' ')}  (in ${context.spec.folder}, port ${port})`));
  try {
    return await launchGuarded(deps, {
      argv,
      cwd: context.spec.folder,
      env: { ...context.env, PORT: String(port), ...context.spec.env, ...extraEnv },
      cookie: context.newCookie(),
      ...context.size,
      onData: (data) => context.print(data),
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
): Promise<'done' | 'failed' | Reason> {
  const install = await launch(deps, context, command, port, { CI: '1' });
  if ('code' in install) return install;
  let isGone = false;
  const limit = new AbortController();
  const timer = limitMs === undefined ? undefined : deps.clock.after(limitMs, () => limit.abort());
  try {
    context.onProcess(install, port);
    const exit = await Promise.race([install.exited, aborted(signal), aborted(limit.signal)]);
    isGone = (await stopFamily(deps, install.marks, undefined)).left.length === 0;
    return exit?.exitCode === 0 ? 'done' : 'failed';
  } finally {
    timer?.dispose();
    if (isGone) install.release();
    context.onProcess(undefined, port);
  }
}

/** Probes until the app answers from within our own family. Undefined: it was over before. */
async function untilReady(
  deps: RunDependencies,
  context: RunContext,
  server: GuardedProcess,
  port: number,
  over: AbortSignal,
): Promise<Omit<Readiness, 'usedFallback'> | undefined> {
  const { clock } = deps;
  const startedMs = clock.nowMs();
  let toldSlow = false;
  for (let pauseMs = FIRST_PROBE_PAUSE_MS; !over.aborted; pauseMs = Math.min(MAX_PROBE_PAUSE_MS, pauseMs * 1.5)) {
    const beganMs = clock.nowMs();
    const result = await deps.prober.probe(context.spec.probe, port, PROBE_TIMEOUT_MS);
    if (over.aborted) return undefined;
    if (result.answered) {
      const listener = await ownListener(deps, server, port);
      if (listener) {
        const durationMs = clock.nowMs() - beganMs;
        await delay(clock, SECOND_LOOK_MS, over);
        return over.aborted ? undefined : { port, listenerPid: listener.pid, result, durationMs };
      }
    }
    if (!toldSlow && clock.nowMs() - startedMs > SLOW_START_MS) {
      toldSlow = true;
      context.report({ type: 'launch', reason: { code: 'slowStart', facts: { port } } });
    }
    await delay(clock, pauseMs, over);
  }
  return undefined;
}

/** The listener of the port if it is one of ours; where pids are hidden, an answer must do. */
async function ownListener(
  deps: RunDependencies,
  server: GuardedProcess,
  port: number,
): Promise<{ readonly pid: number | undefined } | undefined> {
  const listeners = await deps.ports.listeners(port);
  const pids = listeners.flatMap(({ pid }) => (pid === undefined ? [] : [pid]));
  if (pids.length === 0) return { pid: undefined };
  const family = new Set((await findFamily(deps.processes, server.marks)).map(({ pid }) => pid));
  const pid = pids.find((candidate) => family.has(candidate));
  return pid === undefined ? undefined : { pid };
}

function failed(code: Reason['code'], facts: Reason['facts']): RunOutcome {
  return { kind: 'failed', reason: facts ? { code, facts } : { code } };
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}

/** A line of our own in the terminal, dim so that it is not taken for the server's. */
export function notice(text: string): string {
  return `\x1b[2m● ${text}\x1b[0m\r\n`;
}
