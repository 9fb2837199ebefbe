import type { Logger } from '../log';
import type { ProcessIdentity } from './processes';
import type { SessionRecord } from './sessionRecords';
import { stopFamily, type StopDependencies } from './stopLadder';

/**
 * Makes sure, before a host serves, that nothing which a predecessor left behind can act: the groups that its records
 * name (only if the leader's identity still holds) and whatever carries a cookie of this scope. None is adopted: their
 * terminal is dead. Resolves with what could not be ended.
 */
export async function fence(
  deps: StopDependencies & { readonly log: Logger },
  records: readonly SessionRecord[],
  cookiePrefix: string,
): Promise<readonly ProcessIdentity[]> {
  const { processes, log } = deps;
  const left: ProcessIdentity[] = [];
  for (const { id, process: server } of records) {
    if (!server?.cookie.startsWith(cookiePrefix)) continue;
    // A pid that is somebody else's by now must not lend its group to the fence.
    if ((await processes.liveness(server)) !== 'alive') continue;
    log.info('ending a server that an earlier host left', { session: id, pid: server.pid });
    left.push(
      ...(await stopFamily(deps, { pgid: server.pid, cookie: server.cookie }, undefined, { quick: true })).left,
    );
  }
  const strays = await stopFamily(deps, { pgid: undefined, cookie: cookiePrefix, isPrefix: true }, undefined, {
    quick: true,
  });
  left.push(...strays.left);
  for (const { pid } of left) log.error('left by an earlier host and could not be ended', { pid });
  return left;
}
