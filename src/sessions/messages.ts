/**
 * Messages for people: errors and problems in words, with the buttons that help. Pure and free of the editor.
 */
import * as l10n from '@vscode/l10n';
import type { App } from './apps';
import { DevServerError } from './errors';
import { holder, quote, suffix, text } from './factWords';
import { errorMessage } from './log';
import { appProblemSentence, unknownProcessesSentence } from './sessionSentences';
import type { SettingProblem } from './settings';

/** What a button under a message does; the edge maps each to a command. `dismiss` is an answer and nothing else. */
export type MessageAction =
  | 'start'
  | 'stop'
  | 'restart'
  | 'installAndRestart'
  | 'useNextPort'
  | 'startHere'
  | 'stopOther'
  | 'showTerminal'
  | 'openPreview'
  | 'showLog'
  | 'doctor'
  | 'openSettings'
  /** The setting that it is told by is turned off. */
  | 'turnOff'
  | 'manageTrust'
  | 'replaceHost'
  | 'reloadWindow'
  | 'dismiss';

export interface MessageButton {
  readonly title: string;
  readonly action: MessageAction;
  /** App that the action is for. */
  readonly appKey?: string;
  /** Setting that `openSettings` shows, and `turnOff` turns off. */
  readonly setting?: string;
}

/** Something to tell a person. */
export interface Message {
  readonly severity: 'info' | 'warning' | 'error';
  readonly text: string;
  /** At most two, and one that turns off what is told. */
  readonly buttons: readonly MessageButton[];
}

/** Settings by app type that move an app to another port or command. */
export const settingPrefix = { web: 'cheatcode.web', mobile: 'cheatcode.mobile', custom: undefined } as const;

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

/** For a setting of the workspace that names an app which is not there. */
export function unknownAutoStartMessage(word: string): Message {
  return message(
    'warning',
    l10n.t('cheatcode.autoStart is "{0}", but there is no app of that name or type here: none starts by itself.', word),
    [{ title: l10n.t('Open Settings'), action: 'openSettings', setting: 'cheatcode.autoStart' }],
  );
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
