/**
 * Turns apps and sessions into plain data for the eye: status items, actions, context keys, the preview's page. Pure:
 * no editor, no clock; a provider copies the result to the editor if it changed.
 */
import * as l10n from '@vscode/l10n';
import path from 'node:path';
import {
  actionLabel,
  canInstallAndRestart,
  canOpen,
  canOpenIntegrated,
  canPreview,
  canRestart,
  canShowTerminal,
  canStart,
  canStartHere,
  canStop,
  canStopOther,
  canTryStart,
  canUseNextPort,
  fits,
  isBusy,
  type AppActionId,
} from './appActions';
import { appFace, type AppFace } from './appFace';
import { factsOf, notesOf } from './appFacts';
import type { App } from './apps';
import type { AppView, WindowView } from './appView';
import { memorySentence, stateWord, whatComesNext } from './sessionSentences';

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

/** Context keys that commands and menus are enabled by. */
export type ContextKeys = Readonly<
  Record<
    | 'cheatcode.active'
    | 'cheatcode.isEmpty'
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
  // What a host that is gone said last is no more true for ears than for eyes.
  const isKnown = session !== undefined && session.state !== 'stopped' && window.connection.kind === 'connected';
  const state = isKnown ? l10n.t('{0}, port {1}', stateWord(session), session.port) : face.sentence;
  const spoken = face.word === undefined ? state : `${state}, ${face.word}`;
  return {
    appKey: app.key,
    text: `$(${face.icon}) ${face.label}`,
    tooltip: tooltip(view, window, face),
    background: face.background,
    accessibleLabel: l10n.t('Dev server {0}: {1}', app.label, spoken),
  };
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
  const summary = l10n.t('{0} of {1} dev servers running', running, views.length);
  return {
    appKey: undefined,
    text: `$(${icon}) ${l10n.t('{0}/{1} running', running, views.length)}`,
    tooltip: [`**${summary}**`, ...faces.map(({ face }) => `$(${face.icon}) ${escapeMarkdown(face.sentence)}`)].join(
      '\n\n',
    ),
    background,
    // What the colour says of one of them.
    accessibleLabel: [
      summary,
      ...faces.filter(({ face }) => face.background !== 'none').map(({ face }) => face.sentence),
    ].join('. '),
  };
}

function tooltip(view: AppView, window: WindowView, face: AppFace): string {
  const lines = [`**${escapeMarkdown(face.sentence)}**`];
  if (window.connection.kind === 'connected')
    lines.push(...notesOf(view).map((note) => `$(info) ${escapeMarkdown(note)}`));
  const rows = factsOf(view, window.connection).map(({ name, value, url }) => {
    const text = url === undefined ? escapeMarkdown(value) : `[${value}](${url})`;
    return `| ${name} | ${text} |`;
  });
  lines.push(['| | |', '|:--|:--|', ...rows].join('\n'));
  return lines.join('\n\n');
}

/** The context keys for all apps together: a command is enabled when it fits one of them. */
export function contextKeys(
  views: readonly AppView[],
  window: {
    readonly canReplaceHost: boolean;
    readonly hasPreviewInView: boolean;
    /** What was looked at says that it is one of ours, with apps or without. */
    readonly isCheatcodeWorkspace: boolean;
  },
): ContextKeys {
  return {
    'cheatcode.active': views.length > 0,
    'cheatcode.isEmpty': views.length === 0 && window.isCheatcodeWorkspace,
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

/** One line about an app, for lists and separators. */
export function appSummary({ app, session }: AppView): string {
  if (session === undefined) return l10n.t('{0}: not started', app.label);
  return canOpen({ app, session })
    ? l10n.t('{0}: {1} on port {2}', app.label, stateWord(session), session.port)
    : `${app.label}: ${stateWord(session)}`;
}

/** What the preview panel of an app shows; `showsWebBuild` frames a mobile app's web build in place of its address. */
export function previewPage(
  view: AppView,
  window: Pick<WindowView, 'connection' | 'trusted'> & { readonly showsWebBuild?: boolean },
): PreviewPage {
  const { app, session } = view;
  const face = appFace(view, window);
  const base = { sentence: face.sentence, warning: undefined };
  const isLost = session !== undefined && session.state !== 'stopped' && window.connection.kind !== 'connected';
  if (isLost)
    return { ...base, kind: window.connection.kind === 'failed' ? 'failed' : 'wait', showsOutput: false, actions: [] };
  const restart = { id: 'restart', label: l10n.t('Restart') } as const;
  const terminal = { id: 'showTerminal', label: l10n.t('Show Terminal') } as const;
  const terminalIfAny = canShowTerminal(view) ? [terminal] : [];
  const startIfCan = canStart(view) ? [{ id: 'start', label: l10n.t('Start') } as const] : [];
  switch (session?.state) {
    case 'running':
    case 'unhealthy':
      if (app.type === 'mobile' && window.showsWebBuild !== true)
        return {
          ...base,
          kind: 'mobile',
          showsOutput: false,
          actions: [...terminalIfAny, { id: 'openInBrowser', label: l10n.t('Open in Browser') }],
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
        actions: canStartHere(view) ? [{ id: 'startHere', label: actionLabel('startHere') }] : terminalIfAny,
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
    .map((id) => ({ id, label: actionLabel(id) }));
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

function escapeMarkdown(value: string): string {
  return value.replace(/[\\`*_{}[\]()#+\-!|<>~$]/g, '\\$&').replace(/\s+/g, ' ');
}
