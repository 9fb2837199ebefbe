/**
 * The preview's service worker (DESIGN section 8). Its scope is the prefix of a path proxy, where one app's gateway
 * answers; the pages that it controls believe to be at the root of the origin, and what they ask for there is sent under the
 * prefix. It keeps nothing, and outlives nothing: once another one than its gateway answers, it removes itself.
 */
import { gatewayHeader, gatewayPath } from '../names';
import { mayHaveBody, movedRequest } from './appRequest';
import { workerWord } from './messages';
import { isAstray, isUnder, prefixed, prefixOfWorker, stripped, type Place } from './prefix';

/** How long the gateway may take to say that it is there. */
const STATE_LIMIT_MS = 5000;

const worker = self as unknown as ServiceWorkerGlobalScope;
const place: Place = { origin: worker.location.origin, prefix: prefixOfWorker(worker.location.href) ?? '' };
/** Whose gateway this worker was registered for. */
const app = new URLSearchParams(worker.location.search).get('app');
/** Addresses of the app that a page is being redirected to: it asks for them next. */
const followed = new Set<string>();

worker.addEventListener('install', () => {
  // An older one, perhaps of another app, has nothing that should be finished.
  void worker.skipWaiting();
});
worker.addEventListener('activate', (event) => event.waitUntil(worker.clients.claim()));

worker.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  // A navigation comes here for addresses of the scope alone.
  if (request.mode === 'navigate') event.respondWith(navigate(request));
  else if (isAstray(url, place)) event.respondWith(ask(request, prefixed(url, place)));
  // Everything else, other origins too, is the browser's own business.
});

/** Asks under the prefix for what a page asked for at the root. */
async function ask(request: Request, address: string): Promise<Response> {
  const body = mayHaveBody(request.method) ? await request.blob() : undefined;
  const response = await fetch(new Request(address, movedRequest(request, body)));
  if (followed.delete(request.url)) return anonymous(response);
  // A script that followed a redirect reads where it came to (Next.js makes that the path of the page), and must not read
  // the prefix: it follows once more, by the app's own address.
  const end = new URL(response.url || address);
  const isFollowed = response.redirected && request.destination === '' && !mayHaveBody(request.method);
  if (!isFollowed || end.origin !== place.origin || !isUnder(place.prefix, end.pathname)) return response;
  await response.body?.cancel();
  followed.add(stripped(end, place));
  return Response.redirect(stripped(end, place), 307);
}

/** The same answer without its address: the page then reads the one that it asked for, and that it was redirected there. */
function anonymous({ body, status, statusText, headers }: Response): Response {
  return new Response(body, { status, statusText, headers });
}

/** Loads a page, and makes sure that it is this gateway's: anything else must not be controlled from here. */
async function navigate(request: Request): Promise<Response> {
  let response: Response | undefined;
  try {
    // As it is: a request of this mode can't be made anew. Redirects are the browser's to follow, so the answer to one is
    // opaque, and has no headers to look at.
    response = await fetch(request);
    if (response.type === 'opaqueredirect' || isOurs(response)) return response;
  } catch {
    // The network, or whoever has given up waiting: looked at below.
  }
  // A proxy in between may have answered for a gateway that is there.
  const state = await gatewayState();
  if (state === 'ours') return response ?? page('The preview could not be reached.', 'Load it again.');
  if (state === 'unreachable' && request.signal.aborted) return Response.error();
  await leave();
  if (!response || mayHaveBody(request.method))
    return response ?? page('The gateway of the preview is gone.', 'Open the preview again from the editor.');
  // The same address again, and this time without a worker.
  // By script: a refresh by `meta` loads nothing where the address has a hash, as a shell's has.
  return page('Another server answers here now.', 'It is loaded.', '<script>location.reload()</script>');
}

function isOurs(response: Response): boolean {
  return response.headers.get(gatewayHeader) === app;
}

async function gatewayState(): Promise<'ours' | 'foreign' | 'unreachable'> {
  try {
    const address = `${place.origin}${place.prefix}${gatewayPath}state`;
    const signal = AbortSignal.timeout(STATE_LIMIT_MS);
    return isOurs(await fetch(address, { cache: 'no-store', redirect: 'manual', signal })) ? 'ours' : 'foreign';
  } catch {
    return 'unreachable';
  }
}

/** Removes the worker. The shells say what happened; pages without one are loaded anew, free of it. */
async function leave(): Promise<void> {
  await worker.registration.unregister();
  for (const client of await worker.clients.matchAll({ type: 'window' })) {
    if (new URL(client.url).pathname === place.prefix + gatewayPath) client.postMessage(workerWord);
    else if (client.frameType === 'top-level' || client.frameType === 'auxiliary')
      // It may be closed by now, and then needs no reload.
      await client.navigate(client.url).catch(() => undefined);
  }
}

function page(title: string, hint: string, head = ''): Response {
  const html = `<!DOCTYPE html><html lang="en"><meta charset="utf-8">${head}<title>Preview</title>
<style>:root{color-scheme:light dark;font:1rem/1.5 system-ui,sans-serif}</style><h1>${title}</h1><p>${hint}</p></html>`;
  const headers = { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' };
  return new Response(html, { status: 503, headers });
}
