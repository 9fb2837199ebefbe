import type { AppType } from '../sessions/protocol';

/** How a browser may reach a dev server. Roots end with a slash. */
export interface PreviewAddress {
  /** What the editor says: the server itself, a forwarded port, or a proxy. */
  readonly external: Endpoint;
  /**
   * `external` has a path in front of the app's own (`/proxy/3000/`): scripts that the page asks for at the root of the
   * origin never arrive, so it shows but does not come alive (FACTS).
   */
  readonly isPathProxied: boolean;
  /** The server's own address, worth a try where the editor itself was reached by a loopback name. */
  readonly direct: (Endpoint & { readonly probe: string }) | undefined;
}

export interface Endpoint {
  readonly root: string;
  readonly origin: string;
}

/** Which of the two addresses of an app a browser was seen to reach. */
export type Route = 'direct' | 'external';

/**
 * A request for this costs the server next to nothing. Not the health probe of Next.js: asked for by a page of another
 * origin it is refused, with a warning in the terminal. Files that styles load are not, whether they exist or not.
 */
const probePath: Readonly<Record<AppType, string>> = {
  web: '_next/static/media/cheatcode',
  mobile: 'status',
  custom: '',
};

/** Decides by which addresses a port can be reached. `externalUrl` is the editor's for `http://localhost:<port>/`. */
export function previewAddress(of: {
  readonly port: number;
  readonly type: AppType;
  readonly externalUrl: string;
  /** The setting, which overrules the editor. */
  readonly template: string | undefined;
}): PreviewAddress {
  if (of.template !== undefined) {
    const chosen = toEndpoint(of.template.replaceAll('{port}', String(of.port)));
    if (chosen !== undefined) return { external: chosen, isPathProxied: false, direct: undefined };
  }
  const own = `http://localhost:${of.port}/`;
  const external = toEndpoint(of.externalUrl) ?? { root: own, origin: new URL(own).origin };
  const isPathProxied = new URL(external.root).pathname !== '/';
  const mayTry = isPathProxied && isLoopback(new URL(external.root).hostname);
  return {
    external,
    isPathProxied,
    direct: mayTry ? { root: own, origin: new URL(own).origin, probe: own + probePath[of.type] } : undefined,
  };
}

/** The address of a path of the app, which begins with a slash. */
export function urlOf(address: PreviewAddress, route: Route, path: string): string {
  const endpoint = route === 'direct' ? (address.direct ?? address.external) : address.external;
  return endpoint.root + cleanPath(path).slice(1);
}

/** A path with exactly one slash in front, whatever was typed: a path, or a whole address of which the path counts. */
export function cleanPath(typed: string): string {
  const text = typed.trim();
  if (/^https?:\/\//i.test(text)) {
    try {
      const url = new URL(text);
      return cleanPath(url.pathname + url.search + url.hash);
    } catch {
      return '/';
    }
  }
  // More than one slash, or a backslash, would name another host.
  return `/${text.replace(/^[/\\]+/, '')}`;
}

function toEndpoint(url: string): Endpoint | undefined {
  try {
    const parsed = new URL(url);
    if (!/^https?:$/.test(parsed.protocol)) return undefined;
    const path = parsed.pathname.endsWith('/') ? parsed.pathname : `${parsed.pathname}/`;
    return { root: parsed.origin + path, origin: parsed.origin };
  } catch {
    return undefined;
  }
}

function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    /^127(\.\d+){3}$/.test(hostname)
  );
}
