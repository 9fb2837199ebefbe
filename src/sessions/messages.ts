/**
 * Messages for people: errors and problems in words, with the buttons that help. Pure and free of the editor.
 */
import * as l10n from '@vscode/l10n';
import type { App } from './apps';
import { APP_TYPES, type AppType } from './appTypes';
import { DevServerError } from './errors';
import { afterColon, holder, inBrackets, known, quote, text } from './factWords';
import { errorMessage } from './log';
import { appProblemSentence, unknownProcessesSentence, untrustedSentence } from './sessionSentences';
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

/** Settings that move an app of this type to another port or command; undefined: `cheatcode.json` alone does. */
export function settingPrefix(type: AppType): string | undefined {
  const { settings } = APP_TYPES[type];
  return settings && `cheatcode.${settings}`;
}

/** An error of a command, for a person who waits for its result. `label` is the app's, if it was about one. */
export function errorToMessage(error: unknown, app?: Pick<App, 'key' | 'label' | 'type' | 'problem'>): Message {
  const of = app === undefined ? l10n.t('The dev server') : app.label;
  const log = showLogButton();
  const again: MessageButton = { title: l10n.t('Try Again'), action: 'start' };
  const replace: MessageButton = { title: l10n.t('Replace It…'), action: 'replaceHost' };
  if (!(error instanceof DevServerError)) return message('error', of + afterColon(errorMessage(error)), [log]);
  const { facts } = error;
  const detail = inBrackets(text(facts, 'detail', 'message', 'error'));
  switch (error.code) {
    case 'appCannotStart': {
      if (app?.problem !== undefined)
        return message('error', appProblemSentence(app.label, app.problem), commandSetting(app));
      const why = text(facts, 'problem', 'detail');
      return message(
        'error',
        why === undefined ? l10n.t("{0} can't start.", of) : l10n.t("{0} can't start: {1}.", of, why),
        [log],
      );
    }
    case 'packageManagerMissing':
      return message(
        'error',
        l10n.t(
          '{0} needs {1}, which is not installed. Install it, or set another command.',
          of,
          known(facts, 'packageManager', 'command', 'name'),
        ),
        app === undefined ? [log] : commandSetting(app),
      );
    case 'stateFolderUnusable':
      return message(
        'error',
        l10n.t(
          "Dev servers can't be started: the state folder {0} can't be used{1}. Make it writable, then try again.",
          known(facts, 'folder'),
          detail,
        ),
        [again, log],
      );
    case 'hostDidNotStart':
      return message('error', l10n.t('The session host did not start{0}.', detail), [again, log]);
    case 'hostHangs': {
      const pid = text(facts, 'pid');
      return message(
        'error',
        l10n.t(
          'The session host{0} does not answer{1}. It may recover by itself; replacing it ends its dev servers and starts them again.',
          inBrackets(pid && l10n.t('pid {0}', pid)),
          detail,
        ),
        [replace, log],
      );
    }
    case 'hostNotReplaced':
      return message(
        'error',
        l10n.t('The session host was not replaced: process {0} could not be ended{1}.', known(facts, 'pid'), detail),
        [again],
      );
    case 'hostLockHeld':
      return message(
        'error',
        l10n.t(
          "Dev servers can't be started: another process{0} holds the session host's lock, and no session host answers. It goes on by itself when that process ends.",
          inBrackets(holder(facts)),
        ),
        [log],
      );
    case 'hostRetiring':
      return message('info', l10n.t('A newer window replaces the session host right now. Try again in a moment.'), [
        again,
      ]);
    case 'stateFolderTaken':
      return message(
        'error',
        l10n.t(
          "Dev servers can't be started: something else has taken the place of the session host in {0}. It goes on by itself when that is gone.",
          known(facts, 'folder'),
        ),
        [log],
      );
    case 'unknownProcesses':
      return message('error', unknownProcessesSentence(of, facts), [again, log]);
    case 'hostRefused':
      return message('error', l10n.t('The session host refused the request{0}.', detail), [log]);
    case 'versionMismatch': {
      const known = text(facts, 'hostVersion', 'version');
      const version = inBrackets(known && l10n.t('version {0}', known));
      return facts['host'] === 'older'
        ? message(
            'warning',
            l10n.t(
              'The running session host{0} is older than this extension, and has dev servers running. It is replaced when the last one stops; replacing it now ends them and starts them again.',
              version,
            ),
            [replace, log],
          )
        : message(
            'error',
            l10n.t(
              "The running session host{0} is newer than this window's extension. Update the extension, then reload the window.",
              version,
            ),
            [{ title: l10n.t('Reload Window'), action: 'reloadWindow' }, log],
          );
    }
    case 'nodeMissing':
      return message(
        'error',
        l10n.t(
          'No Node.js 20 or newer was found to run the session host{0}. Install it, or name one in the settings.',
          detail,
        ),
        [{ title: l10n.t('Open Settings'), action: 'openSettings', setting: 'cheatcode.nodePath' }, log],
      );
    case 'foreignHidden':
      return message(
        'warning',
        l10n.t(
          "What to end for {0} can't be seen from here: it may be gone already, or be another user's or container's. End it where it was started.",
          of,
        ),
        [log],
      );
    case 'foreignAlive':
      return message(
        'error',
        l10n.t(
          "The other process could not be ended: pid {0} is still alive. It may be another user's.",
          text(facts, 'pids') ?? l10n.t('unknown'),
        ),
        [log],
      );
    case 'foreignChanging':
      return message(
        'warning',
        l10n.t('Nothing was ended: other processes than those agreed to kept appearing. Try again.'),
        [log],
      );
    case 'connectionLost':
      return message(
        'warning',
        l10n.t('The connection to the session host was lost while {0} was asked for. Try again.', of),
        [log],
      );
    case 'workspaceUntrusted':
      return message('info', untrustedSentence(of), [{ title: l10n.t('Manage Trust'), action: 'manageTrust' }]);
    case 'otherUsersFolder':
      return message(
        'error',
        l10n.t(
          "{0} does not start here: its folder belongs to another user than the one that this window's dev servers run as. Open it in a window of its own.",
          of,
        ),
        [log],
      );
    case 'gatewayFailed':
      return message(
        'warning',
        l10n.t(
          "The preview gateway could not be started{1}. {0} is shown by its server's own address, where its page may not come alive in this browser.",
          of,
          detail,
        ),
        [log],
      );
    case 'stopFailed': {
      const pids = text(facts, 'pids', 'pid');
      return message(
        'error',
        pids === undefined
          ? l10n.t('{0} could not be stopped{1}.', of, detail)
          : l10n.t('{0} could not be stopped: these processes are still alive: {1}{2}.', of, pids, detail),
        [log],
      );
    }
  }
}

