import type { App } from '../sessions/apps';
import { DevServerError } from '../sessions/errors';
import { otherOwner } from '../sessions/folderOwner';
import { resolveLaunchSpec } from '../sessions/launchSpec';
import { errorMessage } from '../sessions/log';
import { errorToMessage } from '../sessions/messages';
import type { LaunchSpec } from '../sessions/protocol';
import { redisSettings } from '../sessions/redisSettings';
import { appProblemSentence, holderOf } from '../sessions/sessionSentences';
import { ensureStateFolder } from '../sessions/stateFolder';
import type { CommandContext } from './commandContext';
import { CommandError } from './commandError';
import { REDIS_LIMIT_MS, type LoadRedis } from './fleet';
import { HUNG_HOST_HELP, hungHostSentence } from './hungHost';
import { findProgram, isPortFree, outputOf, portHolder } from '../sessions/lookAround';
import { SaidError } from './overview';
import { isUp, JSON_SCHEMA } from './report';

/** One thing that was looked at. */
export interface Check {
  /** For programs. */
  readonly id: 'node' | 'stateFolder' | 'host' | 'redis' | 'workspace' | 'app' | 'port' | 'packageManager';
  readonly result: 'ok' | 'warn' | 'fail';
  readonly message: string;
  /** What helps. */
  readonly help?: string;
}

export interface DoctorPorts {
  readonly loadRedis: LoadRedis;
  /** The environment that a server would start from. */
  readonly environment: () => Promise<Readonly<Record<string, string | undefined>>>;
  readonly isSandbox: boolean;
}

const MIN_NODE_MAJOR = 20;
const COLOURS = { ok: 'green', warn: 'yellow', fail: 'red' } as const;

/** Looks for what keeps a dev server from starting: one line each, and what helps. Ends as failed if anything fails. */
export async function doctor(context: CommandContext, ports: DoctorPorts): Promise<void> {
  const { output, parsed } = context;
  const checks: Check[] = [];
  const say = (check: Check) => {
    checks.push(check);
    if (parsed.isJson) return;
    output.print(`${output.paint(check.result.padEnd(4), COLOURS[check.result])}  ${check.message}`);
    if (check.help) output.print(`      ${check.help}`);
  };
  say(nodeCheck(process.versions.node));
  const place = await context.openPlace();
  // Where root acts as a folder's owner it is the owner's, and the session host's check tells of it.
  const folder = place !== undefined && otherOwner(place) ? undefined : folderCheck();
  if (folder) say(folder);
  if (folder?.result !== 'fail') say(await hostCheck(context));
  say(await redisCheck(context, ports.loadRedis));
  for await (const check of appChecks(context, ports)) say(check);
  if (parsed.isJson) output.printJson({ schema: JSON_SCHEMA, checks });
  const failures = checks.filter(({ result }) => result === 'fail');
  if (failures.length > 0)
    throw new SaidError(
      new CommandError('failed', 'checksFailed', `${failures.length} of ${checks.length} checks failed.`),
    );
}

export function nodeCheck(version: string): Check {
  return Number(version.split('.')[0]) >= MIN_NODE_MAJOR
    ? { id: 'node', result: 'ok', message: `Node.js ${version}` }
    : {
        id: 'node',
        result: 'fail',
        message: `Node.js ${version} is too old.`,
        help: `Install ${MIN_NODE_MAJOR} or newer.`,
      };
}

function folderCheck(): Check {
  try {
    return { id: 'stateFolder', result: 'ok', message: `state folder ${ensureStateFolder(process.env)}` };
  } catch (error) {
    return { id: 'stateFolder', result: 'fail', message: errorToMessage(error).text };
  }
}

async function hostCheck(context: CommandContext): Promise<Check> {
  try {
    if (!(await context.join()))
      return { id: 'host', result: 'ok', message: 'no session host runs; the first start brings one' };
    const { connection, hostReplacement, sessions } = context.servers;
    const version = connection.kind === 'connected' ? ` ${connection.hostVersion} (pid ${connection.hostPid})` : '';
    return hostReplacement === 'older'
      ? {
          id: 'host',
          result: 'warn',
          message: `The session host${version} is older than this command.`,
          help: 'It is replaced when the last server stops.',
        }
      : { id: 'host', result: 'ok', message: `session host${version}, ${sessions.length} known` };
  } catch (error) {
    if (error instanceof DevServerError && error.code === 'hostHangs')
      return { id: 'host', result: 'fail', message: hungHostSentence(error), help: HUNG_HOST_HELP };
    return { id: 'host', result: 'fail', message: errorToMessage(error).text };
  }
}

