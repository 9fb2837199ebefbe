/** A command in a terminal whose output is passed on as it comes. args: the command. It ends the command with itself. */
import { spawn } from '@lydell/node-pty';

const [file = '', ...args] = process.argv.slice(2);
const terminal = spawn(file, args, { name: 'xterm-256color', cwd: '/', env: process.env, cols: 120, rows: 30 });
terminal.onData((data) => {
  if (process.stdout.write(data)) return;
  terminal.pause();
  process.stdout.once('drain', () => terminal.resume());
});
process.once('SIGTERM', () => {
  terminal.kill('SIGKILL');
  process.exit(0);
});
