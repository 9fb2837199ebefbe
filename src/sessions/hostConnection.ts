import net from 'node:net';
import { delay, systemClock } from './clock';
import { DevServerError } from './errors';
import { errorCode, errorMessage } from './log';
import { isOwnedSocket, readOwnedFile } from './ownedFile';
import { PROTOCOL_VERSION, RpcErrorCode, type HelloParams, type HelloResult, type RetireResult } from './protocol';
import { RpcPeer, type Peer } from './rpcPeer';
import type { ScopePaths } from './stateFolder';
import { isNewerVersion } from './version';

/** Answers come in milliseconds; a host that takes longer hangs. */
const HELLO_TIMEOUT_MS = 10_000;
/** A host that retires ends its servers first: the whole stop ladder (11 s), and some time to leave. */
const RETIRE_LIMIT_MS = 20_000;

/** How a client presents itself. */
export type Introduction = Pick<HelloParams, 'kind' | 'version' | 'apps'>;

export interface HostConnection {
  /** The caller owns it. */
  readonly peer: Peer;
  readonly hello: HelloResult;
}

/**
 * Connects and says hello. Undefined: nobody listens (no socket, a dead one, a host that is just ending). Throws
 * `versionMismatch`, `hostHangs` (no answer for `limitMs`), or `hostRefused`. `prepare` registers what the peer must hear
 * from the first message on.
 */
export async function connectToHost(
  paths: ScopePaths,
  who: Introduction,
  prepare: (peer: Peer) => void,
  limitMs = HELLO_TIMEOUT_MS,
): Promise<HostConnection | undefined> {
  const found = await openPeer(paths);
  if (!found) return undefined;
  const { peer, token } = found;
  prepare(peer);
  try {
    const params: HelloParams = { protocol: PROTOCOL_VERSION, token, pid: process.pid, ...who };
    return { peer, hello: await peer.call('hello', params, limitMs) };
  } catch (error) {
    const isClosed = peer.isClosed;
    peer.dispose();
    const { code, data } = error as { code?: unknown; data?: { version?: string } };
    // The token changed under us: the host behind it is a new one, and will be met on the next try.
    if (code === RpcErrorCode.badToken || isClosed) return undefined;
    if (code === RpcErrorCode.protocolMismatch) throw versionMismatch(data?.version ?? 'unknown', who.version);
    if (/timeout/i.test(errorMessage(error)))
      throw new DevServerError('hostHangs', { seconds: limitMs / 1000, ...hostPid(paths) });
    throw new DevServerError('hostRefused', { detail: errorMessage(error) }, { cause: error });
  }
}

/**
 * Asks the running host, of whatever protocol, to make room for a host of this version. If it does, resolves when it has
 * gone. Undefined: none answered, or it is too old to know the question.
 */
export async function retireHost(
  paths: ScopePaths,
  request: { readonly version: string; readonly force: boolean },
): Promise<RetireResult['verdict'] | undefined> {
  const found = await openPeer(paths);
  if (!found) return undefined;
  const { peer, token } = found;
  try {
    const gone = new Promise<void>((resolve) => peer.onDidClose(() => resolve()));
    const { verdict } = await peer.call('retire', { token, ...request }, HELLO_TIMEOUT_MS);
    if (verdict !== 'retiring') return verdict;
    const late = new AbortController();
    await Promise.race([gone, delay(systemClock, RETIRE_LIMIT_MS, late.signal)]);
    late.abort();
    return verdict;
  } catch {
    return undefined; // What stands in the way shows when somebody connects again.
  } finally {
    peer.dispose();
  }
}

/** A connection that nothing was said on yet, and the token for it. Undefined: nobody listens. */
async function openPeer(paths: ScopePaths): Promise<{ readonly peer: RpcPeer; readonly token: string } | undefined> {
  let token: string;
  try {
    token = readOwnedFile(paths.token, paths.uid);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw new DevServerError('hostRefused', { detail: errorMessage(error) }, { cause: error });
  }
  // Root can open any socket, also one that a user's link leads to.
  if (paths.uid !== undefined && paths.uid !== process.geteuid?.() && !isOwnedSocket(paths.socket, paths.uid))
    return undefined;
  const socket = await open(paths.socket);
  return socket && { peer: new RpcPeer(socket, () => undefined), token };
}

/** `host`: whether this client may replace it (`older`), must itself be updated (`newer`), or neither can be told. */
function versionMismatch(hostVersion: string, ownVersion: string): DevServerError {
  const host = isNewerVersion(ownVersion, hostVersion)
    ? 'older'
    : isNewerVersion(hostVersion, ownVersion)
      ? 'newer'
      : 'unknown';
  return new DevServerError('versionMismatch', { hostVersion, ownVersion, host });
}

function open(socketPath: string): Promise<net.Socket | undefined> {
  return new Promise((resolve) => {
    const socket = net.connect(socketPath);
    socket.once('connect', () => {
      socket.removeAllListeners('error');
      resolve(socket);
    });
    // ENOENT, ECONNREFUSED, EAGAIN (a full backlog): for a client they are all "not now".
    socket.once('error', () => resolve(undefined));
  });
}

/** A hint for the message only: what the host last wrote about itself. */
function hostPid(paths: ScopePaths): { readonly pid?: number } {
  try {
    const { pid } = JSON.parse(readOwnedFile(paths.hostFile, paths.uid)) as { pid?: unknown };
    return typeof pid === 'number' ? { pid } : {};
  } catch {
    return {}; // No file, no hint.
  }
}
