/**
 * The one place that turns codes (reasons, errors, problems) into sentences: what happened, to which app, what to do.
 * Pure and free of the editor; facts that are missing leave a shorter sentence, never an `undefined` in it.
 */
import type { App, AppProblem } from './apps';
import { DevServerError } from './errors';
import { errorMessage } from './log';
import type { NamedProcess, Reason, SecondServer, SessionSnapshot } from './protocol';
import type { SettingProblem } from './settings';

/** What a button under a message does; the edge maps each to a command. `dismiss` is an answer and nothing else. */
export type MessageAction =
  | 'start'
  | 'restart'
  | 'installAndRestart'
  | 'useNextPort'
  | 'stopOther'
  | 'showTerminal'
  | 'showLog'
  | 'openSettings'
  | 'manageTrust'
  | 'replaceHost'
  | 'reloadWindow'
  | 'dismiss';

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

/** Of a command line, as much as fits into a sentence, or into a line that names a process. */
const COMMAND_CHARS = 60;
const COMMAND_LINE_CHARS = 120;

type Facts = Readonly<Record<string, string | number | boolean>>;

/** Settings by app type that move an app to another port or command. */
export const settingPrefix = { web: 'cheatcode.web', mobile: 'cheatcode.mobile', custom: undefined } as const;

/** One sentence about a session: its state and why; of an adopted one a second that says so. `label` is the app's. */
export function stateSentence(label: string, session: SessionSnapshot): string {
  switch (session.state) {
    case 'stopped':
      return stoppedSentence(label, session.reason);
    case 'waiting':
      return waitingSentence(label, session) ?? `${label} is being started on another machine.`;
    case 'blocked':
      return blockedSentence(label, session);
    case 'installing':
      return installingSentence(label, session);
    case 'starting':
      return startingSentence(label, session);
    case 'running':
      return runningSentence(label, session) + adoptedSentence(session);
    case 'unhealthy':
      return unhealthySentence(label, session) + adoptedSentence(session);
    case 'stopping':
      return `${label} is stopping.`;
    case 'failed':
      return failedSentence(label, session);
  }
}

/** What else there is to say of a server that runs: its memory, a second server, a restart that would help. */
export function sessionNotes(label: string, session: SessionSnapshot): readonly string[] {
  if (session.state !== 'running' && session.state !== 'unhealthy') return [];
  return [
    ...(session.warning === undefined ? [] : [memorySentence(label, session.warning)]),
    ...(session.secondServers ?? []).map((second) => secondServerSentence(label, second)),
    ...(session.restartOffer === undefined ? [] : [restartOfferSentence(label, session.restartOffer)]),
  ];
}

/** Why the status item of a running server has the colour of a warning. */
export function memorySentence(label: string, warning: Reason): string {
  const facts = warning.facts ?? {};
  const limit = suffix(', above the limit of ', text(facts, 'limitMb'), ' MB');
  return `${label} uses ${text(facts, 'mb') ?? 'too many'} MB of memory${limit}.`;
}

export function secondServerSentence(label: string, second: SecondServer): string {
  const holding = holder({ command: second.command, ...(second.pid === undefined ? {} : { pid: second.pid }) });
  return `A second dev server of ${label} runs on port ${second.port}${suffix(' (', holding, ')')}.`;
}

export function restartOfferSentence(label: string, offer: Reason): string {
  const facts = offer.facts ?? {};
  if (offer.code === 'dependenciesChanged')
    return `The installed packages of ${label} are not those of ${lockFileOf(facts) ?? 'its lock file'}.`;
  const files = filesOf(facts);
  if (files.length === 0) return `${label} runs by files that have changed.`;
  return `${label} has read ${listOf(files)} at its start only, and ${files.length === 1 ? 'it has' : 'they have'} changed.`;
}

/** For a window whose own launch spec is another than the one that the server runs by. */
export function otherSettingsSentence(label: string): string {
  return `${label} runs with other settings than this window's.`;
}

/** Whose server it is, after the sentence about its state; empty for one of ours. */
function adoptedSentence(session: SessionSnapshot): string {
  if (!session.adopted) return '';
  const facts = session.reason.code === 'adopted' ? (session.reason.facts ?? {}) : {};
  const pid = text(facts, 'pid') ?? session.listenerPid;
  const command = text(facts, 'command');
  const who = [
    ...(pid === undefined ? [] : [`pid ${pid}`]),
    ...(command === undefined ? [] : [`\`${shortCommand(command)}\``]),
  ].join(', ');
  return ` It was started outside Cheatcode${who === '' ? '' : ` (${who})`}.`;
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
    case 'adoptedEnded':
      return `The server of ${label}, started outside Cheatcode, has ended.`;
    case 'managedElsewhere':
      return elsewhereSentence(label);
    default:
      return `${label} is stopped.`;
  }
}

