import { JSONRPCClient, JSONRPCErrorException, JSONRPCServer, JSONRPCServerAndClient } from 'json-rpc-2.0';
import type { Socket } from 'node:net';
import { Emitter, type Disposable, type Event } from './event';
import { DevServerError } from './errors';
import { LineReader } from './lineFraming';
import {
  MAX_MESSAGE_BYTES,
  RpcErrorCode,
  type ClientNotifications,
  type HostNotifications,
  type Requests,
} from './protocol';

/** Unsent bytes after which a peer that does not read is dropped: output has its own credit, the rest is small. */
const MAX_UNSENT_BYTES = 8 * 1024 * 1024;

/** Thrown by a handler to answer a request with an error. */
export { JSONRPCErrorException };

type Notifications = ClientNotifications & HostNotifications;

/** One end of a connection as client and host use it. `onDidClose` fires once, with the error that ended it if there was one. */
export interface Peer extends Disposable {
  readonly isClosed: boolean;
  readonly onDidClose: Event<Error | undefined>;
  /** Answers requests of this name. What the handler throws as `JSONRPCErrorException` reaches the caller. */
  handle<M extends keyof Requests>(
    method: M,
    handler: (params: Requests[M][0]) => Promise<Requests[M][1]> | Requests[M][1],
  ): void;
  /** Hears notifications of this name. */
  listen<M extends keyof Notifications>(method: M, listener: (params: Notifications[M]) => void): void;
  /** Rejects with the peer's error (a refusal as the `DevServerError` that it names), after `timeoutMs`, or when the connection ends. */
  call<M extends keyof Requests>(method: M, params: Requests[M][0], timeoutMs?: number): Promise<Requests[M][1]>;
  notify<M extends keyof Notifications>(method: M, params: Notifications[M]): void;
  /** Ends the connection after what was written, or at once when `error` says why. */
  close(error?: Error): void;
}

/**
 * A `Peer` on a socket, which it owns: typed JSON-RPC, one message a line. One whose other end is not known yet takes
 * `untrustedBytes` from it in all, and is closed at more, until `trust` says that it is known.
 */
export class RpcPeer implements Peer {
  readonly #socket: Socket;
  #untrustedBytes: number | undefined;
  readonly #rpc: JSONRPCServerAndClient;
  readonly #reader = new LineReader(MAX_MESSAGE_BYTES);
  readonly #closed = new Emitter<Error | undefined>();
  #closeError: Error | undefined;
  #isClosed = false;

  readonly onDidClose = this.#closed.event;

  /** `onFault` hears what a handler threw without meaning to: the owner decides what that costs. */
  constructor(socket: Socket, onFault: (error: unknown) => void, options: { readonly untrustedBytes?: number } = {}) {
    this.#socket = socket;
    this.#untrustedBytes = options.untrustedBytes;
    const server = new JSONRPCServer({ errorListener: () => undefined });
    server.mapErrorToJSONRPCErrorResponse = (id, error: unknown) => {
      if (error instanceof JSONRPCErrorException) return { jsonrpc: '2.0', id, error: error.toObject() };
      onFault(error);
      return { jsonrpc: '2.0', id, error: { code: -32603, message: 'internal error' } };
    };
    this.#rpc = new JSONRPCServerAndClient(server, new JSONRPCClient((payload: unknown) => this.#send(payload)), {
      errorListener: (message) => this.close(new Error(message)),
    });
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', (error) => (this.#closeError ??= error));
    socket.on('close', () => this.#finish());
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** The other end has shown who it is: from now on only a single message has a limit. */
  trust(): void {
    this.#untrustedBytes = undefined;
  }

  handle<M extends keyof Requests>(
    method: M,
    handler: (params: Requests[M][0]) => Promise<Requests[M][1]> | Requests[M][1],
  ): void {
    this.#rpc.addMethod(method, handler);
  }

  listen<M extends keyof Notifications>(method: M, listener: (params: Notifications[M]) => void): void {
    this.#rpc.addMethod(method, listener);
  }

  async call<M extends keyof Requests>(method: M, params: Requests[M][0], timeoutMs?: number): Promise<Requests[M][1]> {
    if (this.#isClosed) throw new ConnectionClosedError();
    const requester = timeoutMs === undefined ? this.#rpc : this.#rpc.timeout(timeoutMs);
    try {
      return (await requester.request(method, params, undefined)) as Requests[M][1];
    } catch (error) {
      throw asRefusal(error) ?? error;
    }
  }

  notify<M extends keyof Notifications>(method: M, params: Notifications[M]): void {
    if (!this.#isClosed) this.#rpc.notify(method, params, undefined);
  }

  close(error?: Error): void {
    this.#closeError ??= error;
    if (error) this.#socket.destroy();
    else this.#socket.end();
  }

  dispose(): void {
    this.#socket.destroy();
    this.#finish();
  }

  #send(payload: unknown): Promise<void> {
    if (this.#isClosed || this.#socket.destroyed) return Promise.reject(new ConnectionClosedError());
    this.#socket.write(JSON.stringify(payload) + '\n');
    if (this.#socket.writableLength > MAX_UNSENT_BYTES) this.close(new Error('the peer does not read'));
    return Promise.resolve();
  }

  #receive(chunk: Buffer): void {
    if (this.#untrustedBytes !== undefined && (this.#untrustedBytes -= chunk.length) < 0)
      return this.close(new Error('too much was sent before a hello'));
    let lines: string[];
    try {
      lines = this.#reader.push(chunk);
    } catch (error) {
      return this.close(error as Error);
    }
    for (const line of lines) {
      let message: unknown;
      try {
        message = JSON.parse(line);
      } catch {
        return this.close(new Error('a message is no JSON'));
      }
      this.#rpc.receiveAndSend(message, undefined, undefined).catch((error: unknown) => {
        // The answer could not be sent, or the message was no JSON-RPC: either way nobody is left to talk to.
        this.close(error instanceof Error ? error : new Error(String(error)));
      });
    }
  }

  #finish(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#rpc.rejectAllPendingRequests('the connection to the session host ended');
    this.#closed.fire(this.#closeError);
  }
}

function asRefusal(error: unknown): DevServerError | undefined {
  if (!(error instanceof JSONRPCErrorException) || error.code !== RpcErrorCode.refused) return undefined;
  const { code, facts } = (error.data ?? {}) as Partial<Pick<DevServerError, 'code' | 'facts'>>;
  return code && new DevServerError(code, facts, { cause: error });
}

class ConnectionClosedError extends Error {
  constructor() {
    super('the connection to the session host ended');
    this.name = 'ConnectionClosedError';
  }
}
