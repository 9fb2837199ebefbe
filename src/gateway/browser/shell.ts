/**
 * The page around an app behind a path proxy (DESIGN section 8): it registers the service worker, shows the app in its one
 * frame, keeps the app's path in the hash of its own address, so that F5 and a shared link find it, and passes messages on
 * between the app and the panel. Invariant: the frame is made only when the worker can control it.
 */
import { gatewayHeader, gatewayPath, workerPath } from '../names';
import { isMarkedWindow, lostAt } from './mark';
import { asCommand, isReport, marked, workerWord, type Tell } from './messages';
import { appPath, isAstray, isUnder, pathInHash, prefixed, type Place } from './prefix';
import { notices, type Notice } from './shellNotice';

/** The browser starts a worker in far less. */
const WORKER_LIMIT_MS = 15_000;
const LOOK_EVERY_MS = 25;
/** A frame that gets lost again right after it was led back will do so for ever: a sign-in page, as a rule. */
const MOST_RESCUES = 3;
/** A page that a worker does not control although it is there: the browser was told to go without it (a forced reload). */
const MOST_RETRIES = 2;

/** As a webview does for its own: a page that believes to be alone must not take the editor's place. */
const SANDBOX =
  'allow-scripts allow-same-origin allow-forms allow-modals allow-popups allow-popups-to-escape-sandbox allow-downloads ' +
  'allow-pointer-lock allow-presentation allow-orientation-lock allow-storage-access-by-user-activation';

const app = document.currentScript?.dataset['app'] ?? '';
const place: Place = {
  origin: location.origin,
  prefix: location.pathname.endsWith(gatewayPath) ? location.pathname.slice(0, -gatewayPath.length) : '',
};
const tell: Tell = (message) => {
  if (parent !== window) parent.postMessage(marked(message), '*');
};
const tellShell = (state: 'ready' | 'noWorker' | 'noGateway', detail?: string) =>
  tell({ type: 'shell', state, ...(detail === undefined ? {} : { detail }) });

let frame: HTMLIFrameElement | undefined;
/** The app's path that was last seen or asked for. */
let path = pathInHash(location.hash);
let rescues = 0;
/** The lost document that was told where to go. */
let ledBack: Document | undefined;
let retries = 0;

// Without a prefix the app needs no shell.
if (place.prefix === '') location.replace(place.origin + path);
else void start();

async function start(): Promise<void> {
  // The frame's own load then is no part of a forced reload, which goes past all workers.
  if (document.readyState !== 'complete')
    await new Promise((resolve) => window.addEventListener('load', resolve, { once: true }));
  if (!isSecureContext) {
    fail('noWorker', notices.insecure(place.origin), `${place.origin} is no secure context`);
    return;
  }
  try {
    await activeWorker();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (await isGatewayThere()) fail('noWorker', notices.noWorker(reason), reason);
    else fail('noGateway', notices.noGateway());
    return;
  }
  show();
  tellShell('ready');
}

/** Registers the worker of this app, and waits until it is the active one. */
async function activeWorker(): Promise<void> {
  const container = (navigator as { serviceWorker?: ServiceWorkerContainer }).serviceWorker;
  if (!container) throw new Error('The browser has no service workers here.');
  const url = `${place.prefix}${workerPath}?app=${encodeURIComponent(app)}`;
  const registration = await container.register(url, { updateViaCache: 'none' });
  const isActive = () =>
    registration.active?.state === 'activated' && registration.active.scriptURL === new URL(url, place.origin).href;
  await new Promise<void>((resolve, reject) => {
    const limit = setTimeout(() => finish(new Error('It did not start in time.')), WORKER_LIMIT_MS);
    const look = () => {
      for (const one of [registration.installing, registration.waiting, registration.active])
        one?.addEventListener('statechange', look);
      if (isActive()) finish();
    };
    const finish = (error?: Error) => {
      clearTimeout(limit);
      registration.removeEventListener('updatefound', look);
      if (error) reject(error);
      else resolve();
    };
    registration.addEventListener('updatefound', look);
    look();
  });
}

async function isGatewayThere(): Promise<boolean> {
  try {
    const state = await fetch(`${place.prefix}${gatewayPath}state`, { cache: 'no-store', redirect: 'manual' });
    return state.headers.get(gatewayHeader) === app;
  } catch {
    return false;
  }
}

/** Makes the frame. Made by a script, it is never brought back by the browser at an address of before. */
function show(): void {
  frame?.remove();
  notice().hidden = true;
  frame = document.createElement('iframe');
  frame.title = 'App';
  frame.setAttribute('sandbox', SANDBOX);
  frame.allow = 'camera; microphone; geolocation; clipboard-read; clipboard-write; fullscreen; autoplay; web-share';
  frame.src = addressOf(path);
  frame.addEventListener('load', arrived);
  document.body.append(frame);
  // In a tab of its own, or where a person is already: a page that loads must not take the keyboard from an editor around it.
  if (window.parent === window || document.hasFocus()) frame.focus();
  if (frame.contentWindow) lookForNext(frame.contentWindow, frame.contentWindow.document);
}

/** A document is in the frame. */
function arrived(): void {
  const own = frame?.contentWindow;
  if (!own || isLedBack(own)) return;
  watchLeaving();
  tellOfSilent(own);
}

