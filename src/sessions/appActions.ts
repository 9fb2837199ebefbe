/** What a person can do with an app, and when that makes sense: for menus, buttons, quick pick and context keys alike. */
import type { AppView } from './appView';
import type { SessionSnapshot } from './protocol';
import { appProblemSentence, holderOf, otherSettingsSentence, restartOfferSentence } from './sessionSentences';

/** Something a person can do with an app now; `id` is the part of the command's id after `cheatcode.`. */
export interface AppAction {
  readonly id: AppActionId;
  readonly icon: string;
  readonly label: string;
  readonly description: string | undefined;
}

export type AppActionId =
  | 'start'
  | 'stop'
  | 'restart'
  | 'installAndRestart'
  | 'useNextPort'
  | 'startHere'
  | 'stopOther'
  | 'showTerminal'
  | 'openPreview'
  | 'openPreviewInView'
  | 'openInBrowser'
  | 'openInIntegratedBrowser'
  | 'copyUrl';

/** A state that ends by itself soon. */
export function isBusy(session: SessionSnapshot | undefined): boolean {
  return session !== undefined && ['installing', 'starting', 'stopping'].includes(session.state);
}

export function canStart(view: AppView): boolean {
  return view.app.problem === undefined && canTryStart(view);
}

/** An app that lacks something is offered too: trying to start it is how a person learns what. */
export function canTryStart({ app, session }: AppView): boolean {
  if (app.declared.managed === 'external') return false;
  return session === undefined || ['stopped', 'failed', 'blocked'].includes(session.state);
}

/**
 * A blocked session can be stopped too: it would start as soon as its port is free. An app that another tool manages is
 * that tool's to stop.
 */
export function canStop({ app, session }: AppView): boolean {
  return (
    session !== undefined &&
    app.declared.managed !== 'external' &&
    ['waiting', 'blocked', 'installing', 'starting', 'running', 'unhealthy'].includes(session.state)
  );
}

export function canRestart({ app, session }: AppView): boolean {
  if (app.problem !== undefined || app.declared.managed === 'external' || session === undefined) return false;
  return ['installing', 'starting', 'running', 'unhealthy', 'failed'].includes(session.state);
}

export function canInstallAndRestart(view: AppView): boolean {
  return (
    canRestart(view) && view.session?.adopted === false && view.session.restartOffer?.code === 'dependenciesChanged'
  );
}

/** Its server runs on another machine, which is no reason why a person should not have one here. */
export function canStartHere({ app, session }: AppView): boolean {
  if (app.problem !== undefined || session?.state !== 'waiting') return false;
  return session.reason.code === 'runsElsewhere' || session.reason.code === 'startingElsewhere';
}

export function canUseNextPort(view: AppView): boolean {
  return canStart(view) && view.session?.state === 'blocked' && view.session.reason.code === 'portTaken';
}

/** Something that is not ours holds the port or is a second server, and its process can be seen. */
export function canStopOther({ session }: AppView): boolean {
  if (session?.state === 'blocked')
    return session.reason.code === 'portTaken' && session.reason.facts?.['pid'] !== undefined;
  return (
    (session?.state === 'running' || session?.state === 'unhealthy') &&
    (session.secondServers ?? []).some(({ pid }) => pid !== undefined)
  );
}

/** An adopted server's output goes to whoever started it. */
export function canShowTerminal({ app, session }: AppView): boolean {
  if (session === undefined || app.declared.managed === 'external') return false;
  return !session.adopted && session.reason.code !== 'neverStarted';
}

export function canPreview({ app, session }: AppView): boolean {
  return app.problem === undefined || canOpen({ app, session });
}

export function canOpen({ session }: AppView): boolean {
  return session !== undefined && (session.state === 'running' || session.state === 'unhealthy');
}

export function canOpenIntegrated(view: AppView): boolean {
  return view.hasIntegratedBrowser === true && canOpen(view);
}

