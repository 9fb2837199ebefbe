/**
 * What must hold in every sample (DESIGN section 4, I1, I2, I4), whatever was done to the machine. Pure: fed with samples,
 * gives what is breached. What may be wrong for a moment (an orphan that its reaper is just ending) has a limit.
 */
import { identityOf, isServer, type Sample, type Sight } from './machineLook';

/** `stopped` once a person's stop has been confirmed to them; `unsure` while a wish is on its way. */
export type Wish = 'running' | 'stopped' | 'unsure';

export interface Breach {
  readonly invariant: string;
  readonly detail: string;
}

/** How long a process may outlive the host that started it: the reaper gives it a second (DESIGN section 4). */
const ORPHAN_MS = 2000;
/** The same while a new host lives that does not serve yet: it is fencing. */
const FENCING_MS = 10_000;
/** Between the end of a process and its parent's taking note. */
const ZOMBIE_MS = 2000;
/** A host that finds the lock held is gone long before, on a busy machine, too. */
const SECOND_HOST_MS = 15_000;

export class Invariants {
  /** Since when something holds that may hold for a moment only, by what it is. */
  readonly #since = new Map<string, number>();
  /** The longest that each kind of it lasted, in milliseconds. */
  readonly longestMs = { orphan: 0, zombie: 0, secondHost: 0 };
  readonly peaks = { servers: 0, runs: 0, hosts: 0, members: 0, portHolders: 0, lockHolders: 0 };
  samples = 0;

  /** What this sample breaches; `wish` is what the person wants who acts on the machine. */
  check(sample: Sample, wish: Wish): readonly Breach[] {
    this.samples++;
    const live = sample.sights.filter(({ state }) => state !== 'Z' && state !== 'X');
    const members = live.filter(({ kind }) => kind === 'member');
    const servers = members.filter(isServer);
    const hosts = live.filter(({ kind }) => kind === 'host');
    const runs = new Set(members.map(({ cookie }) => cookie));
    this.#keepPeaks({
      servers: servers.length,
      runs: runs.size,
      hosts: hosts.length,
      members: members.length,
      portHolders: sample.portHolders.length,
      lockHolders: sample.lockHolders.length,
    });
    const breaches: Breach[] = [];
    const must = (holds: boolean, invariant: string, detail: () => string) => {
      if (!holds) breaches.push({ invariant, detail: detail() });
    };
    must(servers.length <= 1, 'one server of the app', () => named(servers));
    must(runs.size <= 1, 'no process of an earlier run beside those of a later one', () => named(members));
    must(wish !== 'stopped' || servers.length === 0, 'a stop is not undone', () => named(servers));
    must(sample.portHolders.length <= 1, 'one holder of the port', () => sample.portHolders.join(', '));
    must(sample.lockHolders.length <= 1, 'one holder of the host lock', () => sample.lockHolders.join(', '));
    must(
      sample.lockHolders.every((pid) => hosts.some((host) => host.pid === pid)),
      'the host lock is held by a host that lives',
      () => sample.lockHolders.join(', '),
    );
    must(sample.unreadable.length === 0, 'records and host.json can be read', () => sample.unreadable.join('; '));
    for (const { key, kind, detail, limitMs } of this.#passing(sample, { members, hosts })) {
      const sinceMs = this.#since.get(key) ?? sample.atMs;
      this.#since.set(key, sinceMs);
      const ageMs = sample.atMs - sinceMs;
      this.longestMs[kind] = Math.max(this.longestMs[kind], ageMs);
      must(ageMs <= limitMs, names[kind], () => `${detail} for ${Math.round(ageMs)} ms`);
    }
    return breaches;
  }

  /** What may hold for a moment only; what has ended is forgotten. */
  #passing(
    { sights, hostFilePid }: Sample,
    { members, hosts }: { readonly members: readonly Sight[]; readonly hosts: readonly Sight[] },
  ): readonly Passing[] {
    const liveHosts = new Set(hosts.map(identityOf));
    const isFencing = hosts.some(({ pid }) => pid !== hostFilePid);
    const byPid = new Map(sights.map((one) => [one.pid, one]));
    const found: Passing[] = [
      ...members
        .filter(({ host }) => (host === undefined ? hosts.length === 0 : !liveHosts.has(host)))
        .map((one) => passing('orphan', one, isFencing ? FENCING_MS : ORPHAN_MS)),
      ...sights
        .filter(({ state, ppid }) => {
          const parent = byPid.get(ppid);
          // Who is suspended can't take note, and whoever took over an orphan is not ours.
          return state === 'Z' && parent !== undefined && parent.state !== 'T' && parent.state !== 't';
        })
        .map((one) => passing('zombie', one, ZOMBIE_MS)),
      ...(hosts.length > 1 ? hosts.slice(1).map((one) => passing('secondHost', one, SECOND_HOST_MS)) : []),
    ];
    const keys = new Set(found.map(({ key }) => key));
    for (const key of this.#since.keys()) if (!keys.has(key)) this.#since.delete(key);
    return found;
  }

  #keepPeaks(now: Invariants['peaks']): void {
    for (const key of Object.keys(now) as (keyof Invariants['peaks'])[])
      this.peaks[key] = Math.max(this.peaks[key], now[key]);
  }
}

interface Passing {
  readonly key: string;
  readonly kind: keyof Invariants['longestMs'];
  readonly detail: string;
  readonly limitMs: number;
}

const names: Record<Passing['kind'], string> = {
  orphan: 'no orphan outlives its host',
  zombie: 'no zombie of ours',
  secondHost: 'no second host stays',
};

function passing(kind: Passing['kind'], one: Sight, limitMs: number): Passing {
  return { key: `${kind} ${identityOf(one)}`, kind, detail: named([one]), limitMs };
}

function named(sights: readonly Sight[]): string {
  return sights
    .map(({ pid, ppid, state, command, cookie, host }) => {
      const of = cookie === undefined ? '' : ` run …${cookie.slice(-6)} host ${host ?? 'unknown'}`;
      return `${pid} (parent ${ppid}, ${state}${of}) ${command.slice(0, 80)}`;
    })
    .join('; ');
}
