/** Sentences about sessions and processes: the states and reasons of the protocol in words. Pure and free of the editor. */
import * as l10n from '@vscode/l10n';
import type { AppProblem } from './apps';
import {
  COMMAND_LINE_CHARS,
  exitOf,
  filesOf,
  holder,
  listOf,
  lockFileOf,
  shortCommand,
  shorten,
  suffix,
  text,
  type Facts,
} from './factWords';
import type { NamedProcess, Reason, SecondServer, SessionSnapshot } from './protocol';

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
    ...(session.acrossMachines === undefined ? [] : [acrossMachinesSentence(label, session.acrossMachines)]),
  ];
}

/** What is wrong beyond this machine with a server that runs here all the same. */
export function acrossMachinesSentence(label: string, { code, facts = {} }: Reason): string {
  switch (code) {
    case 'startedElsewhere':
      return `${label} was started on ${text(facts, 'machine') ?? 'another machine'}, too${suffix(': ', text(facts, 'url'))}.`;
    case 'redisIncomplete':
      return `Redis is set, but no sandbox id: another machine may start ${label}, too.`;
    default:
      return `Redis does not answer${suffix(' (', text(facts, 'detail'), ')')}: another machine may start ${label}, too.`;
  }
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
    case 'startingElsewhere':
      return `${label} is being started on another machine${suffix(' (', text(facts, 'owner'), ')')}.`;
    case 'runsElsewhere':
      return `${label} runs on ${text(facts, 'machine') ?? 'another machine'}${suffix(', at ', text(facts, 'url'))}.`;
    case 'redisUnavailable':
      return `${label} waits for Redis, which is required${suffix(' (', text(facts, 'detail'), ')')}.`;
    case 'redisIncomplete':
      return `${label} can't start: Redis is required, and no sandbox id is set.`;
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

/** What becomes of a session that is blocked or waits, without a person's doing; empty where nothing does. */
export function whatComesNext({ code }: Reason): string {
  if (code === 'portTaken') return ' It starts by itself as soon as the port is free.';
  if (code === 'runsElsewhere') return ' It starts here when it ends there.';
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

export function unknownProcessesSentence(label: string, facts: Facts): string {
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
    case 'undeclared':
      return l10n.t('{0} is no longer an app of this workspace, and its dev server runs until you stop it.', label);
  }
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

function httpStatus(session: SessionSnapshot): string | undefined {
  const fromFacts = text(session.reason.facts ?? {}, 'status', 'httpStatus');
  return fromFacts ?? (session.lastProbe?.httpStatus === undefined ? undefined : String(session.lastProbe.httpStatus));
}
