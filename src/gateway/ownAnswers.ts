/** What the gateway says in its own name. All of it is small, and none of it is kept by a browser. */
import { STATUS_CODES, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { gatewayHeader } from './names';
import type { OwnPage } from './waitingPage';

export interface OwnAnswer {
  readonly status: number;
  readonly type: 'html' | 'plain' | 'json' | 'javascript';
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A page of ours as an answer. */
export function pageAnswer(status: number, page: OwnPage, headers: Readonly<Record<string, string>> = {}): OwnAnswer {
  return { status, type: 'html', body: page.html, headers: { 'content-security-policy': page.policy, ...headers } };
}

/** Writes and ends the response; without a body where the request was HEAD. */
export function answer(response: ServerResponse, app: string, own: OwnAnswer): void {
  if (response.headersSent || response.destroyed) return;
  const body = Buffer.from(own.body);
  response.writeHead(own.status, { ...headersOf(app, own), 'content-length': body.length });
  response.end(body);
}

/** The same on a connection that asked to be another protocol, or said what nobody understands; ends it. */
export function answerOnSocket(socket: Socket, app: string, own: OwnAnswer): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const body = Buffer.from(own.body);
  const headers = { ...headersOf(app, own), 'content-length': String(body.length), connection: 'close' };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  socket.end(
    Buffer.concat([
      Buffer.from([`HTTP/1.1 ${own.status} ${STATUS_CODES[own.status] ?? ''}`, ...lines, '', ''].join('\r\n')),
      body,
    ]),
  );
  // One that does not hang up by itself is not waited for.
  socket.destroySoon();
}

function headersOf(app: string, own: OwnAnswer): Record<string, string> {
  const media = own.type === 'json' ? 'application/json' : `text/${own.type}`;
  return {
    'content-type': `${media}; charset=utf-8`,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    [gatewayHeader]: app,
    ...own.headers,
  };
}
