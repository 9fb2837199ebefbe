/** The way to and from this machine alone: the two addresses that `localhost` stands for. */
import net from 'node:net';
import type { LookupFunction } from 'node:net';

/** How long a connection to a server on this machine may take, in milliseconds. On loopback it takes less than one. */
export const CONNECT_LIMIT_MS = 10_000;

/**
 * `localhost` without the system's resolver: a dev server may listen on one family only, and a hosts file may know one name
 * only. In the order in which browsers try them.
 */
export const loopbackLookup: LookupFunction = (_name, options, found) => {
  if (options.all)
    found(null, [
      { address: '::1', family: 6 },
      { address: '127.0.0.1', family: 4 },
    ]);
  else found(null, '127.0.0.1', 4);
};

/** Whether something takes connections on this port now; false, too, when it does not within `limitMs`. */
export function acceptsConnections(port: number, limitMs = 2000): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: 'localhost', port, lookup: loopbackLookup, autoSelectFamily: true });
    const limit = setTimeout(() => end(false), limitMs);
    const end = (accepts: boolean) => {
      clearTimeout(limit);
      socket.destroy();
      resolve(accepts);
    };
    socket.once('connect', () => end(true));
    socket.on('error', () => end(false)); // Why not is nobody's question.
  });
}
