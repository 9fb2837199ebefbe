import { createHash } from 'node:crypto';
import type { LaunchSpec } from './protocol';

/** A spec never changes, and its digest is in each snapshot that is pushed. */
const known = new WeakMap<LaunchSpec, string>();

/**
 * A short digest of what a server runs by: its command, port and environment. Equal for equal specs, whatever the order
 * of keys. How it is probed or installed and what happens at a conflict is left out: no restart would change the server.
 */
export function specDigest(spec: LaunchSpec): string {
  let digest = known.get(spec);
  if (digest === undefined) {
    const { command, fallback, port, env, managed } = spec;
    const digested = sorted({ command, fallback, port, env, managed });
    digest = createHash('sha256').update(JSON.stringify(digested)).digest('hex').slice(0, 16);
    known.set(spec, digest);
  }
  return digest;
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
