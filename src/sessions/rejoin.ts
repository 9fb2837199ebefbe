import type { SessionSnapshot } from './protocol';
import { isActive } from './sessionState';

/**
 * Which apps a window brings back after it has joined a host, by their keys: those that ran when the host before was
 * lost, whether the window saw them run (`before`: its last snapshots, empty at its first join) or the new host's records
 * say so (`now`). Whether a person's stop forbids it is the host's to decide.
 */
export function appsToRestore(
  appKeys: readonly string[],
  before: ReadonlyMap<string, SessionSnapshot>,
  now: ReadonlyMap<string, SessionSnapshot>,
): readonly string[] {
  return appKeys.filter((appKey) => {
    const seen = before.get(appKey);
    if (seen !== undefined && seen.desired === 'running' && isActive(seen.state)) return true;
    const found = now.get(appKey);
    return found?.desired === 'running' && found.reason.code === 'hostLost';
  });
}
