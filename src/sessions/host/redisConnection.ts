import { Cluster, Redis } from 'ioredis';
import { errorMessage } from '../log';
import type { RedisSettings } from '../protocol';
import { parseRedisAddress, type RedisAddress } from '../redisAddress';
import { RedisError, type RedisConnection } from './redis';

/**
 * The adapter over ioredis: the only file that imports it, and a bundle of its own, loaded only where Redis is used. Every
 * call has a deadline of its own, for ioredis's defaults may wait for ever (measured: FACTS).
 */

/** Between two tries to connect, in milliseconds: doubled up to the last. */
const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 10_000;
const CONNECT_LIMIT_MS = 3000;
/** How long a connection that is closed waits for the other side, in milliseconds: ioredis's own 2 s would hold up whoever ends. */
const GOODBYE_MS = 50;
/** So many commands in a row without an answer mean that the connection is dead although nobody closed it. */
const DEAD_AFTER = 2;
/** How the protocol lets an error reply begin (`READONLY You can't …`); the class of the error has no name in a bundle. */
const ERROR_CODE = /^[A-Z]{3,}[A-Z0-9]* /;
const CLOSED = 'the connection was closed';
/** Keys that one step of a scan looks at. */
const SCAN_COUNT = '1000';

/** Connects in the background; the caller disposes. Throws `RedisAddressError`. */
export function connectRedis(settings: RedisSettings): RedisConnection {
  return new IoRedisConnection(parseRedisAddress(settings.url), settings.ca);
}

class IoRedisConnection implements RedisConnection {
  readonly shown: string;
  readonly #client: Redis | Cluster;
  readonly #secrets: readonly string[];
  #lastError: string | undefined;
  #unanswered = 0;
  #isDisposed = false;

  constructor(address: RedisAddress, ca: string | undefined) {
    this.shown = address.shown;
    this.#secrets = [address.password, address.username].filter(
      (text) => text !== undefined && text !== '',
    ) as string[];
    this.#client = clientOf(address, ca);
    // Without a listener ioredis writes to the console. The last one is told to whoever asks in vain.
    this.#client.on('error', (error: unknown) => (this.#lastError = this.#clean(error)));
    this.#client.on('ready', () => (this.#lastError = undefined));
    this.#client.connect().catch(() => undefined); // Heard as `error`.
  }

  call(command: string, args: readonly string[], deadlineMs: number): Promise<unknown> {
    return this.#ask(() => this.#client.call(command, ...args), deadlineMs);
  }

  script(text: string, keys: readonly string[], args: readonly string[], deadlineMs: number): Promise<unknown> {
    return this.#ask(() => this.#client.eval(text, keys.length, ...keys, ...args), deadlineMs);
  }

  async keys(pattern: string, deadlineMs: number): Promise<readonly string[]> {
    await this.#ask(() => Promise.resolve(), deadlineMs);
    const nodes = this.#client instanceof Cluster ? this.#client.nodes('master') : [this.#client];
    const found = new Set<string>();
    for (const node of nodes) {
      let cursor = '0';
      do {
        const scan = () => node.scan(cursor, 'MATCH', pattern, 'COUNT', SCAN_COUNT);
        const [next, keys] = (await this.#ask(scan, deadlineMs)) as [string, string[]];
        for (const key of keys) found.add(key);
        cursor = next;
      } while (cursor !== '0');
    }
    return [...found];
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#client.disconnect(false);
  }

  /** Waits for the connection, then for the answer, together for `deadlineMs`. */
  async #ask(send: () => Promise<unknown>, deadlineMs: number): Promise<unknown> {
    if (this.#isDisposed) throw new RedisError('closed', CLOSED);
    let isSent = false;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        const detail = isSent ? `no answer within ${deadlineMs} ms` : (this.#lastError ?? 'not connected');
        reject(new RedisError(isSent ? 'unknown' : 'unavailable', detail));
      }, deadlineMs);
    });
    const over = new AbortController();
    try {
      await Promise.race([this.#untilReady(over.signal), late]);
      isSent = true;
      const answer = send();
      answer.catch(() => undefined); // Heard below, or too late.
      const reply = await Promise.race([answer, late]);
      this.#unanswered = 0;
      return reply;
    } catch (error) {
      throw this.#failure(error);
    } finally {
      clearTimeout(timer);
      over.abort();
    }
  }

  #failure(error: unknown): RedisError {
    if (this.#isDisposed) return new RedisError('closed', CLOSED);
    if (error instanceof RedisError) {
      // Frozen, or behind a wall that drops what is sent: only a new connection tells.
      if (error.kind === 'unknown' && ++this.#unanswered >= DEAD_AFTER) {
        this.#unanswered = 0;
        this.#client.disconnect(true);
      }
      return error;
    }
    // It broke between being ready and being used.
    if (error instanceof Error && error.message.startsWith("Stream isn't writeable"))
      return new RedisError('unavailable', this.#lastError ?? 'the connection was lost');
    const isReply = error instanceof Error && ERROR_CODE.test(error.message);
    // Whatever else goes wrong after sending may have gone wrong after the server acted.
    return new RedisError(isReply ? 'refused' : 'unknown', this.#clean(error));
  }

  #untilReady(over: AbortSignal): Promise<void> {
    if (this.#client.status === 'ready') return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => resolve();
      this.#client.once('ready', done);
      over.addEventListener('abort', () => this.#client.off('ready', done), { once: true });
    });
  }

  #clean(error: unknown): string {
    let text = errorMessage(error);
    for (const secret of this.#secrets) text = text.replaceAll(secret, '***');
    return text;
  }
}

function clientOf(address: RedisAddress, ca: string | undefined): Redis | Cluster {
  const { kind, nodes, socket, username, password, database } = address;
  const retry = (tries: number): number => Math.min(FIRST_RETRY_MS * 2 ** Math.min(tries - 1, 10), LAST_RETRY_MS);
  const tls = address.tls ? { tls: ca === undefined ? {} : { ca } } : {};
  const login = {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
  };
  const common = {
    ...login,
    ...tls,
    lazyConnect: true,
    connectTimeout: CONNECT_LIMIT_MS,
    disconnectTimeout: GOODBYE_MS,
    // Waiting is done here, with a deadline; nothing is sent twice behind our back.
    enableOfflineQueue: false,
    enableReadyCheck: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    retryStrategy: retry,
    // After a failover the old master is a replica: the next connection finds the new one.
    reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
  };
  if (kind === 'cluster') {
    return new Cluster([...nodes], {
      redisOptions: common,
      lazyConnect: true,
      enableOfflineQueue: false,
      enableReadyCheck: false,
      clusterRetryStrategy: retry,
      slotsRefreshTimeout: CONNECT_LIMIT_MS,
    });
  }
  if (kind === 'sentinel')
    return new Redis({
      ...common,
      db: database,
      sentinels: [...nodes],
      name: address.master ?? '',
      sentinelRetryStrategy: retry,
      ...(address.tls ? { enableTLSForSentinelMode: true, sentinelTLS: tls.tls ?? {} } : {}),
    });
  const [node] = nodes;
  return new Redis({ ...common, db: database, ...(socket === undefined ? { ...node } : { path: socket }) });
}
