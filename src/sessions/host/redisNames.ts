/** Keys and channel of a session in Redis (DESIGN section 7). */
export interface RedisNames {
  readonly lock: string;
  /** The braces put it into the lock's slot of a cluster. */
  readonly fence: string;
  readonly entry: string;
  readonly channel: string;
}

const SESSION_PREFIX = 'dev_server_';
export const ENTRY_PREFIX = 'dev_server_session:';

/** `sessionId` as in `dev_server_web`: what follows the prefix is the type, of a second app with its folder. */
export function redisNames(sandboxId: string, sessionId: string): RedisNames {
  const type = sessionId.startsWith(SESSION_PREFIX) ? sessionId.slice(SESSION_PREFIX.length) : sessionId;
  const lock = `dev_server_start:${sandboxId}:${type}`;
  return {
    lock,
    fence: `dev_server_fence:{${lock}}`,
    entry: `${ENTRY_PREFIX}${sandboxId}:${type}`,
    channel: `dev_server_events:${sandboxId}`,
  };
}
