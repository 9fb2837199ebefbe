/**
 * The least that a program in a terminal needs: a PTY in a Node process that reads it, with no screen, no protocol and no second
 * reader; or a pipe in place of the PTY. With `socket` it passes the output on as it comes, and what is typed back.
 */
import { spawn as spawnPty } from '@lydell/node-pty';
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import net from 'node:net';
import { onOrders, OutputWatch } from './outputWatch';
import type { HolderOptions } from './holderOptions';

/** Unsent to the slowest of its readers: then the program waits. */
const MAX_UNSENT_BYTES = 1024 * 1024;

interface Held {
  onData(listener: (data: string) => void): void;
  write(data: string): void;
  pause(): void;
  resume(): void;
  kill(): void;
}

const options = JSON.parse(process.argv[2] ?? '') as HolderOptions;
const watch = new OutputWatch();
const held = options.kind === 'pty' ? inPty() : inPipe();
held.onData((data) => watch.take(data));
onOrders(
  (keys) => void watch.type(keys, (data) => held.write(data)),
  () => {
    held.kill();
    process.exit(0);
  },
);
if (options.socket === undefined) watch.ready();
else passOn(options.socket);

function inPty(): Held {
  const { command, env, cols, rows } = options;
  const [file = '', ...args] = command;
  const pty = spawnPty(file, args, { name: 'xterm-256color', cwd: '/', env: { ...env }, cols, rows });
  return {
    onData: (listener) => void pty.onData(listener),
    write: (data) => pty.write(data),
    pause: () => pty.pause(),
    resume: () => pty.resume(),
    kill: () => pty.kill('SIGKILL'),
  };
}

function inPipe(): Held {
  const { command, env } = options;
  const [file = '', ...args] = command;
  const child = spawn(file, args, { cwd: '/', env, stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdout.setEncoding('utf8');
  return {
    onData: (listener) => void child.stdout.on('data', listener),
    write: (data) => void child.stdin.write(data),
    pause: () => void child.stdout.pause(),
    resume: () => void child.stdout.resume(),
    kill: () => void child.kill('SIGKILL'),
  };
}

function passOn(file: string): void {
  const readers = new Set<net.Socket>();
  const isFull = () => [...readers].some(({ writableLength }) => writableLength > MAX_UNSENT_BYTES);
  held.onData((data) => {
    for (const reader of readers) reader.write(data);
    if (isFull()) held.pause();
  });
  const server = net.createServer((reader) => {
    readers.add(reader);
    reader.setEncoding('utf8').on('data', (data: string) => held.write(data));
    reader.on('drain', () => isFull() || held.resume());
    reader.on('error', () => reader.destroy());
    reader.on('close', () => readers.delete(reader));
  });
  // One that was killed has left it.
  rmSync(file, { force: true });
  server.listen(file, () => watch.ready());
}
