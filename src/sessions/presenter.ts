/**
 * Turns apps and sessions into plain data for the eye: status items, actions, context keys, the preview's page. Pure:
 * no editor, no clock; a provider copies the result to the editor if it changed.
 */
import path from 'node:path';
import type { App } from './apps';
import type { ConnectionState, DevServers, OtherSettings } from './devServers';
import { errorToMessage } from './messages';
import {
  appProblemSentence,
  whatComesNext,
  holderOf,
  memorySentence,
  otherSettingsSentence,
  restartOfferSentence,
  sessionNotes,
  stateSentence,
  stateWord,
} from './sessionSentences';
import { truthWords } from './previewSentences';
import type { PreviewTruth } from './previewTruth';
import type { AppType, SessionSnapshot } from './protocol';

/** An app and what is known of its dev server. */
export interface AppView {
  readonly app: App;
  readonly session: SessionSnapshot | undefined;
  /** This window would start it in another way than it runs. */
  readonly otherSettings?: OtherSettings | undefined;
  /** What is true of the app in its preview; undefined while no preview of this window shows it. */
  readonly preview?: PreviewTruth | undefined;
  /** The editor has a browser of its own. */
  readonly hasIntegratedBrowser?: boolean;
}

/** An app of a window as it is now, with what the window knows of it besides. */
export function viewOf(
  servers: Pick<DevServers, 'session' | 'otherSettings'>,
  app: App,
  more: Pick<AppView, 'preview' | 'hasIntegratedBrowser'> = {},
): AppView {
  return { app, session: servers.session(app), otherSettings: servers.otherSettings(app), ...more };
}

/** What a window knows besides its apps. */
export interface WindowView {
  readonly connection: ConnectionState;
  readonly trusted: boolean;
  /** The app of the active editor. */
  readonly activeAppKey: string | undefined;
}

/** One status bar item. */
export interface StatusItem {
  /** Absent on the item that counts. */
  readonly appKey: string | undefined;
  readonly text: string;
  /** Markdown. */
  readonly tooltip: string;
  readonly background: 'none' | 'warning' | 'error';
  readonly accessibleLabel: string;
}

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

/** Context keys that commands and menus are enabled by. */
export type ContextKeys = Readonly<
  Record<
    | 'cheatcode.active'
    | 'cheatcode.canStart'
    | 'cheatcode.canStop'
    | 'cheatcode.canRestart'
    | 'cheatcode.canInstallAndRestart'
    | 'cheatcode.canUseNextPort'
    | 'cheatcode.canStartHere'
    | 'cheatcode.canStopOther'
    | 'cheatcode.canReplaceHost'
    | 'cheatcode.canShowTerminal'
    | 'cheatcode.canPreview'
    | 'cheatcode.canPreviewSeveral'
    | 'cheatcode.canMovePreview'
    | 'cheatcode.canOpen'
    | 'cheatcode.canOpenIntegrated',
    boolean
  >
>;

/** What the preview panel shows instead of, or around, the app. */
export interface PreviewPage {
  /** `app`: the frame; `mobile`: the address for phones, the server runs; `wait`: on its way; the others wait for a person. */
  readonly kind: 'app' | 'mobile' | 'wait' | 'stopped' | 'failed';
  readonly sentence: string;
  /** Small notice over a frame that is shown although something is wrong. */
  readonly warning: string | undefined;
  /** The last lines of output belong on the page. */
  readonly showsOutput: boolean;
  readonly actions: readonly { readonly id: AppActionId; readonly label: string }[];
}

const typeIcon: Readonly<Record<AppType, string>> = { web: 'globe', mobile: 'device-mobile', custom: 'server-process' };

/** Icon of an app's type, the name of a codicon. */
export function appIcon(type: AppType): string {
  return typeIcon[type];
}

/** Two apps fit side by side; more share one item beside the active editor's. */
const MAX_ITEMS = 2;

/** Status items: all apps up to two, the active editor's first; of more, the active one and a count. */
export function statusItems(views: readonly AppView[], window: WindowView): readonly StatusItem[] {
  const active = views.find((view) => view.app.key === window.activeAppKey);
  if (views.length <= MAX_ITEMS) {
    const ordered = active === undefined ? views : [active, ...views.filter((view) => view !== active)];
    return ordered.map((view) => appItem(view, window));
  }
  return [...(active === undefined ? [] : [appItem(active, window)]), countItem(views, window)];
}

function appItem(view: AppView, window: WindowView): StatusItem {
  const { app, session } = view;
  const face = appFace(view, window);
  return {
    appKey: app.key,
    text: `$(${face.icon}) ${face.label}`,
    tooltip: tooltip(view, window, face),
    background: face.background,
    accessibleLabel: `Dev server ${app.label}: ${session === undefined ? face.sentence : `${stateWord(session)}, port ${session.port}`}${face.word === undefined ? '' : `, ${face.word}`}`,
  };
}

