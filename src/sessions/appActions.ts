/** What a person can do with an app, and when that makes sense: for menus, buttons, quick pick and context keys alike. */
import * as l10n from '@vscode/l10n';
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

const icons: Readonly<Record<AppActionId, string>> = {
  start: 'play',
  stop: 'debug-stop',
  restart: 'debug-restart',
  installAndRestart: 'package',
  useNextPort: 'arrow-right',
  startHere: 'vm-running',
  stopOther: 'debug-disconnect',
  showTerminal: 'terminal',
  openPreview: 'open-preview',
  openPreviewInView: 'layout-panel',
  openInBrowser: 'link-external',
  openInIntegratedBrowser: 'globe',
  copyUrl: 'copy',
};

/** The words of each action, as a button has them. */
export function actionLabel(id: AppActionId): string {
  const labels: Readonly<Record<AppActionId, string>> = {
    start: l10n.t('Start'),
    stop: l10n.t('Stop'),
    restart: l10n.t('Restart'),
    installAndRestart: l10n.t('Install and Restart'),
    useNextPort: l10n.t('Use Next Free Port'),
    startHere: l10n.t('Start Here Anyway'),
    stopOther: l10n.t('Stop the Other…'),
    showTerminal: l10n.t('Show Terminal'),
    openPreview: l10n.t('Open Preview'),
    openPreviewInView: l10n.t('Open Preview in View'),
    openInBrowser: l10n.t('Open in Browser'),
    openInIntegratedBrowser: l10n.t('Open in Integrated Browser'),
    copyUrl: l10n.t('Copy URL'),
  };
  return labels[id];
}

/** What fits an app's state, the likely first. */
export function actionsFor(view: AppView): readonly AppAction[] {
  return (
    actionOrder(view)
      // Restart of a failed session is its start.
      .filter((id) => fits[id](view) && !(id === 'start' && fits.restart(view)))
      .map((id) => {
        const icon = icons[id];
        const label = actionLabel(id);
        const { problem } = view.app;
        if (id === 'start' && problem !== undefined)
          return { id, icon: 'warning', label, description: appProblemSentence(view.app.label, problem) };
        return {
          id,
          icon,
          // What a person started elsewhere moves, and that is said before it is done.
          label:
            id === 'restart' && view.session?.adopted === true ? l10n.t('Restart in a Cheatcode Terminal…') : label,
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
    case 'starting':
      // Who looks now wants to see the app: the preview waits for it.
      return ['openPreview', 'showTerminal', 'stop', 'restart', 'openInBrowser', 'copyUrl'];
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
      return l10n.t('a second server, beside the one of the other machine');
    case 'stopOther': {
      if (session.state === 'blocked') return holderOf(session.reason)?.replaceAll('`', '');
      const [second] = session.secondServers ?? [];
      if (second === undefined) return undefined;
      return second.pid === undefined
        ? l10n.t('port {0}', second.port)
        : l10n.t('port {0}, pid {1}', second.port, second.pid);
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
