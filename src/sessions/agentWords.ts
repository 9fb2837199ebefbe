/** What a person reads of an agent's call: what it does, and the question before something is ended. Pure. */
import * as l10n from '@vscode/l10n';
import type { AgentToolName } from './agentToolNames';
import { isActive } from './sessionState';
import type { SessionSnapshot } from './protocol';

/** What is going on, for a progress line. `label` is the app's, where it is known which one is meant. */
export function agentProgress(name: AgentToolName, label: string | undefined): string {
  const app = label ?? l10n.t('the dev server');
  switch (name) {
    case 'cheatcode_listDevServers':
      return l10n.t('Looking at the dev servers');
    case 'cheatcode_ensureDevServer':
      return l10n.t('Making sure that {0} runs', app);
    case 'cheatcode_readDevServerOutput':
      return l10n.t('Reading the output of {0}', app);
    case 'cheatcode_restartDevServer':
      return l10n.t('Restarting {0}', app);
    case 'cheatcode_stopDevServer':
      return l10n.t('Stopping {0}', app);
  }
}

/** What is asked before something is ended. */
export interface AgentQuestion {
  readonly title: string;
  readonly message: string;
  /** Of the one button beside Cancel, in a dialog of ours. */
  readonly button: string;
}

/**
 * The question before a tool ends a server of ours; undefined where it ends none. One that was started outside Cheatcode is asked
 * about later, with its processes, by a dialog of our own: an editor may be told to agree to tools by itself, and that would be
 * nobody's word for what we did not start.
 */
export function agentConfirmation(
  name: AgentToolName,
  label: string,
  session: SessionSnapshot | undefined,
): AgentQuestion | undefined {
  if (session === undefined || session.adopted || !isActive(session.state)) return undefined;
  if (name === 'cheatcode_stopDevServer')
    return {
      title: l10n.t('Stop {0}?', label),
      message: l10n.t('Its dev server ends for everybody who uses it, and stays stopped until somebody starts it.'),
      button: l10n.t('Stop'),
    };
  if (name === 'cheatcode_restartDevServer')
    return {
      title: l10n.t('Restart {0}?', label),
      message: l10n.t('Its dev server ends and starts again, for everybody who uses it.'),
      button: l10n.t('Restart'),
    };
  return undefined;
}

/** Why nothing was done: an agent asked, and no person is there who could agree. */
export function personNeeded(label: string): string {
  return l10n.t(
    '{0} was started outside Cheatcode, so only a person can end it: in the editor, or where it was started. Nothing was done; tell the user.',
    label,
  );
}

/** Why nothing was done: the person did not agree. */
export function personDeclined(label: string): string {
  return l10n.t('The user was asked and did not agree: {0} goes on as it is.', label);
}

/** Before the question about processes that we did not start. */
export function agentAsks(detail: string): string {
  return l10n.t('An agent asks for this. {0}', detail);
}
