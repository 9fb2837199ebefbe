/**
 * The one place that turns codes (reasons, errors, problems) into sentences: what happened, to which app, what to do.
 * Pure and free of the editor; facts that are missing leave a shorter sentence, never an `undefined` in it.
 */
import type { App, AppProblem } from './apps';
import { DevServerError } from './errors';
import { errorMessage } from './log';
import type { Reason, SessionSnapshot } from './protocol';
import type { SettingProblem } from './settings';

/** What a button under a message does; the edge maps each to a command. */
export type MessageAction =
  'start' | 'restart' | 'showTerminal' | 'showLog' | 'openSettings' | 'manageTrust' | 'openInBrowser';

export interface MessageButton {
  readonly title: string;
  readonly action: MessageAction;
  /** App that the action is for. */
  readonly appKey?: string;
  /** Setting that `openSettings` shows. */
  readonly setting?: string;
}

/** Something to tell a person. */
export interface Message {
  readonly severity: 'info' | 'warning' | 'error';
  readonly text: string;
  /** At most two. */
  readonly buttons: readonly MessageButton[];
}

type Facts = Readonly<Record<string, string | number | boolean>>;

/** Settings by app type that move an app to another port or command. */
const settingPrefix = { web: 'cheatcode.web', mobile: 'cheatcode.mobile', custom: undefined } as const;

/** One sentence about a session: its state and why. `label` is the app's. */
export function stateSentence(label: string, session: SessionSnapshot): string {
  const { state, reason, port, url } = session;
  const facts = reason.facts ?? {};
  const by = session.adopted ? ' It was started outside Cheatcode.' : '';
  switch (state) {
    case 'stopped':
      return stoppedSentence(label, reason);
    case 'waiting':
      return `${label} is being started on another machine.`;
    case 'blocked':
      return blockedSentence(label, session);
    case 'installing':
      return reason.code === 'preparingTool'
        ? `Installing ${text(facts, 'tool', 'packageName') ?? 'a tool'}, which ${label} needs.`
        : `Installing the dependencies of ${label}${suffix(' with ', text(facts, 'command'))}.`;
    case 'starting':
      return startingSentence(label, session);
    case 'running':
      return runningSentence(label, session) + by;
    case 'unhealthy':
      return reason.code === 'answeredWithError'
        ? `${label} answers with an error${suffix(': HTTP ', httpStatus(session))}. Its output says why.`
        : `${label} does not answer on port ${port}, but its process is alive.${by}`;
    case 'stopping':
      return `${label} is stopping.`;
    case 'failed':
      return failedSentence(label, reason, url);
  }
}

function stoppedSentence(label: string, reason: Reason): string {
  switch (reason.code) {
    case 'neverStarted':
      return `${label} is not started.`;
    case 'stoppedByUser':
      return `${label} is stopped, and stays so until it is started again.`;
    case 'stoppedByLastWindow':
      return `${label} was stopped because its last window closed.`;
    case 'exitedNormally':
      return `${label} ended by itself.`;
    case 'interruptedInTerminal':
      return `${label} was stopped with Ctrl+C in its terminal.`;
    case 'hostLost':
      return `${label} ended because the session host was lost.`;
    default:
      return `${label} is stopped.`;
  }
}

function blockedSentence(label: string, session: SessionSnapshot): string {
  const facts = session.reason.facts ?? {};
  switch (session.reason.code) {
    case 'portTaken':
      return `${label} can't start: port ${text(facts, 'port') ?? session.port} is taken${suffix(' by ', holder(facts))}.`;
    case 'appLockHeld':
      return `${label} can't start: another session host${suffix(' (', holder(facts), ')')} has its folder.`;
    case 'leftovers':
      return leftoversSentence(label, facts);
    default:
      return `${label} can't start yet.`;
  }
}

function startingSentence(label: string, session: SessionSnapshot): string {
  const facts = session.reason.facts ?? {};
  switch (session.reason.code) {
    case 'slowStart':
      return `${label} takes longer than usual to answer on port ${session.port}. Its terminal may say why.`;
    case 'crashed': {
      const attempt = session.crashes > 0 ? `, attempt ${session.crashes}` : '';
      return `${label} crashed${suffix(' (', exitOf(facts), ')')} and starts again${attempt}.`;
    }
    case 'hostLost':
      return `${label} starts again after its session host was lost.`;
    case 'tunnelUnavailable':
      return `${label} starts on the local network, because no tunnel could be had.`;
    default:
      return `${label} is starting on port ${session.port}.`;
  }
}

function runningSentence(label: string, session: SessionSnapshot): string {
  const facts = session.reason.facts ?? {};
  switch (session.reason.code) {
    case 'otherPort':
      return `${label} runs on port ${session.port}${suffix(' instead of ', text(facts, 'told', 'expected', 'wanted', 'requested'))}.`;
    case 'tunnelUnavailable':
      return `${label} runs on port ${session.port}, on the local network because no tunnel could be had.`;
    case 'answeredWithError':
      return `${label} runs on port ${session.port}, and answers with an error${suffix(': HTTP ', httpStatus(session))}.`;
    default:
      return `${label} runs on port ${session.port}.`;
  }
}

