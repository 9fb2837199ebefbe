import { readFileSync } from 'node:fs';
import net from 'node:net';
import { DevServerError } from './errors';
import { errorCode, errorMessage } from './log';
import { PROTOCOL_VERSION, RpcErrorCode, type HelloParams, type HelloResult } from './protocol';
import { RpcPeer } from './rpcPeer';
import type { ScopePaths } from './stateFolder';

/** Answers come in milliseconds; a host that takes longer hangs. */
const HELLO_TIMEOUT_MS = 10_000;

export interface HostConnection {
  /** The caller owns it. */
  readonly peer: RpcPeer;
  readonly hello: HelloResult;
}

/**
 * Connects and says hello. Undefined: nobody listens (no socket, a dead one, a host that is just ending). Throws
 * `versionMismatch`, `hostHangs`, or `hostRefused`. `prepare` registers what the peer must hear from the first message on.
 */
export async function connectToHost(
  paths: ScopePaths,
  who: Pick<HelloParams, 'kind' | 'version' | 'apps'>,
  prepare: (peer: RpcPeer) => void,
): Promise<HostConnection | undefined> {
  let token: string;
  try {
    token = readFileSync(paths.token, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw new DevServerError('hostRefused', { detail: errorMessage(error) }, { cause: error });
  }
  const socket = await open(paths.socket);
  if (!socket) return undefined;
  const peer = new RpcPeer(socket, () => undefined);
  prepare(peer);
  try {
    const params: HelloParams = { protocol: PROTOCOL_VERSION, token, pid: process.pid, ...who };
    return { peer, hello: await peer.call('hello', params, HELLO_TIMEOUT_MS) };
  } catch (error) {
    const isClosed = peer.isClosed;
    peer.dispose();
    const { code, data } = error as { code?: unknown; data?: { version?: string } };
    // The token changed under us: the host behind it is a new one, and will be met on the next try.
    if (code === RpcErrorCode.badToken || isClosed) return undefined;
    if (code === RpcErrorCode.protocolMismatch)
      throw new DevServerError('versionMismatch', { hostVersion: data?.version ?? 'unknown', ownVersion: who.version });
    if (/timeout/i.test(errorMessage(error)))
      throw new DevServerError('hostHangs', { seconds: HELLO_TIMEOUT_MS / 1000, ...hostPid(paths) });
    throw new DevServerError('hostRefused', { detail: errorMessage(error) }, { cause: error });
  }
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
    const { pid } = JSON.parse(readFileSync(paths.hostFile, 'utf8')) as { pid?: unknown };
    return typeof pid === 'number' ? { pid } : {};
  } catch {
    return {}; // No file, no hint.
  }
}
