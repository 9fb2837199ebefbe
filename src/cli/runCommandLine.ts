import { existsSync } from 'node:fs';
import { configReader } from '../sessions/configReader';
import type { DeclaredSettings } from '../sessions/declaredSettings';
import { DevServerError } from '../sessions/errors';
import { errorMessage, formatLogLine, type LogFacts, type Logger } from '../sessions/log';
import { errorToMessage } from '../sessions/messages';
import type { RedisSettings } from '../sessions/protocol';
import { redisSettings } from '../sessions/redisSettings';
import { createDevServers, type DevServersOptions } from '../sessions/workspaceServers';
import type { User } from '../sessions/folderOwner';
import { parseCommandLine, type ParsedCommand } from './arguments';
import { attach, type Terminal } from './attach';
import { CommandContext, noHost } from './commandContext';
import { CommandError } from './commandError';
import { completionScript } from './completion';
import { ensure, restart, stop } from './control';
import { doctor } from './doctor';
import { exitCodes } from './exitCodes';
import { findWorkspace } from './findWorkspace';
import type { LoadRedis } from './fleet';
import { helpText } from './help';
import { HUNG_HOST_HELP, hungHostSentence } from './hungHost';
import { logs, type OnReaderGone } from './logs';
import { agentService } from './mcp';
import type { McpServing } from './mcpServer';
import { open } from './openUrl';
import { Output, type TextStream } from './output';
import { list, SaidError, status } from './overview';
import { lonelyRedisSentence, redisNotTakenSentence } from './redisNotes';
import { documentOf } from '../sessions/appReport';
import { environmentSource, problemSentence, type ReadSettings } from './settingValues';
import { looksLikeSandbox, withPath } from './surroundings';

/** What the composition root gives: this process and the parts that are loaded only when they are needed. */
export interface CommandLinePorts {
  /** Without Node and the program. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: () => string;
  readonly terminal: Terminal;
  readonly stderr: TextStream;
  readonly version: string;
  readonly declaredSettings: DeclaredSettings;
  readonly readSettings: ReadSettings;
  readonly distFolder: string;
  readonly loadLauncher: DevServersOptions['loadLauncher'];
  readonly loadRedis: LoadRedis;
  /** Speaks to an agent over this process's stdin and stdout; loaded with its call. */
  readonly serveMcp: (serving: Omit<McpServing, 'stdin' | 'stdout'>, ended: Promise<void>) => Promise<void>;
  /** Hears that this process is to end; without a listener it ends by itself. */
  readonly onTerminate: (listener: () => void) => void;
  /** Made once: the environment that servers start from, by the user that root acts as. */
  readonly environmentResolver: (log: Logger) => NonNullable<DevServersOptions['resolveEnvironment']>;
  /** Rejects with `CommandError` when a person interrupts. */
  readonly interrupted: Promise<never>;
  /** Hears, where that can be found out, that nobody reads stdout any more. */
  readonly onReaderGone: OnReaderGone;
}

/** Runs one command and gives the process's exit code; never rejects. What it said is written. */
export async function runCommandLine(ports: CommandLinePorts): Promise<number> {
  const { argv, env, terminal, stderr } = ports;
  // Before the arguments are known to be good: an error is told in the form that was asked for.
  const isJson = argv.includes('--json');
  const output = new Output({
    stdout: terminal.stdout,
    stderr,
    env,
    noColor: argv.includes('--no-color'),
    isJson,
  });
  let context: CommandContext | undefined;
  try {
    const parsed = parseCommandLine(argv);
    if (parsed.command === 'help') output.raw(helpText(Math.min(100, output.width)));
    else if (parsed.command === 'version') output.print(ports.version);
    else if (parsed.command === 'completion') output.raw(completionScript(parsed.name ?? 'bash'));
    else if (parsed.command === 'mcp') await serveAgents(ports, parsed, output);
    else {
      const prepared = prepare(ports, parsed, output);
      context = prepared.context;
      await Promise.race([execute(ports, prepared), ports.interrupted]);
    }
    return exitCodes.done;
  } catch (error) {
    if (error instanceof SaidError) {
      output.progress(error.cause.message);
      return exitCodes[error.cause.exit];
    }
    const told = toCommandError(error, context);
    // As a program that a signal ends: without a word.
    if (told.exit === 'readerGone') return exitCodes.readerGone;
    if (isJson) output.printJson(documentOf(told.apps, { code: told.code, message: told.message }));
    else output.say(`cheatcode-dev: ${told.message}`);
    if (told.code === 'usage' && !isJson) output.say('`cheatcode-dev --help` tells how it is used.');
    return exitCodes[told.exit];
  } finally {
    context?.dispose();
  }
}

interface Prepared {
  readonly context: CommandContext;
  readonly isSandbox: boolean;
  readonly resolveEnvironment: (user: User | undefined) => Promise<Readonly<Record<string, string | undefined>>>;
}