function failedSentence(label: string, reason: Reason, url: string): string {
  const facts = reason.facts ?? {};
  switch (reason.code) {
    case 'crashLoop': {
      const count = text(facts, 'crashes', 'count', 'attempts');
      const last = suffix(' (last time: ', exitOf(facts), ')');
      return `${label} crashed ${count === undefined ? 'again and again' : `${count} times in a row`}${last}. Its last output says why.`;
    }
    case 'crashed':
      return `${label} crashed${suffix(' (', exitOf(facts), ')')}.`;
    case 'installFailed':
      return `Installing the dependencies of ${label} failed${suffix(' (', exitOf(facts), ')')}. Its terminal says why.`;
    case 'commandNotFound': {
      const command = text(facts, 'program', 'command');
      return `${label} can't start: ${command === undefined ? 'its command' : `\`${command}\``} was not found. Install it, or set another command.`;
    }
    case 'folderMissing':
      return `${label} can't start: its folder${suffix(' ', text(facts, 'folder'))} does not exist.`;
    case 'spawnFailed':
      return `${label} can't start: its command could not be run${suffix(' (', text(facts, 'detail', 'error', 'message'), ')')}.`;
    case 'leftovers':
      return leftoversSentence(label, facts);
    case 'hostLost':
      return `${label} ended because the session host was lost.`;
    case 'noAnswer':
      return `${label} never answered at ${url}.`;
    default:
      return `${label} failed.`;
  }
}

function leftoversSentence(label: string, facts: Facts): string {
  const which = suffix(' (', text(facts, 'pids', 'pid') ?? text(facts, 'count'), ')');
  return `${label} can't start: processes of an earlier run${which} could not be ended.`;
}

/** What keeps an app from being started, and what to do about it. */
export function appProblemSentence(label: string, problem: AppProblem): string {
  const { facts } = problem;
  switch (problem.code) {
    case 'folderMissing':
      return `${label} can't start: its folder${suffix(' ', text(facts, 'folder', 'path'))} does not exist.`;
    case 'noPackageJson':
      return `${label} can't start: there is no package.json in its folder${suffix(' ', text(facts, 'folder', 'path'))}.`;
    case 'badPackageJson':
      return `${label} can't start: its package.json can't be read${suffix(' (', text(facts, 'detail', 'error'), ')')}.`;
    case 'noDevScript':
      return `${label} can't start: its package.json has no "dev" script. Add one, or set a command.`;
    case 'unknownPort':
      return `${label} can't start: its port is not known. Declare one in cheatcode.json.`;
  }
}

/** An error of a command, for a person who waits for its result. `label` is the app's, if it was about one. */
export function errorToMessage(error: unknown, app?: Pick<App, 'key' | 'label' | 'type' | 'problem'>): Message {
  const of = app === undefined ? 'The dev server' : app.label;
  if (!(error instanceof DevServerError))
    return message('error', `${of}: ${errorMessage(error)}`, [{ title: 'Show Log', action: 'showLog' }]);
  const { facts } = error;
  const log: MessageButton = { title: 'Show Log', action: 'showLog' };
  const detail = suffix(' (', text(facts, 'detail', 'message', 'error'), ')');
  switch (error.code) {
    case 'appCannotStart':
      return app?.problem === undefined
        ? message('error', `${of} can't start${suffix(': ', text(facts, 'problem', 'detail'))}.`, [log])
        : message('error', appProblemSentence(app.label, app.problem), commandSetting(app));
    case 'packageManagerMissing':
      return message(
        'error',
        `${of} needs ${text(facts, 'packageManager', 'command', 'name') ?? 'a package manager'}, which is not installed. Install it, or set another command.`,
        app === undefined ? [log] : commandSetting(app),
      );
    case 'stateFolderUnusable':
      return message(
        'error',
        `Dev servers can't be started: the state folder ${text(facts, 'folder') ?? ''} can't be used${detail}. Make it writable, then try again.`,
        [{ title: 'Try Again', action: 'start' }, log],
      );
    case 'hostDidNotStart':
      return message('error', `The session host did not start${detail}.`, [
        { title: 'Try Again', action: 'start' },
        log,
      ]);
    case 'hostHangs':
      return message(
        'error',
        `The session host${suffix(' (pid ', text(facts, 'pid'), ')')} runs but does not answer${detail}. End that process, then try again.`,
        [{ title: 'Try Again', action: 'start' }, log],
      );
    case 'hostRefused':
      return message('error', `The session host refused the request${detail}.`, [log]);
    case 'versionMismatch':
      return message(
        'error',
        `The running session host${suffix(' ', text(facts, 'hostVersion', 'version'))} speaks another protocol. Update the extension in all windows, or stop all dev servers there first.`,
        [log],
      );
    case 'nodeMissing':
      return message(
        'error',
        `No Node.js 20 or newer was found to run the session host${detail}. Install it, or name one in the settings.`,
        [{ title: 'Open Settings', action: 'openSettings', setting: 'cheatcode.nodePath' }, log],
      );
    case 'connectionLost':
      return message('warning', `The connection to the session host was lost while ${of} was asked for. Try again.`, [
        log,
      ]);
    case 'workspaceUntrusted':
      return message('info', `${of} does not start in a workspace that is not trusted.`, [
        { title: 'Manage Trust', action: 'manageTrust' },
      ]);
    case 'stopFailed':
      return message(
        'error',
        `${of} could not be stopped${suffix(': these processes are still alive: ', text(facts, 'pids', 'pid'))}${detail}.`,
        [log],
      );
  }
}

