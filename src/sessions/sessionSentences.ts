/** Sentences about sessions and processes: the states and reasons of the protocol in words. Pure and free of the editor. */
import * as l10n from '@vscode/l10n';
import type { AppProblem } from './apps';
import {
  COMMAND_LINE_CHARS,
  exitOf,
  filesOf,
  holder,
  inBrackets,
  known,
  listOf,
  lockFileOf,
  shortCommand,
  shorten,
  text,
  type Facts,
} from './factWords';
import type { NamedProcess, Reason, SecondServer, SessionSnapshot, SessionState } from './protocol';

/** One sentence about a session: its state and why; of an adopted one a second that says so. `label` is the app's. */
export function stateSentence(label: string, session: SessionSnapshot): string {
  switch (session.state) {
    case 'stopped':
      return stoppedSentence(label, session.reason);
    case 'waiting':
      return waitingSentence(label, session) ?? startingElsewhereSentence(label, {});
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
      return l10n.t('{0} is stopping.', label);
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
    ...(session.acrossMachines === undefined ? [] : [acrossMachinesSentence(label, session.acrossMachines)]),
  ];
}

/** What is wrong beyond this machine with a server that runs here all the same. */
export function acrossMachinesSentence(label: string, { code, facts = {} }: Reason): string {
  switch (code) {
    case 'startedElsewhere': {
      const machine = text(facts, 'machine') ?? l10n.t('another machine');
      const url = text(facts, 'url');
      return url === undefined
        ? l10n.t('{0} was started on {1}, too.', label, machine)
        : l10n.t('{0} was started on {1}, too: {2}.', label, machine, url);
    }
    case 'redisIncomplete':
      return l10n.t('Redis is set, but no sandbox id: another machine may start {0}, too.', label);
    default:
      return l10n.t(
        'Redis does not answer{1}: another machine may start {0}, too.',
        label,
        inBrackets(text(facts, 'detail')),
      );
  }
}

/** Why the status item of a running server has the colour of a warning. */
export function memorySentence(label: string, { facts = {} }: Reason): string {
  return l10n.t(
    '{0} uses {1} MB of memory, above the limit of {2} MB.',
    label,
    known(facts, 'mb'),
    known(facts, 'limitMb'),
  );
}

export function secondServerSentence(label: string, second: SecondServer): string {
  const holding = holder({ command: second.command, ...(second.pid === undefined ? {} : { pid: second.pid }) });
  return l10n.t('A second dev server of {0} runs on port {1}{2}.', label, second.port, inBrackets(holding));
}

export function restartOfferSentence(label: string, offer: Reason): string {
  const facts = offer.facts ?? {};
  if (offer.code === 'dependenciesChanged') {
    const lockFile = lockFileOf(facts);
    return lockFile === undefined
      ? l10n.t('The installed packages of {0} are not those of its lock file.', label)
      : l10n.t('The installed packages of {0} are not those of {1}.', label, lockFile);
  }
  const files = filesOf(facts);
  return files.length === 1
    ? l10n.t('{0} has read {1} at its start only, and it has changed.', label, listOf(files))
    : l10n.t('{0} has read {1} at its start only, and they have changed.', label, listOf(files));
}

/** For a window whose own launch spec is another than the one that the server runs by. */
export function otherSettingsSentence(label: string): string {
  return l10n.t("{0} runs with other settings than this window's.", label);
}

/** Whose server it is, after the sentence about its state; empty for one of ours. */
function adoptedSentence(session: SessionSnapshot): string {
  if (!session.adopted) return '';
  const facts = session.reason.code === 'adopted' ? (session.reason.facts ?? {}) : {};
  const pid = text(facts, 'pid') ?? session.listenerPid;
  const command = text(facts, 'command');
  const who = [
    ...(pid === undefined ? [] : [l10n.t('pid {0}', pid)]),
    ...(command === undefined ? [] : [`\`${shortCommand(command)}\``]),
  ].join(', ');
  return ` ${l10n.t('It was started outside Cheatcode{0}.', inBrackets(who || undefined))}`;
}

function stoppedSentence(label: string, reason: Reason): string {
  switch (reason.code) {
    case 'neverStarted':
      return notStartedSentence(label);
    case 'stoppedByUser':
      return l10n.t('{0} is stopped, and stays so until it is started again.', label);
    case 'stoppedByLastWindow':
      return l10n.t('{0} was stopped because its last window closed.', label);
    case 'exitedNormally':
      return l10n.t('{0} ended by itself.', label);
    case 'interruptedInTerminal':
      return l10n.t('{0} was stopped with Ctrl+C in its terminal.', label);
    case 'hostLost':
      return hostLostSentence(label);
    case 'adoptedEnded':
      return adoptedEndedSentence(label);
    case 'managedElsewhere':
      return elsewhereSentence(label);
    default:
      return l10n.t('{0} is stopped.', label);
  }
}

