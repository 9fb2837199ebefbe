import * as vscode from 'vscode';
import type { App } from '../sessions/apps';
import type { DevServers } from '../sessions/devServers';
import type { SessionSnapshot } from '../sessions/protocol';
import type { Settings } from '../sessions/settings';
import { previewAddress, urlOf, type PreviewAddress, type Route } from './previewAddress';

/** The addresses of apps as a browser reaches them, and the two things a person does with one outside the editor. */
export class BrowserAddresses {
  readonly #servers: Pick<DevServers, 'session'>;
  readonly #settings: () => Settings;
  /** What a preview panel found out: only a browser can tell which address it reaches. */
  readonly #routes = new Map<string, Route>();

  constructor(servers: Pick<DevServers, 'session'>, settings: () => Settings) {
    this.#servers = servers;
    this.#settings = settings;
  }

  /** Asks the editor for the root only: code-server used to drop path and query (FACTS). */
  async resolve(session: SessionSnapshot): Promise<PreviewAddress> {
    const template = this.#settings().previewUrl;
    const own = `http://localhost:${session.port}/`;
    const external = template === undefined ? await vscode.env.asExternalUri(vscode.Uri.parse(own, true)) : undefined;
    return previewAddress({
      port: session.port,
      type: session.type,
      externalUrl: external?.toString() ?? own,
      template,
    });
  }

  /** A preview panel's browser reached the app this way. */
  noteRoute(app: App, route: Route): void {
    this.#routes.set(app.key, route);
  }

  /** The address to give to a person, undefined while the app has none. */
  async url(app: App, path = '/'): Promise<string | undefined> {
    const session = this.#servers.session(app);
    if (session === undefined) return undefined;
    return urlOf(await this.resolve(session), this.#routes.get(app.key) ?? 'external', path);
  }

  async open(app: App, path = '/'): Promise<void> {
    const url = await this.url(app, path);
    if (url === undefined) return;
    await vscode.env.openExternal(vscode.Uri.parse(withoutDetour(url, this.#routes.get(app.key)), true));
  }

  async copy(app: App, path = '/'): Promise<void> {
    const url = await this.url(app, path);
    if (url === undefined) return;
    await vscode.env.clipboard.writeText(url);
    vscode.window.setStatusBarMessage(`$(copy) Copied ${url}`, 3000);
  }
}

/**
 * code-server sends every `localhost:<port>` that an extension opens through its path proxy, where the page is dead.
 * It knows the name in lower case only, and browsers in any: an address that a browser was seen to reach directly is
 * spelled so that it stays itself.
 */
function withoutDetour(url: string, route: Route | undefined): string {
  return route === 'direct' ? url.replace(/^http:\/\/localhost:/, 'http://LOCALHOST:') : url;
}
