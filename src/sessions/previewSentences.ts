/**
 * Turns what is true of a preview into words, as `messages.ts` does for sessions: what happened, and what helps. Pure.
 */
import type { FailedRequests, PreviewTruth, ShownIssue } from './previewTruth';

/** A line above the frame. */
export interface PreviewNotice {
  readonly severity: 'info' | 'warning' | 'error';
  readonly text: string;
  /** What helps, as one button. */
  readonly action: { readonly id: NoticeAction; readonly label: string } | undefined;
}

export type NoticeAction = 'reload' | 'showTerminal' | 'openInBrowser' | 'openFile';

/** How the frame reaches the app, as far as the words depend on it. */
export interface FrameRoute {
  readonly via: 'gateway' | 'direct' | 'template';
  readonly isPathProxied: boolean;
}

/** Of what a page or a framework says, as much as a line above the frame takes. */
const DETAIL_CHARS = 300;
/** And as much as a line of a tooltip takes. */
const TOOLTIP_CHARS = 120;

const reload = { id: 'reload', label: 'Reload' } as const;
const openFile = { id: 'openFile', label: 'Open File' } as const;
const terminal = { id: 'showTerminal', label: 'Show Terminal' } as const;

/** A few words for a tooltip: `alive`, `not hydrated: …`. */
export function truthWords(truth: PreviewTruth): string {
  switch (truth.kind) {
    case 'loading':
      return 'loading';
    case 'loaded':
      return 'loaded, has not reported yet';
    case 'silent':
      return 'loaded, does not report';
    case 'alive':
      return 'alive';
    case 'notHydrated':
      return `not hydrated${after(': ', truth.detail ?? failedSentence(truth.failed), TOOLTIP_CHARS)}`;
    case 'hotReloadLost':
      return 'alive, but hot reload is lost';
    case 'error':
      return `${errorsOf(truth.count)}${after(': ', truth.message, TOOLTIP_CHARS)}`;
    case 'compileError':
      if (truth.issue !== undefined) return issueWords(truth.issue, TOOLTIP_CHARS);
      return `shows an error${after(': ', truth.text, TOOLTIP_CHARS)}`;
    case 'noWorker':
      return `not alive: no service worker${after(' (', truth.detail, TOOLTIP_CHARS, ')')}`;
    case 'noGateway':
      return 'not alive: the preview gateway does not answer';
  }
}

/** What to say above the frame; undefined while there is nothing that a person must know. `label` is the app's. */
export function truthNotice(truth: PreviewTruth, label: string, route: FrameRoute): PreviewNotice | undefined {
  // Nothing reports through an address that no gateway serves, so its silence is no news; but here it is known to be dead.
  if (route.via === 'direct' && route.isPathProxied)
    return {
      severity: 'warning',
      text: `${label} is shown without the preview gateway. Through this path proxy the page shows but does not react: its scripts are not found there.`,
      action: reload,
    };
  switch (truth.kind) {
    case 'loading':
    case 'loaded':
    case 'alive':
      return undefined;
    case 'silent':
      if (route.via !== 'gateway') return undefined;
      return {
        severity: 'info',
        text: 'This page does not report whether it is alive. It may still be loading, or it may be no page of HTML.',
        action: reload,
      };
    case 'notHydrated':
      return { severity: 'warning', ...notHydrated(truth.detail, truth.failed) };
    case 'hotReloadLost':
      return {
        severity: 'warning',
        text: 'Hot reload has lost its connection: changes of the code do not arrive. A reload connects it again.',
        action: reload,
      };
    case 'error':
      return { severity: 'error', text: `${sentence(errorsOf(truth.count), truth.message)}`, action: reload };
    case 'compileError':
      return {
        severity: 'error',
        text:
          truth.issue === undefined
            ? sentence(`${label} shows an error`, truth.text)
            : closed(capital(issueWords(truth.issue, DETAIL_CHARS))),
        action: truth.issue?.file === undefined ? terminal : openFile,
      };
    case 'noWorker':
      return {
        severity: 'error',
        text: `${sentence('The page can not come alive behind this proxy without a service worker', truth.detail)} It helps to open the editor by https or by a localhost address.`,
        action: undefined,
      };
    case 'noGateway':
      return {
        severity: 'error',
        text: `${sentence('The preview gateway of this app does not answer', truth.detail)} A reload asks it again.`,
        action: reload,
      };
  }
}

function notHydrated(
  detail: string | undefined,
  failed: FailedRequests | undefined,
): Pick<PreviewNotice, 'text' | 'action'> {
  const requests = failedSentence(failed);
  const text = [
    sentence('The page is shown but does not react: it was not hydrated', detail),
    ...(requests === undefined ? [] : [`${requests}.`]),
    'A reload may help; the terminal says more.',
  ].join(' ');
  return { text, action: reload };
}

/** `compile error in app/page.js:6: Expected '>'`. */
function issueWords({ kind, message, file, line }: ShownIssue, chars: number): string {
  const what = kind === 'build' ? 'compile error' : 'error';
  const place = file === undefined ? '' : ` in ${shorten(file, TOOLTIP_CHARS)}${line === undefined ? '' : `:${line}`}`;
  return `${what}${place}${after(': ', message, chars)}`;
}

function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

function failedSentence(failed: FailedRequests | undefined): string | undefined {
  if (failed === undefined) return undefined;
  const answer = failed.lastStatus === 0 ? 'without an answer' : `with ${failed.lastStatus}`;
  const last = `${shorten(failed.lastUrl, TOOLTIP_CHARS)} ${answer}`;
  return failed.count === 1 ? `A request failed: ${last}` : `${failed.count} requests failed, the last: ${last}`;
}

function errorsOf(count: number): string {
  return count === 1 ? 'An uncaught error' : `${count} uncaught errors`;
}

/** `what: detail.`, with one full stop at its end. */
function sentence(what: string, detail: string | undefined): string {
  return closed(`${what}${after(': ', detail, DETAIL_CHARS)}`);
}

function closed(said: string): string {
  return /[.!?…]$/.test(said) ? said : `${said}.`;
}

function after(before: string, detail: string | undefined, chars: number, behind = ''): string {
  const said = shorten(detail ?? '', chars);
  return said === '' ? '' : `${before}${said}${behind}`;
}

/** One line of at most so many characters. */
function shorten(value: string, chars: number): string {
  const line = value.replace(/\s+/g, ' ').trim();
  return line.length <= chars ? line : `${line.slice(0, chars - 1)}…`;
}
