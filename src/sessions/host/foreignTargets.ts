import { DevServerError } from '../errors';
import type { ForeignTarget, NamedProcess } from '../protocol';
import { ConfirmationNeededError, covers, endForeign, foreignFamily, named } from './foreignServers';
import type { ProcessIdentity, ProcessInfo } from './processes';
import type { Cared } from './serverCare';
import type { StopDependencies } from './stopLadder';

/** The servers of others that stand beside, or in the way of, one session: who they are, and their end on a person's word. */
export class ForeignTargets {
  readonly #deps: StopDependencies;
  readonly #session: Cared;

  constructor(deps: StopDependencies, session: Cared) {
    this.#deps = deps;
    this.#session = session;
  }

  /** The processes that would be signalled; empty when there is nothing that can be ended from here. */
  async processes(target: ForeignTarget): Promise<readonly NamedProcess[]> {
    return (await this.#members(target)).map(named);
  }

  /** Throws `ConfirmationNeededError` unless a person agreed to all that would be signalled, and there is something. */
  async check(target: ForeignTarget, confirmed: readonly NamedProcess[] | undefined): Promise<void> {
    const members = await this.#members(target);
    if (members.length === 0 || !covers(confirmed, members)) throw new ConfirmationNeededError(members.map(named));
  }

  /** Ends them; resolves when they are gone. Throws `ConfirmationNeededError`, or `foreignAlive` with the pids that are left. */
  async end(target: 'portHolder' | 'secondServer', confirmed: readonly NamedProcess[]): Promise<void> {
    const members = await this.#members(target);
    if (!covers(confirmed, members)) throw new ConfirmationNeededError(members.map(named));
    const left = await endForeign(this.#deps, members);
    if (left.length > 0) throw new DevServerError('foreignAlive', { pids: left.map(({ pid }) => pid).join(', ') });
  }

  async #members(target: ForeignTarget): Promise<readonly ProcessInfo[]> {
    const { processes } = this.#deps;
    const { folder } = this.#session.wanted.spec;
    const members = new Map<number, ProcessInfo>();
    for (const listener of await this.#listeners(target)) {
      // A stranger's runners work in the stranger's folder.
      const home = target === 'portHolder' ? await processes.workingDirectory(listener.pid) : folder;
      for (const info of await foreignFamily(processes, listener, home ?? folder)) members.set(info.pid, info);
    }
    return [...members.values()];
  }

  async #listeners(target: ForeignTarget): Promise<readonly ProcessIdentity[]> {
    const { server, status, wanted } = this.#session;
    if (target === 'adopted') return server.adopted?.identity ? [server.adopted.identity] : [];
    const isBlocked = status.state === 'blocked' && status.reason.code === 'portTaken';
    const holders =
      target === 'secondServer'
        ? server.findings.secondServers
        : isBlocked
          ? await this.#deps.ports.listeners(wanted.spec.port)
          : [];
    const identities: ProcessIdentity[] = [];
    for (const { pid } of holders) {
      const identity = pid === undefined ? undefined : await this.#deps.processes.identify(pid);
      if (identity) identities.push(identity);
    }
    return identities;
  }
}
