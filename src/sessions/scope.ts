import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import os from 'node:os';

/**
 * The scope is where a port number and a pid mean one thing: this user, this boot, this network and pid namespace.
 * There is one session host per scope.
 */
export interface Scope {
  /** Short and safe in a path. */
  readonly id: string;
}

/** The scope of this process. Falls back to what the platform tells where there is no /proc. */
export function currentScope(): Scope {
  const uid = process.geteuid?.() ?? os.userInfo().username;
  const parts = [String(uid), bootId(), namespace('net'), namespace('pid')];
  return { id: createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 12) };
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    // No /proc: the time of boot, coarse enough for a clock that is adjusted by seconds.
    return `boot-${Math.round((Date.now() / 1000 - os.uptime()) / 60)}`;
  }
}

function namespace(kind: 'net' | 'pid'): string {
  try {
    return readlinkSync(`/proc/self/ns/${kind}`);
  } catch {
    return `${kind}:host`; // Only Linux has namespaces.
  }
}
