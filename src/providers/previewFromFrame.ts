import { PREVIEW_MARK, type Liveness } from '../sessions/gatewayProtocol';
import type { FrameReport } from '../sessions/previewTruth';
import { cleanPath } from './previewAddress';

/** Longer texts of a page are cut: they are for a line above the frame. */
const TEXT_CHARS = 2000;
const TITLE_CHARS = 200;
/** Longer ones are no address that is worth to come back to. */
export const MAX_PATH_CHARS = 2000;

const liveness: readonly Liveness[] = ['loading', 'loaded', 'hydrated', 'notHydrated'];

/**
 * A report of the frame's page if it is one of the contract's, checked field by field and cut to sane lengths: the frame
 * holds code that is not ours. Undefined for anything else, and for keys and windows, which the panel's page deals with itself.
 */
export function parseFromFrame(value: unknown): FrameReport | undefined {
  if (!isRecord(value) || value['mark'] !== PREVIEW_MARK) return undefined;
  const message = bodyOf(value);
  return message === undefined ? undefined : { mark: PREVIEW_MARK, ...message };
}

type Body<M = FrameReport> = M extends FrameReport ? Omit<M, 'mark'> : never;

function bodyOf(value: Readonly<Record<string, unknown>>): Body | undefined {
  switch (value['type']) {
    case 'page': {
      const { path, title, canGoBack, canGoForward } = value;
      if (typeof path !== 'string' || path.length > MAX_PATH_CHARS) return undefined;
      if (typeof canGoBack !== 'boolean' || typeof canGoForward !== 'boolean') return undefined;
      return { type: 'page', path: cleanPath(path), title: text(title, TITLE_CHARS) ?? '', canGoBack, canGoForward };
    }
    case 'liveness': {
      const state = oneOf(liveness, value['state']);
      return state && { type: 'liveness', state, ...detailOf(value) };
    }
    case 'hotReload': {
      const state = oneOf(['connected', 'lost'] as const, value['state']);
      return state && { type: 'hotReload', state };
    }
    case 'error': {
      const message = text(value['message'], TEXT_CHARS);
      const source = text(value['source'], TEXT_CHARS);
      if (message === undefined) return undefined;
      return { type: 'error', message, ...(source === undefined ? {} : { source }) };
    }
    case 'request': {
      const url = text(value['url'], TEXT_CHARS);
      const status = wholeNumber(value['status'], 999);
      return url === undefined || status === undefined ? undefined : { type: 'request', url, status };
    }
    case 'overlay': {
      const shown = text(value['text'], TEXT_CHARS);
      return shown === undefined ? undefined : { type: 'overlay', text: shown };
    }
    case 'shell': {
      const state = oneOf(['ready', 'noWorker', 'noGateway'] as const, value['state']);
      return state && { type: 'shell', state, ...detailOf(value) };
    }
    default:
      return undefined;
  }
}

function detailOf(value: Readonly<Record<string, unknown>>): { readonly detail?: string } {
  const detail = text(value['detail'], TEXT_CHARS);
  return detail === undefined ? {} : { detail };
}

function text(value: unknown, chars: number): string | undefined {
  return typeof value === 'string' ? value.slice(0, chars) : undefined;
}

function wholeNumber(value: unknown, most: number): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most ? value : undefined;
}

function oneOf<T>(choices: readonly T[], value: unknown): T | undefined {
  return choices.find((choice) => choice === value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
