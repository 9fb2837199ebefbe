/**
 * The list behind "Dev Server Actions": what fits each app now, the likely app and its likely action first, then what is about
 * the window. Pure: the edge draws it and does what is chosen.
 */
import * as l10n from '@vscode/l10n';
import { actionsFor, canStop, type AppAction, type AppActionId } from './appActions';
import { appFace } from './appFace';
import type { AppView, WindowView } from './appView';
import type { DevServers } from './devServers';
import { appSummary } from './presenter';

/** What can be done that is about no app. */
type WindowActionId = 'showLog' | 'showReport' | 'doctor' | 'replaceHost' | 'stopAll' | 'manageTrust';

/** What the window knows that decides what fits. */
export type ActionWindow = Pick<WindowView, 'connection' | 'trusted'> & Pick<DevServers, 'hostReplacement'>;

/** A line of the list: a heading, or something to choose. */
export type ActionRow =
  | { readonly kind: 'heading'; readonly label: string }
  | {
      readonly kind: 'action';
      /** Name of a codicon. */
      readonly icon: string;
      readonly label: string;
      readonly description: string | undefined;
      readonly run: ActionChoice;
    };

/** What was chosen. */
export type ActionChoice = { readonly app: AppActionId; readonly appKey: string } | { readonly window: WindowActionId };

/** They run code of the workspace, which a person must have trusted. */
const NEEDS_TRUST: ReadonlySet<AppActionId> = new Set([
  'start',
  'restart',
  'installAndRestart',
  'useNextPort',
  'startHere',
]);

/** The list, for apps with the likely one first. */
export function actionList(views: readonly AppView[], window: ActionWindow): readonly ActionRow[] {
  const { connection, trusted, hostReplacement } = window;
  const isHung = hostReplacement === 'hung';
  const urgent: ActionRow[] = [
    // Nothing of the apps can be done before.
    ...(isHung ? [replaceHost(l10n.t('it does not answer'))] : []),
    ...(trusted
      ? []
      : [windowRow('manageTrust', 'shield', l10n.t('Manage Workspace Trust…'), l10n.t('no dev server starts before'))]),
  ];
  const ofApps = views.flatMap((view): readonly ActionRow[] => [
    { kind: 'heading', label: headingOf(view, window) },
    ...fitting(view, window).map(({ id, icon, label, description }): ActionRow => ({
      kind: 'action',
      icon,
      label,
      description,
      run: { app: id, appKey: view.app.key },
    })),
  ]);
  const ownRunning =
    connection.kind === 'connected' ? views.filter((view) => canStop(view) && !view.session?.adopted) : [];
  return [
    ...(urgent.length === 0 ? [] : [heading(l10n.t('First')), ...urgent]),
    ...ofApps,
    heading('Cheatcode'),
    ...(ownRunning.length > 1
      ? [windowRow('stopAll', 'stop-circle', l10n.t('Stop All'), l10n.t('{0} dev servers', ownRunning.length))]
      : []),
    ...(hostReplacement === 'older' ? [replaceHost(l10n.t('it is older than this extension'))] : []),
    windowRow('doctor', 'pulse', l10n.t('Run Doctor'), l10n.t('looks for what commonly goes wrong')),
    windowRow('showLog', 'output', l10n.t('Show Log'), undefined),
    windowRow('showReport', 'report', l10n.t('Show Report'), l10n.t('for a bug report')),
  ];
}

function heading(label: string): ActionRow {
  return { kind: 'heading', label };
}

function windowRow(id: WindowActionId, icon: string, label: string, description: string | undefined): ActionRow {
  return { kind: 'action', icon, label, description, run: { window: id } };
}

function replaceHost(why: string): ActionRow {
  return windowRow('replaceHost', 'sync', l10n.t('Replace Session Host…'), why);
}

/** Of an app whose host is gone only what was; its servers went with it. */
function fitting(view: AppView, { connection, trusted }: ActionWindow): readonly AppAction[] {
  const actions = actionsFor(view).filter(({ id }) => trusted || !NEEDS_TRUST.has(id));
  const isKnown = connection.kind === 'connected' || view.session === undefined || view.session.state === 'stopped';
  if (isKnown) return actions;
  const retry: readonly AppAction[] =
    connection.kind === 'failed' &&
    trusted &&
    view.app.problem === undefined &&
    view.app.declared.managed !== 'external'
      ? [{ id: 'start', icon: 'refresh', label: l10n.t('Try Again'), description: undefined }]
      : [];
  return [...retry, ...actions.filter(({ id }) => id === 'showTerminal' || id === 'openPreview')];
}

/** What is true of the app, also where its session's last word is not. */
function headingOf(view: AppView, window: ActionWindow): string {
  const isKnown = view.session !== undefined && window.connection.kind === 'connected';
  const { label } = view.app;
  // The face's label begins with the app's: `Web reconnecting`.
  const shown = appFace(view, window).label;
  if (isKnown || shown === label) return appSummary(view);
  return `${label}: ${shown.slice(label.length + 1)}`;
}
