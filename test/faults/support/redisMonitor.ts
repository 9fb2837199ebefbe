import net from 'node:net';
import { createInterface } from 'node:readline';

/** One command as Redis carried it out. */
export interface SeenCommand {
  /** It came from a script; else from a client by itself. */
  readonly isOfScript: boolean;
  readonly words: readonly string[];
}

/** Sees every command that a Redis carries out, in their order. The caller stops it. */
export class RedisMonitor {
  readonly #socket: net.Socket;
  readonly seen: SeenCommand[] = [];

  private constructor(port: number, ready: () => void) {
    this.#socket = net.connect(port, '127.0.0.1');
    createInterface({ input: this.#socket }).on('line', (line) => {
      const found = /^\+[\d.]+ \[\d+ (lua|[^\]]+)\] (.*)$/.exec(line);
      if (!found) return ready(); // The answer to MONITOR itself.
      const words = [...(found[2] ?? '').matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, word = '']) => word);
      this.seen.push({ isOfScript: found[1] === 'lua', words });
    });
    this.#socket.write('MONITOR\r\n');
  }

  static start(port: number): Promise<RedisMonitor> {
    return new Promise((resolve) => {
      const monitor: RedisMonitor = new RedisMonitor(port, () => resolve(monitor));
    });
  }

  stop(): Promise<void> {
    this.#socket.destroy();
    return Promise.resolve();
  }
}

/**
 * Goes through what was done to a lock, and gives what must not have been: a script that deletes or overwrites a value which
 * is not ours, or a server that was started while nobody, or the other party, held the lock.
 */
export function wrongsWith(lock: string, seen: readonly SeenCommand[]): readonly string[] {
  const wrongs: string[] = [];
  let held: string | undefined;
  for (const { isOfScript, words } of seen) {
    const [command = '', key = '', value = ''] = words;
    const isOurs = held?.includes(':cheatcode-') === true;
    if (key !== lock) {
      if (command === 'INCR' && held === undefined) wrongs.push(`${words.join(' ')} without the lock`);
      continue;
    }
    if (command === 'SET' && words.includes('NX')) held ??= value;
    else if (command === 'SET') {
      if (held !== undefined && !isOurs) wrongs.push(`${words.join(' ')} over ${held}`);
      held = value;
    } else if (command === 'DEL') {
      if (isOfScript !== isOurs) wrongs.push(`${isOfScript ? 'our' : 'the backend’s'} DEL of ${held ?? 'nothing'}`);
      held = undefined;
    }
  }
  return wrongs;
}
