import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import { previewPolicies } from './contentSecurityPolicy';
import { gatewayHeader } from './names';
import { relativeLocation } from './relativeLocation';

/** What the headers of an answer depend on beside themselves. */
export interface AnswerContext {
  readonly app: string;
  readonly upstreamPort: number;
  /** `Host` and `X-Forwarded-Host` of the request: by these the browser, or a proxy before us, names this gateway. */
  readonly hosts: readonly (string | undefined)[];
  /** Of a frame below a page of another site. */
  readonly isCrossSiteFramed: boolean;
  /** What was asked for, if the answer leads a browser elsewhere by itself. */
  readonly redirectedFrom: string | undefined;
  /** The source expression of the script that this page gets; undefined for everything that is passed on as it is. */
  readonly scriptHash: string | undefined;
}

/** Between two neighbours only: our own server says its own. */
const betweenNeighbours = ['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding'];
/** They speak of a body without the script: a browser that kept one could get an old script back with a 304. */
const ofTheBody = ['content-length', 'content-encoding', 'etag', 'last-modified', 'accept-ranges'];

/** The dev server's headers as the browser gets them. Takes nothing from `headers` that it does not name. */
export function toBrowser(headers: IncomingHttpHeaders, context: AnswerContext): OutgoingHttpHeaders {
  const sent: OutgoingHttpHeaders = { ...headers, [gatewayHeader]: context.app };
  for (const name of betweenNeighbours) delete sent[name];
  delete sent['x-frame-options'];
  if (headers.location !== undefined) {
    const location = ownLocation(headers.location, context);
    const from = context.redirectedFrom;
    sent.location = from === undefined ? location : relativeLocation(location, from);
  }
  if (headers['set-cookie'])
    sent['set-cookie'] = headers['set-cookie'].map((cookie) => previewCookie(cookie, context.isCrossSiteFramed));
  for (const name of ['content-security-policy', 'content-security-policy-report-only']) {
    const policies = headers[name];
    if (typeof policies !== 'string') continue;
    const changed = previewPolicies(policies, context.scriptHash);
    if (changed === undefined) delete sent[name];
    else sent[name] = changed;
  }
  if (context.scriptHash !== undefined) {
    for (const name of ofTheBody) delete sent[name];
    // Without these two it could only be kept by its age, and with it an old script.
    if (!/\bno-(?:store|cache)\b/i.test(headers['cache-control'] ?? '')) sent['cache-control'] = 'no-cache';
  }
  if (mayStream(headers)) sent['cache-control'] = uncompressed(sent['cache-control']?.toString());
  return sent;
}

/** Of unknown length, and nobody has compressed it yet. */
function mayStream(headers: IncomingHttpHeaders): boolean {
  return headers['content-length'] === undefined && headers['content-encoding'] === undefined;
}

/** A proxy before us that compresses (code-server does) would hold the parts of a stream back until its end, headers and all. */
function uncompressed(cacheControl: string | undefined): string {
  if (cacheControl === undefined || cacheControl === '') return 'no-transform';
  return /\bno-transform\b/i.test(cacheControl) ? cacheControl : `${cacheControl}, no-transform`;
}

/**
 * A redirect to the dev server's own address or to the name that we were asked by, from the root: a proxy before us knows the
 * prefix, and only the browser knows the name. Any other stays as it is.
 */
export function ownLocation(location: string, { upstreamPort, hosts }: AnswerContext): string {
  if (!/^(?:https?:)?\/\//i.test(location) || !URL.canParse(location, 'http://none.invalid')) return location;
  const url = new URL(location, 'http://none.invalid');
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  const isUpstreams =
    ['localhost', '127.0.0.1', '[::1]', '0.0.0.0', '[::]'].includes(url.hostname) && port === String(upstreamPort);
  const isOurs = hosts.some((host) => host !== undefined && withoutPort(host) === withoutPort(url.host));
  if (!isUpstreams && !isOurs) return location;
  // `//x` would be another host; with a dot before it, it is a path.
  return `${url.pathname.startsWith('//') ? '/.' : ''}${url.pathname}${url.search}${url.hash}`;
}

/** The ports that a browser leaves out are no part of a name. */
function withoutPort(host: string): string {
  return host.toLowerCase().replace(/:(?:80|443)$/, '');
}

/**
 * A cookie for whatever address the browser knows us by: never with a domain or a path of the dev server. In a cross-site
 * frame browsers keep only those that are marked for it.
 *
 * A path becomes the root: under `/proxy/3100` the browser would never send one for `/shop` back, as it asks for
 * `/proxy/3100/shop`, and the prefix is known to the browser alone. So the app gets such a cookie for its other pages too,
 * and under a path proxy, whose origin they share, the editor and other apps get all cookies of the app. One without a path
 * is left to the browser, which takes its own address, prefix and all. For cookies of scripts see browser/cookies.ts.
 */
export function previewCookie(cookie: string, isCrossSiteFramed: boolean): string {
  const [pair = '', ...attributes] = cookie.split(';').map((part) => part.trim());
  const dropped = isCrossSiteFramed ? ['domain', 'samesite', 'secure', 'partitioned'] : ['domain'];
  const kept = attributes.filter(
    (attribute) => attribute !== '' && !dropped.includes((attribute.split('=')[0] ?? '').trim().toLowerCase()),
  );
  const atRoot = kept.map((attribute) => (/^path\s*=\s*\//i.test(attribute) ? 'Path=/' : attribute));
  const marks = isCrossSiteFramed ? ['SameSite=None', 'Secure', 'Partitioned'] : [];
  return [pair, ...atRoot, ...marks].join('; ');
}
