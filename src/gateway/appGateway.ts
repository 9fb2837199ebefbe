/**
 * The preview gateway of one app: a reverse proxy on loopback with one upstream, the app's dev server on the same machine.
 * Invariants: whatever a request says, it reaches that upstream or nobody; nothing but the start of a page is ever held; every
 * response bears the app's id.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { Socket } from 'node:net';
import head from 'browser:head';
import shell from 'browser:shell';
import worker from 'browser:worker';
import type { GatewayUpstream } from '../sessions/gatewayProtocol';
import { shellPage } from './browser/shellPage';
import type { AcceptedHosts } from './hostCheck';
import { inlineScript } from './inlineScript';
import { listenOnLoopback } from './listeners';
import type { GatewayLog } from './log';
import { acceptsConnections } from './loopback';
import { gatewayPath, workerPath } from './names';
import { answer, answerOnSocket, pageAnswer, type OwnAnswer } from './ownAnswers';
import { asksForPage } from './pages';
import { contextOf, relay, type Asked } from './relay';
import { toUpstream } from './requestHeaders';
import { toBrowser } from './responseHeaders';
import { askAgainWithoutUpgrade, namesWebSocket } from './upgradeHeader';
import { UpstreamProxy } from './upstreamProxy';
import { faultPage, patienceAfter, waitingPage } from './waitingPage';

/** Node's own default: whoever connects and says nothing must not keep a descriptor for ever. */
const HEADERS_LIMIT_MS = 60_000;
/** All headers of a request: as much as code-server and many cookies of the editor's origin need. The dev server has its own limit. */
const MAX_HEADER_BYTES = 64 * 1024;

/** What a server that is starting, stopping or hung up says. All else is an answer that nobody can read. */
const unreachable = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EADDRNOTAVAIL',
  'EAFNOSUPPORT',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

export class AppGateway {
  readonly #id: string;
  readonly #hosts: AcceptedHosts;
  readonly #log: GatewayLog;
  readonly #head;
  readonly #proxy: UpstreamProxy;
  /** Connections that left HTTP, which no server closes. */
  readonly #switched = new Set<Duplex>();
  #servers: readonly Server[] = [];
  /** So many pages in a row did a server that is there not answer. */
  #hangUps = 0;
  #upstream: GatewayUpstream;

  /** `id` goes into a header: visible ASCII. */
  constructor(id: string, upstream: GatewayUpstream, hosts: AcceptedHosts, log: GatewayLog) {
    this.#id = id;
    this.#upstream = upstream;
    this.#hosts = hosts;
    this.#log = log;
    this.#head = inlineScript(head, id);
    this.#proxy = new UpstreamProxy((error) => log('debug', 'a connection broke', { app: id, error: error.message }));
  }

