/** An HTTP server on both loopback addresses, with one port. */
import type { Server } from 'node:http';

/** How many free ports are tried until one is free on both addresses. */
const TRIES = 10;

export interface Listening {
  readonly port: number;
  readonly servers: readonly Server[];
}

/**
 * Listens on 127.0.0.1, and on ::1 where the machine has it: on `preferred` if it is free, else on any. `create` makes one of
 * the two servers; the caller closes them. Rejects when there is no port to be had on 127.0.0.1.
 */
export async function listenOnLoopback(create: () => Server, preferred: number | undefined): Promise<Listening> {
  for (let tries = 0; ; tries++) {
    const first = create();
    const port = await listenFirst(first, tries === 0 ? preferred : undefined);
    const second = create();
    try {
      await listen(second, '::1', port);
      return { port, servers: [first, second] };
    } catch (error) {
      // A machine without IPv6. Else somebody has this port there, whom a browser would reach by the name localhost.
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || tries >= TRIES) return { port, servers: [first] };
      const closed = new Promise((resolve) => first.close(resolve));
      first.closeAllConnections();
      await closed;
    }
  }
}

async function listenFirst(server: Server, preferred: number | undefined): Promise<number> {
  if (preferred !== undefined) {
    try {
      return await listen(server, '127.0.0.1', preferred);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EADDRINUSE' && code !== 'EACCES') throw error;
    }
  }
  return listen(server, '127.0.0.1', 0);
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.removeListener('error', reject);
      const address = server.address();
      if (address === null || typeof address === 'string') reject(new Error('it listens on no port'));
      else resolve(address.port);
    });
  });
}
