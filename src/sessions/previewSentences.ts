/**
 * Turns what is true of a preview into words, as `messages.ts` does for sessions: what happened, and what helps. Pure.
 */
import * as l10n from '@vscode/l10n';
import { afterColon, inBrackets } from './factWords';
import type { FailedRequests, PreviewTruth, ShownIssue } from './previewTruth';

/** A line above the frame. */
export interface PreviewNotice {
  readonly severity: 'info' | 'warning' | 'error';
  readonly text: string;
  /** What helps, as one button. */
  readonly action: { readonly id: NoticeAction; readonly label: string } | undefined;
}

type NoticeAction = 'reload' | 'showTerminal' | 'openInBrowser' | 'openFile';

/** How the frame reaches the app, as far as the words depend on it. */
export interface FrameRoute {
  readonly via: 'gateway' | 'direct' | 'template';
  readonly isPathProxied: boolean;
}

/** Of what a page or a framework says, as much as a line above the frame takes. */
const DETAIL_CHARS = 300;
/** And as much as a line of a tooltip takes. */
const TOOLTIP_CHARS = 120;

/** A few words for a tooltip: `alive`, `not hydrated: …`. */
export function truthWords(truth: PreviewTruth): string {
  switch (truth.kind) {
    case 'loading':
      return l10n.t('loading');
    case 'loaded':
      return l10n.t('loaded, has not reported yet');
    case 'silent':
      return l10n.t('loaded, does not report');
    case 'alive':
      return l10n.t('alive');
    case 'notHydrated':
      return withDetail(l10n.t('not hydrated'), truth.detail ?? failedWords(truth.failed), TOOLTIP_CHARS);
    case 'hotReloadLost':
      return l10n.t('alive, but hot reload is lost');
    case 'error':
      return withDetail(errorsOf(truth.count), truth.message, TOOLTIP_CHARS);
    case 'compileError':
      if (truth.issue !== undefined) return issueWords(truth.issue, TOOLTIP_CHARS);
      return withDetail(l10n.t('shows an error'), truth.text, TOOLTIP_CHARS);
    case 'noWorker':
      return l10n.t('not alive: no service worker{0}', inBrackets(shorten(truth.detail, TOOLTIP_CHARS) || undefined));
    case 'noGateway':
      return l10n.t('not alive: the preview gateway does not answer');
  }
}

/** What to say above the frame; undefined while there is nothing that a person must know. `label` is the app's. */
export function truthNotice(truth: PreviewTruth, label: string, route: FrameRoute): PreviewNotice | undefined {
  const reload = { id: 'reload', label: l10n.t('Reload') } as const;
  // Nothing reports through an address that no gateway serves, so its silence is no news; but here it is known to be dead.
  if (route.via === 'direct' && route.isPathProxied)
    return {
      severity: 'warning',
      text: l10n.t(
        '{0} is shown without the preview gateway. Through this path proxy the page shows but does not react: its scripts are not found there.',
        label,
      ),
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
        text: l10n.t(
          'This page does not report whether it is alive. It may still be loading, or it may be no page of HTML.',
        ),
        action: reload,
      };
    case 'notHydrated':
      return { severity: 'warning', text: notHydrated(truth.detail, truth.failed), action: reload };
    case 'hotReloadLost':
      return {
        severity: 'warning',
        text: l10n.t(
          'Hot reload has lost its connection: changes of the code do not arrive. A reload connects it again.',
        ),
        action: reload,
      };
    case 'error':
      return { severity: 'error', text: sentence(errorsOf(truth.count), truth.message), action: reload };
    case 'compileError':
      return {
        severity: 'error',
        text:
          truth.issue === undefined
            ? sentence(l10n.t('{0} shows an error', label), truth.text)
            : closed(capital(issueWords(truth.issue, DETAIL_CHARS))),
        action:
          truth.issue?.file === undefined
            ? { id: 'showTerminal', label: l10n.t('Show Terminal') }
            : { id: 'openFile', label: l10n.t('Open File') },
      };
    case 'noWorker':
      return {
        severity: 'error',
        text: [
          sentence(l10n.t('The page can not come alive behind this proxy without a service worker'), truth.detail),
          l10n.t('It helps to open the editor by https or by a localhost address.'),
        ].join(' '),
        action: undefined,
      };
    case 'noGateway':
      return {
        severity: 'error',
        text: [
          sentence(l10n.t('The preview gateway of this app does not answer'), truth.detail),
          l10n.t('A reload asks it again.'),
        ].join(' '),
        action: reload,
      };
  }
}

function notHydrated(detail: string | undefined, failed: FailedRequests | undefined): string {
  const requests = failedWords(failed);
  return [
    sentence(l10n.t('The page is shown but does not react: it was not hydrated'), detail),
    ...(requests === undefined ? [] : [`${requests}.`]),
    l10n.t('A reload may help; the terminal says more.'),
  ].join(' ');
}

/** `compile error in app/page.js:6: Expected '>'`. */
function issueWords({ kind, message, file, line }: ShownIssue, chars: number): string {
  return withDetail(issueHeading(kind, file, line), message, chars);
}

function issueHeading(kind: ShownIssue['kind'], file: string | undefined, line: number | undefined): string {
  if (file === undefined) return kind === 'build' ? l10n.t('compile error') : l10n.t('error');
  const place = `${shorten(file, TOOLTIP_CHARS)}${line === undefined ? '' : `:${line}`}`;
  return kind === 'build' ? l10n.t('compile error in {0}', place) : l10n.t('error in {0}', place);
}

function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

function failedWords(failed: FailedRequests | undefined): string | undefined {
  if (failed === undefined) return undefined;
  const { count, lastStatus } = failed;
  const url = shorten(failed.lastUrl, TOOLTIP_CHARS);
  if (lastStatus === 0)
    return count === 1
      ? l10n.t('A request failed: {0} without an answer', url)
      : l10n.t('{0} requests failed, the last: {1} without an answer', count, url);
  return count === 1
    ? l10n.t('A request failed: {0} with {1}', url, lastStatus)
    : l10n.t('{0} requests failed, the last: {1} with {2}', count, url, lastStatus);
}

function errorsOf(count: number): string {
  return count === 1 ? l10n.t('An uncaught error') : l10n.t('{0} uncaught errors', count);
}

/** `what: detail.`, with one full stop at its end. */
function sentence(what: string, detail: string | undefined): string {
  return closed(withDetail(what, detail, DETAIL_CHARS));
}

function closed(said: string): string {
  return /[.!?…]$/.test(said) ? said : `${said}.`;
}

function withDetail(what: string, detail: string | undefined, chars: number): string {
  return what + afterColon(shorten(detail, chars) || undefined);
}

/** One line of at most so many characters. */
function shorten(value: string | undefined, chars: number): string {
  const line = (value ?? '').replace(/\s+/g, ' ').trim();
  return line.length <= chars ? line : `${line.slice(0, chars - 1)}…`;
}
