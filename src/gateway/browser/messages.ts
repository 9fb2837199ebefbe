/** What may cross between panel, shell and page: checked by its mark and type, and the fields that are used here. */
import type { FromFrame, ToFrame } from '../../sessions/gatewayProtocol';
import { previewMark } from '../names';

type Body<T> = T extends unknown ? Omit<T, 'mark'> : never;

/** Tells whoever frames us; does nothing where nobody does. */
export type Tell = (message: Body<FromFrame>) => void;

export function marked(message: Body<FromFrame>): FromFrame {
  return { mark: previewMark, ...message };
}

/** A command of the panel; undefined for anything else. A path has a slash in front. */
export function asCommand(data: unknown): ToFrame | undefined {
  if (!isMarked(data)) return undefined;
  const { type, path } = data;
  if (type === 'back' || type === 'forward' || type === 'reload') return { mark: previewMark, type };
  if (type === 'go' && typeof path === 'string' && path.startsWith('/')) return { mark: previewMark, type, path };
  return undefined;
}

const reports: readonly unknown[] = [
  'page',
  'liveness',
  'hotReload',
  'error',
  'request',
  'overlay',
  'key',
  'open',
] satisfies FromFrame['type'][];

/** Whether the shell may pass this on as the page's word: the panel checks each field, and `shell` is the shell's own. */
export function isReport(data: unknown): data is { readonly type: string } & Record<string, unknown> {
  return isMarked(data) && reports.includes(data['type']);
}

function isMarked(data: unknown): data is Record<string, unknown> {
  return typeof data === 'object' && data !== null && (data as Record<string, unknown>)['mark'] === previewMark;
}

/** Worker → shell: the gateway is gone, and so is the worker. */
export const workerWord = 'cheatcode.preview.gone';
