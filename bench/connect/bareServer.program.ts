/** The least that a host could be: answers each line with a line as long as a screen. Listens at the path it is given, says `ready`, ends with its input. */
import net from 'node:net';
import { createInterface } from 'node:readline';

const [, , socketPath = '', chars = '1000'] = process.argv;
const answer = `${JSON.stringify({ screen: 'x'.repeat(Number(chars)) })}\n`;
net
  .createServer((socket) => {
    socket.on('error', () => undefined);
    createInterface({ input: socket }).on('line', () => socket.write(answer));
  })
  // As many may wait as come.
  .listen({ path: socketPath, backlog: 511 }, () => process.stdout.write('ready\n'));
process.stdin.resume().once('end', () => process.exit(0));