/** Of an app that nobody has started yet. */
export function notStartedSentence(label: string): string {
  return l10n.t('{0} is not started.', label);
}

/** Of an app that waits for a person to trust the workspace. */
export function untrustedSentence(label: string): string {
  return l10n.t('{0} does not start in a workspace that is not trusted.', label);
}

function hostLostSentence(label: string): string {
  return l10n.t('{0} ended because the session host was lost.', label);
}

function adoptedEndedSentence(label: string): string {
  return l10n.t('The server of {0}, started outside Cheatcode, has ended.', label);
}

/** What a start waits for, whatever state the wait is shown as; undefined when the reason is another. */
function waitingSentence(label: string, { reason }: SessionSnapshot): string | undefined {
  const facts = reason.facts ?? {};
  const detail = inBrackets(text(facts, 'detail'));
  switch (reason.code) {
    case 'managedElsewhere':
      return elsewhereSentence(label);
    case 'adoptedEnded':
      return adoptedEndedSentence(label);
    case 'startingElsewhere':
      return startingElsewhereSentence(label, facts);
    case 'runsElsewhere': {
      const machine = text(facts, 'machine') ?? l10n.t('another machine');
      const url = text(facts, 'url');
      return url === undefined
        ? l10n.t('{0} runs on {1}.', label, machine)
        : l10n.t('{0} runs on {1}, at {2}.', label, machine, url);
    }
    case 'redisUnavailable':
      return l10n.t('{0} waits for Redis, which is required{1}.', label, detail);
    case 'redisIncomplete':
      return l10n.t("{0} can't start: Redis is required, and no sandbox id is set.", label);
    case 'installerAtWork':
      return l10n.t('{0} waits until a package manager{1} is done in its folder.', label, inBrackets(holder(facts)));
    default:
      return undefined;
  }
}

function startingElsewhereSentence(label: string, facts: Facts): string {
  return l10n.t('{0} is being started on another machine{1}.', label, inBrackets(text(facts, 'owner')));
}

function elsewhereSentence(label: string): string {
  return l10n.t('{0} is started by another tool; waiting for it.', label);
}

function blockedSentence(label: string, session: SessionSnapshot): string {
  const facts = session.reason.facts ?? {};
  const port = text(facts, 'port');
  switch (session.reason.code) {
    case 'portTaken': {
      const by = holder(facts);
      return by === undefined
        ? l10n.t("{0} can't start: port {1} is taken.", label, port ?? session.port)
        : l10n.t("{0} can't start: port {1} is taken by {2}.", label, port ?? session.port, by);
    }
    case 'appLockHeld':
      return l10n.t("{0} can't start: another session host{1} has its folder.", label, inBrackets(holder(facts)));
    case 'folderLocked':
      if (facts['hidden'] !== true)
        return l10n.t(
          '{0} waits for another Next.js server{1}, which has its folder and does not answer yet.',
          label,
          inBrackets(holder(facts)),
        );
      return port === undefined
        ? l10n.t("{0} can't start: its Next.js server runs in another container.", label)
        : l10n.t("{0} can't start: its Next.js server runs in another container, on port {1}.", label, port);
    case 'leftovers':
      return leftoversSentence(label, facts);
    case 'unknownProcesses':
      return unknownProcessesSentence(label, facts);
    default:
      return waitingSentence(label, session) ?? l10n.t("{0} can't start yet.", label);
  }
}

/** What becomes of a session that is blocked or waits, without a person's doing; empty where nothing does. */
export function whatComesNext({ code }: Reason): string {
  const next = new Map<string, string>([
    ['portTaken', l10n.t('It starts by itself as soon as the port is free.')],
    ['runsElsewhere', l10n.t('It starts here when it ends there.')],
    ['folderLocked', l10n.t('It is tried again by itself.')],
    ['appLockHeld', l10n.t('It starts by itself as soon as that one lets go of it.')],
  ]).get(code);
  return next === undefined ? '' : ` ${next}`;
}

function installingSentence(label: string, session: SessionSnapshot): string {
  const facts = session.reason.facts ?? {};
  if (session.reason.code === 'preparingTool')
    return l10n.t('Installing {1}, which {0} needs.', label, known(facts, 'tool', 'packageName'));
  const waiting = waitingSentence(label, session);
  if (waiting !== undefined) return waiting;
  const command = text(facts, 'command');
  return command === undefined
    ? l10n.t('Installing the dependencies of {0}.', label)
    : l10n.t('Installing the dependencies of {0} with {1}.', label, command);
}

