import type { AppActionId, PreviewPage } from '../sessions/presenter';
import { cleanPath, type PreviewAddress, type Route } from './previewAddress';

/** All that the preview's page shows; sent whole, each time anything of it changes. */
export interface ShowMessage {
  readonly type: 'show';
  readonly app: SavedApp;
  readonly label: string;
  readonly page: PreviewPage;
  /** The last lines of output. */
  readonly lines: readonly string[];
  readonly address: PreviewAddress | undefined;
  /** Where the page begins; from then on the page itself knows better. */
  readonly view: PageView;
  /** Grows when the frame must load anew. */
  readonly load: number;
}

/** How a panel finds its app again after a reload of the window. */
export interface SavedApp {
  readonly key: string;
  readonly name: string;
}

/** What the editor keeps of a panel across reloads of the window. */
export interface SavedState {
  readonly app: SavedApp;
}

/** What a person chose in the page. */
export interface PageView {
  readonly path: string;
  readonly width: FrameWidth;
}

export type FrameWidth = 'phone' | 'tablet' | 'full';

/** Messages to the page. */
export type ToPage = ShowMessage;

/** Messages of the page. */
export type FromPage =
  | { readonly type: 'ready' }
  | { readonly type: 'run'; readonly action: AppActionId }
  /** A person went to a path or chose a width. */
  | { readonly type: 'view'; readonly view: PageView }
  /** The browser reaches the app this way. */
  | { readonly type: 'route'; readonly route: Route };

/** Actions that the page may ask for, and no others. */
const pageActions: readonly AppActionId[] = [
  'start',
  'restart',
  'useNextPort',
  'stopOther',
  'showTerminal',
  'openInBrowser',
  'copyUrl',
];

/** A message of the page if it is one, checked field by field: the page frames code that is not ours. */
export function parseFromPage(value: unknown): FromPage | undefined {
  if (!isRecord(value)) return undefined;
  switch (value['type']) {
    case 'ready':
      return { type: 'ready' };
    case 'run': {
      const action = pageActions.find((candidate) => candidate === value['action']);
      return action === undefined ? undefined : { type: 'run', action };
    }
    case 'view': {
      const view = parsePageView(value['view']);
      return view === undefined ? undefined : { type: 'view', view };
    }
    case 'route': {
      const { route } = value;
      return route === 'direct' || route === 'external' ? { type: 'route', route } : undefined;
    }
    default:
      return undefined;
  }
}

/** The state of a panel that comes back, undefined if it is none of ours. */
export function parseSavedState(value: unknown): SavedState | undefined {
  if (!isRecord(value) || !isRecord(value['app'])) return undefined;
  const { key, name } = value['app'];
  return typeof key === 'string' && typeof name === 'string' ? { app: { key, name } } : undefined;
}

/** A path and a width that can be used, undefined if there is no path in it. */
export function parsePageView(value: unknown): PageView | undefined {
  if (!isRecord(value)) return undefined;
  const { path, width } = value;
  if (typeof path !== 'string' || path.length > MAX_PATH_CHARS) return undefined;
  return { path: cleanPath(path), width: width === 'phone' || width === 'tablet' ? width : 'full' };
}

/** Longer ones are no address that a person typed. */
const MAX_PATH_CHARS = 2000;

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
