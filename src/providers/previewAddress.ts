/**
 * The addresses by which a browser reaches an app: through the preview gateway, straight at its server, or as a template of
 * the settings says. Pure; `openInBrowser.ts` asks the editor and the session host for what it is decided by.
 */
import { GATEWAY_PATH } from '../sessions/gatewayProtocol';

/** How a browser reaches an app. */
export interface PreviewAddress {
  /** Ends with a slash; the app's path follows. */
  readonly root: string;
  readonly origin: string;
  /**
   * `root` has a path in front of the app's own (`/proxy/3000/`): scripts that a page asks for at the root of the origin never
   * arrive, so that it comes alive only inside the gateway's shell page (FACTS "Behind code-server's path proxy").
   */
  readonly isPathProxied: boolean;
  /** `direct`: the server's own port, for there is no gateway. `template`: what a setting names, which no gateway serves. */
  readonly via: 'gateway' | 'direct' | 'template';
  /** Of the app at its gateway; undefined without one. */
  readonly appId: string | undefined;
}

/** What the gateway of an app answered. */
export interface Gateway {
  readonly port: number;
  readonly id: string;
}

/** The address that a browser on this very machine would use; what the editor makes another one of. */
export function localUrl(port: number): string {
  return `http://localhost:${port}/`;
}

/**
 * The address of an app that has its server on `port`. `externalUrl` is the editor's own for the `localUrl` of the gateway's
 * port, without a gateway of `port`; an address that is none of the web's is replaced by that `localUrl`.
 */
export function editorAddress(of: {
  readonly port: number;
  readonly gateway: Gateway | undefined;
  readonly externalUrl: string;
}): PreviewAddress {
  const { port, gateway, externalUrl } = of;
  const local = localUrl(gateway?.port ?? port);
  const endpoint = toEndpoint(externalUrl) ?? { root: local, origin: new URL(local).origin, isPathProxied: false };
  return { ...endpoint, via: gateway === undefined ? 'direct' : 'gateway', appId: gateway?.id };
}

/**
 * The address that a template of the settings gives for a port: `{{port}}` and `{{sandboxId}}` in it are replaced. Undefined
 * where that is no address of the web, or the sandbox has no known id; the settings reader has told so before.
 */
export function templateAddress(
  template: string,
  of: { readonly port: number; readonly sandboxId: string | undefined },
): PreviewAddress | undefined {
  if (of.sandboxId === undefined && template.includes('{{sandboxId}}')) return undefined;
  const endpoint = toEndpoint(
    template
      .replaceAll('{{port}}', String(of.port))
      .replaceAll('{{sandboxId}}', encodeURIComponent(of.sandboxId ?? '')),
  );
  return endpoint === undefined ? undefined : { ...endpoint, via: 'template', appId: undefined };
}

/** What the panel frames for a path of the app: behind a path proxy the gateway's shell, which shows it in a frame of its own. */
export function frameUrl(address: PreviewAddress, path: string): string {
  const clean = cleanPath(path);
  return hasShell(address) ? `${address.root}${GATEWAY_PATH.slice(1)}#${clean}` : address.root + clean.slice(1);
}

/** What a person opens or copies for a path of the app. */
export function pageUrl(address: PreviewAddress, path: string): string {
  return frameUrl(address, path);
}

/**
 * The host with its port that requests through this address name, for the gateway to accept. Undefined where it accepts
 * it by itself (the forms of localhost) or is not asked.
 */
export function hostToRegister({ root, via }: PreviewAddress): string | undefined {
  const { host, hostname } = new URL(root);
  return via === 'gateway' && !isLoopback(hostname) ? host : undefined;
}

/**
 * A path with exactly one slash in front, whatever was typed: a path, a whole address of which the path counts, or the
 * address of a shell, which names the path in its hash.
 */
export function cleanPath(typed: string): string {
  const text = typed.trim();
  if (/^https?:\/\//i.test(text)) {
    try {
      const url = new URL(text);
      const isShell = url.pathname.endsWith(GATEWAY_PATH);
      return cleanPath(
        isShell ? text.slice(text.indexOf('#') + 1 || text.length) : url.pathname + url.search + url.hash,
      );
    } catch {
      return '/';
    }
  }
  // More than one slash, or a backslash, would name another host.
  return `/${text.replace(/^[/\\]+/, '')}`;
}

function hasShell({ via, isPathProxied }: PreviewAddress): boolean {
  return via === 'gateway' && isPathProxied;
}

function toEndpoint(url: string): Pick<PreviewAddress, 'root' | 'origin' | 'isPathProxied'> | undefined {
  try {
    const parsed = new URL(url);
    if (!/^https?:$/.test(parsed.protocol)) return undefined;
    const path = parsed.pathname.endsWith('/') ? parsed.pathname : `${parsed.pathname}/`;
    return { root: parsed.origin + path, origin: parsed.origin, isPathProxied: path !== '/' };
  } catch {
    return undefined;
  }
}

/** The forms of localhost that a gateway accepts by itself. */
function isLoopback(hostname: string): boolean {
  return ['localhost', '127.0.0.1', '[::1]'].includes(hostname) || hostname.endsWith('.localhost');
}
