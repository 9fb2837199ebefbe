import net from 'node:net';
import { createInterface } from 'node:readline';

/** A connection to Redis that knows its protocol and nothing of ours: what the backend's convention needs, by hand. */
export class PlainRedis {
  readonly #socket: net.Socket;
  readonly #waiting: ((reply: string | undefined) => void)[] = [];
  #isBulk = false;

  constructor(port: number) {
    this.#socket = net.connect(port, '127.0.0.1');
    createInterface({ input: this.#socket }).on('line', (line) => this.#read(line));
  }

  /** The reply as text; undefined for nil. Rejects never: the socket lives as long as the test. */
  send(...words: readonly string[]): Promise<string | undefined> {
    const text = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('');
    this.#socket.write(`*${words.length}\r\n${text}`);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(line: string): void {
    if (this.#isBulk) {
      this.#isBulk = false;
      this.#waiting.shift()?.(line);
    } else if (line === '$-1') this.#waiting.shift()?.(undefined);
    else if (line.startsWith('$')) this.#isBulk = true;
    else this.#waiting.shift()?.(line.slice(1));
  }
}

export interface BackendRound {
  readonly started: boolean;
  /** Another has changed or deleted its key while it held it. */
  readonly wasRobbed: boolean;
}

/**
 * One start by the backend's convention, literally: `SET key {timestamp}:{task} NX EX 60`, and whoever wins looks, starts and
 * deletes the key. A loser does nothing.
 */
export async function backendStart(
  redis: PlainRedis,
  key: string,
  task: string,
  { isRunning, start }: { readonly isRunning: () => Promise<boolean>; readonly start: () => Promise<void> },
): Promise<BackendRound> {
  const value = `${Math.floor(Date.now() / 1000)}:${task}`;
  if ((await redis.send('SET', key, value, 'NX', 'EX', '60')) !== 'OK') return { started: false, wasRobbed: false };
  const isThere = await isRunning();
  if (!isThere) await start();
  const wasRobbed = (await redis.send('GET', key)) !== value;
  await redis.send('DEL', key);
  return { started: !isThere, wasRobbed };
}