function startingSentence(label: string, session: SessionSnapshot): string {
  const { reason, port } = session;
  const facts = reason.facts ?? {};
  switch (reason.code) {
    case 'notListening': {
      const expected = text(facts, 'port') ?? port;
      return facts['listening'] === true
        ? l10n.t('{0} listens on port {1}, but has not answered yet. Its terminal may say why.', label, expected)
        : l10n.t(
            '{0} takes longer than usual: nothing listens on port {1} yet. Its terminal may say why.',
            label,
            expected,
          );
    }
    case 'crashed': {
      const exit = inBrackets(exitOf(facts));
      return session.crashes > 0
        ? l10n.t('{0} crashed{1} and starts again, attempt {2}.', label, exit, session.crashes)
        : l10n.t('{0} crashed{1} and starts again.', label, exit);
    }
    case 'hostLost':
      return l10n.t('{0} starts again after its session host was lost.', label);
    case 'tunnelUnavailable':
      return l10n.t('{0} starts on the local network, because no tunnel could be had.', label);
    case 'adoptedEnded':
      return l10n.t('{0} starts here, since the server that was started outside Cheatcode has ended.', label);
    case 'unknownProcesses':
      return unknownProcessesSentence(label, facts);
    default: {
      const why = restartCause(reason);
      const waiting = waitingSentence(label, session);
      if (waiting !== undefined) return waiting;
      return why === undefined
        ? l10n.t('{0} is starting on port {1}.', label, port)
        : l10n.t('{0} starts again: {1}.', label, why);
    }
  }
}

function runningSentence(label: string, session: SessionSnapshot): string {
  const { port, reason } = session;
  const facts = reason.facts ?? {};
  switch (reason.code) {
    case 'otherPort':
      return l10n.t(
        '{0} runs on port {1} instead of {2}.',
        label,
        port,
        known(facts, 'told', 'expected', 'wanted', 'requested'),
      );
    case 'tunnelUnavailable':
      return l10n.t('{0} runs on port {1}, on the local network because no tunnel could be had.', label, port);
    case 'answeredWithError':
      return l10n.t('{0} runs on port {1}, and answers with an error: HTTP {2}.', label, port, httpStatus(session));
    default: {
      const why = restartCause(reason);
      return why === undefined
        ? l10n.t('{0} runs on port {1}.', label, port)
        : l10n.t('{0} runs on port {1}. It was restarted: {2}.', label, port, why);
    }
  }
}

/** Why a machine restarted a server, as what stands behind a colon; undefined for all other reasons. */
function restartCause({ code, facts = {} }: Reason): string | undefined {
  switch (code) {
    case 'memoryRestart':
      return l10n.t(
        'its memory grew too large ({0} MB, with a limit of {1} MB)',
        known(facts, 'mb'),
        known(facts, 'limitMb'),
      );
    case 'unresponsiveRestart':
      return l10n.t('it did not answer for {0} s', known(facts, 'seconds'));
    case 'dependenciesChanged':
      return l10n.t('{0} has changed', lockFileOf(facts) ?? '…');
    case 'filesChanged': {
      const files = filesOf(facts);
      return files.length === 1 ? l10n.t('{0} has changed', listOf(files)) : l10n.t('{0} have changed', listOf(files));
    }
    default:
      return undefined;
  }
}

function unhealthySentence(label: string, session: SessionSnapshot): string {
  const { reason, port } = session;
  const facts = reason.facts ?? {};
  if (reason.code === 'answeredWithError')
    return l10n.t('{0} answers with an error: HTTP {1}. Its output says why.', label, httpStatus(session));
  if (facts['listening'] === false)
    return l10n.t('Nothing listens on port {1} any more, but the process of {0} is alive.', label, port);
  if (facts['listening'] === true)
    return l10n.t('{0} accepts connections on port {1}, but does not answer.', label, port);
  return l10n.t('{0} does not answer on port {1}, but its process is alive.', label, port);
}

