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
  /** Grows when the frame must load anew. */
  readonly load: number;
}

/** How a panel finds its app again after a reload of the window. */
export interface SavedApp {
  readonly key: string;
  readonly name: string;
}

/** What the page keeps across reloads of the window. */
export interface SavedState {
  readonly app: SavedApp;
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
  /** The frame goes to a path, by a route that the page chose. */
  | { readonly type: 'address'; readonly path: string; readonly route: Route };

/** Actions that the page may ask for, and no others. */
const pageActions: readonly AppActionId[] = ['start', 'restart', 'showTerminal', 'openInBrowser', 'copyUrl'];

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
    case 'address': {
      const { path, route } = value;
      if (typeof path !== 'string' || path.length > 2000 || (route !== 'direct' && route !== 'external')) return undefined;
      return { type: 'address', path: cleanPath(path), route };
    }
    default:
      return undefined;
  }
}

/** The state of a panel that comes back, undefined if it is none of ours. */
export function parseSavedState(value: unknown): SavedState | undefined {
  if (!isRecord(value) || !isRecord(value['app'])) return undefined;
  const { key, name } = value['app'];
  const { path, width } = value;
  if (typeof key !== 'string' || typeof name !== 'string' || typeof path !== 'string') return undefined;
  return {
    app: { key, name },
    path: cleanPath(path),
    width: width === 'phone' || width === 'tablet' ? width : 'full',
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