/** What a start waits for, whatever state the wait is shown as; undefined when the reason is another. */
function waitingSentence(label: string, { reason }: SessionSnapshot): string | undefined {
  const facts = reason.facts ?? {};
  switch (reason.code) {
    case 'managedElsewhere':
      return elsewhereSentence(label);
    case 'adoptedEnded':
      return `The server of ${label}, started outside Cheatcode, has ended.`;
    case 'installerAtWork':
      return `${label} waits until a package manager${suffix(' (', holder(facts), ')')} is done in its folder.`;
    default:
      return undefined;
  }
}

function elsewhereSentence(label: string): string {
  return `${label} is started by another tool; waiting for it.`;
}

function blockedSentence(label: string, session: SessionSnapshot): string {
  const facts = session.reason.facts ?? {};
  switch (session.reason.code) {
    case 'portTaken':
      return `${label} can't start: port ${text(facts, 'port') ?? session.port} is taken${suffix(' by ', holder(facts))}.`;
    case 'appLockHeld':
      return `${label} can't start: another session host${suffix(' (', holder(facts), ')')} has its folder.`;
    case 'folderLocked':
      return facts['hidden'] === true
        ? `${label} can't start: its Next.js server runs in another container${suffix(', on port ', text(facts, 'port'))}.`
        : `${label} waits for another Next.js server${suffix(' (', holder(facts), ')')}, which has its folder and does not answer yet.`;
    case 'leftovers':
      return leftoversSentence(label, facts);
    case 'unknownProcesses':
      return unknownProcessesSentence(label, facts);
    default:
      return waitingSentence(label, session) ?? `${label} can't start yet.`;
  }
}

/** What becomes of a blocked session without a person's doing; empty where nothing does. */
export function blockedAdvice({ code }: Reason): string {
  if (code === 'portTaken') return ' It starts by itself as soon as the port is free.';
  if (code === 'folderLocked') return ' It is tried again by itself.';
  return code === 'appLockHeld' ? ' It starts by itself as soon as that one lets go of it.' : '';
}

function installingSentence(label: string, session: SessionSnapshot): string {
  const facts = session.reason.facts ?? {};
  if (session.reason.code === 'preparingTool')
    return `Installing ${text(facts, 'tool', 'packageName') ?? 'a tool'}, which ${label} needs.`;
  return (
    waitingSentence(label, session) ??
    `Installing the dependencies of ${label}${suffix(' with ', text(facts, 'command'))}.`
  );
}

function startingSentence(label: string, session: SessionSnapshot): string {
  const { reason, port } = session;
  const facts = reason.facts ?? {};
  switch (reason.code) {
    case 'notListening':
      return facts['listening'] === true
        ? `${label} listens on port ${text(facts, 'port') ?? port}, but has not answered yet. Its terminal may say why.`
        : `${label} takes longer than usual: nothing listens on port ${text(facts, 'port') ?? port} yet. Its terminal may say why.`;
    case 'crashed': {
      const attempt = session.crashes > 0 ? `, attempt ${session.crashes}` : '';
      return `${label} crashed${suffix(' (', exitOf(facts), ')')} and starts again${attempt}.`;
    }
    case 'hostLost':
      return `${label} starts again after its session host was lost.`;
    case 'tunnelUnavailable':
      return `${label} starts on the local network, because no tunnel could be had.`;
    case 'adoptedEnded':
      return `${label} starts here, since the server that was started outside Cheatcode has ended.`;
    case 'unknownProcesses':
      return unknownProcessesSentence(label, facts);
    default: {
      const why = restartCause(reason);
      return (
        waitingSentence(label, session) ??
        (why === undefined ? `${label} is starting on port ${port}.` : `${label} starts again: ${why}.`)
      );
    }
  }
}

function runningSentence(label: string, session: SessionSnapshot): string {
  const facts = session.reason.facts ?? {};
  const runs = `${label} runs on port ${session.port}`;
  switch (session.reason.code) {
    case 'otherPort':
      return `${runs}${suffix(' instead of ', text(facts, 'told', 'expected', 'wanted', 'requested'))}.`;
    case 'tunnelUnavailable':
      return `${runs}, on the local network because no tunnel could be had.`;
    case 'answeredWithError':
      return `${runs}, and answers with an error${suffix(': HTTP ', httpStatus(session))}.`;
    default: {
      const why = restartCause(session.reason);
      return why === undefined ? `${runs}.` : `${runs}. It was restarted: ${why}.`;
    }
  }
}

