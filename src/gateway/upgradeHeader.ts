/** Requests that offer to go on in another protocol. */
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';

/** Whether WebSockets are among what it offers. */
export function namesWebSocket({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.split(',').some((protocol) => protocol.trim().toLowerCase() === 'websocket') ?? false;
}

/**
 * Has the server read the request once more, without the offer: then it is one like any other. Node's parser stops at an offer
 * as soon as anybody takes offers, and leaves the rest of the connection to them; `rest` is what it had read of that.
 */
export function askAgainWithoutUpgrade(server: Server, request: IncomingMessage, socket: Socket, rest: Buffer): void {
  const lines = [`${request.method} ${request.url} HTTP/${request.httpVersion}`];
  for (let i = 0; i + 1 < request.rawHeaders.length; i += 2) {
    const [name = '', value = ''] = request.rawHeaders.slice(i, i + 2);
    const kept = /^connection$/i.test(name) ? withoutOffer(value) : value;
    if (!/^(?:upgrade|http2-settings)$/i.test(name) && kept !== '') lines.push(`${name}: ${kept}`);
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), rest]));
  server.emit('connection', socket);
}

function withoutOffer(connection: string): string {
  const options = connection.split(',').map((option) => option.trim());
  return options.filter((option) => !/^(?:upgrade|http2-settings)$/i.test(option)).join(', ');
}
