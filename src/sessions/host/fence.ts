import { errorMessage } from '../log';
import type { Reason } from '../protocol';
import { SESSION_COOKIE } from '../serverEnvironment';
import type { FamilyMarks } from './processFamily';
import type { ProcessIdentity } from './processes';
import type { SessionRecord, SessionRecords } from './sessionRecords';
import { stopFamily, type StopDependencies } from './stopLadder';

/** A process of a predecessor that may still run. */
interface Unsettled {
  readonly identity: ProcessIdentity;
  /** The app that it belongs to; undefined where nothing tells: then no app may start. */
  readonly appKey: string | undefined;
  /** What is ended with it once it can be looked at. */
  readonly marks: FamilyMarks | undefined;
}

/**
 * Makes sure, before a host serves, that nothing which a predecessor left behind can act. None of it is adopted: its
 * terminal is dead.
 * Invariant: only what was verified is ended (the leader's identity, or a cookie of this scope), and what could not be
 * verified or ended counts as running: its app gets an obstacle that names the pids, until a later look settles it.
 */
export class Fence {
  readonly #deps: StopDependencies;
  readonly #cookiePrefix: string;
  #unsettled: readonly Unsettled[] = [];

  constructor(deps: StopDependencies, cookiePrefix: string) {
    this.#deps = deps;
    this.#cookiePrefix = cookiePrefix;
  }

  get isSettled(): boolean {
    return this.#unsettled.length === 0;
  }

  /** Why this app may not start now: processes that may be its server. */
  obstacle(appKey: string): Reason | undefined {
    const pids = this.#unsettled
      .filter((one) => one.appKey === undefined || one.appKey === appKey)
      .map(({ identity }) => identity.pid);
    return pids.length === 0 ? undefined : { code: 'unknownProcesses', facts: { pids: pids.join(', ') } };
  }

  /**
   * Ends the groups that the records name and whatever carries a cookie of this scope. Gives the records as they are now:
   * without the processes that are gone, or that were never of this scope.
   */
  async run(records: SessionRecords): Promise<readonly SessionRecord[]> {
    const { processes, log } = this.#deps;
    const known = records.readAll();
    const unsettled: Unsettled[] = [];
    for (const { id, spec, process: server } of known) {
      // A copied record names another scope's server, which is none of ours to end.
      if (!server?.cookie.startsWith(this.#cookiePrefix)) continue;
      const marks = { pgid: server.pid, cookie: server.cookie, leader: server };
      // A pid that is somebody else's by now must not lend its group to the fence.
      const liveness = await processes.liveness(server).catch(() => 'unknown' as const);
      if (liveness === 'unknown') unsettled.push({ identity: server, appKey: spec.appKey, marks });
      if (liveness !== 'alive') continue;
      log.info('ending a server that an earlier host left', { session: id, pid: server.pid });
      for (const identity of await this.#end(marks))
        unsettled.push({ identity, appKey: spec.appKey, marks: undefined });
    }
    const strays = await this.#end({ pgid: undefined, cookie: this.#cookiePrefix, isPrefix: true });
    for (const identity of strays)
      if (!unsettled.some((one) => one.identity.pid === identity.pid))
        unsettled.push({ identity, appKey: await this.#appOf(identity, known), marks: undefined });
    this.#unsettled = unsettled;
    for (const { identity } of unsettled)
      log.error('an earlier host left a process that could not be ended or looked at', { pid: identity.pid });
    return known.map((record) => this.#cleaned(record, records));
  }

  /** Looks at what is not settled yet; a process that can be verified now is ended. */
  async lookAgain(): Promise<void> {
    const { processes, log } = this.#deps;
    const still: Unsettled[] = [];
    for (const one of this.#unsettled) {
      let liveness = await processes.liveness(one.identity).catch(() => 'unknown' as const);
      if (liveness === 'alive') {
        if (one.marks) await this.#end(one.marks);
        else await processes.signal(one.identity, 'SIGKILL');
        liveness = await processes.liveness(one.identity);
      }
      if (liveness === 'dead') log.info('a process that an earlier host left is gone', { pid: one.identity.pid });
      else still.push(one);
    }
    this.#unsettled = still;
  }

  /** Records that keep naming a process which is not settled, so that the next host looks at it, too. */
  guarding(records: SessionRecords): SessionRecords {
    return {
      readAll: () => records.readAll(),
      remove: (id) => records.remove(id),
      write: (record) => {
        const open = this.#unsettled.find(({ appKey, marks }) => marks && appKey === record.spec.appKey);
        if (record.process || !open?.marks) return records.write(record);
        records.write({ ...record, process: { ...open.identity, cookie: open.marks.cookie } });
      },
    };
  }

  async #end(marks: FamilyMarks): Promise<readonly ProcessIdentity[]> {
    return (await stopFamily(this.#deps, marks, undefined, { quick: true })).left;
  }

  async #appOf({ pid }: ProcessIdentity, records: readonly SessionRecord[]): Promise<string | undefined> {
    for (const { spec, process: server } of records) {
      if (!server?.cookie.startsWith(this.#cookiePrefix)) continue;
      // A look that fails tells nothing: then no app may start until a later one does.
      const marked = await this.#deps.processes.findByEnvironment(SESSION_COOKIE, server.cookie).catch(() => []);
      if (marked.some((info) => info.pid === pid)) return spec.appKey;
    }
    return undefined;
  }

  #cleaned(record: SessionRecord, records: SessionRecords): SessionRecord {
    const { process: server, ...rest } = record;
    if (!server || this.#unsettled.some(({ identity }) => identity.pid === server.pid)) return record;
    try {
      records.write(rest);
    } catch (error) {
      // The process stays on record, and is found dead again by the next host.
      this.#deps.log.warn('session record not cleaned', { session: record.id, error: errorMessage(error) });
    }
    return rest;
  }
}
