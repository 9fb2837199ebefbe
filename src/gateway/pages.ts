import type { IncomingHttpHeaders } from 'node:http';

/**
 * Which requests ask for a page, and which answers are one: pages alone get the head script, and the waiting page is
 * shown to those alone who can show it.
 */

/** What a page is asked for by: a tab or a frame. */
const frames = new Set(['document', 'iframe', 'frame', 'embed', 'object']);

/**
 * Whether a person will look at the answer. A navigation that a service worker passed on is still told by its mode, or
 * by the `Accept` that the browser gave it: a worker's own requests have the destination `empty`.
 */
export function asksForPage(method: string | undefined, headers: IncomingHttpHeaders): boolean {
  if (method !== 'GET' && method !== 'HEAD' && method !== 'POST') return false;
  const mode = headers['sec-fetch-mode'];
  if (mode === 'navigate' || frames.has(destination(headers))) return true;
  return (mode === undefined || mode === 'same-origin') && headers.accept?.startsWith('text/html') === true;
}

/** Whether this answer is HTML that a browser will show as a document, in a form that a script can be put into. */
export function isPage(
  method: string | undefined,
  asked: IncomingHttpHeaders,
  status: number,
  answered: IncomingHttpHeaders,
): boolean {
  if (status < 200 || status === 204 || status === 205 || status === 206 || (status >= 300 && status < 400))
    return false;
  const [type = '', ...parameters] = (answered['content-type'] ?? '').toLowerCase().split(';');
  if (type.trim() !== 'text/html') return false;
  // Only there are the script's ASCII letters something else.
  if (parameters.some((parameter) => /^\s*charset\s*=\s*"?utf-?(?:16|32)/.test(parameter))) return false;
  if (/^\s*attachment/i.test(answered['content-disposition'] ?? '')) return false;
  if (!isReadableEncoding(answered['content-encoding'])) return false;
  if (asksForPage(method, asked)) return true;
  // A browser without these headers tells nothing of what it asks for.
  return (
    asked['sec-fetch-mode'] === undefined &&
    destination(asked) === '' &&
    asked['x-requested-with'] === undefined &&
    (method === 'GET' || method === 'POST')
  );
}

/** Encodings that Node 20 can undo: none, gzip, deflate, br. */
function isReadableEncoding(encoding: string | undefined): boolean {
  return ['', 'identity', 'gzip', 'x-gzip', 'deflate', 'br'].includes(encoding?.trim().toLowerCase() ?? '');
}

/**
 * Whether the request comes from a frame below a page of another site, where browsers keep only cookies that are marked for
 * it. Two signs: the frame's own navigation says `cross-site`; and a browser that knows `Sec-Fetch-Storage-Access` (Chromium
 * from 133) sends it in third-party context alone, with every request, also those that the framed page sends to itself.
 */
export function isCrossSiteFramed(headers: IncomingHttpHeaders): boolean {
  if (headers['sec-fetch-storage-access'] !== undefined) return true;
  const to = destination(headers);
  return headers['sec-fetch-site'] === 'cross-site' && to !== 'document' && frames.has(to);
}

function destination(headers: IncomingHttpHeaders): string {
  const value = headers['sec-fetch-dest'];
  return typeof value === 'string' ? value : '';
}
