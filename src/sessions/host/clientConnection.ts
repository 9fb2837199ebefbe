import { timingSafeEqual } from 'node:crypto';
import type { Clock } from '../clock';
import { DevServerError } from '../errors';
import { DisposableStore, type Disposable } from '../event';
import { errorMessage, type Logger } from '../log';
import {
  PROTOCOL_VERSION,
  RpcErrorCode,
  type HelloResult,
  type Requests,
  type RetireParams,
  type RetireResult,
  type SessionSnapshot,
} from '../protocol';
import { JSONRPCErrorException, type Peer } from '../rpcPeer';
import type { DevServerErrorCode } from '../errors';
import { ConfirmationNeededError } from './foreignServers';
import type { OutputReader } from './outputStream';
import {
  checkApps,
  checkCause,
  checkConfirmed,
  checkCount,
  checkGateway,
  checkFlag,
  checkHello,
  checkNotice,
  checkRedis,
  checkSession,
  checkSettings,
  checkSize,
  checkStart,
  checkTarget,
  checkText,
  InvalidParamsError,
} from './requestChecks';
import type { Session } from './session';
import type { ClientView, SessionHost } from './sessionHost';

/** JSON-RPC's own code for a fault of ours. */
const INTERNAL_ERROR = -32603;
/** A connection that has not said hello by then is dropped. */
const HELLO_LIMIT_MS = 10_000;

export interface ConnectionContext {
  readonly host: SessionHost;
  readonly clock: Clock;
  readonly log: Logger;
  readonly token: string;
  readonly version: string;
  readonly hostPid: number;
  /** Set while the host may start nothing, with the reason. Asked anew at each start. */
  readonly refusal: () => Refusal | undefined;
  /** Ends all servers and the host. */
  readonly shutdown: () => void;
  /** Makes room for a newer client's host, or says why not. */
  readonly retire: (request: RetireParams) => RetireResult['verdict'];
}

/** Why a start is refused: a code of `errors.ts` and its facts. */
export interface Refusal {
  readonly code: DevServerErrorCode;
  readonly facts: Readonly<Record<string, string | number>>;
}

/**
 * One client's end in the host. Nothing but `retire` is answered before a good hello, of which `welcomed` hears once; an
 * exception in the code for this client costs this client alone. Takes the peer over; dispose to drop the client.
 */
export function serveClient(
  peer: Peer,
  context: ConnectionContext,
  welcomed: () => void = () => undefined,
): Disposable {
  const { host, log, clock } = context;
  const store = new DisposableStore();
  const readers = new Map<string, OutputReader>();
  const apps = new Set<string>();
  let isKnown = false;
  let who = 'unknown';
  /** Since the first hello. */
  let ownView: ClientView | undefined;

  const drop = (error: unknown) => {
    log.error('request failed, client dropped', {
      client: who,
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
    setImmediate(() => peer.close(new Error('internal error'))); // After the answer.
  };
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
        if (!isKnown && method !== 'hello' && method !== 'retire')
          throw new JSONRPCErrorException('say hello first', RpcErrorCode.badToken);
        return await handler(params);
      } catch (error) {
        if (error instanceof InvalidParamsError)
          throw new JSONRPCErrorException(error.message, RpcErrorCode.invalidParams);
        if (error instanceof ConfirmationNeededError)
          throw new JSONRPCErrorException(error.message, RpcErrorCode.confirmationNeeded, {
            processes: error.processes,
          });
        if (error instanceof DevServerError)
          throw new JSONRPCErrorException(error.message, RpcErrorCode.refused, {
            code: error.code,
            facts: error.facts,
          });
        if (error instanceof JSONRPCErrorException) throw error;
        drop(error);
        throw new JSONRPCErrorException('internal error', INTERNAL_ERROR);
      }
    });
  const session = (id: string): Session => {
    const found = host.find(id);
    if (!found) throw new JSONRPCErrorException(`there is no session ${id}`, RpcErrorCode.unknownSession);
    return found;
  };
  const refuseIfClosed = () => {
    const refusal = context.refusal();
    if (refusal) throw new JSONRPCErrorException(`refused: ${refusal.code}`, RpcErrorCode.refused, refusal);
  };
  const checkToken = (token: string) => {
    if (sameToken(token, context.token)) return;
    setImmediate(() => peer.close(new Error('wrong token')));
    throw new JSONRPCErrorException('wrong token', RpcErrorCode.badToken);
  };

  on('hello', (params): HelloResult => {
    const hello = checkHello(params);
    checkToken(hello.token);
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
      welcomed();
      ownView = view;
      store.add(host.addClient(view));
    }
    return {
      protocol: PROTOCOL_VERSION,
      version: context.version,
      hostPid: context.hostPid,
      sessions: host.snapshots(),
    };
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
  on('useRedis', (params) => {
    host.useRedis(checkRedis(params));
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
  on('stop', (params) => session(checkSession(params)).stop({ code: 'stoppedByUser' }, checkConfirmed(params)));
  on('foreignProcesses', async (params) => ({
    processes: await session(checkSession(params)).foreignProcesses(checkTarget(params)),
  }));
  on('endForeign', (params) => {
    const target = checkTarget(params);
    // An adopted server is ended by `stop`, which also remembers that it was.
    if (target === 'adopted') throw new InvalidParamsError('target');
    return session(checkSession(params)).endForeign(target, checkConfirmed(params) ?? []);
  });
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
  on('gateway', (params) => {
    const { sessionId, hosts } = checkGateway(params);
    refuseIfClosed();
    return host.gateway(session(sessionId), hosts);
  });
  on('notice', (params) => {
    const { appKey, cause } = checkNotice(params);
    return ownView === undefined ? 'later' : host.notices.ask(ownView, appKey, cause);
  });
  on('compileIssues', (params) => session(checkSession(params)).compileIssues());
  on('shutdown', () => {
    setImmediate(context.shutdown);
    return null;
  });

  on('retire', (params): RetireResult => {
    const request = checkRetire(params);
    checkToken(request.token);
    return { verdict: context.retire(request), version: context.version };
  });

  const hear = (
    method: 'input' | 'resize' | 'ack' | 'attention' | 'noticeAnswered',
    listener: (params: unknown) => void,
  ) =>
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
  hear('attention', (params) => {
    const isFocused = checkFlag(params, 'focused');
    if (ownView !== undefined) host.notices.attend(ownView, isFocused);
  });
  hear('noticeAnswered', (params) => host.notices.answered(checkCause(params)));
  hear('ack', (params) => readers.get(checkSession(params))?.ack(checkCount(params, 'chars', 1e9)));

  return { dispose: () => peer.dispose() };
}

/** Here and not among the other checks: the one request whose shape is the same in every protocol. */
function checkRetire(params: unknown): RetireParams {
  const { token, version, force } = (params ?? {}) as Partial<Record<keyof RetireParams, unknown>>;
  if (typeof token !== 'string' || typeof version !== 'string' || typeof force !== 'boolean')
    throw new InvalidParamsError('retire needs token, version and force');
  return { token, version, force };
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
