import { readFileSync } from 'node:fs';
import { errorMessage, type Logger } from './log';
import type { RedisSettings } from './protocol';
import type { Settings } from './settings';

/**
 * What the host is told of Redis: the settings with the certificate's text in place of its file, which the host's user may
 * not be able to read. Undefined where none is set. A file that can't be read is logged, and the system's authorities
 * are used: then the connection says what is wrong.
 */
export function redisSettings({ redis, sandboxId }: Settings, log: Logger): RedisSettings | undefined {
  if (!redis) return undefined;
  const ca = redis.caFile === undefined ? undefined : readCa(redis.caFile, log);
  return {
    url: redis.url,
    required: redis.required,
    ...(sandboxId === undefined ? {} : { sandboxId }),
    ...(ca === undefined ? {} : { ca }),
  };
}

function readCa(file: string, log: Logger): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    log.warn('the certificate file of Redis can not be read', { file, error: errorMessage(error) });
    return undefined;
  }
}