function failedSentence(label: string, session: SessionSnapshot): string {
  const { reason, url, port } = session;
  const facts = reason.facts ?? {};
  const exit = exitOf(facts);
  switch (reason.code) {
    case 'crashLoop':
      return l10n.t(
        '{0} crashed {1} times in a row{2}. Its last output says why.',
        label,
        known(facts, 'crashes', 'count', 'attempts'),
        inBrackets(exit && l10n.t('last time: {0}', exit)),
      );
    case 'crashed':
      return l10n.t('{0} crashed{1}.', label, inBrackets(exit));
    case 'installFailed':
      return l10n.t('Installing the dependencies of {0} failed{1}. Its terminal says why.', label, inBrackets(exit));
    case 'commandNotFound':
      return l10n.t(
        "{0} can't start: `{1}` was not found. Install it, or set another command.",
        label,
        known(facts, 'program', 'command'),
      );
    case 'folderMissing':
      return folderMissingSentence(label, facts);
    case 'spawnFailed':
      return l10n.t(
        "{0} can't start: its command could not be run{1}.",
        label,
        inBrackets(text(facts, 'detail', 'error', 'message')),
      );
    case 'leftovers':
      return leftoversSentence(label, facts);
    case 'unknownProcesses':
      return unknownProcessesSentence(label, facts);
    case 'hostLost':
      return hostLostSentence(label);
    case 'noAnswer':
      return l10n.t('{0} never answered at {1}.', label, url);
    case 'notListening': {
      const expected = text(facts, 'port') ?? port;
      return facts['listening'] === true
        ? l10n.t('{0} listens on port {1}, but never answered.', label, expected)
        : l10n.t('{0} never listened on port {1}. Its terminal may say why.', label, expected);
    }
    default:
      return l10n.t('{0} failed.', label);
  }
}

export function unknownProcessesSentence(label: string, facts: Facts): string {
  const pids = text(facts, 'pids', 'pid');
  return l10n.t(
    "{0} can't start: processes of an earlier run{1} may still be alive, and can't be looked at from here.",
    label,
    inBrackets(pids && l10n.t('pid {0}', pids)),
  );
}

function leftoversSentence(label: string, facts: Facts): string {
  const which = inBrackets(text(facts, 'pids', 'pid') ?? text(facts, 'count'));
  return l10n.t("{0} can't start: processes of an earlier run{1} could not be ended.", label, which);
}

function folderMissingSentence(label: string, facts: Facts): string {
  return l10n.t("{0} can't start: its folder {1} does not exist.", label, known(facts, 'folder', 'path'));
}

/** What keeps an app from being started, and what to do about it. */
export function appProblemSentence(label: string, problem: AppProblem): string {
  const { facts } = problem;
  switch (problem.code) {
    case 'folderMissing':
      return folderMissingSentence(label, facts);
    case 'noPackageJson':
      return l10n.t(
        "{0} can't start: there is no package.json in its folder {1}.",
        label,
        known(facts, 'folder', 'path'),
      );
    case 'badPackageJson':
      return l10n.t(
        "{0} can't start: its package.json can't be read{1}.",
        label,
        inBrackets(text(facts, 'detail', 'error')),
      );
    case 'noDevScript':
      return l10n.t('{0} can\'t start: its package.json has no "dev" script. Add one, or set a command.', label);
    case 'unknownPort':
      return l10n.t("{0} can't start: its port is not known. Declare one in cheatcode.json.", label);
    case 'undeclared':
      return l10n.t('{0} is no longer an app of this workspace, and its dev server runs until you stop it.', label);
  }
}

/** The word for a state, in lower case. */
export function stateWord({ adopted, state, reason }: SessionSnapshot): string {
  const word =
    state !== 'unhealthy' ? wordOf(state) : reason.code === 'answeredWithError' ? l10n.t('error') : l10n.t('no answer');
  return adopted && (state === 'running' || state === 'unhealthy') ? l10n.t('{0} (adopted)', word) : word;
}

/** The same of a state alone, whatever its reason. */
export function wordOf(state: Exclude<SessionState, 'unhealthy'>): string {
  const words: Readonly<Record<typeof state, string>> = {
    stopped: l10n.t('stopped'),
    waiting: l10n.t('waiting'),
    blocked: l10n.t('blocked'),
    installing: l10n.t('installing'),
    starting: l10n.t('starting'),
    running: l10n.t('running'),
    stopping: l10n.t('stopping'),
    failed: l10n.t('failed'),
  };
  return words[state];
}

/** Who holds what a session needs, as far as its reason says; undefined when it says nothing. */
export function holderOf(reason: Reason): string | undefined {
  return holder(reason.facts ?? {});
}

/** One line about a process for a question that names it; `ownUid` is whose processes need no user's name. */
export function processLine({ pid, command, uid }: NamedProcess, ownUid: number | undefined): string {
  const user = uid === undefined || uid === ownUid ? '' : inBrackets(l10n.t('uid {0}', uid));
  const line = shorten(command.replace(/\s+/g, ' ').trim(), COMMAND_LINE_CHARS);
  return `${l10n.t('pid {0}', pid)}${user}: ${line || l10n.t('unknown command')}`;
}

function httpStatus({ reason, lastProbe }: SessionSnapshot): string | number {
  return text(reason.facts ?? {}, 'status', 'httpStatus') ?? lastProbe?.httpStatus ?? '…';
}