  /** Resolves with the port. Rejects when there is none to be had. Once only. */
  async listen(preferred: number | undefined): Promise<number> {
    const { port, servers } = await listenOnLoopback(() => this.#createServer(), preferred);
    this.#servers = servers;
    for (const server of servers)
      server.on('error', (error) => this.#log('warn', 'listener failed', { app: this.#id, error: error.message }));
    return port;
  }

  /** Whatever it says, another server may be there now: no connection to the one before is used again. */
  set upstream(upstream: GatewayUpstream) {
    this.#upstream = upstream;
    this.#hangUps = 0;
    this.#proxy.forget();
  }

  /** Frees the port and ends every connection. */
  close(): void {
    for (const server of this.#servers) {
      server.close();
      server.closeAllConnections();
    }
    for (const socket of this.#switched) socket.destroy();
    this.#proxy.forget();
  }

  #createServer(): Server {
    // A slow upload is nobody's fault. A request without a host is refused by us, with our header.
    const server = createServer({
      requestTimeout: 0,
      headersTimeout: HEADERS_LIMIT_MS, // Without it, none: it would be the lesser of both.
      requireHostHeader: false,
      maxHeaderSize: MAX_HEADER_BYTES,
    });
    server.on('request', (request, response) => this.#request(request, response));
    server.on('upgrade', (request, socket, rest) => {
      // Any other protocol a server need not know (RFC 9110, section 7.8).
      if (namesWebSocket(request)) this.#upgrade(request, asSocket(socket), rest);
      else askAgainWithoutUpgrade(server, request, asSocket(socket), rest);
    });
    server.on('connect', (_request, socket) => {
      const client = asSocket(socket);
      client.on('error', () => client.destroy());
      answerOnSocket(client, this.#id, text(405, 'This is no proxy for other hosts.'));
    });
    server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
      const status = error.code === 'HPE_HEADER_OVERFLOW' ? 431 : error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
      const client = asSocket(socket);
      // In the middle of an answer these words would be part of it.
      if (error.code === 'ECONNRESET' || client.bytesWritten > 0) client.destroy();
      else answerOnSocket(client, this.#id, text(status, 'That was no HTTP request.'));
    });
    return server;
  }

  #request(request: IncomingMessage, response: ServerResponse): void {
    const own = this.#refusal(request) ?? this.#ownAnswer(request);
    if (own) {
      Promise.resolve(own).then(
        (ready) => answer(response, this.#id, ready),
        (error: unknown) => this.#broke(response, error),
      );
      return;
    }
    // As it was asked: the proxy changes the request.
    const asked: Asked = { method: request.method, headers: request.headers, path: pathOf(request) };
    const { port } = this.#upstream;
    if (port === undefined) {
      answer(response, this.#id, this.#waiting(asked));
      return;
    }
    try {
      this.#proxy.forward(request, response, {
        headers: toUpstream(asked.method, asked.headers, port, this.#hosts),
        port,
        onAnswer: (answered) => {
          if (asksForPage(asked.method, asked.headers)) this.#hangUps = 0;
          try {
            relay(answered, response, asked, contextOf(this.#id, asked, port), this.#head);
          } catch (error) {
            answered.destroy();
            this.#broke(response, error);
          }
        },
        onFailure: (error: NodeJS.ErrnoException) => {
          // Then the answer's own end decides; a server may answer before it has read everything.
          if (response.headersSent) return;
          // The rest of its body is read and dropped: unread it would stand before the connection's next request.
          request.unpipe();
          request.resume();
          this.#log('debug', 'no answer', { app: this.#id, error: error.message });
          const isUnreachable = unreachable.has(error.code ?? '');
          answer(response, this.#id, isUnreachable ? this.#waiting(asked) : this.#unreadable(asked, error));
          if (error.code !== 'ECONNREFUSED' && asksForPage(asked.method, asked.headers)) this.#hangUps++;
        },
      });
    } catch (error) {
      this.#broke(response, error);
    }
  }

  #upgrade(request: IncomingMessage, socket: Socket, rest: Buffer): void {
    socket.on('error', () => socket.destroy());
    this.#switched.add(socket);
    socket.once('close', () => this.#switched.delete(socket));
    const asked: Asked = { method: request.method, headers: request.headers, path: pathOf(request) };
    const { port } = this.#upstream;
    const refusal =
      this.#refusal(request) ??
      (asked.method === 'GET' ? undefined : text(400, 'A WebSocket begins with GET.')) ??
      (asked.path.startsWith(gatewayPath) ? text(404, 'There is nothing here.') : undefined);
    if (refusal || port === undefined) {
      answerOnSocket(socket, this.#id, refusal ?? this.#unavailable());
      return;
    }
    let isAnswered = false;
    try {
      this.#proxy.upgrade(request, socket, rest, {
        headers: toUpstream(asked.method, asked.headers, port, this.#hosts),
        port,
        headersFor: (answered) => {
          isAnswered = true;
          const context = { ...contextOf(this.#id, asked, port), scriptHash: undefined, redirectedFrom: undefined };
          const headers = toBrowser(answered.headers, context);
          return {
            ...(headers as IncomingMessage['headers']),
            connection: answered.statusCode === 101 ? 'Upgrade' : 'close',
          };
        },
        onFailure: (error) => {
          this.#log('debug', 'socket broke', { app: this.#id, error: error.message });
          // After an answer the connection speaks no HTTP.
          if (!isAnswered) answerOnSocket(socket, this.#id, this.#unavailable());
        },
      });
    } catch (error) {
      this.#log('warn', 'upgrade failed', { app: this.#id, error: String(error) });
      socket.destroy();
    }
  }

  /** Who may ask, and what: before anything else is looked at. */
  #refusal(request: IncomingMessage): OwnAnswer | undefined {
    if (!this.#hosts.accepts(request.headers.host))
      return text(421, 'This preview is not known by that name. Open it from the editor.');
    // `GET http://elsewhere/` asks for a proxy to elsewhere.
    if (!pathOf(request).startsWith('/')) return text(400, 'This is no proxy for other hosts.');
    return undefined;
  }

  #ownAnswer(request: IncomingMessage): OwnAnswer | Promise<OwnAnswer> | undefined {
    const [path = ''] = pathOf(request).split('?');
    if (path !== workerPath && !path.startsWith(gatewayPath)) return undefined;
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return { ...text(405, 'This can only be read.'), headers: { allow: 'GET, HEAD' } };
    if (path === workerPath) return { status: 200, type: 'javascript', body: worker };
    if (path === gatewayPath) return { status: 200, type: 'html', body: shellPage(shell, this.#id) };
    if (path === `${gatewayPath}state`) return this.#state();
    return text(404, 'There is nothing here.');
  }

  async #state(): Promise<OwnAnswer> {
    const { port, sentence, label } = this.#upstream;
    const ready = port !== undefined && (await acceptsConnections(port));
    return { status: 200, type: 'json', body: JSON.stringify({ id: this.#id, ready, sentence, label }) };
  }

  #waiting({ method, headers, path }: Asked): OwnAnswer {
    if (!asksForPage(method, headers)) return this.#unavailable();
    const page = { path, method: method ?? 'GET', patienceMs: patienceAfter(this.#hangUps) };
    return pageAnswer(503, waitingPage(this.#id, this.#upstream, page), { 'retry-after': '1' });
  }

  #unavailable(): OwnAnswer {
    const { sentence, label } = this.#upstream;
    const body = JSON.stringify({ error: 'not ready', sentence, label });
    return { status: 503, type: 'json', body, headers: { 'retry-after': '1' } };
  }

  #unreadable({ method, headers }: Asked, error: Error): OwnAnswer {
    const sentence = `The dev server answered what is no HTTP: ${error.message}`;
    if (asksForPage(method, headers)) return pageAnswer(502, faultPage(this.#upstream, sentence));
    return { status: 502, type: 'json', body: JSON.stringify({ error: 'bad answer', sentence }) };
  }

  /** A fault in us: this request's alone. */
  #broke(response: ServerResponse, error: unknown): void {
    this.#log('warn', 'request failed', { app: this.#id, error: String(error) });
    if (response.headersSent) response.destroy();
    else answer(response, this.#id, text(500, 'The preview failed at this request.'));
  }
}

function pathOf(request: IncomingMessage): string {
  return request.url ?? '';
}

function text(status: number, body: string): OwnAnswer {
  return { status, type: 'plain', body: `${body}\n` };
}

/** Of a server that speaks TCP it is always one. */
function asSocket(stream: Duplex): Socket {
  if (stream instanceof Socket) return stream;
  throw new TypeError('a connection that is no socket');
}
