/** The one line of an app's state: icon, label, colour and sentence, the same in the status bar, the view and the preview. */
import * as l10n from '@vscode/l10n';
import { APP_TYPES } from './appTypes';
import { errorToMessage } from './messages';
import type { AppView, WindowView } from './appView';
import type { AppType, SessionSnapshot } from './protocol';
import {
  appProblemSentence,
  notStartedSentence,
  stateSentence,
  stateWord,
  untrustedSentence,
  wordOf,
} from './sessionSentences';

/** Icon of an app's type, the name of a codicon. */
export function appIcon(type: AppType): string {
  return APP_TYPES[type].icon;
}

/**
 * What a session's terminal is called: as the session while its server runs or is about to, and else with the state in words, since
 * the editor lets nobody change the icon or the colour of a terminal that is there.
 */
export function terminalName(session: SessionSnapshot): string {
  const { id, state } = session;
  const isPlain = state === 'running' || state === 'starting' || state === 'installing' || state === 'stopping';
  return isPlain ? id : `${id} (${stateWord(session)})`;
}

/** How an app looks in one line, wherever it is shown. */
export interface AppFace {
  /** Name of a codicon. */
  readonly icon: string;
  /** The app's, and what there is to say of its state in a word or two. */
  readonly label: string;
  /** Those words alone; empty where the label is the app's. */
  readonly state: string;
  readonly background: 'none' | 'warning' | 'error';
  readonly sentence: string;
  /** Says in the label what the colour says, where the state does not. */
  readonly word?: string;
}

/** What the state of an app is shown as. */
export function appFace(view: AppView, window: Pick<WindowView, 'connection' | 'trusted'>): AppFace {
  const { state, ...look } = lookOf(view, window);
  return { ...look, state, label: state === '' ? view.app.label : `${view.app.label} ${state}` };
}

function lookOf({ app, ...view }: AppView, window: Pick<WindowView, 'connection' | 'trusted'>): Omit<AppFace, 'label'> {
  // Nobody looks for another host before the workspace is trusted: what the last one said counts no more.
  const session = !window.trusted && window.connection.kind === 'idle' ? undefined : view.session;
  const { icon } = APP_TYPES[app.type];
  const { label } = app;
  const lost = window.connection.kind === 'failed' ? window.connection.error : undefined;
  if (lost !== undefined && (session === undefined || session.state !== 'stopped')) {
    const sentence = errorToMessage(lost, app).text;
    return { icon: 'error', state: l10n.t('unknown'), background: 'error', sentence };
  }
  if (app.problem !== undefined && (session === undefined || session.state === 'stopped')) {
    const sentence = appProblemSentence(label, app.problem);
    return { icon: 'warning', state: l10n.t("can't start"), background: 'warning', sentence };
  }
  // The last word of a host that is gone is no news: its servers went with it (DESIGN section 4).
  if (session !== undefined && session.state !== 'stopped' && window.connection.kind !== 'connected')
    return {
      icon: 'loading~spin',
      state: l10n.t('reconnecting'),
      background: 'none',
      sentence: l10n.t('The session host of {0} is gone. Connecting again.', label),
    };
  if (session === undefined) {
    if (!window.trusted) return { icon: 'shield', state: '', background: 'none', sentence: untrustedSentence(label) };
    if (window.connection.kind === 'connecting')
      return {
        icon: 'loading~spin',
        state: '',
        background: 'none',
        sentence: l10n.t('Connecting to the session host.'),
      };
    return { icon, state: wordOf('stopped'), background: 'none', sentence: notStartedSentence(label) };
  }
  const sentence = stateSentence(label, session);
  const port = `:${session.port}`;
  switch (session.state) {
    case 'running': {
      const running = session.adopted ? l10n.t('{0} (adopted)', port) : port;
      if (session.warning === undefined) return { icon, state: running, background: 'none', sentence };
      return {
        icon: 'warning',
        state: `${running} ${l10n.t('memory')}`,
        background: 'warning',
        sentence,
        word: l10n.t('too much memory'),
      };
    }
    case 'unhealthy':
      return { icon: 'warning', state: `${port} ${stateWord(session)}`, background: 'warning', sentence };
    case 'blocked':
      return { icon: 'warning', state: `${port} ${wordOf('blocked')}`, background: 'warning', sentence };
    case 'failed':
      return { icon: 'error', state: wordOf('failed'), background: 'error', sentence };
    case 'stopped':
      // This window brings it back in a moment: "stopped" would look like the answer to a Stop.
      if (session.reason.code === 'hostLost' && session.desired === 'running' && window.trusted)
        return { icon: 'loading~spin', state: l10n.t('restarting'), background: 'none', sentence };
      return { icon: 'circle-slash', state: wordOf('stopped'), background: 'none', sentence };
    case 'waiting':
      return { icon: 'clock', state: wordOf('waiting'), background: 'none', sentence };
    case 'installing':
    case 'starting':
    case 'stopping':
      return { icon: 'loading~spin', state: wordOf(session.state), background: 'none', sentence };
  }
}