interface Face {
  readonly icon: string;
  readonly label: string;
  readonly background: StatusItem['background'];
  readonly sentence: string;
  /** Says in the label what the colour says, where the state does not. */
  readonly word?: string;
}

function appFace({ app, session }: AppView, window: WindowView): Face {
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

function countItem(views: readonly AppView[], window: WindowView): StatusItem {
  const faces = views.map((view) => ({ view, face: appFace(view, window) }));
  const running = views.filter((view) => view.session?.state === 'running').length;
  const background = faces.some(({ face }) => face.background === 'error')
    ? 'error'
    : faces.some(({ face }) => face.background === 'warning')
      ? 'warning'
      : 'none';
  const busy = views.some((view) => isBusy(view.session));
  const icon = background !== 'none' ? background : busy ? 'loading~spin' : 'server-process';
  const summary = `${running} of ${views.length} dev servers running`;
  return {
    appKey: undefined,
    text: `$(${icon}) ${running}/${views.length} running`,
    tooltip: [`**${summary}**`, ...faces.map(({ face }) => `$(${face.icon}) ${escapeMarkdown(face.sentence)}`)].join(
      '\n\n',
    ),
    background,
    accessibleLabel: summary,
  };
}

function tooltip(view: AppView, window: WindowView, face: Face): string {
  const { app, session } = view;
  const lines = [`**${escapeMarkdown(face.sentence)}**`];
  const rows: [string, string][] = [];
  if (window.connection.kind === 'connected')
    lines.push(...notes(view).map((note) => `$(info) ${escapeMarkdown(note)}`));
  if (session !== undefined && window.connection.kind !== 'failed') {
    if (canOpen({ app, session })) rows.push(['Address', `[${session.url}](${session.url})`]);
    if (session.listenerPid !== undefined || session.pid !== undefined)
      rows.push(['Process', `pid ${session.listenerPid ?? session.pid}`]);
    rows.push(['Since', clockTime(session.sinceMs)]);
    if (session.lastProbe !== undefined) {
      const { lastProbe } = session;
      const outcome = lastProbe.ok
        ? `answered in ${Math.round(lastProbe.durationMs)} ms`
        : `no good answer${lastProbe.error === undefined ? '' : ` (${escapeMarkdown(lastProbe.error)})`}`;
      rows.push(['Last probe', `${clockTime(lastProbe.atMs)}, ${outcome}`]);
    }
    if (view.preview !== undefined) rows.push(['Preview', escapeMarkdown(truthWords(view.preview))]);
    rows.push(['Windows', String(session.windows)]);
    rows.push(['Session', `\`${session.id.replaceAll('`', '')}\``]);
  }
  rows.push(['Folder', escapeMarkdown(app.folder)]);
  lines.push(['| | |', '|:--|:--|', ...rows.map(([name, value]) => `| ${name} | ${value} |`)].join('\n'));
  return lines.join('\n\n');
}

/** What there is to say besides the state. */
function notes({ app, session, otherSettings }: AppView): readonly string[] {
  if (session === undefined) return [];
  return [
    ...sessionNotes(app.label, session),
    ...(otherSettings === undefined ? [] : [otherSettingsSentence(app.label)]),
  ];
}

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

/** The context keys for all apps together: a command is enabled when it fits one of them. */
export function contextKeys(
  views: readonly AppView[],
  window: { readonly canReplaceHost: boolean; readonly hasPreviewInView: boolean },
): ContextKeys {
  return {
    'cheatcode.active': views.length > 0,
    'cheatcode.canStart': views.some(canTryStart),
    'cheatcode.canStop': views.some(canStop),
    'cheatcode.canRestart': views.some(canRestart),
    'cheatcode.canInstallAndRestart': views.some(canInstallAndRestart),
    'cheatcode.canUseNextPort': views.some(canUseNextPort),
    'cheatcode.canStartHere': views.some(canStartHere),
    'cheatcode.canStopOther': views.some(canStopOther),
    'cheatcode.canReplaceHost': window.canReplaceHost,
    'cheatcode.canShowTerminal': views.some(canShowTerminal),
    'cheatcode.canPreview': views.some(canPreview),
    'cheatcode.canPreviewSeveral': views.filter(canPreview).length > 1,
    'cheatcode.canMovePreview': window.hasPreviewInView,
    'cheatcode.canOpen': views.some(canOpen),
    'cheatcode.canOpenIntegrated': views.some(canOpenIntegrated),
  };
}

const actionFaces: Readonly<Record<AppActionId, readonly [icon: string, label: string]>> = {
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

/** One line about an app, for lists and separators. */
export function appSummary({ app, session }: AppView): string {
  if (session === undefined) return `${app.label}: not started`;
  return canOpen({ app, session })
    ? `${app.label}: ${stateWord(session)} on port ${session.port}`
    : `${app.label}: ${stateWord(session)}`;
}

/** What the preview panel of an app shows; `showsWebBuild` frames a mobile app's web build in place of its address. */
export function previewPage(
  view: AppView,
  window: Pick<WindowView, 'connection' | 'trusted'> & { readonly showsWebBuild?: boolean },
): PreviewPage {
  const { app, session } = view;
  const face = appFace(view, { ...window, activeAppKey: undefined });
  const base = { sentence: face.sentence, warning: undefined };
  const isLost = session !== undefined && session.state !== 'stopped' && window.connection.kind !== 'connected';
  if (isLost)
    return { ...base, kind: window.connection.kind === 'failed' ? 'failed' : 'wait', showsOutput: false, actions: [] };
  const restart = { id: 'restart', label: 'Restart' } as const;
  const terminal = { id: 'showTerminal', label: 'Show Terminal' } as const;
  const terminalIfAny = canShowTerminal(view) ? [terminal] : [];
  const startIfCan = canStart(view) ? [{ id: 'start', label: 'Start' } as const] : [];
  switch (session?.state) {
    case 'running':
    case 'unhealthy':
      if (app.type === 'mobile' && window.showsWebBuild !== true)
        return {
          ...base,
          kind: 'mobile',
          showsOutput: false,
          actions: [...terminalIfAny, { id: 'openInBrowser', label: 'Open in Browser' }],
        };
      return {
        ...base,
        kind: 'app',
        warning:
          session.state === 'unhealthy' || session.reason.code === 'answeredWithError'
            ? face.sentence
            : session.warning && memorySentence(app.label, session.warning),
        showsOutput: false,
        actions: [],
      };
    case 'waiting':
      // What another tool or machine starts has no output here.
      return {
        ...base,
        sentence: face.sentence + whatComesNext(session.reason),
        kind: 'wait',
        showsOutput: false,
        actions: canStartHere(view) ? [{ id: 'startHere', label: actionFaces.startHere[1] }] : terminalIfAny,
      };
    case 'installing':
    case 'starting':
      return { ...base, kind: 'wait', showsOutput: true, actions: terminalIfAny };
    case 'failed':
      return { ...base, kind: 'failed', showsOutput: true, actions: [restart, ...terminalIfAny] };
    case 'blocked':
      return {
        ...base,
        sentence: face.sentence + whatComesNext(session.reason),
        kind: 'failed',
        showsOutput: false,
        actions: canUseNextPort(view) ? portChoices(view) : startIfCan,
      };
    case 'stopping':
      return { ...base, kind: 'wait', showsOutput: false, actions: [] };
    case 'stopped':
    case undefined:
      if (session === undefined && window.connection.kind === 'connecting')
        return { ...base, kind: 'wait', showsOutput: false, actions: [] };
      return {
        ...base,
        kind: app.problem === undefined && window.connection.kind !== 'failed' ? 'stopped' : 'failed',
        showsOutput: false,
        actions: startIfCan,
      };
  }
}

/** What to do about a taken port, for the page that waits for it. */
function portChoices(view: AppView): PreviewPage['actions'] {
  return (['useNextPort', 'stopOther'] as const)
    .filter((id) => fits[id](view))
    .map((id) => ({ id, label: actionFaces[id][1] }));
}

/** The app whose folder holds a file; the innermost if several do. Both are real paths. */
export function appOfFile(apps: readonly App[], file: string): App | undefined {
  return apps
    .filter((app) => {
      const relative = path.relative(app.folder, file);
      return relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
    })
    .sort((a, b) => b.folder.length - a.folder.length)[0];
}

/** The app that a word means: its key, session, name, label or type; undefined if none or several do. */
export function appByWord(views: readonly AppView[], word: string): App | undefined {
  const matches = (of: (view: AppView) => string | undefined): readonly AppView[] =>
    views.filter((view) => of(view)?.toLowerCase() === word.toLowerCase());
  for (const of of [
    (view: AppView) => view.app.key,
    (view: AppView) => view.session?.id,
    (view: AppView) => view.app.name,
    (view: AppView) => view.app.label,
    (view: AppView) => view.app.type,
  ]) {
    const [found, ...others] = matches(of);
    if (found !== undefined) return others.length === 0 ? found.app : undefined;
  }
  return undefined;
}

/** `14:03:07`, with the date when that was another day than `nowMs`. */
export function clockTime(ms: number, nowMs = Date.now()): string {
  const at = new Date(ms);
  const pad = (value: number): string => String(value).padStart(2, '0');
  const time = `${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}`;
  if (at.toDateString() === new Date(nowMs).toDateString()) return time;
  return `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())} ${time}`;
}

function escapeMarkdown(value: string): string {
  return value.replace(/[\\`*_{}[\]()#+\-!|<>~$]/g, '\\$&').replace(/\s+/g, ' ');
}
