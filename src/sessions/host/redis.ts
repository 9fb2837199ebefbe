import type { Disposable } from '../event';
import type { RedisSettings } from '../protocol';

/**
 * Why a command gave no answer. `unknown`: it was sent, and may have been carried out; `unavailable`: it was not sent;
 * `refused`: the server said no; `closed`: the connection was disposed of, and will not come back. The message is free of secrets.
 */
export class RedisError extends Error {
  constructor(
    readonly kind: 'unknown' | 'unavailable' | 'refused' | 'closed',
    detail: string,
  ) {
    super(detail);
    this.name = 'RedisError';
  }

  /** redis.js is a bundle of its own with a class of its own, and an error of either is one of these. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof Error && value.name === 'RedisError';
  }
}

/** Connections to one Redis, whatever it is made of. They are made and kept by themselves; dispose ends them for good. */
export interface RedisConnection extends Disposable {
  /** Host and port, without user and password. */
  readonly shown: string;
  /** Runs a command and gives its reply. Rejects with `RedisError`, at the latest after `deadlineMs`. */
  call(command: string, args: readonly string[], deadlineMs: number): Promise<unknown>;
  /** Runs a Lua script whose keys lie in one slot of a cluster. Rejects as `call` does. */
  script(text: string, keys: readonly string[], args: readonly string[], deadlineMs: number): Promise<unknown>;
  /** The keys that match a pattern, on all nodes. Rejects as `call` does; each step may take `deadlineMs`. */
  keys(pattern: string, deadlineMs: number): Promise<readonly string[]>;
}

/** Connects in the background. Throws `RedisAddressError` for an address that can't be used. */
export type ConnectRedis = (settings: RedisSettings) => RedisConnection;
