/**
 * Terminals by node-pty, ours (@lydell/node-pty with a prebuilt binary) or the editor's own. The only importer of it.
 * Invariant: no output is lost at the end. node-pty destroys its socket 200 ms after the program's exit, even when a
 * reader that paused has not seen all of it; here the socket goes when it is read empty.
 */
import { createRequire } from 'node:module';
import type * as NodePty from '@lydell/node-pty';
import { Emitter } from '../event';
import { ExitAfterData } from './exitAfterData';
import type { TerminalExit, TerminalFactory, TerminalOptions, TerminalProcess } from './terminal';
import { assertStartable } from './terminalProgram';

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
export function nodePtyFactory(load: () => NodePtyModule): TerminalFactory {
  return {
    kind: 'node-pty',
    spawn(options) {
      assertStartable(options);
      return new NodePtyTerminal(load(), options);
    },
  };
}

class NodePtyTerminal implements TerminalProcess {
  readonly #data = new Emitter<string>();
  readonly #exit = new Emitter<TerminalExit>();
  readonly #pty: NodePty.IPty;
  readonly #drained: ExitAfterData;
  #isOpen = true;

  constructor(module: NodePtyModule, { file, args, cwd, env, cols, rows }: TerminalOptions) {
    // A copy of the environment: node-pty adds TERM and PWD to what it gets.
    this.#pty = module.spawn(file, [...args], {
      name: env['TERM'] ?? 'xterm-256color',
      cwd,
      env: { ...env },
      cols,
      rows,
    });
    this.#drained = keepUntilDrained(this.#pty, () => (this.#isOpen = false));
    this.#pty.onData((data) => {
      this.#drained.data();
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

  write(data: string): void {
    if (this.#isOpen) this.#pty.write(data);
  }

  resize(cols: number, rows: number): void {
    // On a closed terminal the descriptor's number may be another file's by now.
    if (this.#isOpen) this.#pty.resize(cols, rows);
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

/** The part of node-pty's Unix terminal under its public face; no public part closes late. */
interface WithSocket {
  readonly _socket?: {
    readonly readableLength: number;
    destroy(error?: Error): unknown;
    on(event: 'close' | 'error' | 'data', listener: () => void): unknown;
  };
}

/** Delays the end of node-pty's socket until all output was read. */
function keepUntilDrained(pty: NodePty.IPty, onClose: () => void): ExitAfterData {
  const socket = process.platform === 'win32' ? undefined : (pty as unknown as WithSocket)._socket;
  if (!socket) return new ExitAfterData(() => undefined);
  const destroy = socket.destroy.bind(socket);
  const drained = new ExitAfterData(() => destroy());
  let streamError: Error | undefined;
  socket.destroy = (error) => {
    if (error) {
      // The stream's own end: EIO is how a terminal without a program says it. A stream that is destroyed drops what
      // a paused reader has not taken from its buffer.
      if (socket.readableLength === 0) return destroy(error);
      streamError = error;
    } else if (drained.isReported) {
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
