// Listens, gives the socket to a child and says `<pid of the child> <port>`: one socket, two processes. The child stays
// when the parent is killed. usage: node socketHeir.program.js
import { fork } from 'node:child_process';
import net from 'node:net';

if (process.send) {
  process.on('message', (_message, handle) => {
    (globalThis as { kept?: unknown }).kept = handle;
    process.send?.('kept');
  });
  // Nothing else keeps it here once the parent is gone.
  setInterval(() => undefined, 1e6);
  process.on('disconnect', () => undefined);
} else {
  const child = fork(__filename, { stdio: 'ignore' });
  const server = net.createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address() as net.AddressInfo;
    child.on('message', () => console.log(`${child.pid} ${port}`));
    child.send('take', server);
  });
}
