import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { PREVIEW_MARK } from '../../../src/sessions/gatewayProtocol';

/** What VS Code gives the frames of a webview: no navigation of the top window, no new windows, no dialogs. */
const SANDBOX = 'allow-same-origin allow-pointer-lock allow-scripts allow-downloads allow-forms';

/**
 * Two frames as those around a webview, served through code-server's own path proxy so that they have the editor's origin;
 * the inner one keeps what the preview says (`messages`), where it is over a reload, and speaks to it (`send`).
 */
export class PanelStandIn {
  private constructor(readonly server: http.Server) {}

  static async open(): Promise<PanelStandIn> {
    const server = http.createServer((request, response) => {
      const isOuter = request.url?.startsWith('/panel');
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
      response.end(isOuter ? outer : inner);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new PanelStandIn(server);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }
}

const head = `<!DOCTYPE html><meta charset="utf-8"><link rel="icon" href="data:,">
<style>html, body, iframe { margin: 0; width: 100%; height: 100vh; border: 0; display: block }</style>`;

/** The editor: its frame gets the same query, which holds the address of the shell or the app. */
const outer = `${head}<title>panel</title><body><script>
const frame = document.createElement('iframe');
frame.setAttribute('sandbox', '${SANDBOX}');
frame.src = 'webview' + location.search;
document.body.append(frame);
</script>`;

/** The webview: what it frames is `root` + `path`, or after a reload the path that was last told. */
const inner = `${head}<title>webview</title><body><script>
const { root, path } = Object.fromEntries(new URLSearchParams(location.search));
const frame = document.createElement('iframe');
frame.src = root + (sessionStorage.getItem(location.search) ?? path);
window.messages = [];
window.send = (message) => frame.contentWindow.postMessage({ mark: '${PREVIEW_MARK}', ...message }, '*');
addEventListener('message', ({ source, data }) => {
  if (source !== frame.contentWindow || data?.mark !== '${PREVIEW_MARK}') return;
  messages.push(data);
  if (data.type === 'page') sessionStorage.setItem(location.search, data.path);
});
document.body.append(frame);
</script>`;
