import { createHash } from 'node:crypto';
import { readlinkSync } from 'node:fs';
import os from 'node:os';
import { currentBootId } from './bootId';

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
  const parts = [String(uid), currentBootId(), namespace('net'), namespace('pid')];
  return { id: createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 12) };
}

function namespace(kind: 'net' | 'pid'): string {
  try {
    return readlinkSync(`/proc/self/ns/${kind}`);
  } catch {
    return `${kind}:host`; // Only Linux has namespaces.
  }
}