async function redisCheck(context: CommandContext, loadRedis: LoadRedis): Promise<Check> {
  const settings = redisSettings(context.settings, context.log);
  if (!settings) return { id: 'redis', result: 'ok', message: 'Redis is not configured: this machine is on its own.' };
  if (settings.sandboxId === undefined)
    return {
      id: 'redis',
      result: settings.required ? 'fail' : 'warn',
      message: 'Redis is configured, but no sandbox is named, so it is not used.',
      help: 'Set CHEATCODE_SANDBOX_ID or cheatcode.sandboxId.',
    };
  const startedMs = performance.now();
  try {
    const redis = loadRedis()(settings);
    try {
      await redis.call('PING', [], REDIS_LIMIT_MS);
    } finally {
      redis.dispose();
    }
    const ms = Math.round(performance.now() - startedMs);
    return { id: 'redis', result: 'ok', message: `Redis answers (${ms} ms); the sandbox is ${settings.sandboxId}.` };
  } catch (error) {
    return {
      id: 'redis',
      result: settings.required ? 'fail' : 'warn',
      message: `Redis gives no answer: ${errorMessage(error)}.`,
      help: settings.required
        ? 'No server is started until it answers: check CHEATCODE_REDIS_URL, user and password.'
        : 'Servers start all the same, but other machines are not asked: check CHEATCODE_REDIS_URL, user and password.',
    };
  }
}

async function* appChecks(context: CommandContext, ports: DoctorPorts): AsyncGenerator<Check> {
  let app: App;
  try {
    app = await context.chooseApp('byItself');
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    yield { id: error.code === 'noWorkspace' ? 'workspace' : 'app', result: 'fail', message: error.message };
    return;
  }
  for (const { file, message } of context.servers.problems)
    yield { id: 'workspace', result: 'warn', message: `${file}: ${message}` };
  if (app.problem) {
    yield { id: 'app', result: 'fail', message: appProblemSentence(app.label, app.problem) };
    return;
  }
  yield { id: 'app', result: 'ok', message: `${app.name} (${app.type}) in ${app.folder}` };
  const spec = await resolveLaunchSpec(app, context.settings, ports.isSandbox);
  yield await portCheck(context, app, spec);
  if (spec.managed === undefined) yield await programCheck(spec, ports);
}

async function portCheck(context: CommandContext, app: App, { port }: LaunchSpec): Promise<Check> {
  const session = context.sessionOf(app);
  if (session && isUp(session))
    return { id: 'port', result: 'ok', message: `${context.report(app).sentence} ${session.url}` };
  if (await isPortFree(port)) return { id: 'port', result: 'ok', message: `port ${port} is free` };
  const who = (session && holderOf(session.reason)) ?? (await portHolder(port));
  return {
    id: 'port',
    result: 'warn',
    message: `Port ${port} is taken${who === undefined ? ", by whom can't be seen from here" : ` by ${who}`}.`,
    help: 'If that is a server of this app, `ensure` takes it as it is; else end it, or use `ensure --use-next-port`.',
  };
}

/** Programs that do nothing but print when they are asked for their version; of others nobody knows. */
const KNOWN_PROGRAMS: ReadonlySet<string> = new Set(['npm', 'pnpm', 'yarn', 'bun', 'npx', 'bunx', 'node', 'deno']);

async function programCheck({ command, folder }: LaunchSpec, ports: DoctorPorts): Promise<Check> {
  const [program = ''] = command;
  const env = await ports.environment();
  const file = findProgram(program, folder, env);
  if (file === undefined) return missing('fail', program, 'was not found');
  if (!KNOWN_PROGRAMS.has(program)) return { id: 'packageManager', result: 'ok', message: `${program} is ${file}` };
  // Of Corepack's managers the first call may ask for leave to download, and nobody answers.
  const version = await outputOf(program, ['--version'], { ...env, COREPACK_ENABLE_DOWNLOAD_PROMPT: '0' }, folder);
  return version === undefined
    ? missing('warn', program, 'gave no version')
    : { id: 'packageManager', result: 'ok', message: `${program} ${version.trim().split('\n')[0]}` };
}

function missing(result: 'warn' | 'fail', program: string, what: string): Check {
  return {
    id: 'packageManager',
    result,
    message: `${program}, which starts the server, ${what}.`,
    help: `Install it, and make sure that \`${program}\` is on the PATH of your login shell.`,
  };
}
