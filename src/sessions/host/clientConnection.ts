import { timingSafeEqual } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Clock } from '../clock';
import { DisposableStore, type Disposable } from '../event';
import { errorMessage, type Logger } from '../log';
import { PROTOCOL_VERSION, RpcErrorCode, type HelloResult, type Requests, type SessionSnapshot } from '../protocol';
import { JSONRPCErrorException, RpcPeer } from '../rpcPeer';
import type { OutputReader } from './outputStream';
import {
  checkApps,
  checkCount,
  checkHello,
  checkSession,
  checkSettings,
  checkSize,
  checkStart,
  checkText,
  InvalidParamsError,
} from './requestChecks';
import type { Session } from './session';
import type { ClientView, SessionHost } from './sessionHost';

/** A connection that has not said hello by then is dropped. */
const HELLO_LIMIT_MS = 10_000;

export interface ConnectionContext {
  readonly host: SessionHost;
  readonly clock: Clock;
  readonly log: Logger;
  readonly token: string;
  readonly version: string;
  /** Set when the host may start nothing any more, with the reason. */
  readonly refusal: () => string | undefined;
  /** Ends all servers and the host. */
  readonly shutdown: () => void;
}

/**
 * One client's end in the host. Nothing is answered before a good hello; an exception in the code for this client costs
 * this client alone.
 */
export function serveClient(socket: Socket, context: ConnectionContext): Disposable {
  const { host, log, clock } = context;
  const store = new DisposableStore();
  const readers = new Map<string, OutputReader>();
  const apps = new Set<string>();
  let isKnown = false;
  let who = 'unknown';

  const peer = new RpcPeer(socket, (error) => {
    log.error('request failed, client dropped', {
      client: who,
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
    peer.close(new Error('internal error'));
  });
  const helloTimer = store.add(clock.after(HELLO_LIMIT_MS, () => peer.close(new Error('no hello'))));
  store.add(
    peer.onDidClose((error) => {
      for (const reader of readers.values()) reader.dispose();
      readers.clear();
      store.dispose();
      if (isKnown) log.info('client left', { client: who, error: error ? errorMessage(error) : undefined });
      else log.warn('connection refused', { error: error ? errorMessage(error) : undefined });
    }),
  );

  const on = <M extends keyof Requests>(
    method: M,
    handler: (params: unknown) => Promise<Requests[M][1]> | Requests[M][1],
  ) =>
    peer.handle(method, async (params: unknown) => {
      try {
        if (!isKnown && method !== 'hello') throw new JSONRPCErrorException('say hello first', RpcErrorCode.badToken);
        return await handler(params);
      } catch (error) {
        if (error instanceof InvalidParamsError)
          throw new JSONRPCErrorException(error.message, RpcErrorCode.invalidParams);
        throw error;
      }
    });
  const session = (id: string): Session => {
    const found = host.find(id);
    if (!found) throw new JSONRPCErrorException(`there is no session ${id}`, RpcErrorCode.unknownSession);
    return found;
  };
  const refuseIfClosed = () => {
    const refusal = context.refusal();
    if (refusal !== undefined) throw new JSONRPCErrorException(refusal, RpcErrorCode.refused);
  };

  on('hello', (params): HelloResult => {
    const hello = checkHello(params);
    if (!sameToken(hello.token, context.token)) {
      setImmediate(() => peer.close(new Error('wrong token')));
      throw new JSONRPCErrorException('wrong token', RpcErrorCode.badToken);
    }
    if (hello.protocol !== PROTOCOL_VERSION)
      throw new JSONRPCErrorException('another protocol version', RpcErrorCode.protocolMismatch, {
        protocol: PROTOCOL_VERSION,
        version: context.version,
      });
    helloTimer.dispose();
    const isFirst = !isKnown;
    isKnown = true;
    who = `${hello.kind}:${hello.pid}`;
    setApps(apps, hello.apps);
    const view: ClientView = {
      kind: hello.kind,
      apps,
      push: (snapshot: SessionSnapshot) => peer.notify('sessionChanged', snapshot),
    };
    if (isFirst) {
      log.info('client joined', { client: who, version: hello.version });
      store.add(host.addClient(view));
    }
    return { protocol: PROTOCOL_VERSION, version: context.version, hostPid: process.pid, sessions: host.snapshots() };
  });
  on('watch', (params) => {
    setApps(apps, checkApps(params));
    host.clientsChanged();
    return null;
  });
  on('configure', (params) => {
    host.configure(checkSettings(params));
    return null;
  });
  on('start', (params) => {
    refuseIfClosed();
    return host.start(checkStart(params));
  });
  on('restart', (params) => {
    refuseIfClosed();
    return host.restart(checkStart(params));
  });
  on('stop', (params) => session(checkSession(params)).stop());
  on('attach', (params) => {
    const { sessionId, cols, rows } = checkSize(params);
    const target = session(sessionId);
    readers.get(sessionId)?.dispose();
    if (cols > 0 && rows > 0) target.terminal.resize(cols, rows);
    readers.set(
      sessionId,
      target.terminal.attach((chunk) => peer.notify('output', { sessionId, ...chunk })),
    );
    return null;
  });
  on('detach', (params) => {
    const sessionId = checkSession(params);
    readers.get(sessionId)?.dispose();
    readers.delete(sessionId);
    return null;
  });
  on('lastOutput', async (params) => ({
    lines: await session(checkSession(params)).terminal.lastLines(checkCount(params, 'lines', 1000)),
  }));
  on('shutdown', () => {
    setImmediate(context.shutdown);
    return null;
  });

  const hear = (method: 'input' | 'resize' | 'ack', listener: (params: unknown) => void) =>
    peer.listen(method, (params: unknown) => {
      // A notification has no answer: what is wrong with it is logged, and the client goes on.
      try {
        if (isKnown) listener(params);
      } catch (error) {
        log.warn('notification ignored', { client: who, method, error: errorMessage(error) });
      }
    });
  hear('input', (params) => host.find(checkSession(params))?.terminal.input(checkText(params, 'data')));
  hear('resize', (params) => {
    const { sessionId, cols, rows } = checkSize(params);
    if (cols > 0 && rows > 0) host.find(sessionId)?.terminal.resize(cols, rows);
  });
  hear('ack', (params) => readers.get(checkSession(params))?.ack(checkCount(params, 'chars', 1e9)));

  return { dispose: () => peer.dispose() };
}

function setApps(apps: Set<string>, keys: readonly string[]): void {
  apps.clear();
  for (const key of keys) apps.add(key);
}

/** In constant time, so that the answer's delay tells nothing. */
function sameToken(given: string, expected: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(expected);
  return a.length === b.length && timingSafeEqual(a, b);
}
