/**
 * The adapter of the proxy library: carries a request to the dev server and hands over what comes back. The only file that
 * knows the library. It builds the request and ends it with the client; what goes to the browser is written by the caller.
 */
import http, { type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { ProxyServer } from 'http-proxy-3';
import { CONNECT_LIMIT_MS, loopbackLookup } from './loopback';

/** How long a connection is kept that nobody uses, in milliseconds. Node's servers, and so Next.js, end one after 5 s. */
const IDLE_LIMIT_MS = 2000;

export interface Forwarded {
  /** Sent instead of those that came, without `connection`. */
  readonly headers: IncomingHttpHeaders;
  readonly port: number;
  /** Its stream is the caller's to read or destroy. */
  readonly onAnswer: (answer: IncomingMessage) => void;
  /** No answer will come, or the request could not be sent to its end. Maybe after an answer, and more than once. */
  readonly onFailure: (error: Error) => void;
}

export interface ForwardedUpgrade {
  readonly headers: IncomingHttpHeaders;
  readonly port: number;
  /** The headers for the browser in the place of these, be it switched (101) or refused. */
  readonly headersFor: (answer: IncomingMessage) => IncomingHttpHeaders;
  /** The socket is ended after it; maybe more than once. */
  readonly onFailure: (error: Error) => void;
}

/** One serves any number of requests, to any port of this machine. */
export class UpstreamProxy {
  readonly #agent = new http.Agent({ ...ways, keepAlive: false });
  #keeping = keepingAgent();
  readonly #library = new ProxyServer({
    agent: this.#agent,
    selfHandleResponse: true,
    // The request's target as it came, not parsed and put together again.
    toProxy: true,
    prependPath: false,
  });
  readonly #open = new WeakMap<IncomingMessage, { readonly forwarded: Forwarded; sent?: http.ClientRequest }>();
  readonly #upgrades = new WeakMap<IncomingMessage, ForwardedUpgrade['headersFor']>();

  /** `onTrouble` hears of errors of single connections, which hurt nobody else. */
  constructor(onTrouble: (error: Error) => void) {
    this.#library.on('error', onTrouble);
    this.#library.on('proxyReq', (sent, request, _response, _options, socket) => {
      const open = this.#open.get(request);
      if (open) open.sent = sent;
      prepare(sent, request, socket);
    });
    this.#library.on('proxyRes', (answer, request) => this.#open.get(request)?.forwarded.onAnswer(answer));
    this.#library.on('proxyReqWs', (sent, request, socket) => {
      const headersFor = this.#upgrades.get(request);
      sent.once('socket', (upstream: Socket) => limitConnect(sent, upstream));
      if (headersFor) watchUpgrade(sent, socket, headersFor);
    });
  }

  /**
   * Throws when the request can't be sent in this form. One that can be sent twice may take a connection that was kept, and
   * is sent once more, on a new one, when the server closed that in the same moment. Any other gets a new one at once.
   */
  forward(request: IncomingMessage, response: ServerResponse, forwarded: Forwarded): void {
    request.headers = forwarded.headers;
    this.#open.set(request, { forwarded });
    const target = targetOf(forwarded.port);
    if (!isRepeatable(request)) {
      this.#library.web(request, response, { target }, forwarded.onFailure);
      return;
    }
    this.#library.web(request, response, { target, agent: this.#keeping }, (error) => {
      const isStale =
        this.#open.get(request)?.sent?.reusedSocket && isBroken(error) && !response.headersSent && !response.destroyed;
      if (!isStale) {
        forwarded.onFailure(error);
        return;
      }
      try {
        this.#library.web(request, response, { target }, forwarded.onFailure);
      } catch (second) {
        forwarded.onFailure(second instanceof Error ? second : new Error(String(second)));
      }
    });
  }

  /** Keeps no connection of before. Those in use end with their answers. */
  forget(): void {
    const old = this.#keeping;
    this.#keeping = keepingAgent();
    old.maxFreeSockets = 0;
    for (const sockets of Object.values(old.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
  }

  /** WebSockets only. Both connections end together. Throws when the request can't be sent in this form. */
  upgrade(request: IncomingMessage, socket: Socket, head: Buffer, forwarded: ForwardedUpgrade): void {
    request.headers = forwarded.headers;
    this.#upgrades.set(request, forwarded.headersFor);
    this.#library.ws(request, socket, head, { target: targetOf(forwarded.port) }, forwarded.onFailure);
  }
}

const ways = { lookup: loopbackLookup, autoSelectFamily: true, noDelay: true };

function keepingAgent(): http.Agent {
  // A busy connection may be silent for longer: then this limit only tells the request, and nobody listens.
  return new http.Agent({ ...ways, keepAlive: true, timeout: IDLE_LIMIT_MS });
}

/** It changes nothing (RFC 9110, section 9.2.1), and there is no body that would be gone by then. */
function isRepeatable({ method, headers }: IncomingMessage): boolean {
  const hasBody = headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
  return (method === 'GET' || method === 'HEAD') && !hasBody;
}

function isBroken(error: NodeJS.ErrnoException): boolean {
  return error.code === 'ECONNRESET' || error.code === 'EPIPE';
}

function targetOf(port: number) {
  return { protocol: 'http:', host: 'localhost', port };
}

function prepare(sent: http.ClientRequest, request: IncomingMessage, socket: Socket): void {
  limitConnect(sent, socket);
  // The library says that such a request has no body, and sends it all the same: the server would take it for a request.
  if (request.headers['content-length'] === '0' && isChunked(request)) {
    sent.removeHeader('content-length');
    sent.setHeader('transfer-encoding', 'chunked');
  }
}

function isChunked({ rawHeaders }: IncomingMessage): boolean {
  return rawHeaders.some((name, index) => index % 2 === 0 && name.toLowerCase() === 'transfer-encoding');
}

function limitConnect(sent: http.ClientRequest, socket: Socket): void {
  if (!socket.connecting) return;
  const limit = setTimeout(() => {
    const error = new Error(`no connection within ${CONNECT_LIMIT_MS} ms`);
    sent.destroy(Object.assign(error, { code: 'ETIMEDOUT' }));
  }, CONNECT_LIMIT_MS);
  const clear = () => clearTimeout(limit);
  socket.once('connect', clear).once('close', clear);
}

/** What the library leaves open: who comes after whom when one side goes, and the pace of an answer that is no switch. */
function watchUpgrade(sent: http.ClientRequest, socket: Socket, headersFor: ForwardedUpgrade['headersFor']): void {
  const abandon = () => void sent.destroy();
  socket.once('end', abandon).once('close', abandon);
  // Nobody reads it before the switch, and unread it would never be seen to end.
  socket.read(0);
  sent.once('upgrade', (answer: IncomingMessage, upstream: Socket) => {
    answer.headers = headersFor(answer);
    socket.removeListener('end', abandon).removeListener('close', abandon);
    if (socket.destroyed) upstream.destroy();
    // One that does not end its half would keep the other for ever.
    socket.once('close', () => upstream.destroySoon());
    upstream.once('close', () => socket.destroySoon());
  });
  sent.once('response', (answer: IncomingMessage) => {
    socket.removeListener('end', abandon);
    answer.headers = headersFor(answer);
    answer.once('close', () => socket.destroySoon());
    answer.on('data', () => {
      if (socket.writableNeedDrain) answer.pause();
    });
    socket.on('drain', () => answer.resume());
  });
}
