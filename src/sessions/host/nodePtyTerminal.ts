/**
 * Terminals by node-pty, ours (@lydell/node-pty with a prebuilt binary) or the editor's own. The only importer of it.
 * Invariant: no output is lost at the end. Left alone, node-pty loses some in three ways: its socket is destroyed 200 ms
 * after the exit, though a paused reader has not seen all; an error of the stream drops what is buffered; and libuv may
 * take the hang-up for the end too early (up to every third program that ends with much output, in Node 20 and 22).
 */
import { readSync, writeSync } from 'node:fs';
import type { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import type * as NodePty from '@lydell/node-pty';
import { Emitter } from '../event';
import { errorCode } from '../log';
import { ExitAfterData } from './exitAfterData';
import type { TerminalExit, TerminalFactory, TerminalOptions, TerminalProcess } from './terminal';
import { assertStartable, MAX_INPUT_BYTES } from './terminalProgram';

/** As much of node-pty as we use; the editor's own has the same. */
export type NodePtyModule = Pick<typeof NodePty, 'spawn'>;

/** Our own node-pty. Its binary is beside the host (`native/`) or, in tests, in node_modules. Rejects without one. */
export async function loadShippedNodePty(): Promise<NodePtyModule> {
  // A dynamic import, so that a bundle evaluates it (and looks for the binary) only here.
  return import('@lydell/node-pty');
}

/** The node-pty of an editor's installation, `<appRoot>/node_modules/node-pty`. Throws when it does not load. */
export function loadEditorNodePty(folder: string): NodePtyModule {
  // createRequire: a plain require of a computed path would be left to the bundler's guesses.
  return createRequire(__filename)(folder) as NodePtyModule;
}

/** Terminals of the module that `load` gives, which is called at the first spawn. */
export function nodePtyFactory(
  load: () => NodePtyModule,
  platform: NodeJS.Platform = process.platform,
): TerminalFactory {
  return {
    kind: 'node-pty',
    isTerminal: true,
    spawn(options) {
      assertStartable(options);
      return new NodePtyTerminal(load(), options, platform === 'win32');
    },
  };
}

/** How soon a terminal that takes no more typing is asked again. */
const INPUT_RETRY_MS = 50;

class NodePtyTerminal implements TerminalProcess {
  readonly #data = new Emitter<string>();
  readonly #exit = new Emitter<TerminalExit>();
  readonly #pty: NodePty.IPty;
  readonly #drained: ExitAfterData;
  #isOpen = true;
  readonly #fd: number | undefined;
  #input: Buffer = Buffer.alloc(0);
  #inputTimer: NodeJS.Timeout | undefined;
  readonly #isWindows: boolean;
  /** Windows, before the first output: the size to be set then. */
  #wantedSize: readonly [cols: number, rows: number] | undefined;
  #hasPrinted = false;

  constructor(
    module: NodePtyModule,
    { file, args, commandLine, cwd, env, cols, rows }: TerminalOptions,
    isWindows: boolean,
  ) {
    this.#isWindows = isWindows;
    // A copy of the environment: node-pty adds TERM and PWD to what it gets.
    this.#pty = module.spawn(file, commandLine ?? [...args], {
      name: env['TERM'] ?? 'xterm-256color',
      cwd,
      env: { ...env },
      cols,
      rows,
    });
    this.#fd = isWindows ? undefined : (this.#pty as unknown as WithSocket).fd;
    if (isWindows) surviveErrors(this.#pty);
    this.#drained = isWindows
      ? new ExitAfterData(() => undefined)
      : keepUntilDrained(this.#pty, () => (this.#isOpen = false));
    this.#pty.onData((data) => {
      this.#drained.data();
      this.#hasPrinted = true;
      if (this.#wantedSize) this.#setSize(...this.#wantedSize);
      this.#data.fire(data);
    });
    this.#pty.onExit(({ exitCode, signal }) => {
      this.#isOpen = false;
      this.#exit.fire(signal ? { exitCode: undefined, signal } : { exitCode, signal: undefined });
    });
  }

  get pid(): number {
    return this.#pty.pid;
  }

  readonly onData = this.#data.event;
  readonly onExit = this.#exit.event;

  /**
   * Not by node-pty's socket: libuv writes to a terminal it could not open anew as if blocking, and spins on EAGAIN for as
   * long as the program reads nothing. What the terminal does not take now waits here, up to a limit.
   */
  write(data: string): void {
    if (!this.#isOpen) return;
    if (this.#fd === undefined) return this.#pty.write(data); // Windows has no such descriptor, and no such trouble.
    if (this.#input.length + data.length > MAX_INPUT_BYTES) return; // As a terminal does whose program does not read.
    this.#input = Buffer.concat([this.#input, Buffer.from(data)]);
    if (!this.#inputTimer) this.#pump(this.#fd);
  }

  #pump(descriptor: number): void {
    this.#inputTimer = undefined;
    while (this.#isOpen && this.#input.length > 0) {
      try {
        this.#input = this.#input.subarray(writeSync(descriptor, this.#input));
      } catch (error) {
        if (errorCode(error) !== 'EAGAIN') {
          this.#input = Buffer.alloc(0); // EIO: the program has ended.
          return;
        }
        this.#inputTimer = setTimeout(() => this.#pump(descriptor), INPUT_RETRY_MS);
        this.#inputTimer.unref();
        return;
      }
    }
  }

  resize(cols: number, rows: number): void {
    // On a closed terminal the descriptor's number may be another file's by now.
    if (!this.#isOpen) return;
    // On Windows node-pty would keep it for the first output itself, and throw there if the program has ended meanwhile.
    if (this.#isWindows && !this.#hasPrinted) this.#wantedSize = [cols, rows];
    else this.#setSize(cols, rows);
  }

  #setSize(cols: number, rows: number): void {
    this.#wantedSize = undefined;
    try {
      this.#pty.resize(cols, rows);
    } catch (error) {
      // There a program has ended a second before its end is told, and node-pty calls it a mistake of ours.
      if (!this.#isWindows) throw error;
    }
  }

  pause(): void {
    if (!this.#isOpen) return;
    this.#drained.pause();
    this.#pty.pause();
  }

  resume(): void {
    if (!this.#isOpen) return;
    this.#drained.resume();
    this.#pty.resume();
  }
}

/** The part of node-pty's Unix terminal under its public face; nothing public keeps the last output. */
interface WithSocket {
  readonly fd?: number;
  readonly _socket?: {
    readonly readableLength: number;
    readonly readableEnded: boolean;
    push(chunk: Buffer | null): boolean;
    destroy(error?: Error): unknown;
    on(event: 'close' | 'error' | 'data', listener: () => void): unknown;
  };
}

/** The parts of node-pty's Windows terminal that fail when somebody types to a program that has just ended: nobody else listens. */
function surviveErrors(pty: NodePty.IPty): void {
  const { _agent, _socket } = pty as unknown as {
    readonly _agent?: { readonly inSocket?: EventEmitter };
    readonly _socket?: EventEmitter;
  };
  // The exit is told in any case, and that is all that matters here.
  for (const part of [_agent?.inSocket, _socket]) part?.on('error', () => undefined);
}

/** Delays the end of node-pty's socket until all output was read. */
function keepUntilDrained(pty: NodePty.IPty, onClose: () => void): ExitAfterData {
  const { _socket: socket, fd } = pty as unknown as WithSocket;
  if (!socket || fd === undefined) return new ExitAfterData(() => undefined);

  const push = socket.push.bind(socket);
  socket.push = (chunk) => {
    // libuv before 1.52 (Node 20 and 22) takes a short read beside a hang-up for the end, but a terminal gives no more
    // than 4 KB at a time: what it still holds would be lost. https://github.com/libuv/libuv/issues/4992
    if (chunk === null) for (const rest of readRest(fd)) push(rest);
    return push(chunk);
  };

  const destroy = socket.destroy.bind(socket);
  const drained = new ExitAfterData(() => destroy());
  let streamError: Error | undefined;
  socket.destroy = (error) => {
    if (error) {
      // EIO is how a terminal without a program says "end". A stream that is destroyed drops what a paused reader has
      // not taken from its buffer.
      if (socket.readableLength === 0) return destroy(error);
      streamError = error;
    } else if (socket.readableEnded || drained.isReported) {
      return destroy();
    } else {
      // node-pty, 200 ms after the exit.
      drained.exited();
    }
    return socket;
  };
  socket.on('data', () => {
    if (streamError && socket.readableLength === 0) destroy(streamError);
  });
  socket.on('close', onClose);
  // node-pty throws errors of its socket unless somebody else listens, too (EIO when writing to a program that has just
  // ended). It closes the terminal and reports the exit in any case, and that is all that matters here.
  socket.on('error', onClose);
  return drained;
}

/** What a terminal whose other side is closed still holds; not much, so it may be read at once. */
function readRest(descriptor: number): Buffer[] {
  const chunks: Buffer[] = [];
  for (;;) {
    const buffer = Buffer.allocUnsafe(64 * 1024);
    let length: number;
    try {
      length = readSync(descriptor, buffer);
    } catch (error) {
      // EIO: read empty, nobody left to write. EAGAIN: somebody is left, but has written nothing.
      const code = errorCode(error);
      if (code === 'EIO' || code === 'EAGAIN') return chunks;
      throw error;
    }
    if (length === 0) return chunks;
    chunks.push(buffer.subarray(0, length));
  }
}
