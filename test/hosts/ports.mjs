// Free TCP ports on the loopback address.
import net from 'node:net';

/** @param {number} port 0 for any @returns {Promise<number | undefined>} the port, or undefined if it is taken on 127.0.0.1 */
export function tryPort(port) {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', (/** @type {NodeJS.ErrnoException} */ error) =>
      error.code === 'EADDRINUSE' || error.code === 'EACCES' ? resolve(undefined) : reject(error),
    );
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => {
      const address = /** @type {net.AddressInfo} */ (server.address());
      server.close(() => resolve(address.port));
    });
  });
}

/** A port that is free now; the kernel does not give it out again soon. */
export async function freePort() {
  return /** @type {number} */ (await tryPort(0));
}

/** The first free port from this one on. @param {number} from */
export async function nextFreePort(from) {
  for (let port = from; port < 65_536; port++) if ((await tryPort(port)) !== undefined) return port;
  throw new Error(`no free port from ${from} on`);
}
