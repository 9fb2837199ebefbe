import { createRequire } from 'node:module';
import path from 'node:path';
import type { ConnectRedis, RedisConnection } from '../../src/sessions/host/redis';

/** Our adapter over ioredis, as it is shipped. */
export function shippedConnect(extensionDir: string): ConnectRedis {
  const file = path.join(extensionDir, 'dist', 'redis.js');
  return (createRequire(file)(file) as { readonly connectRedis: ConnectRedis }).connectRedis;
}

/** What was asked of Redis by connections that are noted here. */
export class Questions {
  /** Until each was answered, in milliseconds. */
  readonly answersMs: number[] = [];

  /** The same connection, noted, for somebody who may dispose it without hurting the others that use it. */
  noted(connection: RedisConnection): RedisConnection {
    const noting = async <T>(answer: Promise<T>): Promise<T> => {
      const beginMs = performance.now();
      const reply = await answer;
      this.answersMs.push(performance.now() - beginMs);
      return reply;
    };
    return {
      shown: connection.shown,
      call: (...of) => noting(connection.call(...of)),
      script: (...of) => noting(connection.script(...of)),
      keys: (...of) => noting(connection.keys(...of)),
      dispose: () => undefined,
    };
  }
}
