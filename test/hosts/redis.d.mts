/** The path of redis-server; its client and Sentinel come with it. */
export function ensureRedis(): Promise<string>;
