import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a request was for the server. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

/**
 * A server without a framework, whose pages say what a browser does to them. It knows nothing of a prefix: whatever asks at
 * another path than the app's own gets a 404. The caller closes it.
 */
export class PlainApp {
  readonly seen: Seen[] = [];
  #slow: (() => void) | undefined;

  private constructor(
    readonly server: http.Server,
    readonly name: string,
  ) {}

  static async open(name: string): Promise<PlainApp> {
    const server = http.createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => app.#answer(request, response, Buffer.concat(parts).toString()));
    });
    const app = new PlainApp(server, name);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return app;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Requests for this path, with its query, oldest first. */
  askedFor(url: string): Seen[] {
    return this.seen.filter((one) => one.url === url);
  }

  /** Ends what `/slow` has begun. */
  endSlow(): void {
    this.#slow?.();
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  #answer(request: http.IncomingMessage, response: http.ServerResponse, body: string): void {
    const { method = '', url = '', headers } = request;
    this.seen.push({ method, url, headers, body });
    const send = (type: string, text: string, more: http.OutgoingHttpHeaders = {}) => {
      response.writeHead(200, { 'content-type': type, ...more });
      response.end(text);
    };
    switch (url.split('?')[0]) {
      case '/':
      case '/second':
      case '/inner':
        return send('text/html; charset=utf-8', this.#page(url, headers));
      case '/posted':
        return send('text/html; charset=utf-8', `<!DOCTYPE html><h1>Posted ${body}</h1>`);
      case '/echo':
        return send('application/json', JSON.stringify({ method, url, headers, body }));
      case '/data.json':
        return send('application/json', '{"data":true}');
      case '/moved':
        response.writeHead(307, { location: '/echo?moved' });
        response.end();
        return;
      case '/worker.js':
        return send(
          'text/javascript',
          `fetch('/echo?worker').then((r) => r.json()).then(({ url }) => postMessage(url))`,
        );
      case '/app-worker.js':
        return send('text/javascript', '');
      case '/events':
        return send('text/event-stream', 'data: one\n\n');
      case '/file.csv':
        return send('text/csv', 'a,b\n', { 'content-disposition': 'attachment; filename="file.csv"' });
      case '/slow':
        response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
        response.write('<!DOCTYPE html><h1>Slow</h1>');
        this.#slow = () => response.end();
        return;
      default:
        response.writeHead(404, { 'content-type': 'text/plain' });
        response.end('none');
    }
  }

  #page(url: string, headers: http.IncomingHttpHeaders): string {
    return `<!DOCTYPE html><html><head>
<title>${this.name} ${url}</title>
<script>window.first = { path: location.pathname + location.search + location.hash, scripts: document.scripts.length };</script>
</head><body>
<h1>${this.name}</h1><p id="url">${url.replaceAll('&', '&amp;')}</p><p id="agent">${headers['sec-fetch-dest'] ?? ''}</p>
<a id="hard" href="/second?hard">hard</a>
<a id="part" href="#part">part</a>
<a id="out" href="https://other.invalid/">out</a>
<a id="blank" href="/second?blank" target="_blank">blank</a>
<a id="top" href="/second?top" target="_top">top</a>
<a id="download" href="/file.csv" download>download</a>
<a id="attachment" href="/file.csv">attachment</a>
<form id="posting" method="post" action="/posted"><input name="a" value="1"><input name="action" value="2"><button>post</button></form>
<form id="getting" action="/second"><input name="q" value="x"><button>get</button></form>
</body></html>`;
  }
}
