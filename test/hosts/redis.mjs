// A real Redis for tests: Debian's package, installed when it is missing. No service of it is used or left running.
import { ensureCommand } from './debian.mjs';

/** The path of redis-server; its client and Sentinel come with it. @returns {Promise<string>} */
export function ensureRedis() {
  return ensureCommand({
    title: 'Redis',
    commands: ['redis-server'],
    packages: ['redis-server', 'redis-sentinel', 'redis-tools'],
  });
}
