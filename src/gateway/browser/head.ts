/**
 * The script that the gateway puts first into the head of each page (DESIGN section 8). It hides the prefix of a path
 * proxy from the app, keeps the app's navigations and sockets under it, and tells the panel what becomes of the page.
 * Invariant: whatever goes wrong here, the app runs as if it were not there.
 */
import { gatewayPath } from '../names';
import { keepConnections } from './connections';
import { keepCookies } from './cookies';
import { FrameHistory } from './frameHistory';
import { isForEditor, isTakenFromBrowser } from './keys';
import { watchLiveness } from './liveness';
import { markWindow } from './mark';
import { asCommand, marked, type Tell } from './messages';
import { navigationApi } from './navigationApi';
import { keepNavigations } from './navigations';
import { on } from './on';
import { watchOverlay } from './overlay';
import { prefixOf, prefixOfWorker, shellAddress, type Place } from './prefix';
import { quietly } from './quietly';
import { watchTroubles } from './troubles';
import { keepWindows } from './windows';

quietly(() => {
  const script = document.currentScript;
  if (!(script instanceof HTMLScriptElement)) return;
  const asked = script.dataset['path'] ?? '';
  // Gone before React compares the head with what the server rendered.
  script.remove();
  begin(asked);
});

function begin(asked: string): void {
  // A page without an origin (a sandboxed frame) may change no address.
  const prefix =
    window.origin === 'null' ? '' : (quietly(prefixOfController) ?? prefixOf(location.pathname, asked) ?? '');
  const place: Place = { origin: location.origin, prefix };
  if (parent === window) {
    // Alone in a tab it could not be reloaded: the editor has the stripped address.
    if (prefix !== '') location.replace(shellAddress(place, asked + location.hash));
    return;
  }
  markWindow(window);
  // In a frame of the app's own it only lives; nobody waits for its word.
  const isPreview = isInPreview(prefix);
  if (!isPreview && prefix === '') return;
  const tell: Tell = isPreview ? (message) => parent.postMessage(marked(message), '*') : () => undefined;
  const page = pageTeller(tell);
  const own = new FrameHistory(place, () => page(own.path));
  own.strip();
  quietly(() => keepWindows(place, tell));
  if (prefix !== '') {
    quietly(() => keepNavigations(place, own));
    quietly(keepCookies);
  }
  const troubles = isPreview ? quietly(() => watchTroubles(place, tell)) : undefined;
  quietly(() =>
    keepConnections(place, tell, () => {
      if (troubles) troubles.isHotReloadLost = true;
    }),
  );
  if (!isPreview) return;
  quietly(() => watchLiveness(tell, troubles, () => prefix === '' || navigator.serviceWorker.controller !== null));
  page(own.path);
  new MutationObserver(() => page(own.path)).observe(document.head, {
    childList: true,
    subtree: true,
    characterData: true,
  });
  // What "back" can do may change with the end of loading.
  on('load', () => page(own.path));
  quietly(() => watchOverlay(tell));
  watchKeys(tell);
  obey(place, own);
}

/** Where our worker controls the page there is nothing to guess. */
function prefixOfController(): string | undefined {
  const controller = navigator.serviceWorker.controller;
  return controller ? prefixOfWorker(controller.scriptURL) : undefined;
}

/** Whether the page is the preview's own, below the shell or right in the panel, and not one that the app frames. */
function isInPreview(prefix: string): boolean {
  try {
    return parent.location.pathname === prefix + gatewayPath;
  } catch {
    return true; // The panel has another origin.
  }
}

/** Tells the path and what is known beside it, once for each change. */
function pageTeller(tell: Tell): (path: string) => void {
  let last = '';
  return (path) => {
    const { canGoBack = true, canGoForward = true } = navigationApi() ?? {};
    const message = { type: 'page', path, title: document.title, canGoBack, canGoForward } as const;
    const text = JSON.stringify(message);
    if (text === last) return;
    last = text;
    tell(message);
  };
}

function watchKeys(tell: Tell): void {
  // In a tab of its own there is no editor around the shell, and the keys stay the browser's.
  const hasEditor = parent !== top;
  on('keydown', (event) => {
    if (event.defaultPrevented || event.isComposing) return;
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- the editor's own key bindings are found by it
    const { key, code, keyCode, ctrlKey, altKey, metaKey, shiftKey } = event;
    const pressed = { key, ctrlKey, altKey, metaKey, shiftKey };
    const target = event.composedPath()[0];
    const isTyping =
      target instanceof HTMLElement &&
      (target.isContentEditable || /^(?:input|textarea|select)$/i.test(target.localName));
    const facts = { ...pressed, isTyping, isAltGraph: event.getModifierState('AltGraph') };
    if (!isForEditor(facts)) return;
    if (hasEditor && isTakenFromBrowser(facts)) event.preventDefault();
    tell({ type: 'key', code, keyCode, ...pressed });
  });
}

function obey(place: Place, own: FrameHistory): void {
  on('message', ({ source, data }) => {
    const command = source === parent ? asCommand(data) : undefined;
    switch (command?.type) {
      case 'back':
      case 'forward':
        return history[command.type]();
      case 'reload':
        own.restore();
        return location.reload();
      case 'go':
        own.restore();
        return location.assign(place.origin + place.prefix + command.path);
      case undefined:
    }
  });
}