/** What is no page with a head script (a picture, JSON, the waiting page) can't say where it is. */
function tellOfSilent(own: Window): void {
  try {
    const url = new URL(own.location.href);
    if (isMarkedWindow(own) || url.origin !== place.origin || !isUnder(place.prefix, url.pathname)) return;
    const message = { path: appPath(url, place), title: own.document.title, canGoBack: true, canGoForward: true };
    follow(message.path, message.title);
    tell({ type: 'page', ...message });
    // A page of ours that waits speaks for itself.
    if (own.document.contentType !== 'text/html') tell({ type: 'liveness', state: 'loaded' });
  } catch {
    // Another origin's: nobody may know.
  }
}

/** Waits for the end of the document that is in the frame. */
function watchLeaving(): void {
  const own = frame?.contentWindow;
  if (!own) return;
  try {
    const before = own.document;
    own.addEventListener('pagehide', () => lookForNext(own, before), { once: true });
  } catch {
    // Another origin's: its successor comes with the next `load`.
  }
}

/** Until the next document is there the frame is looked at, for it must not show the editor: `load` comes too late. */
function lookForNext(own: Window, before: Document): void {
  if (frame?.contentWindow !== own) return;
  try {
    if (own.document === before || own.location.href === 'about:blank') {
      setTimeout(() => lookForNext(own, before), LOOK_EVERY_MS);
      return;
    }
  } catch {
    return; // As above.
  }
  if (!isLedBack(own)) watchLeaving();
}

/** Leads a frame back that is outside the prefix, or that the worker was kept from. Says whether it had to. */
function isLedBack(own: Window): boolean {
  const lost = lostAt(own, (url) => isAstray(url, place));
  if (lost) {
    // It may be looked at more than once while its successor is awaited, which a second word would only delay.
    if (own.document === ledBack) return true;
    ledBack = own.document;
    if (++rescues > MOST_RESCUES) fail('noGateway', notices.noGateway(), 'another page answers in its place');
    else own.location.replace(prefixed(lost, place));
    return true;
  }
  try {
    if (!isMarkedWindow(own)) return false;
    rescues = 0;
    if (own.navigator.serviceWorker.controller) {
      retries = 0;
      return false;
    }
  } catch {
    return false; // Another origin's.
  }
  if (++retries > MOST_RETRIES) return false;
  activeWorker().then(show, () => undefined); // The page itself says that it is not alive.
  return true;
}

/** Keeps the address of this page at the app's. */
function follow(at: string, title: string): void {
  path = at;
  document.title = title || 'Preview';
  if (location.hash !== `#${at}`) history.replaceState(history.state, '', `#${at}`);
}

function go(to: string): void {
  path = to;
  if (frame?.contentWindow) frame.contentWindow.location.replace(addressOf(to));
}

function addressOf(at: string): string {
  return place.origin + place.prefix + at;
}

/** Says to people and to the panel why there is no app. */
function fail(state: 'noWorker' | 'noGateway', { title, text, button }: Notice, detail?: string): void {
  frame?.remove();
  frame = undefined;
  say(title, text, button, () => location.reload());
  tellShell(state, detail ?? text);
}

function say(title: string, text: string, label: string, action: () => void): void {
  const [heading, paragraph, button] = ['h1', 'p', 'button'].map((name) => notice().querySelector<HTMLElement>(name));
  if (!heading || !paragraph || !button) return;
  heading.textContent = title;
  paragraph.textContent = text;
  button.textContent = label;
  button.onclick = action;
  notice().hidden = false;
}

function notice(): HTMLElement {
  const element = document.getElementById('notice');
  if (!element) throw new Error('the shell page has no notice');
  return element;
}

window.addEventListener('message', ({ source, data }: MessageEvent<unknown>) => {
  if (source !== null && source === frame?.contentWindow) {
    if (!isReport(data)) return;
    const { type, path: at, title } = data;
    if (type === 'page' && typeof at === 'string' && at.startsWith('/'))
      follow(at, typeof title === 'string' ? title : '');
    if (parent !== window) parent.postMessage(data, '*');
    return;
  }
  const command = parent !== window && source === parent ? asCommand(data) : undefined;
  if (!command) return;
  const own = frame?.contentWindow;
  if (own && canObey(own)) own.postMessage(command, '*');
  else if (command.type === 'back') history.back();
  else if (command.type === 'forward') history.forward();
  else {
    if (command.type === 'go') follow(command.path, document.title);
    if (frame) show();
    else location.reload();
  }
});

/** A page without a head script hears nothing. */
function canObey(own: Window): boolean {
  try {
    return isMarkedWindow(own);
  } catch {
    return false;
  }
}

// A person typed another hash, or went back to one.
window.addEventListener('hashchange', () => {
  const to = pathInHash(location.hash);
  if (to !== path) go(to);
});
window.addEventListener('focus', () => frame?.focus());
document.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) => {
  if (effectiveDirective !== 'frame-src') return;
  const { title, text, button } = notices.elsewhere(blockedURI);
  frame?.remove();
  frame = undefined;
  say(title, text, button, () => {
    show();
  });
});
navigator.serviceWorker?.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
  if (data === workerWord) fail('noGateway', notices.noGateway());
});
