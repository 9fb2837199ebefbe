import { parseRedisAddress } from '../sessions/redisAddress';
import { flagOf, type Settings } from '../sessions/settings';

/** Variables that say more about a Redis, and nothing alone. */
const COMPANIONS = ['CHEATCODE_REDIS_REQUIRED', 'CHEATCODE_REDIS_CA_FILE'];

/**
 * What of the environment can have no effect, because no Redis is named beside it: one sentence for people, or undefined. The
 * session host keeps the Redis that it has, if any.
 */
export function lonelyRedisSentence(
  { redis }: Pick<Settings, 'redis'>,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  if (redis) return undefined;
  const lonely = COMPANIONS.filter((name) => {
    const text = env[name]?.trim();
    return text !== undefined && text !== '' && flagOf(text) !== false;
  });
  if (lonely.length === 0) return undefined;
  const [has, it] = lonely.length === 1 ? ['has', 'it'] : ['have', 'they'];
  return (
    `${lonely.join(' and ')} ${has} no effect: ${it} would say more of CHEATCODE_REDIS_URL, which is not set. ` +
    'A session host that runs keeps the Redis that it has, if any.'
  );
}

/** The session host did not take the Redis that this command names. Without a secret: user and password are left out. */
export function redisNotTakenSentence(url: string): string {
  return (
    `The session host that runs does not take CHEATCODE_REDIS_URL (${shownRedis(url)}), and keeps the Redis that it has, if any: ` +
    'it may be older than this command.'
  );
}

/** Host and database alone, whatever else the address holds. */
function shownRedis(url: string): string {
  try {
    const { shown, database } = parseRedisAddress(url);
    return `${shown}, database ${database}`;
  } catch {
    return 'an address that can not be read';
  }
}
