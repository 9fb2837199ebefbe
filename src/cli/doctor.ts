import type { App } from '../sessions/apps';
import { DevServerError } from '../sessions/errors';
import { otherOwner } from '../sessions/folderOwner';
import { appLooks, examine, machineLooks } from '../sessions/doctor';
import type { DoctorContext } from '../sessions/doctorContext';
import type { Finding } from '../sessions/doctorFinding';
import { systemDoctorPorts } from '../sessions/doctorSystem';
import { errorMessage } from '../sessions/log';
import { errorToMessage } from '../sessions/messages';
import { redisSettings } from '../sessions/redisSettings';
import { serverEnvironment } from '../sessions/serverEnvironment';
import { ensureStateFolder } from '../sessions/stateFolder';
import type { CommandContext } from './commandContext';
import { CommandError } from './commandError';
import { REDIS_LIMIT_MS, type LoadRedis } from './fleet';
import { HUNG_HOST_HELP, hungHostSentence } from './hungHost';
import { outputOf } from '../sessions/lookAround';
import { SaidError } from './overview';
import { JSON_SCHEMA } from '../sessions/appReport';

/** One thing that was looked at. */
export type Check = Pick<Finding, 'id' | 'result' | 'message' | 'help'>;

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
  const stateFolder = folder?.result === 'ok' ? ensureStateFolder(process.env) : undefined;
  for await (const check of lookedAt(context, ports, stateFolder)) say(check);
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

/** The app, and what it runs on: what the editor's doctor looks at, too. */
async function* lookedAt(
  context: CommandContext,
  ports: DoctorPorts,
  stateFolder: string | undefined,
): AsyncGenerator<Check> {
  const core = doctorContext(context, ports, stateFolder);
  let app: App | undefined;
  let trouble: Check | undefined;
  try {
    app = await context.chooseApp('byItself');
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    trouble = { id: error.code === 'noWorkspace' ? 'workspace' : 'app', result: 'fail', message: error.message };
  }
  for (const finding of await examine(machineLooks(core, app ? [app] : []))) yield checkOf(finding);
  if (trouble) yield trouble;
  if (!app) return;
  for (const { file, message } of context.servers.problems)
    yield { id: 'workspace', result: 'warn', message: `${file}: ${message}` };
  for (const finding of await examine(await appLooks(core, app))) yield checkOf(finding);
}

function checkOf({ id, result, message, help }: Finding): Check {
  return { id, result, message, ...(help === undefined ? {} : { help }) };
}

function doctorContext(context: CommandContext, ports: DoctorPorts, stateFolder: string | undefined): DoctorContext {
  const { env } = context;
  let resolved: Promise<Readonly<Record<string, string>>> | undefined;
  return {
    ports: systemDoctorPorts((file, args, { cwd, env: of }) => outputOf(file, args, of, cwd)),
    settings: context.settings,
    isSandbox: ports.isSandbox,
    trusted: true,
    session: (app) => context.sessionOf(app),
    env,
    // Once for all checks: a shell may take seconds to tell its environment.
    serverEnvironment: () => (resolved ??= ports.environment().then((own) => serverEnvironment(own, undefined, {}))),
    stateFolder,
    editor: { isCodeServer: isInCodeServer(env), asExternalUrl: undefined },
  };
}

/** A terminal of code-server has variables of its own beside those of VS Code. */
function isInCodeServer(env: Readonly<Record<string, string | undefined>>): boolean {
  return env['TERM_PROGRAM'] === 'vscode' && Object.keys(env).some((name) => name.startsWith('CODE_SERVER_'));
}