/** One message for all settings that can't be used. */
export function settingProblemsMessage(problems: readonly SettingProblem[]): Message | undefined {
  const [first] = problems;
  if (first === undefined) return undefined;
  const clauses = problems
    .map(({ setting, variable = setting, value, expected }) =>
      l10n.t('{0} is {1} but must be {2}', variable, quote(value), expected),
    )
    .join('; ');
  return message(
    'warning',
    problems.length === 1
      ? l10n.t('{0}. Its default is used.', clauses)
      : l10n.t('{0}. Their defaults are used.', clauses),
    [{ title: l10n.t('Open Settings'), action: 'openSettings', setting: first.setting }],
  );
}

/** The button that leads to the log. */
export function showLogButton(): MessageButton {
  return { title: l10n.t('Show Log'), action: 'showLog' };
}

/** For a setting of the workspace that names an app which is not there. */
export function unknownAutoStartMessage(word: string): Message {
  return message(
    'warning',
    l10n.t('cheatcode.autoStart is "{0}", but there is no app of that name or type here: none starts by itself.', word),
    [{ title: l10n.t('Open Settings'), action: 'openSettings', setting: 'cheatcode.autoStart' }],
  );
}

function commandSetting(app: Pick<App, 'type'>): readonly MessageButton[] {
  const prefix = settingPrefix(app.type);
  return prefix === undefined
    ? [showLogButton()]
    : [{ title: l10n.t('Open Settings'), action: 'openSettings', setting: `${prefix}.command` }];
}

/** A message whose text is in one line. */
export function message(severity: Message['severity'], body: string, buttons: readonly MessageButton[]): Message {
  return { severity, text: body.replace(/\s+/g, ' ').trim(), buttons };
}