/** Notification for a session that needs a person, undefined for all others. */
export function attentionMessage(
  app: Pick<App, 'key' | 'label' | 'type'>,
  session: SessionSnapshot,
): Message | undefined {
  const sentence = stateSentence(app.label, session);
  const terminal: MessageButton = { title: 'Show Terminal', action: 'showTerminal', appKey: app.key };
  const restart: MessageButton = { title: 'Restart', action: 'restart', appKey: app.key };
  if (session.state === 'failed') {
    switch (session.reason.code) {
      case 'commandNotFound':
        return message('error', sentence, [...commandSetting(app), restart].slice(0, 2));
      case 'folderMissing':
      case 'spawnFailed':
        return message('error', sentence, [restart, { title: 'Show Log', action: 'showLog' }]);
      default:
        return message('error', sentence, [restart, terminal]);
    }
  }
  if (session.state === 'blocked') {
    const advice = session.reason.code === 'portTaken' ? ' It starts by itself as soon as the port is free.' : '';
    const prefix = settingPrefix[app.type];
    return message('warning', sentence + advice, [
      { title: 'Try Again', action: 'start', appKey: app.key },
      ...(session.reason.code === 'portTaken' && prefix !== undefined
        ? [{ title: 'Change Port', action: 'openSettings', setting: `${prefix}.port` } as const]
        : []),
    ]);
  }
  return undefined;
}

/** One message for all settings that can't be used. */
export function settingProblemsMessage(problems: readonly SettingProblem[]): Message | undefined {
  const [first] = problems;
  if (first === undefined) return undefined;
  const sentences = problems.map(
    (problem) => `${problem.setting} is ${quote(problem.value)} but must be ${problem.expected}`,
  );
  const consequence = problems.length === 1 ? 'Its default is used.' : 'Their defaults are used.';
  return message('warning', `${sentences.join('; ')}. ${consequence}`, [
    { title: 'Open Settings', action: 'openSettings', setting: first.setting },
  ]);
}

/** The word for a state, in lower case. */
export function stateWord(session: SessionSnapshot): string {
  if (session.state === 'unhealthy') return session.reason.code === 'answeredWithError' ? 'error' : 'no answer';
  return session.state;
}

function commandSetting(app: Pick<App, 'type'>): readonly MessageButton[] {
  const prefix = settingPrefix[app.type];
  return prefix === undefined
    ? [{ title: 'Show Log', action: 'showLog' }]
    : [{ title: 'Open Settings', action: 'openSettings', setting: `${prefix}.command` }];
}

function message(severity: Message['severity'], body: string, buttons: readonly MessageButton[]): Message {
  return { severity, text: body.replace(/\s+/g, ' ').trim(), buttons };
}

/** The first of these facts that there is, as text. */
function text(facts: Facts, ...names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = facts[name];
    if (value !== undefined && value !== '') return String(value);
  }
  return undefined;
}

function suffix(before: string, value: string | undefined, after = ''): string {
  return value === undefined ? '' : `${before}${value}${after}`;
}

function holder(facts: Facts): string | undefined {
  const pid = text(facts, 'pid', 'holderPid');
  const name = text(facts, 'user');
  const uid = text(facts, 'uid');
  const user = name !== undefined ? `user ${name}` : uid === undefined ? undefined : `uid ${uid}`;
  const command = text(facts, 'command', 'commandLine');
  const parts = [
    pid === undefined ? undefined : `pid ${pid}`,
    user,
    command === undefined ? undefined : shorten(command, 80),
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? undefined : parts.join(', ');
}

function exitOf(facts: Facts): string | undefined {
  const signal = text(facts, 'signal');
  if (signal !== undefined && signal !== '0') return /^\d+$/.test(signal) ? `signal ${signal}` : signal;
  const code = text(facts, 'exitCode', 'code');
  return code === undefined ? undefined : `exit code ${code}`;
}

function httpStatus(session: SessionSnapshot): string | undefined {
  const fromFacts = text(session.reason.facts ?? {}, 'status', 'httpStatus');
  return fromFacts ?? (session.lastProbe?.httpStatus === undefined ? undefined : String(session.lastProbe.httpStatus));
}

function shorten(value: string, limit: number): string {
  return value.length <= limit ? value : `${value.slice(0, limit - 1)}…`;
}

function quote(value: unknown): string {
  return shorten(JSON.stringify(value) ?? String(value), 60);
}
