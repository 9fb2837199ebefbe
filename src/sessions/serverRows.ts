/** The rows of the Dev Servers view: an app each, and below it what is known of its server. Pure: the view shows what changed. */
import * as l10n from '@vscode/l10n';
import { fits, type AppActionId } from './appActions';
import { appFace, type AppFace } from './appFace';
import { factsOf, notesOf, type AppFact } from './appFacts';
import type { AppView, WindowView } from './appView';
import { problemCount } from './problems';
import { stateWord } from './sessionSentences';

/** One app. */
export interface AppRow {
  readonly appKey: string;
  readonly label: string;
  /** The state in words, beside the label. */
  readonly description: string;
  /** Name of a codicon. */
  readonly icon: string;
  readonly tone: 'none' | 'good' | 'warning' | 'error';
  /** Names of the actions that make sense now, separated by blanks: menus look for them. */
  readonly context: string;
  readonly accessibleLabel: string;
  readonly details: readonly DetailRow[];
}

/** One thing that is known of it. */
export interface DetailRow {
  /** Unique below its app. */
  readonly id: string;
  readonly label: string;
  readonly description: string;
  /** Name of a codicon; none is on rows that only have a name and a value. */
  readonly icon?: string;
  /** Done when the row is chosen. */
  readonly action?: AppActionId;
}

/** What choosing a fact does, where it leads anywhere. */
const actionOf: Partial<Readonly<Record<AppFact['id'], AppActionId>>> = {
  address: 'openInBrowser',
  preview: 'openPreview',
  session: 'showTerminal',
};

/** In the order of the apps. `nowMs` is the wall clock's. */
export function serverRows(
  views: readonly AppView[],
  window: Pick<WindowView, 'connection' | 'trusted'>,
  nowMs = Date.now(),
): readonly AppRow[] {
  return views.map((view) => {
    const face = appFace(view, window);
    const description = describe(view, face);
    return {
      appKey: view.app.key,
      label: view.app.label,
      description,
      icon: face.icon,
      tone: toneOf(view, face),
      context: ['app', ...(Object.keys(fits) as AppActionId[]).filter((id) => fits[id](view))].join(' '),
      accessibleLabel: `${view.app.label}, ${description}. ${face.sentence}`,
      details: details(view, face, window, nowMs),
    };
  });
}

/** `running, port 3000`: what the status bar says with a colour or a number, in words. */
function describe({ session }: AppView, face: AppFace): string {
  const isPlain = session !== undefined && face.state.startsWith(':');
  if (!isPlain) return face.state === '' ? l10n.t('not trusted') : face.state;
  return [stateWord(session), l10n.t('port {0}', session.port), face.word, problemCount(session)]
    .filter((word) => word !== undefined)
    .join(', ');
}

function toneOf({ session }: AppView, { background, icon }: AppFace): AppRow['tone'] {
  if (background !== 'none') return background;
  return session?.state === 'running' && !icon.startsWith('loading') ? 'good' : 'none';
}

function details(
  view: AppView,
  face: AppFace,
  window: Pick<WindowView, 'connection'>,
  nowMs: number,
): readonly DetailRow[] {
  const notes = window.connection.kind === 'connected' ? notesOf(view) : [];
  return [
    { id: 'sentence', label: face.sentence, description: '', icon: face.background === 'none' ? 'info' : 'warning' },
    ...notes.map((note, index) => ({ id: `note ${index}`, label: note, description: '', icon: 'info' })),
    ...factsOf(view, window.connection, nowMs).map(({ id, name, value }) => {
      const action = actionOf[id];
      return {
        id,
        label: name,
        description: value,
        ...(action !== undefined && fits[action](view) ? { action } : {}),
      };
    }),
  ];
}
