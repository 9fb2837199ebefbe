/** What goes wrong in the page: uncaught errors and requests that failed. */
import type { Tell } from './messages';
import { on } from './on';
import { stripped, type Place } from './prefix';
import { quietly } from './quietly';

/** Told of one document, over all: a page in a loop must not drown the panel. */
const MOST_MESSAGES = 100;
const MOST_CHARS = 1000;

/** The first of each kind, for the reason why a page is not alive. */
export interface Troubles {
  failedScripts: number;
  firstScript: string;
  firstError: string;
  isHotReloadLost: boolean;
}

export function watchTroubles(place: Place, tell: Tell): Troubles {
  const troubles: Troubles = { failedScripts: 0, firstScript: '', firstError: '', isHotReloadLost: false };
  const told = new Set<string>();
  let left = MOST_MESSAGES;
  const say: Tell = (message) => {
    if (left-- > 0) tell(message);
  };
  const failed = (href: string, status: number) => {
    const url = cut(stripped(new URL(href), place));
    if (told.has(url)) return;
    told.add(url);
    say({ type: 'request', url, status });
  };
  const thrown = (event: Event, text: string, source?: string) => {
    // Harmless by the standard's own words, and very common.
    if (text.startsWith('ResizeObserver loop')) return;
    // The app's listeners come after ours: what they take is no trouble.
    setTimeout(() => {
      if (event.defaultPrevented) return;
      const message = cut(text);
      troubles.firstError ||= message;
      say({ type: 'error', message, ...(source ? { source: cut(source) } : {}) });
    });
  };

  on(
    'error',
    (event) => {
      const { target } = event;
      if (event instanceof ErrorEvent)
        thrown(event, event.message, event.filename && `${event.filename}:${event.lineno}:${event.colno}`);
      if (!(target instanceof Element)) return;
      const href = target.getAttribute(target instanceof HTMLLinkElement ? 'href' : 'src');
      if (!href || !/^(?:script|link|img)$/i.test(target.localName)) return;
      const url = new URL(href, document.baseURI).href;
      if (target.localName === 'script' && !troubles.failedScripts++)
        troubles.firstScript = cut(stripped(new URL(url), place));
      // The observer below may know the status.
      setTimeout(() => failed(url, 0), 500);
    },
    true,
  );
  on('unhandledrejection', (event) => {
    const reason: unknown = event.reason;
    thrown(event, reason instanceof Error ? `${reason.name}: ${reason.message}` : String(reason));
  });
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries() as (PerformanceResourceTiming & { responseStatus?: number })[])
      if ((entry.responseStatus ?? 0) >= 400) quietly(() => failed(entry.name, entry.responseStatus ?? 0));
  });
  observer.observe({ type: 'resource', buffered: true });
  return troubles;
}

function cut(text: string): string {
  return text.slice(0, MOST_CHARS);
}