/** Why a machine restarted a server, undefined for all other reasons. */
function restartCause({ code, facts = {} }: Reason): string | undefined {
  switch (code) {
    case 'memoryRestart': {
      const mb = text(facts, 'mb');
      const limit = suffix(', with a limit of ', text(facts, 'limitMb'), ' MB');
      return `its memory grew too large${mb === undefined ? '' : ` (${mb} MB${limit})`}`;
    }
    case 'unresponsiveRestart':
      return `it did not answer for ${suffix('', text(facts, 'seconds'), ' s') || 'too long'}`;
    case 'dependenciesChanged':
      return `${lockFileOf(facts) ?? 'its lock file'} has changed`;
    case 'filesChanged': {
      const files = filesOf(facts);
      return `${files.length === 0 ? 'files that it reads at the start' : listOf(files)} ${files.length === 1 ? 'has' : 'have'} changed`;
    }
    default:
      return undefined;
  }
}

function unhealthySentence(label: string, session: SessionSnapshot): string {
  const { reason, port } = session;
  const facts = reason.facts ?? {};
  if (reason.code === 'answeredWithError')
    return `${label} answers with an error${suffix(': HTTP ', httpStatus(session))}. Its output says why.`;
  if (facts['listening'] === false)
    return `Nothing listens on port ${port} any more, but the process of ${label} is alive.`;
  if (facts['listening'] === true) return `${label} accepts connections on port ${port}, but does not answer.`;
  return `${label} does not answer on port ${port}, but its process is alive.`;
}

function failedSentence(label: string, session: SessionSnapshot): string {
  const { reason, url, port } = session;
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
    case 'unknownProcesses':
      return unknownProcessesSentence(label, facts);
    case 'hostLost':
      return `${label} ended because the session host was lost.`;
    case 'noAnswer':
      return `${label} never answered at ${url}.`;
    case 'notListening':
      return facts['listening'] === true
        ? `${label} listens on port ${text(facts, 'port') ?? port}, but never answered.`
        : `${label} never listened on port ${text(facts, 'port') ?? port}. Its terminal may say why.`;
    default:
      return `${label} failed.`;
  }
}

function unknownProcessesSentence(label: string, facts: Facts): string {
  const which = suffix(' (pid ', text(facts, 'pids', 'pid'), ')');
  return `${label} can't start: processes of an earlier run${which} may still be alive, and can't be looked at from here.`;
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
        `The session host${suffix(' (pid ', text(facts, 'pid'), ')')} does not answer${detail}. It may recover by itself; replacing it ends its dev servers and starts them again.`,
        [{ title: 'Replace It…', action: 'replaceHost' }, log],
      );
    case 'hostNotReplaced':
      return message(
        'error',
        `The session host was not replaced: process ${text(facts, 'pid') ?? 'that holds its lock'} could not be ended${detail}.`,
        [{ title: 'Try Again', action: 'start' }, log],
      );
    case 'hostLockHeld':
      return message(
        'error',
        `Dev servers can't be started: another process${suffix(' (', holder(facts), ')')} holds the session host's lock, and no session host answers. It goes on by itself when that process ends.`,
        [log],
      );
    case 'hostRetiring':
      return message('info', `A newer window replaces the session host right now. Try again in a moment.`, [
        { title: 'Try Again', action: 'start' },
      ]);
    case 'stateFolderTaken':
      return message(
        'error',
        `Dev servers can't be started: something else has taken the place of the session host in ${text(facts, 'folder') ?? 'its state folder'}. It goes on by itself when that is gone.`,
        [log],
      );
    case 'unknownProcesses':
      return message('error', unknownProcessesSentence(of, facts), [{ title: 'Try Again', action: 'start' }, log]);
    case 'hostRefused':
      return message('error', `The session host refused the request${detail}.`, [log]);
    case 'versionMismatch': {
      const version = suffix(' (version ', text(facts, 'hostVersion', 'version'), ')');
      return facts['host'] === 'older'
        ? message(
            'warning',
            `The running session host${version} is older than this extension, and has dev servers running. It is replaced when the last one stops; replacing it now ends them and starts them again.`,
            [{ title: 'Replace It…', action: 'replaceHost' }, log],
          )
        : message(
            'error',
            `The running session host${version} is newer than this window's extension. Update the extension, then reload the window.`,
            [{ title: 'Reload Window', action: 'reloadWindow' }, log],
          );
    }
    case 'nodeMissing':
      return message(
        'error',
        `No Node.js 20 or newer was found to run the session host${detail}. Install it, or name one in the settings.`,
        [{ title: 'Open Settings', action: 'openSettings', setting: 'cheatcode.nodePath' }, log],
      );
    case 'foreignHidden':
      return message(
        'warning',
        `What to end for ${of} can't be seen from here: it may be gone already, or be another user's or container's. End it where it was started.`,
        [log],
      );
    case 'foreignAlive':
      return message(
        'error',
        `The other process could not be ended: pid ${text(facts, 'pids') ?? 'unknown'} is still alive. It may be another user's.`,
        [log],
      );
    case 'foreignChanging':
      return message('warning', `Nothing was ended: other processes than those agreed to kept appearing. Try again.`, [
        log,
      ]);
    case 'connectionLost':
      return message('warning', `The connection to the session host was lost while ${of} was asked for. Try again.`, [
        log,
      ]);
    case 'workspaceUntrusted':
      return message('info', `${of} does not start in a workspace that is not trusted.`, [
        { title: 'Manage Trust', action: 'manageTrust' },
      ]);
    case 'otherUsersFolder':
      return message(
        'error',
        `${of} does not start here: its folder belongs to another user than the one that this window's dev servers run as. Open it in a window of its own.`,
        [log],
      );
    case 'gatewayFailed':
      return message(
        'warning',
        `The preview gateway could not be started${detail}. ${of} is shown by its server's own address, where its page may not come alive in this browser.`,
        [log],
      );
    case 'stopFailed':
      return message(
        'error',
        `${of} could not be stopped${suffix(': these processes are still alive: ', text(facts, 'pids', 'pid'))}${detail}.`,
        [log],
      );
  }
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
  const by = session.adopted ? ' (adopted)' : '';
  if (session.state === 'unhealthy') return (session.reason.code === 'answeredWithError' ? 'error' : 'no answer') + by;
  return session.state === 'running' ? session.state + by : session.state;
}

