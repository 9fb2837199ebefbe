/** The one line of an app's state: icon, label, colour and sentence, the same in the status bar, the view and the preview. */
import { errorToMessage } from './messages';
import type { AppView, WindowView } from './appView';
import type { AppType, SessionSnapshot } from './protocol';
import { appProblemSentence, stateSentence, stateWord } from './sessionSentences';

const typeIcon: Readonly<Record<AppType, string>> = { web: 'globe', mobile: 'device-mobile', custom: 'server-process' };

/** Icon of an app's type, the name of a codicon. */
export function appIcon(type: AppType): string {
  return typeIcon[type];
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
  readonly label: string;
  readonly background: 'none' | 'warning' | 'error';
  readonly sentence: string;
  /** Says in the label what the colour says, where the state does not. */
  readonly word?: string;
}

/** What the state of an app is shown as. */
export function appFace({ app, ...view }: AppView, window: Pick<WindowView, 'connection' | 'trusted'>): AppFace {
  // Nobody looks for another host before the workspace is trusted: what the last one said counts no more.
  const session = !window.trusted && window.connection.kind === 'idle' ? undefined : view.session;
  const icon = typeIcon[app.type];
  const { label } = app;
  const lost = window.connection.kind === 'failed' ? window.connection.error : undefined;
  if (lost !== undefined && (session === undefined || session.state !== 'stopped')) {
    return { icon: 'error', label: `${label} unknown`, background: 'error', sentence: errorToMessage(lost, app).text };
  }
  if (app.problem !== undefined && (session === undefined || session.state === 'stopped')) {
    return {
      icon: 'warning',
      label: `${label} can't start`,
      background: 'warning',
      sentence: appProblemSentence(label, app.problem),
    };
  }
  // The last word of a host that is gone is no news: its servers went with it (DESIGN section 4).
  if (session !== undefined && session.state !== 'stopped' && window.connection.kind !== 'connected')
    return {
      icon: 'loading~spin',
      label: `${label} reconnecting`,
      background: 'none',
      sentence: `The session host of ${label} is gone. Connecting again.`,
    };
  if (session === undefined) {
    if (!window.trusted)
      return {
        icon: 'shield',
        label,
        background: 'none',
        sentence: `${label} does not start in a workspace that is not trusted.`,
      };
    if (window.connection.kind === 'connecting')
      return { icon: 'loading~spin', label, background: 'none', sentence: `Connecting to the session host.` };
    return { icon, label: `${label} stopped`, background: 'none', sentence: `${label} is not started.` };
  }
  const sentence = stateSentence(label, session);
  const port = `:${session.port}`;
  switch (session.state) {
    case 'running': {
      const running = `${label} ${port}${session.adopted ? ' (adopted)' : ''}`;
      if (session.warning === undefined) return { icon, label: running, background: 'none', sentence };
      return { icon: 'warning', label: `${running} memory`, background: 'warning', sentence, word: 'too much memory' };
    }
    case 'unhealthy':
      return { icon: 'warning', label: `${label} ${port} ${stateWord(session)}`, background: 'warning', sentence };
    case 'blocked':
      return { icon: 'warning', label: `${label} ${port} blocked`, background: 'warning', sentence };
    case 'failed':
      return { icon: 'error', label: `${label} failed`, background: 'error', sentence };
    case 'stopped':
      // This window brings it back in a moment: "stopped" would look like the answer to a Stop.
      if (session.reason.code === 'hostLost' && session.desired === 'running' && window.trusted)
        return { icon: 'loading~spin', label: `${label} restarting`, background: 'none', sentence };
      return { icon: 'circle-slash', label: `${label} stopped`, background: 'none', sentence };
    case 'waiting':
      return { icon: 'clock', label: `${label} waiting`, background: 'none', sentence };
    case 'installing':
    case 'starting':
    case 'stopping':
      return { icon: 'loading~spin', label: `${label} ${session.state}`, background: 'none', sentence };
  }
}