/** By action: whether it makes sense for an app now. */
export const fits: Readonly<Record<AppActionId, (view: AppView) => boolean>> = {
  start: canTryStart,
  stop: canStop,
  restart: canRestart,
  installAndRestart: canInstallAndRestart,
  useNextPort: canUseNextPort,
  startHere: canStartHere,
  stopOther: canStopOther,
  showTerminal: canShowTerminal,
  openPreview: canPreview,
  openPreviewInView: canPreview,
  openInBrowser: canOpen,
  openInIntegratedBrowser: canOpenIntegrated,
  copyUrl: canOpen,
};

/** Icon and words of each action. */
export const actionFaces: Readonly<Record<AppActionId, readonly [icon: string, label: string]>> = {
  start: ['play', 'Start'],
  stop: ['debug-stop', 'Stop'],
  restart: ['debug-restart', 'Restart'],
  installAndRestart: ['package', 'Install and Restart'],
  useNextPort: ['arrow-right', 'Use Next Free Port'],
  startHere: ['vm-running', 'Start Here Anyway'],
  stopOther: ['debug-disconnect', 'Stop the Other…'],
  showTerminal: ['terminal', 'Show Terminal'],
  openPreview: ['open-preview', 'Open Preview'],
  openPreviewInView: ['layout-panel', 'Open Preview in View'],
  openInBrowser: ['link-external', 'Open in Browser'],
  openInIntegratedBrowser: ['globe', 'Open in Integrated Browser'],
  copyUrl: ['copy', 'Copy URL'],
};

/** What fits an app's state, the likely first. */
export function actionsFor(view: AppView): readonly AppAction[] {
  return (
    actionOrder(view)
      // Restart of a failed session is its start.
      .filter((id) => fits[id](view) && !(id === 'start' && fits.restart(view)))
      .map((id) => {
        const [icon, label] = actionFaces[id];
        const { problem } = view.app;
        if (id === 'start' && problem !== undefined)
          return { id, icon: 'warning', label, description: appProblemSentence(view.app.label, problem) };
        return {
          id,
          icon,
          // What a person started elsewhere moves, and that is said before it is done.
          label: id === 'restart' && view.session?.adopted === true ? 'Restart in a Cheatcode Terminal…' : label,
          description: actionDescription(id, view),
        };
      })
  );
}

function actionOrder({ session, otherSettings }: AppView): readonly AppActionId[] {
  switch (session?.state) {
    case 'running': {
      const offered = session.restartOffer !== undefined || otherSettings !== undefined;
      const urgent: readonly AppActionId[] = [
        'stopOther',
        'installAndRestart',
        ...(offered ? ['restart' as const] : []),
      ];
      const usual: readonly AppActionId[] = [
        'openPreview',
        'openInBrowser',
        'openInIntegratedBrowser',
        'showTerminal',
        'restart',
        'stop',
        'copyUrl',
      ];
      return [...new Set([...urgent, ...usual])];
    }
    case 'failed':
    case 'unhealthy':
      return [
        ...(['restart', 'showTerminal', 'stopOther', 'installAndRestart'] as const),
        ...(['openPreview', 'openInBrowser', 'openInIntegratedBrowser', 'stop', 'copyUrl'] as const),
      ];
    default:
      return [
        ...(['useNextPort', 'startHere', 'stopOther', 'start', 'showTerminal', 'openPreview'] as const),
        ...(['stop', 'restart', 'openInBrowser', 'copyUrl'] as const),
      ];
  }
}

function actionDescription(id: AppActionId, { app, session, otherSettings }: AppView): string | undefined {
  if (session === undefined) return undefined;
  switch (id) {
    case 'showTerminal':
      return session.id;
    case 'openInBrowser':
      return session.url;
    case 'startHere':
      return 'a second server, beside the one of the other machine';
    case 'stopOther': {
      if (session.state === 'blocked') return holderOf(session.reason)?.replaceAll('`', '');
      const [second] = session.secondServers ?? [];
      return second && `port ${second.port}${second.pid === undefined ? '' : `, pid ${second.pid}`}`;
    }
    case 'installAndRestart':
      return session.restartOffer && restartOfferSentence(app.label, session.restartOffer);
    case 'restart':
      if (session.restartOffer?.code === 'filesChanged') return restartOfferSentence(app.label, session.restartOffer);
      return otherSettings && otherSettingsSentence(app.label);
    default:
      return undefined;
  }
}
