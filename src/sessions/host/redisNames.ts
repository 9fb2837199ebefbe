/** Keys and channel of a session in Redis (DESIGN section 7). */
export interface RedisNames {
  readonly lock: string;
  /** In the lock's slot of a cluster: one script names both. */
  readonly fence: string;
  readonly entry: string;
  readonly channel: string;
}

const SESSION_PREFIX = 'dev_server_';
const ENTRY_PREFIX = 'dev_server_session:';

/** `sessionId` as in `dev_server_web`: what follows the prefix is the type, of a second app with its folder. */
export function redisNames(sandboxId: string, sessionId: string): RedisNames {
  const type = sessionId.startsWith(SESSION_PREFIX) ? sessionId.slice(SESSION_PREFIX.length) : sessionId;
  const lock = `dev_server_start:${sandboxId}:${type}`;
  return {
    lock,
    fence: `dev_server_fence:${inSlotOf(lock)}`,
    entry: `${ENTRY_PREFIX}${sandboxId}:${type}`,
    channel: `dev_server_events:${sandboxId}`,
  };
}

/**
 * The rest of a key that a cluster puts where it puts `key`: by what is in the first braces, or by all of it where there are none
 * (Redis Cluster specification, "Hash tags"). A `}` outside of such braces can't be in any: then a cluster refuses the scripts.
 */
function inSlotOf(key: string): string {
  const tag = /^[^{]*\{([^}]+)\}/.exec(key)?.[1];
  return tag === undefined ? `{${key}}` : `{${tag}}${key}`;
}