function prepare(ports: CommandLinePorts, parsed: ParsedCommand, output: Output): Prepared {
  const { env, stderr } = ports;
  const { settings, problems } = ports.readSettings(environmentSource(env, ports.declaredSettings), env);
  for (const problem of problems) output.say(`cheatcode-dev: ${problemSentence(problem)}`);
  const log = logTo(stderr, parsed.isVerbose);
  const isSandbox = looksLikeSandbox(env, process.platform, existsSync);
  const resolveEnvironment = ports.environmentResolver(log);
  // A look changes nothing: only who may start something says which Redis is used.
  const starts = parsed.command === 'ensure' || parsed.command === 'start' || parsed.command === 'restart';
  const lonelyRedis = starts ? lonelyRedisSentence(settings, env) : undefined;
  if (lonelyRedis !== undefined) output.say(`cheatcode-dev: ${lonelyRedis}`);
  const onRedisRefused = ({ url }: RedisSettings) => output.say(`cheatcode-dev: ${redisNotTakenSentence(url)}`);
  const context = new CommandContext({
    parsed,
    output,
    settings,
    env,
    log,
    distFolder: ports.distFolder,
    findWorkspace: () => findWorkspace(parsed.workspace, ports.cwd),
    cwd: ports.cwd,
    createServers: (workspaceFolders, mayLaunch) =>
      createDevServers({
        workspaceFolders,
        settings: () => settings,
        surroundings: { isSandbox, env: withPath(env, process.execPath), editorRoot: undefined },
        log,
        loadLauncher: ports.loadLauncher,
        loadConfigReader: () => configReader,
        extensionVersion: ports.version,
        distFolder: ports.distFolder,
        editorNodePty: undefined,
        trusted: mayLaunch,
        kind: 'cli',
        isPassive: true,
        ...(starts ? { redis: () => redisSettings(settings, log), onRedisRefused } : {}),
        resolveEnvironment,
      }),
  });
  return { context, isSandbox, resolveEnvironment };
}

/** Until the client has gone. Nothing but the protocol goes to stdout. */
async function serveAgents(ports: CommandLinePorts, parsed: ParsedCommand, output: Output): Promise<void> {
  const log = logTo(ports.stderr, parsed.isVerbose);
  if (ports.terminal.stdin.isTTY) output.say('An agent speaks to this command; see docs/agents.md. Ctrl+D ends it.');
  const serving = {
    version: ports.version,
    ...agentService((of) => prepare(ports, { ...parsed, ...of }, output).context),
    onError: (error: Error) => log.warn('mcp', { error: errorMessage(error) }),
  };
  const ended = new Promise<void>((resolve) => ports.onTerminate(resolve));
  await Promise.race([ports.serveMcp(serving, ended), ports.interrupted]);
}

async function execute(ports: CommandLinePorts, { context, isSandbox, resolveEnvironment }: Prepared): Promise<void> {
  const { command } = context.parsed;
  switch (command) {
    case 'ensure':
    case 'start':
      return ensure(context);
    case 'stop':
      return stop(context);
    case 'restart':
      return restart(context);
    case 'status':
      return status(context);
    case 'logs':
      return logs(context, ports.onReaderGone);
    case 'attach':
      return attach(context, ports.terminal);
    case 'open':
      return open(context);
    case 'ls':
      return list(context, ports.loadRedis);
    case 'shutdown':
      await context.openPlace();
      await context.connect();
      return context.servers.shutdown();
    case 'doctor':
      return doctor(context, {
        loadRedis: ports.loadRedis,
        environment: () => resolveEnvironment(undefined),
        isSandbox,
      });
    case 'mcp':
    case 'completion':
    case 'help':
    case 'version':
      return; // Answered before this.
  }
}

/** What any error means for the exit code and for people. */
export function toCommandError(error: unknown, context?: Pick<CommandContext, 'chosen'>): CommandError {
  if (error instanceof CommandError) return error;
  if (!(error instanceof DevServerError)) return new CommandError('failed', 'unexpected', `${errorMessage(error)}.`);
  switch (error.code) {
    case 'workspaceUntrusted':
      return noHost();
    case 'versionMismatch':
      return new CommandError(
        'failed',
        error.code,
        `The session host that runs (version ${error.facts['hostVersion'] ?? 'unknown'}) speaks another protocol than this command: ` +
          (error.facts['host'] === 'older' ? 'it is replaced when its last server stops.' : 'update cheatcode-dev.'),
      );
    case 'hostHangs':
      return new CommandError('needsPerson', error.code, `${hungHostSentence(error)} ${HUNG_HOST_HELP}`);
    case 'foreignHidden':
    case 'foreignChanging':
    case 'hostLockHeld':
    case 'hostNotReplaced':
    case 'stateFolderTaken':
      return new CommandError('needsPerson', error.code, errorToMessage(error, context?.chosen).text);
    default:
      return new CommandError('failed', error.code, errorToMessage(error, context?.chosen).text);
  }
}

function logTo(stderr: TextStream, isVerbose: boolean): Logger {
  const at = (level: string) => (message: string, facts?: LogFacts) => {
    if (isVerbose) stderr.write(`${level}: ${formatLogLine(message, facts)}\n`);
  };
  return { trace: at('trace'), debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
