import type { IncomingHttpHeaders } from 'node:http';
import type { AcceptedHosts } from './hostCheck';
import { asksForPage } from './pages';

/** Between two neighbours only (RFC 9110 section 7.6.1); `expect` was answered by our own server already. */
const betweenNeighbours = ['keep-alive', 'proxy-connection', 'te', 'expect'];

/**
 * The headers for the dev server on `localhost:<port>`. `Host` becomes its own, and so do `Origin` and `Referer` where they
 * name this gateway: dev servers refuse others. A foreign page's `Origin` stays as it is, so that the server's own checks
 * (of server actions, of the hot reload's socket) see it. A page is asked for uncompressed and unconditionally, because
 * it gets a script. `x-forwarded-*` pass as they came, but for the host: dev servers compare it with `Origin`
 * in the place of `Host` (Next.js before it runs a server action).
 */
export function toUpstream(
  method: string | undefined,
  headers: IncomingHttpHeaders,
  port: number,
  hosts: AcceptedHosts,
): IncomingHttpHeaders {
  const sent: IncomingHttpHeaders = { ...headers, host: `localhost:${port}` };
  for (const name of [...betweenNeighbours, 'x-forwarded-host']) delete sent[name];
  if (!/\bupgrade\b/i.test(headers.connection ?? '')) {
    delete sent.connection; // Whoever sends it says how long it is kept.
    delete sent.upgrade;
  }
  const origin = `http://localhost:${port}`;
  // What the browser itself calls same-origin may have the origin `null`: a form on a page that sends no referrer.
  const isOwn = headers['sec-fetch-site'] === 'same-origin';
  if (headers.origin !== undefined && (isOwn || namesUs(headers.origin, headers.host, hosts))) sent.origin = origin;
  if (headers.referer !== undefined && namesUs(headers.referer, headers.host, hosts)) {
    const { pathname, search } = new URL(headers.referer);
    sent.referer = origin + pathname + search;
  }
  if (asksForPage(method, headers)) {
    sent['accept-encoding'] = 'identity';
    for (const name of ['if-none-match', 'if-modified-since', 'if-range', 'range']) delete sent[name];
  }
  return sent;
}

/**
 * Whether that is the name by which we are asked, or one that a client registered (a forwarded port may be asked by another
 * name than the browser's). Other ports of localhost are other programs.
 */
function namesUs(url: string, asked: string | undefined, hosts: AcceptedHosts): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, host } = new URL(url);
  return (protocol === 'http:' || protocol === 'https:') && (host === asked?.toLowerCase() || hosts.isRegistered(host));
}
