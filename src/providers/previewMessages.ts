import type { ToFrame } from '../sessions/gatewayProtocol';
import type { PreviewNotice } from '../sessions/previewSentences';
import type { FrameReport, PreviewTruth } from '../sessions/previewTruth';
import type { AppActionId } from '../sessions/appActions';
import type { PreviewPage } from '../sessions/presenter';
import type { PhoneCard } from './phoneCard';
import { cleanPath } from './previewAddress';
import type { FramePlace } from './previewFrame';
import { MAX_PATH_CHARS, parseFromFrame } from './previewFromFrame';

/** All that the preview's page shows; sent whole, each time anything of it changes. */
export interface ShowMessage {
  readonly type: 'show';
  /** What the page keeps for a panel that comes back. */
  readonly saved: SavedState;
  readonly label: string;
  readonly page: PreviewPage;
  /** The last lines of output. */
  readonly lines: readonly string[];
  /** The frame; undefined while there is none. */
  readonly place: FramePlace | undefined;
  readonly truth: PreviewTruth['kind'] | undefined;
  readonly notices: readonly PreviewNotice[];
  /** The address that a phone opens, where the page has no frame. */
  readonly phone: PhoneCard | undefined;
  /** There are two faces to choose between. */
  readonly hasFaces: boolean;
}

/** A command for the frame's page, for the frame of this load only. */
export interface TellMessage {
  readonly type: 'tell';
  readonly load: number;
  readonly command: ToFrame;
}

/** How a panel finds its app again after a reload of the window. */
export interface SavedApp {
  readonly key: string;
  readonly name: string;
}

/** What the editor keeps of a panel across reloads of the window. */
export interface SavedState {
  readonly app: SavedApp;
  readonly view: PageView | undefined;
}

/** What a person chose in the page, and where the app is. */
export interface PageView {
  readonly path: string;
  readonly width: FrameWidth;
  readonly isLandscape: boolean;
  /** Of a mobile app: its address for phones, or its web build. */
  readonly face: Face;
}

type FrameWidth = 'phone' | 'tablet' | 'full';

type Face = 'phone' | 'web';

/** Messages to the page. */
export type ToPage = ShowMessage | TellMessage;

/** Messages of the page. */
export type FromPage =
  /** It listens. `page` tells it from a page that the editor made of the panel before. */
  | {
      readonly type: 'ready';
      /** Its own name, another each time the editor makes it. */
      readonly page: string;
      /** Of `previewHtml`: which page the editor was given. */
      readonly loading: number;
    }
  | { readonly type: 'back' | 'forward' | 'reload' | 'copyPhoneUrl' | 'openFile' }
  | { readonly type: 'run'; readonly action: AppActionId }
  /** A person went to a path of the app. */
  | { readonly type: 'go'; readonly path: string }
  | { readonly type: 'width'; readonly width: FrameWidth; readonly isLandscape: boolean }
  | { readonly type: 'face'; readonly face: Face }
  /** The app in that load's frame wants another window for this path of its own, and a person just did something there. */
  | { readonly type: 'open'; readonly load: number; readonly path: string }
  /** The same for a page of another site, by its whole address: `http:` or `https:` alone. */
  | { readonly type: 'openUrl'; readonly load: number; readonly url: string }
  /** The browser has loaded the frame that was made for this load. */
  | { readonly type: 'frameLoaded'; readonly load: number }
  /** A report of that frame's page, `times` times in a row; undefined if it is none that is known. */
  | {
      readonly type: 'frame';
      readonly load: number;
      readonly times: number;
      readonly report: FrameReport | undefined;
    };

/** A message of the frame's page as the panel's page sends it on: known fields only, their texts cut. */
export interface FramePost {
  readonly type: 'frame';
  readonly load: number;
  readonly times: number;
  readonly data: unknown;
}

/** Actions that the page may ask for, and no others. */
const pageActions: readonly AppActionId[] = [
  'start',
  'restart',
  'useNextPort',
  'startHere',
  'stopOther',
  'showTerminal',
  'openInBrowser',
  'copyUrl',
];

const plain = ['back', 'forward', 'reload', 'copyPhoneUrl', 'openFile'] as const;

/** Longer ones are none that our page chose. */
const PAGE_CHARS = 40;

/** A message of the page if it is one, checked field by field: the page frames code that is not ours. */
export function parseFromPage(value: unknown): FromPage | undefined {
  if (!isRecord(value)) return undefined;
  const { type } = value;
  switch (type) {
    case 'ready': {
      const { page, loading } = value;
      if (typeof page !== 'string' || page.length > PAGE_CHARS || !Number.isSafeInteger(loading)) return undefined;
      return { type, page, loading: Number(loading) };
    }
    case 'run': {
      const action = pageActions.find((candidate) => candidate === value['action']);
      return action === undefined ? undefined : { type, action };
    }
    case 'go': {
      const path = parsePath(value['path']);
      return path === undefined ? undefined : { type, path };
    }
    case 'width':
      return { type, width: parseWidth(value['width']), isLandscape: value['isLandscape'] === true };
    case 'face':
      return { type, face: parseFace(value['face']) };
    case 'open': {
      const load = parseCount(value['load']);
      const path = parsePath(value['path']);
      return load === undefined || path === undefined ? undefined : { type, load, path };
    }
    case 'openUrl': {
      const load = parseCount(value['load']);
      const { url } = value;
      if (load === undefined || typeof url !== 'string' || url.length > MAX_PATH_CHARS) return undefined;
      return /^https?:\/\//i.test(url) && URL.canParse(url) ? { type, load, url } : undefined;
    }
    case 'frameLoaded': {
      const load = parseCount(value['load']);
      return load === undefined ? undefined : { type, load };
    }
    case 'frame': {
      const load = parseCount(value['load']);
      const times = parseCount(value['times']);
      if (load === undefined || times === undefined) return undefined;
      return { type, load, times, report: parseFromFrame(value['data']) };
    }
    default: {
      const known = plain.find((candidate) => candidate === type);
      return known === undefined ? undefined : { type: known };
    }
  }
}

/** The state of a panel that comes back, undefined if it is none of ours. */
export function parseSavedState(value: unknown): SavedState | undefined {
  if (!isRecord(value) || !isRecord(value['app'])) return undefined;
  const { key, name } = value['app'];
  if (typeof key !== 'string' || typeof name !== 'string') return undefined;
  return { app: { key, name }, view: parsePageView(value['view']) };
}

/** A view that can be used, undefined if there is no path in it. */
export function parsePageView(value: unknown): PageView | undefined {
  if (!isRecord(value)) return undefined;
  const path = parsePath(value['path']);
  if (path === undefined) return undefined;
  const { width, isLandscape, face } = value;
  return { path, width: parseWidth(width), isLandscape: isLandscape === true, face: parseFace(face) };
}

function parsePath(value: unknown): string | undefined {
  return typeof value === 'string' && value.length <= MAX_PATH_CHARS ? cleanPath(value) : undefined;
}

function parseWidth(value: unknown): FrameWidth {
  return value === 'phone' || value === 'tablet' ? value : 'full';
}

function parseFace(value: unknown): Face {
  return value === 'web' ? 'web' : 'phone';
}

function parseCount(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 1 ? value : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
