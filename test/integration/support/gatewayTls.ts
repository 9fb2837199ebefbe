import { readFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { ProxyServer } from 'http-proxy-3';
import { selfSigned } from '../../hosts/openssl.mjs';

/** Where the editor is seen. */
const HOST = 'sandbox.test';
const BASE_PATH = '/ide';
/** Where the gateway is seen without a prefix, as by a subdomain proxy. */
const SUBDOMAIN_HOST = 'preview.test';
/** Another site, whose page frames what its address names after `#`. */
const OTHER_HOST = 'other.test';

/** What a browser must be told: where the hosts are, and that nobody vouches for them. */
export const tlsFlags: readonly string[] = [
  '--host-resolver-rules=MAP *.test 127.0.0.1',
  // An option of a browser context would not do: a service worker's script is asked for outside of it.
  '--ignore-certificate-errors',
];

const otherPage = `<!DOCTYPE html><meta charset="utf-8"><title>other</title><link rel="icon" href="data:,">
<style>html, body, iframe { margin: 0; width: 100%; height: 100vh; border: 0; display: block }</style><body><script>
document.body.append(Object.assign(document.createElement('iframe'), { src: location.hash.slice(1) }));
</script>`;

/**
 * A proxy with TLS before code-server, which has it under a base path, as a company's own may, and the gateway at a host of its
 * own. The caller closes it.
 */
export class TlsFront {
  /** Of the gateway; its own host answers from then on. */
  gatewayPort: number | undefined;
  readonly #sockets = new Set<Duplex>();

  private constructor(
    readonly server: https.Server,
    readonly library: ProxyServer,
  ) {}

  /** `folder` is for key and certificate. */
  static async open(folder: string, target: string): Promise<TlsFront> {
    const { keyFile, certFile } = await selfSigned(folder, [HOST, SUBDOMAIN_HOST, OTHER_HOST]);
    const [key, cert] = await Promise.all([readFile(keyFile), readFile(certFile)]);
    const library = new ProxyServer({ target, xfwd: true, agent: new http.Agent({ keepAlive: false }) });
    const front = new TlsFront(https.createServer({ key, cert }), library);
    front.#listenTo();
    await new Promise<void>((resolve) => front.server.listen(0, '127.0.0.1', resolve));
    return front;
  }

  /** As browsers write it in `Host`. */
  get host(): string {
    return `${HOST}:${this.#port}`;
  }

  /** Of the editor, without a slash at its end. */
  get url(): string {
    return `https://${this.host}${BASE_PATH}`;
  }

  /** Of the gateway without a path proxy. */
  get subdomainHost(): string {
    return `${SUBDOMAIN_HOST}:${this.#port}`;
  }

  /** Of a page of another site that frames this address. */
  framedBySomebody(address: string): string {
    return `https://${OTHER_HOST}:${this.#port}/#${address}`;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  get #port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  #listenTo(): void {
    this.server.on('request', (request, response) => {
      const host = request.headers.host?.replace(/:.*$/, '');
      if (host === OTHER_HOST) response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(otherPage);
      else if (host === SUBDOMAIN_HOST)
        this.library.web(request, response, { target: `http://127.0.0.1:${this.gatewayPort}` });
      else if (isBelow(request)) this.library.web(request, response);
      else response.writeHead(404).end();
    });
    this.server.on('upgrade', (request, socket, head) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      if (isBelow(request)) this.library.ws(request, socket, head);
      else socket.destroy();
    });
    // A browser that goes away breaks its connections off.
    this.library.on('error', (_error, _request, answer) => answer?.destroy());
  }
}

/** Takes the base path off, as such proxies do. */
function isBelow(request: http.IncomingMessage): boolean {
  if (!request.url?.startsWith(`${BASE_PATH}/`)) return false;
  request.url = request.url.slice(BASE_PATH.length);
  return true;
}
