import { createHash } from 'node:crypto';
import type { LaunchSpec } from './protocol';

/**
 * A short digest of what a server runs by: its command, port and environment. Equal for equal specs, whatever the order
 * of keys. How it is probed or installed and what happens at a conflict is left out: no restart would change the server.
 */
export function specDigest({ command, fallback, port, env, managed }: LaunchSpec): string {
  const digested = sorted({ command, fallback, port, env, managed });
  return createHash('sha256').update(JSON.stringify(digested)).digest('hex').slice(0, 16);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  );
}
