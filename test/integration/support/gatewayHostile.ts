import { existsSync, readFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { inRepo } from '../../hosts/paths.mjs';

const pages = inRepo('test', 'fixtures', 'hostile');
const CHUNK = Buffer.alloc(64 * 1024, 'x');

/** Beside what every page has. */
const extraHeaders: Readonly<Record<string, http.OutgoingHttpHeaders>> = {
  '/csp-none': { 'content-security-policy': "default-src 'none'" },
  '/csp-nonce': { 'content-security-policy': "default-src 'self'; script-src 'nonce-x'; frame-ancestors 'none'" },
  '/denied': { 'x-frame-options': 'DENY' },
};

/** A dev server that does what none should: the pages of `fixtures/hostile`, and answers that are too long, slow or odd. */
export class HostileServer {
  readonly #server: http.Server;
  readonly #slow = new Set<http.ServerResponse>();
  /** Bytes of `/bytes` that were given away, over all requests. */
  bytesWritten = 0;
  /** Requests for `/bytes` whose other side went away too early. */
  abandoned = 0;

  private constructor() {
    this.#server = http.createServer((request, response) => this.#answer(request, response));
  }

  /** On `port`, or any free one. */
  static async open(port = 0): Promise<HostileServer> {
    const server = new HostileServer();
    await new Promise<void>((resolve, reject) => {
      server.#server.once('error', reject);
      server.#server.listen(port, '127.0.0.1', resolve);
    });
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Sends the second part of every `/slow` that waits for it. */
  releaseSlow(): void {
    for (const response of this.#slow) response.end('<p id="second">second</p>');
    this.#slow.clear();
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #answer(request: http.IncomingMessage, response: http.ServerResponse): void {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    const file = path.join(pages, path.basename(pathname));
    if (pathname === '/bytes') void this.#pour(Number(searchParams.get('count')), response);
    else if (pathname === '/loop') response.writeHead(302, { location: '/loop' }).end();
    else if (pathname === '/huge-header') response.writeHead(200, { 'x-huge': 'x'.repeat(512 * 1024) }).end('huge');
    else if (pathname === '/reset') request.socket.destroy();
    else if (pathname === '/slow') {
      response.writeHead(200, { 'content-type': 'text/html' });
      response.write('<!DOCTYPE html><title>slow</title><p id="first">first</p>');
      this.#slow.add(response);
    } else if (existsSync(`${file}.html`))
      response
        .writeHead(200, { 'content-type': 'text/html; charset=utf-8', ...extraHeaders[pathname] })
        .end(readFileSync(`${file}.html`));
    else if (pathname.endsWith('.js') && existsSync(file))
      response.writeHead(200, { 'content-type': 'text/javascript' }).end(readFileSync(file));
    else response.writeHead(404).end();
  }

  /** Writes no more than the other side takes. */
  async #pour(count: number, response: http.ServerResponse): Promise<void> {
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': count });
    try {
      await pipeline(Readable.from(this.#parts(count), { objectMode: false }), response);
    } catch {
      this.abandoned++; // All that can fail here is the other side.
    }
  }

  *#parts(count: number): Generator<Buffer> {
    for (let left = count; left > 0; left -= CHUNK.length) {
      const part = CHUNK.subarray(0, Math.min(left, CHUNK.length));
      this.bytesWritten += part.length;
      yield part;
    }
  }
}
