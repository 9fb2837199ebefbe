import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import net from 'node:net';

/** A part of Node's binding for TCP sockets: the one kind of stream that polls whatever descriptor it is given. */
interface TcpBinding {
  readonly TCP: new (type: number) => { open(fd: number): number; close(): void };
  readonly constants: { readonly SOCKET: number };
}

/**
 * Calls the listener once, as soon as nobody can read from the pipe `fd` any more, though nothing is written: as `tail -f` ends
 * when its reader has gone. Where that can't be found out (no pipe, no Linux, another user's pipe, a Node without this binding)
 * it is never called, and the next write fails with EPIPE. Keeps no process alive; the caller disposes.
 */
export function onReaderGone(fd: number, listener: () => void): { dispose(): void } {
  const socket = watch(fd);
  // The kernel reports the error of a pipe without readers to whoever polls it; the read that follows can but fail.
  socket?.once('error', listener).on('error', () => undefined);
  return { dispose: () => socket?.destroy() };
}

/**
 * Node polls a pipe that is written to only while it is full, and libuv refuses to read from one that is open for writing alone. A
 * handle for TCP has no such check: a descriptor of its own, for no two handles may have the same one, is never read from
 * successfully and never written to. Undefined: not here.
 */
function watch(fd: number): net.Socket | undefined {
  if (process.platform !== 'linux') return undefined;
  let own: number | undefined;
  try {
    if (!fstatSync(fd).isFIFO()) return undefined;
    own = openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK);
    const { TCP, constants: kinds } = (process as unknown as { binding(name: 'tcp_wrap'): TcpBinding }).binding(
      'tcp_wrap',
    );
    const handle = new TCP(kinds.SOCKET);
    if (handle.open(own) !== 0) {
      handle.close();
      closeSync(own);
      return undefined;
    }
    // `handle` is what Node's own servers give; its types know of `fd` alone.
    const socket = new net.Socket({ handle, readable: true, writable: false } as net.SocketConstructorOpts);
    socket.resume();
    return socket.unref();
  } catch {
    if (own !== undefined) closeQuietly(own);
    return undefined;
  }
}

function closeQuietly(fd: number): void {
  try {
    closeSync(fd);
  } catch {
    // Its handle has closed it.
  }
}
