import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { IPty } from '@lydell/node-pty';
import { nodePtyFactory, type NodePtyModule } from '../../src/sessions/host/nodePtyTerminal';

/** What node-pty's WindowsTerminal does that its Unix one does not, as its source has it. */
class WindowsPty {
  readonly pid = 4711;
  readonly sizes: string[] = [];
  readonly _agent = { inSocket: new EventEmitter() };
  readonly _socket = new EventEmitter();
  hasEnded = false;
  #data: (data: string) => void = () => undefined;
  #exit: (exit: { exitCode: number; signal?: number }) => void = () => undefined;

  onData(listener: (data: string) => void) {
    this.#data = listener;
    return { dispose: () => undefined };
  }
  onExit(listener: (exit: { exitCode: number; signal?: number }) => void) {
    this.#exit = listener;
    return { dispose: () => undefined };
  }
  resize(cols: number, rows: number): void {
    if (this.hasEnded) throw new Error('Cannot resize a pty that has already exited');
    this.sizes.push(`${cols}x${rows}`);
  }
  print(data: string): void {
    this.#data(data);
  }
  exit(exitCode: number): void {
    this.#exit({ exitCode });
  }
}

describe('a terminal on Windows', () => {
  const start = (options: { args?: string[]; commandLine?: string } = {}) => {
    const pty = new WindowsPty();
    const spawned: unknown[] = [];
    const spawn = ((file: string, args: string[] | string) => {
      spawned.push(file, args);
      return pty as unknown as IPty;
    }) as NodePtyModule['spawn'];
    const { args = ['run'], commandLine } = options;
    const terminal = nodePtyFactory(() => ({ spawn }), 'win32').spawn({
      file: process.execPath,
      args,
      ...(commandLine === undefined ? {} : { commandLine }),
      cwd: process.cwd(),
      env: {},
      cols: 80,
      rows: 24,
    });
    return { pty, terminal, spawned };
  };

  it('gets its command line as it is, where the program takes it apart itself', () => {
    assert.deepEqual(start().spawned, [process.execPath, ['run']]);
    assert.deepEqual(start({ commandLine: '/d /s /c "a b"' }).spawned, [process.execPath, '/d /s /c "a b"']);
  });

  it('gets the last size that was asked for with its first output, and each later one at once', () => {
    const { pty, terminal } = start();
    terminal.resize(100, 30);
    terminal.resize(120, 40);
    assert.deepEqual(pty.sizes, []);
    pty.print('hello');
    terminal.resize(90, 20);
    assert.deepEqual(pty.sizes, ['120x40', '90x20']);
  });

  it('ends no host when it is used between the end of its program and the word of it', () => {
    const { pty, terminal } = start();
    terminal.resize(100, 30);
    pty.hasEnded = true;
    pty.print('last words');
    terminal.resize(120, 40);
    // Nobody else listens, and an error without a listener is thrown.
    pty._agent.inSocket.emit('error', new Error('EPIPE'));
    pty._socket.emit('error', new Error('EPIPE'));
    const exits: unknown[] = [];
    terminal.onExit((exit) => exits.push(exit));
    pty.exit(3);
    assert.deepEqual(exits, [{ exitCode: 3, signal: undefined }]);
  });
});
