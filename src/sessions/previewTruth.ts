/**
 * Is the app in the preview's frame alive, and if not, why: the state of a preview beside its server's, for HTTP's 200 says
 * nothing of a page that never came to life. Pure: what the page reports goes in, one state comes out.
 */
import type { FromFrame, Liveness } from './gatewayProtocol';
import type { CompileIssue } from './protocol';

/** What is true of a preview now. */
export type PreviewTruth =
  /** `loaded`: the browser has the page, which has not reported yet; `silent`: and it never did within its time. */
  | { readonly kind: 'loading' | 'loaded' | 'silent' }
  /** Hydrated, or in no need of it, and hot reload is not lost. */
  | { readonly kind: 'alive' }
  | { readonly kind: 'notHydrated'; readonly detail: string | undefined; readonly failed: FailedRequests | undefined }
  | { readonly kind: 'hotReloadLost' }
  /** Uncaught errors of a page that is alive otherwise. */
  | { readonly kind: 'error'; readonly count: number; readonly message: string }
  /** The framework's overlay is shown, or the page is dead because of `issue`. */
  | { readonly kind: 'compileError'; readonly text: string; readonly issue?: ShownIssue }
  /** The gateway's shell can't let the app live here. */
  | { readonly kind: 'noWorker' | 'noGateway'; readonly detail: string | undefined };

/** The error that keeps a page from being what it should: its code does not compile, or threw (`runtime`). */
export interface ShownIssue extends Pick<CompileIssue, 'message'> {
  readonly kind: 'build' | 'runtime';
  /** Relative to the app's folder; undefined where no file of the app is named. */
  readonly file?: string | undefined;
  readonly line?: number | undefined;
  readonly column?: number | undefined;
}

/** Requests of the page that failed. */
export interface FailedRequests {
  readonly count: number;
  readonly lastUrl: string;
  /** 0 where there was no answer. */
  readonly lastStatus: number;
}

/** What is known of one frame since it was made. */
export interface FrameFacts {
  readonly isLoaded: boolean;
  /** Nothing came of the page in the time that it has. */
  readonly isSilent: boolean;
  /** Undefined until the page's head script has spoken. */
  readonly liveness: Liveness | undefined;
  readonly detail: string | undefined;
  readonly hotReload: 'unknown' | 'connected' | 'lost';
  readonly errors: number;
  readonly lastError: string;
  readonly failed: FailedRequests | undefined;
  readonly overlay: string;
  readonly shell: Extract<FromFrame, { type: 'shell' }>['state'] | undefined;
  readonly shellDetail: string | undefined;
}

/** What the frame's page reports; keys and wishes for a window are no report. */
export type FrameReport = Exclude<FromFrame, { type: 'key' | 'open' }>;

/** Reports of the frame's page, and what the panel sees of the frame itself. */
export type FrameEvent = FrameReport | { readonly type: 'frameLoaded' } | { readonly type: 'silence' };

/** Of a frame that was just made. */
export const newFrame: FrameFacts = {
  isLoaded: false,
  isSilent: false,
  liveness: undefined,
  detail: undefined,
  hotReload: 'unknown',
  errors: 0,
  lastError: '',
  failed: undefined,
  overlay: '',
  shell: undefined,
  shellDetail: undefined,
};

/** The facts after an event; `times` says how often it came in a row. */
export function afterEvent(facts: FrameFacts, event: FrameEvent, times = 1): FrameFacts {
  switch (event.type) {
    case 'frameLoaded':
      return { ...facts, isLoaded: true };
    case 'silence':
      return { ...facts, isSilent: true };
    case 'liveness':
      // Said once by each document, first: what the one before it had is gone.
      if (event.state === 'loading') return { ...ofNewDocument(facts), liveness: 'loading', detail: event.detail };
      return { ...facts, liveness: event.state, detail: event.detail };
    case 'hotReload':
      return { ...facts, hotReload: event.state };
    case 'error':
      return { ...facts, errors: facts.errors + times, lastError: event.message };
    case 'request':
      return {
        ...facts,
        failed: { count: (facts.failed?.count ?? 0) + times, lastUrl: event.url, lastStatus: event.status },
      };
    case 'overlay':
      return { ...facts, overlay: event.text };
    case 'shell':
      return { ...facts, shell: event.state, shellDetail: event.detail };
    case 'page':
      return facts;
  }
}

/** The facts of a frame that shows another document: only the shell around it is the same. */
export function ofNewDocument({ isLoaded, shell, shellDetail }: FrameFacts): FrameFacts {
  return { ...newFrame, isLoaded, shell, shellDetail };
}

/** The truth of a page that shows this error, or is dead because of it. */
export function withIssue(truth: PreviewTruth, issue: ShownIssue): PreviewTruth {
  if (truth.kind === 'compileError') return { ...truth, issue };
  return truth.kind === 'notHydrated' ? { kind: 'compileError', text: issue.message, issue } : truth;
}

/** The state that the facts make. What keeps a page from living at all comes before what only troubles it. */
export function truthOf(facts: FrameFacts): PreviewTruth {
  if (facts.shell === 'noWorker' || facts.shell === 'noGateway')
    return { kind: facts.shell, detail: facts.shellDetail };
  if (facts.overlay !== '') return { kind: 'compileError', text: facts.overlay };
  switch (facts.liveness) {
    case undefined:
      if (facts.isSilent) return { kind: 'silent' };
      return { kind: facts.isLoaded ? 'loaded' : 'loading' };
    case 'loading':
      return { kind: 'loading' };
    case 'notHydrated':
      return { kind: 'notHydrated', detail: facts.detail, failed: facts.failed };
    case 'loaded':
    case 'hydrated':
      if (facts.hotReload === 'lost') return { kind: 'hotReloadLost' };
      if (facts.errors > 0) return { kind: 'error', count: facts.errors, message: facts.lastError };
      return { kind: 'alive' };
  }
}
