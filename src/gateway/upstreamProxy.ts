/**
 * The adapter of the proxy library: carries a request to the dev server and hands over what comes back. The only file that
 * knows the library. It builds the request and ends it with the client; what goes to the browser is written by the caller.
 */
import http, { type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { ProxyServer } from 'http-proxy-3';
import { CONNECT_LIMIT_MS, loopbackLookup } from './loopback';

export interface Forwarded {
  /** Sent instead of those that came. */
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
  readonly #agent = new http.Agent({ keepAlive: false, lookup: loopbackLookup, autoSelectFamily: true, noDelay: true });
  readonly #library = new ProxyServer({
    agent: this.#agent,
    selfHandleResponse: true,
    // The request's target as it came, not parsed and put together again.
    toProxy: true,
    prependPath: false,
  });
  readonly #open = new WeakMap<IncomingMessage, (answer: IncomingMessage) => void>();
  readonly #upgrades = new WeakMap<IncomingMessage, ForwardedUpgrade['headersFor']>();

  /** `onTrouble` hears of errors of single connections, which hurt nobody else. */
  constructor(onTrouble: (error: Error) => void) {
    this.#library.on('error', onTrouble);
    this.#library.on('proxyReq', prepare);
    this.#library.on('proxyRes', (answer, request) => this.#open.get(request)?.(answer));
    this.#library.on('proxyReqWs', (sent, request, socket) => {
      const headersFor = this.#upgrades.get(request);
      sent.once('socket', (upstream: Socket) => limitConnect(sent, upstream));
      if (headersFor) watchUpgrade(sent, socket, headersFor);
    });
  }

  /** Throws when the request can't be sent in this form. */
  forward(request: IncomingMessage, response: ServerResponse, forwarded: Forwarded): void {
    request.headers = forwarded.headers;
    this.#open.set(request, forwarded.onAnswer);
    this.#library.web(request, response, { target: targetOf(forwarded.port) }, forwarded.onFailure);
  }

  /** WebSockets only. Both connections end together. Throws when the request can't be sent in this form. */
  upgrade(request: IncomingMessage, socket: Socket, head: Buffer, forwarded: ForwardedUpgrade): void {
    request.headers = forwarded.headers;
    this.#upgrades.set(request, forwarded.headersFor);
    this.#library.ws(request, socket, head, { target: targetOf(forwarded.port) }, forwarded.onFailure);
  }
}

function targetOf(port: number) {
  return { protocol: 'http:', host: 'localhost', port };
}

function prepare(
  sent: http.ClientRequest,
  request: IncomingMessage,
  _response: ServerResponse,
  _options: unknown,
  socket: Socket,
) {
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
