/**
 * What the tools do. Invariants: an agent starts no second server; nothing that we did not start is ended without a person's
 * word, and an agent's is none (I6); whatever goes wrong is an Error with a sentence that an agent can act on.
 */
import * as l10n from '@vscode/l10n';
import type { AgentToolName } from './agentToolNames';
import { answerText, failureText, type AgentDocument } from './agentAnswer';
import { agentInput, type AgentInput } from './agentInput';
import type { App } from './apps';
import type { Preference } from './appChoice';
import { isUp, reportOf, reportOfApp, type AppReport } from './appReport';
import type { DevServers } from './devServers';
import { DevServerError } from './errors';
import { errorToMessage } from './messages';
import { restartServer, stopServer, type PersonsWordPorts, type Question } from './personsWord';
import type { CompileIssue, SessionSnapshot } from './protocol';
import { whatComesNext } from './sessionSentences';
import { patiently, settledVerdict, within, type SettlingServers } from './settling';

/** Where the tools work: a window, or a command line of their own. */
export interface AgentPorts {
  readonly servers: AgentServers;
  /** The workspace's apps, as soon as it was looked at. */
  apps(): Promise<readonly App[]>;
  /** The app that is meant; rejects with an Error that names the candidates. */
  chooseApp(name: string | undefined, preference: Preference): Promise<App>;
  /** Joins the session host, or starts it if it may; false: none runs. */
  join(mayStart: boolean): Promise<boolean>;
  /** Before a server of ours is ended, where a person is to be asked: as `ask`. */
  confirm?(name: AgentToolName, app: App): Promise<string | undefined>;
  /** About what we did not start. Undefined: a person agreed. Otherwise a sentence that says why not, and what is to be done. */
  ask(question: Question, app: App): Promise<string | undefined>;
  /** What no answer may hold. */
  readonly secrets: readonly string[];
  /** What happens meanwhile. */
  readonly onProgress?: (sentence: string) => void;
}

type AgentServers = SettlingServers &
  Pick<DevServers, 'start' | 'stop' | 'restart' | 'foreignProcesses' | 'endForeign' | 'lastOutput' | 'compileIssues'>;

/** Lines of output that explain a failure. */
const FAILURE_LINES = 15;

/** Does what the tool is for, and gives its answer as a text. Rejects with an Error for the agent, or with the signal's reason. */
export async function callAgentTool(
  name: AgentToolName,
  given: unknown,
  ports: AgentPorts,
  signal: AbortSignal,
): Promise<string> {
  const input = agentInput(name, given);
  signal.throwIfAborted();
  const document = await (async () => {
    switch (name) {
      case 'cheatcode_listDevServers':
        return list(ports);
      case 'cheatcode_ensureDevServer':
        return about(ports, input, 'byItself', (app) => ensure(app, input, ports, signal));
      case 'cheatcode_readDevServerOutput':
        return about(ports, input, 'running', (app) => readOutput(app, input, ports));
      case 'cheatcode_restartDevServer':
        return about(ports, input, 'running', (app) => restart(app, input, ports, signal));
      case 'cheatcode_stopDevServer':
        return about(ports, input, 'running', (app) => stop(app, ports, signal));
    }
  })();
  return answerText(document, ports.secrets);
}

type Answer = Omit<AgentDocument, 'schema'>;

async function list(ports: AgentPorts): Promise<Answer> {
  const apps = await ports.apps();
  await ports.join(false);
  const reports = apps.map((app) => report(app, ports));
  return apps.length > 0
    ? { apps: reports }
    : { apps: reports, note: l10n.t('There is no app with a dev server in this workspace.') };
}

async function ensure(app: App, { timeoutMs }: AgentInput, ports: AgentPorts, signal: AbortSignal): Promise<Answer> {
  const { servers } = ports;
  const endMs = performance.now() + timeoutMs;
  await ports.join(true);
  const session = servers.session(app);
  const before = session && isUp(session) ? undefined : session;
  if (!session || before) await patiently(() => servers.start(app));
  return running(app, before, endMs, ports, signal);
}

async function restart(app: App, { timeoutMs }: AgentInput, ports: AgentPorts, signal: AbortSignal): Promise<Answer> {
  await ports.join(true);
  const before = ports.servers.session(app);
  await withWord('cheatcode_restartDevServer', app, ports, signal, (word) => restartServer(app, word));
  // A person thinks as long as it takes.
  return running(app, before, performance.now() + timeoutMs, ports, signal);
}

async function stop(app: App, ports: AgentPorts, signal: AbortSignal): Promise<Answer> {
  const isJoined = await ports.join(false);
  const session = ports.servers.session(app);
  if (isJoined && session && !(session.state === 'stopped' && session.desired === 'stopped'))
    await withWord('cheatcode_stopDevServer', app, ports, signal, (word) => stopServer(app, word));
  const after = report(app, ports);
  if (after.state !== 'stopped') throw new Error(after.sentence);
  return { apps: [after] };
}

