import type { App } from '../sessions/apps';
import type { DevServers } from '../sessions/devServers';
import { DevServerError } from '../sessions/errors';
import type { SessionSnapshot } from '../sessions/protocol';
import type { Settings } from '../sessions/settings';
import {
  editorAddress,
  hostToRegister,
  localUrl,
  pageUrl,
  templateAddress,
  type Gateway,
  type PreviewAddress,
} from './previewAddress';

/** What the editor does with addresses. All are strings: its own Uri spells some of them anew. */
export interface EditorBrowser {
  /** The address by which the user's browser reaches an address of this machine. */
  asExternalUrl(url: string): Promise<string>;
  open(url: string): Promise<void>;
  /** In the browser that is part of the editor, where there is one. */
  openIntegrated(url: string): Promise<void>;
  copy(url: string): Promise<void>;
}

export interface BrowserAddressPorts {
  readonly servers: Pick<DevServers, 'apps' | 'session' | 'gateway'>;
  readonly settings: () => Settings;
  readonly editor: EditorBrowser;
  /** How it went with an app's gateway: why it could not be begun, undefined when it was. */
  readonly onGateway: (app: App, failure: DevServerError | undefined) => void;
  /** Anything else that kept a gateway from being asked for; the address is then the server's own. */
  readonly onError: (error: unknown) => void;
}

/** The addresses of apps as a browser reaches them, and what a person does with one outside the preview. */
export class BrowserAddresses {
  readonly #ports: BrowserAddressPorts;

  constructor(ports: BrowserAddressPorts) {
    this.#ports = ports;
  }

  /**
   * The address of a session's app: the template of the settings, else through the preview gateway, which is begun if need be
   * and accepts the address then; without a gateway straight to the server. Rejects when the editor does.
   */
  async resolve(session: SessionSnapshot): Promise<PreviewAddress> {
    const { port, type } = session;
    const { sandboxId, web, mobile } = this.#ports.settings();
    const template = type === 'mobile' ? mobile.previewUrl : web.previewUrl;
    const chosen = template === undefined ? undefined : templateAddress(template, { port, sandboxId });
    return chosen ?? (await this.#throughGateway(session)) ?? this.#fromEditor(port, undefined);
  }

  /** The address to give to a person, undefined while the app has none. */
  async url(app: App, path = '/'): Promise<string | undefined> {
    const session = this.#ports.servers.session(app);
    return session === undefined ? undefined : pageUrl(await this.resolve(session), path);
  }

  /** Opens the app's page in the user's browser, if it has an address. */
  async open(app: App, path = '/'): Promise<void> {
    const url = await this.url(app, path);
    if (url !== undefined) await this.#ports.editor.open(url);
  }

  /** The same in the editor's own browser. */
  async openIntegrated(app: App, path = '/'): Promise<void> {
    const url = await this.url(app, path);
    if (url !== undefined) await this.#ports.editor.openIntegrated(url);
  }

  async copy(app: App, path = '/'): Promise<void> {
    const url = await this.url(app, path);
    if (url !== undefined) await this.#ports.editor.copy(url);
  }

  async #throughGateway({ appKey, port }: SessionSnapshot): Promise<PreviewAddress | undefined> {
    const { servers, onGateway, onError } = this.#ports;
    const app = servers.apps.find(({ key }) => key === appKey);
    if (app === undefined) return undefined;
    const ask = async (hosts: readonly string[]): Promise<Gateway | undefined> => {
      try {
        const gateway = await servers.gateway(app, hosts);
        onGateway(app, undefined);
        return gateway;
      } catch (error) {
        if (error instanceof DevServerError && error.code === 'gatewayFailed') onGateway(app, error);
        else onError(error);
        return undefined;
      }
    };
    const gateway = await ask([]);
    if (gateway === undefined) return undefined;
    const address = await this.#fromEditor(port, gateway);
    const host = hostToRegister(address);
    return host === undefined || (await ask([host])) !== undefined ? address : undefined;
  }

  /** Asks the editor for the root only: code-server used to drop path and query (FACTS). */
  async #fromEditor(port: number, gateway: Gateway | undefined): Promise<PreviewAddress> {
    const externalUrl = await this.#ports.editor.asExternalUrl(localUrl(gateway?.port ?? port));
    return editorAddress({ port, gateway, externalUrl });
  }
}
