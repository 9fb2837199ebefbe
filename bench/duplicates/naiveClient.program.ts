/**
 * A client that starts a server the usual way: it says `ready`, waits for a line, looks whether the port is free, and only
 * then spawns the command. args: the port, the folder, the command. It ends with its input; the server goes on.
 */
import { spawn } from 'node:child_process';
import http from 'node:http';

const [port = '', cwd = '', file = '', ...args] = process.argv.slice(2);

process.stdout.write('ready\n');
process.stdin.once('data', () => {
  const look = http.createServer();
  look.once('error', () => process.stdout.write('taken\n'));
  look.listen(Number(port), () =>
    look.close(() => {
      spawn(file, args, { cwd, env: { ...process.env, PORT: port }, stdio: 'ignore' });
      process.stdout.write('started\n');
    }),
  );
});
process.stdin.once('end', () => process.exit());
