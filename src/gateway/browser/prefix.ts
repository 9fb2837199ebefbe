/**
 * The arithmetic of a path proxy: the browser has a prefix (`/proxy/3100`) in front of the paths that the app knows, and only
 * the browser knows it. Pure, for page, shell and worker alike. Invariant: what is under the prefix already is never put
 * under it again, so that nothing can loop.
 */
import { gatewayPath, workerPath } from '../names';

/** Where an app is seen. `prefix` has no slash at its end, and is empty where nothing lies in front of the app's paths. */
export interface Place {
  readonly origin: string;
  readonly prefix: string;
}

/**
 * What the browser has in front of the path that the gateway was asked for (`asked`: path and query). Undefined where
 * the one does not end with the other: then nothing is known.
 */
export function prefixOf(pathname: string, asked: string): string | undefined {
  const path = asked.replace(/[?#].*$/s, '');
  if (!path.startsWith('/')) return undefined;
  if (pathname.endsWith(path)) return cleanPrefix(pathname.slice(0, pathname.length - path.length));
  // A proxy in between may write escapes in its own way.
  const [have, want] = [pathname.split('/').map(decoded), path.split('/').map(decoded)];
  const rest = want.slice(1);
  const begin = have.length - rest.length;
  if (begin < 1 || rest.some((segment, index) => segment !== have[begin + index])) return undefined;
  return cleanPrefix(pathname.split('/').slice(0, begin).join('/'));
}

/** The prefix that a worker of ours was registered under, by its script's address; undefined for any other worker. */
export function prefixOfWorker(scriptUrl: string): string | undefined {
  const { pathname } = new URL(scriptUrl);
  return pathname.endsWith(workerPath) ? pathname.slice(0, -workerPath.length) : undefined;
}

export function isUnder(prefix: string, pathname: string): boolean {
  return pathname.startsWith(`${prefix}/`) || pathname === prefix;
}

/** Whether this is a page or a file of our origin; a `blob:` has its origin too, and no path. */
export function isOwn(url: URL, { origin }: Place): boolean {
  return url.origin === origin && url.pathname.startsWith('/');
}

/** Whether the address is the app's own as the app knows it: on its origin, and not yet under the prefix. */
export function isAstray(url: URL, place: Place): boolean {
  return isOwn(url, place) && !isUnder(place.prefix, url.pathname);
}

/** The same address as the browser has to ask for it. Another origin's, and what is under the prefix, stays. */
export function prefixed(url: URL, place: Place): string {
  return isAstray(url, place) ? place.origin + place.prefix + pathOf(url) : url.href;
}

/** The app's own path, query and hash of one of its addresses, under the prefix or not. */
export function appPath(url: URL, { prefix }: Place): string {
  const path = pathOf(url);
  return isUnder(prefix, url.pathname) ? path.slice(prefix.length).replace(/^(?!\/)/, '/') : path;
}

/** The address as the app knows it, whole: a path alone might begin with two slashes and name another host. */
export function stripped(url: URL, place: Place): string {
  return isOwn(url, place) ? place.origin + appPath(url, place) : url.href;
}

/** Likewise for a WebSocket, whose address has a scheme of its own. Undefined for one of another host. */
export function prefixedSocket(url: URL, place: Place): string | undefined {
  const page = new URL(place.origin);
  if (!/^(?:ws|http)s?:$/.test(url.protocol) || url.host !== page.host || isUnder(place.prefix, url.pathname))
    return undefined;
  return `${url.protocol}//${url.host}${place.prefix}${url.pathname}${url.search}`;
}

/** The shell page's address, with the app at this path. */
export function shellAddress({ origin, prefix }: Place, path: string): string {
  return `${origin}${prefix}${gatewayPath}#${path}`;
}

/** The app's path in the hash of the shell's address. The shell in itself is none, and anything else is the first page. */
export function pathInHash(hash: string): string {
  const path = hash.replace(/^#/, '');
  return path.startsWith('/') && !path.startsWith(gatewayPath) ? path : '/';
}

function pathOf({ pathname, search, hash }: URL): string {
  return pathname + search + hash;
}

/** A prefix that would make another host of what follows it is none. */
function cleanPrefix(prefix: string): string | undefined {
  return prefix === '' || /^\/[^/].*(?<!\/)$|^\/[^/]$/s.test(prefix) ? prefix : undefined;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment; // No escape at all: compared as it is.
  }
}
