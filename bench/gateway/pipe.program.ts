/**
 * As little as a process between two connections can do: it reads no HTTP, and passes bytes on. args: the port behind it.
 * Says its own port, and ends with its input.
 */
import net, { type AddressInfo } from 'node:net';

const behind = Number(process.argv[2]);

const server = net.createServer({ noDelay: true, allowHalfOpen: true }, (client) => {
  const upstream = net.connect({ port: behind, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
  // The end of one side is passed on after its last bytes; only an error cuts the other off.
  const cutOff = () => {
    client.destroy();
    upstream.destroy();
  };
  client.on('error', cutOff).pipe(upstream);
  upstream.on('error', cutOff).pipe(client);
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
process.stdin.resume().once('end', () => process.exit(0));