async function readOutput(app: App, { lines }: AgentInput, ports: AgentPorts): Promise<Answer> {
  const { servers } = ports;
  const isJoined = await ports.join(false);
  const session = servers.session(app);
  const now = report(app, ports);
  if (!isJoined || !session) return { apps: [now], note: l10n.t('It has printed nothing yet.'), lines: [] };
  const [output, issues] = await Promise.all([servers.lastOutput(app, lines), compileIssues(app, ports)]);
  return {
    apps: [now],
    ...(session.adopted
      ? { note: l10n.t('It was started outside Cheatcode: its output goes to whoever started it.') }
      : {}),
    ...issues,
    lines: lines === 0 ? [] : output.slice(-lines),
  };
}

/** Waits until the server runs. Rejects when it will not by itself; gives what there is when the time is over. */
async function running(
  app: App,
  before: SessionSnapshot | undefined,
  endMs: number,
  ports: AgentPorts,
  signal: AbortSignal,
): Promise<Answer> {
  const { servers } = ports;
  const over = new AbortController();
  const cancel = () => over.abort(signal.reason);
  signal.addEventListener('abort', cancel);
  const startedMs = performance.now();
  const leftMs = Math.max(1, endMs - startedMs);
  let said: string | undefined;
  try {
    signal.throwIfAborted();
    const verdict = await within(
      settledVerdict(servers, app, {
        before,
        onSnapshot: () => {
          const { sentence } = report(app, ports);
          if (sentence !== said) ports.onProgress?.(sentence);
          said = sentence;
        },
        signal: over.signal,
      }),
      leftMs,
      () => new TimeOver(),
    );
    const now = report(app, ports);
    if (verdict.kind === 'running') {
      // It answers, with an error: the reason is worth more than the address.
      if (now.state !== 'unhealthy') return { apps: [now] };
      return { apps: [now], ...(await evidence(app, ports)) };
    }
    const next = verdict.kind === 'needsPerson' ? whatComesNext(now.reason) : '';
    throw new Error(failureText(now.sentence + next, await evidence(app, ports), ports.secrets));
  } catch (error) {
    if (!(error instanceof TimeOver)) throw error;
    return {
      apps: [report(app, ports)],
      note: l10n.t('It does not run yet, and goes on by itself. Ask again to go on waiting.'),
    };
  } finally {
    signal.removeEventListener('abort', cancel);
    over.abort(new TimeOver());
  }
}

/** The time that an agent gave is over. */
class TimeOver extends Error {}

async function evidence(app: App, ports: AgentPorts): Promise<Pick<Answer, 'lines' | 'issues'>> {
  const lines = await ports.servers.lastOutput(app, FAILURE_LINES).catch(() => []);
  return { lines, ...(await compileIssues(app, ports)) };
}

async function compileIssues(
  app: App,
  { servers }: AgentPorts,
): Promise<{ readonly issues?: readonly CompileIssue[] }> {
  const session = servers.session(app);
  if (!session || !isUp(session)) return {};
  // What the server does not say is no reason to say nothing.
  const { issues, unknown } = await servers.compileIssues(app).catch(() => ({ issues: [], unknown: 'noAnswer' }));
  return unknown === undefined || issues.length > 0 ? { issues } : {};
}

/** Ends an app's server; one that we did not start on a person's word only. */
async function withWord(
  name: AgentToolName,
  app: App,
  ports: AgentPorts,
  signal: AbortSignal,
  act: (word: PersonsWordPorts) => Promise<void>,
): Promise<void> {
  const { servers } = ports;
  let refusal = await ports.confirm?.(name, app);
  signal.throwIfAborted();
  if (refusal !== undefined) throw new Error(refusal);
  await act({
    servers: {
      session: (of) => servers.session(of),
      stop: (of, confirmed) => servers.stop(of, confirmed),
      restart: (of, how) => patiently(() => servers.restart(of, how)),
      foreignProcesses: (of, target) => servers.foreignProcesses(of, target),
      endForeign: (of, target, confirmed) => servers.endForeign(of, target, confirmed),
    },
    ask: async (question) => {
      refusal = await ports.ask(question, app);
      // Whoever asked has given up meanwhile, and nobody waits for what was agreed to.
      signal.throwIfAborted();
      return refusal === undefined;
    },
    ownUid: process.getuid?.(),
  });
  if (refusal !== undefined) throw new Error(refusal);
}

/** Does something with the app that is meant, and puts what goes wrong into words. */
async function about(
  ports: AgentPorts,
  { app: name }: AgentInput,
  preference: Preference,
  action: (app: App) => Promise<Answer>,
): Promise<Answer> {
  const app = await ports.chooseApp(name, preference);
  try {
    return await action(app);
  } catch (error) {
    if (!(error instanceof DevServerError)) throw error;
    throw new Error(failureText(errorToMessage(error, app).text, {}, ports.secrets), { cause: error });
  }
}

function report(app: App, { servers }: AgentPorts): AppReport {
  const session = servers.session(app);
  return session ? reportOf(session, app.label) : reportOfApp(app);
}
