/**
 * A redirect's address without the root. The browser has a prefix before the paths that we know, and only it knows the whole
 * of that: code-server puts its own part (`/proxy/3100`) before an address from the root, and not what a proxy before
 * code-server has taken off (`/ide`). An address relative to the page is the same under any prefix.
 */

/**
 * `location`, an address from the root, as seen from the page that was asked for at `path` (which may have a query). Any
 * other address, as one of another host, stays as it is.
 */
export function relativeLocation(location: string, path: string): string {
  if (!location.startsWith('/') || location.startsWith('//')) return location;
  const folders = path.replace(/[?#].*$/s, '').split('/').length - 2;
  // Without the dot a colon in the first name would make a scheme of it.
  const up = folders > 0 ? '../'.repeat(folders) : './';
  return up + location.slice(1);
}