/** Who holds what a session needs, as far as its reason says; undefined when it says nothing. */
export function holderOf(reason: Reason): string | undefined {
  return holder(reason.facts ?? {});
}

/** One line about a process for a question that names it; `ownUid` is whose processes need no user's name. */
export function processLine({ pid, command, uid }: NamedProcess, ownUid: number | undefined): string {
  const user = uid === undefined || uid === ownUid ? '' : ` (uid ${uid})`;
  return `pid ${pid}${user}: ${shorten(command.replace(/\s+/g, ' ').trim(), COMMAND_LINE_CHARS) || 'unknown command'}`;
}

export function commandSetting(app: Pick<App, 'type'>): readonly MessageButton[] {
  const prefix = settingPrefix[app.type];
  return prefix === undefined
    ? [{ title: 'Show Log', action: 'showLog' }]
    : [{ title: 'Open Settings', action: 'openSettings', setting: `${prefix}.command` }];
}

/** A message whose text is in one line. */
export function message(severity: Message['severity'], body: string, buttons: readonly MessageButton[]): Message {
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
  // Its socket is visible, its process is not.
  if (facts['hidden'] === true) return `another container or user${suffix(' (', userOf(facts), ')')}`;
  const pid = text(facts, 'pid', 'holderPid');
  const command = text(facts, 'command', 'commandLine');
  const parts = [
    pid === undefined ? undefined : `pid ${pid}`,
    userOf(facts),
    command === undefined ? undefined : `\`${shortCommand(command)}\``,
    suffix('in ', text(facts, 'folder')) || undefined,
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? undefined : parts.join(', ');
}

function userOf(facts: Facts): string | undefined {
  const name = text(facts, 'user');
  const uid = text(facts, 'uid');
  return name !== undefined ? `user ${name}` : uid === undefined ? undefined : `uid ${uid}`;
}

function filesOf(facts: Facts): readonly string[] {
  return (text(facts, 'files') ?? '').split(/,\s*/).filter((name) => name !== '');
}

/** The lock file among what has changed, undefined when the packages were others from the start. */
function lockFileOf(facts: Facts): string | undefined {
  return text(facts, 'file') ?? filesOf(facts).find((name) => /lock|shrinkwrap/.test(name));
}

/** A command line for a sentence: its program without the folder, and no more than fits. */
function shortCommand(command: string): string {
  const text = command.replace(/\s+/g, ' ').replaceAll('`', "'").trim();
  return shorten(text.replace(/^\/\S*\/(?=[^/\s]+(?:\s|$))/, ''), COMMAND_CHARS);
}

/** `a`, `a and b`, `a, b and c`. */
function listOf(names: readonly string[]): string {
  const last = names[names.length - 1] ?? '';
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`;
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
