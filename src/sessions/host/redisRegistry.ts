import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../clock';
import { errorMessage, type Logger } from '../log';
import type { Reason, SessionSnapshot } from '../protocol';
import { tried, TRY_MS } from './redisQuestion';
import type { RedisLink } from './redisLink';
import { redisNames, type RedisNames } from './redisNames';
import { PUBLISH, REMOVE } from './redisScripts';

/** An entry lives this long at least without being renewed, in milliseconds: as long as the lock. */
const LEAST_LIFE_MS = 60_000;
/** So many health intervals may pass without a renewal. */
const INTERVALS = 3;

/** Which machine an entry is of. */
export interface Machine {
  /** Unpredictable enough that no two hosts share it; a successor of a host on the same machine has the same. */
  readonly id: string;
  /** For people. */
  readonly name: string;
}

export interface RedisRegistryOptions {
  readonly link: RedisLink;
  readonly sandboxId: string;
  readonly machine: Machine;
  readonly version: string;
  readonly healthIntervalMs: () => number;
  readonly clock: Clock;
  readonly log: Logger;
  /** Another machine's server was found where ours was to be told of, or is not any more. */
  readonly onDidChange: () => void;
}

/** An entry as its fields, whole. */
type Entry = Readonly<Record<string, string>>;

interface Told {
  readonly names: RedisNames;
  wanted: Entry | undefined;
  /** What Redis has; undefined: nothing, or nobody knows. */
  published: Entry | undefined;
  /** It must be asked, whatever `published` says. */
  isStale: boolean;
  fence: number;
  flushing: Promise<void> | undefined;
  overtaken: Reason | undefined;
}

/** Where another machine's server runs, as its entry says. */
export interface ElsewhereEntry {
  readonly machine: string;
  readonly url: string;
  readonly port: string;
}

/** What this machine tells of its servers, and reads of others'. Writes of one session follow one another. */
export class RedisRegistry {
  readonly #options: RedisRegistryOptions;
  readonly #told = new Map<string, Told>();

  constructor(options: RedisRegistryOptions) {
    this.#options = options;
  }

  /** The number of a session's latest win, which its entry carries. */
  setFence(sessionId: string, fence: number): void {
    this.#of(sessionId).fence = fence;
  }

  /** Takes in what a session is now, and tells it where that is news. */
  update(snapshot: SessionSnapshot): void {
    const told = this.#of(snapshot.id);
    const isKept = told.wanted !== undefined && ['starting', 'installing'].includes(snapshot.state);
    const isShown = snapshot.state === 'running' || snapshot.state === 'unhealthy' || isKept;
    const entry = isShown ? this.#entry(snapshot, told.fence) : undefined;
    if (isDeepStrictEqual(entry, told.wanted)) return;
    told.wanted = entry;
    if (!entry && told.overtaken) this.#setOvertaken(told, undefined);
    void this.#flush(told);
  }

  /** Tells everything again: entries live longer, and those that were lost are back. Never rejects. */
  async renew(): Promise<void> {
    await Promise.all(
      [...this.#told.values()].map((told) => {
        told.isStale ||= told.wanted !== undefined;
        return this.#flush(told);
      }),
    );
  }

  /** Resolves when Redis has what was told of the session, or can't be reached. */
  async settled(sessionId: string): Promise<void> {
    await this.#told.get(sessionId)?.flushing;
  }

  /** Another machine has started the app while its server runs here. */
  overtaken(sessionId: string): Reason | undefined {
    return this.#told.get(sessionId)?.overtaken;
  }

  /** The entry of another machine; undefined where there is none. Rejects with `RedisError`, at `endMs` at the latest. */
  async elsewhere(sessionId: string, endMs: number): Promise<ElsewhereEntry | undefined> {
    const { link, machine, sandboxId, clock } = this.#options;
    const fields = ['machine', 'machineName', 'url', 'port'];
    const { entry } = redisNames(sandboxId, sessionId);
    const reply = await link.ask((connection) =>
      tried(clock, (ms) => connection.call('HMGET', [entry, ...fields], ms), endMs),
    );
    const [id, name, url, port] = reply as (string | null)[];
    if (!id || id === machine.id) return undefined;
    return { machine: name ?? id, url: url ?? '', port: port ?? '' };
  }

  /** Takes back all that was told. Never rejects. */
  async close(): Promise<void> {
    for (const told of this.#told.values()) told.wanted = undefined;
    await Promise.all([...this.#told.values()].map((told) => this.#flush(told)));
  }

  #of(sessionId: string): Told {
    let told = this.#told.get(sessionId);
    if (!told) {
      told = {
        names: redisNames(this.#options.sandboxId, sessionId),
        wanted: undefined,
        published: undefined,
        isStale: false,
        fence: 0,
        flushing: undefined,
        overtaken: undefined,
      };
      this.#told.set(sessionId, told);
    }
    return told;
  }

  #flush(told: Told): Promise<void> {
    told.flushing ??= this.#write(told).finally(() => (told.flushing = undefined));
    return told.flushing;
  }

  async #write(told: Told): Promise<void> {
    try {
      while (told.isStale || !isDeepStrictEqual(told.wanted, told.published)) {
        const { wanted } = told;
        told.isStale = false;
        await (wanted ? this.#publish(told, wanted) : this.#remove(told));
        told.published = wanted;
      }
    } catch (error) {
      told.isStale = true; // Whether it has arrived is not known; the next renewal tells again.
      // That it is away was said when it went.
      if (this.#options.link.away === undefined)
        this.#options.log.debug('the registry was not told', { key: told.names.entry, error: errorMessage(error) });
    }
  }

  async #publish(told: Told, entry: Entry): Promise<void> {
    const { link, machine, healthIntervalMs } = this.#options;
    const isNews = !isDeepStrictEqual(entry, told.published);
    const lifeMs = Math.max(LEAST_LIFE_MS, INTERVALS * healthIntervalMs());
    const args = [
      machine.id,
      entry['fence'] ?? '0',
      String(lifeMs),
      told.names.channel,
      isNews ? eventOf('published', entry) : '',
      ...Object.entries(entry).flat(),
    ];
    const reply = await link.ask((connection) => connection.script(PUBLISH, [told.names.entry], args, TRY_MS));
    const [isOurs, name, url] = reply as [number, string?, string?];
    const facts = { machine: name ?? '', url: url ?? '' };
    this.#setOvertaken(told, isOurs === 1 ? undefined : { code: 'startedElsewhere', facts });
  }

  async #remove(told: Told): Promise<void> {
    const { link, machine } = this.#options;
    const event = eventOf('removed', { machine: machine.id, session: told.published?.['session'] ?? '' });
    const args = [machine.id, told.names.channel, event];
    await link.ask((connection) => connection.script(REMOVE, [told.names.entry], args, TRY_MS));
  }

  #setOvertaken(told: Told, reason: Reason | undefined): void {
    if (isDeepStrictEqual(told.overtaken, reason)) return;
    told.overtaken = reason;
    if (reason) this.#options.log.warn('another machine has started the app, too', { ...reason.facts });
    this.#options.onDidChange();
  }

  #entry(snapshot: SessionSnapshot, fence: number): Entry {
    const { machine, version } = this.#options;
    return {
      machine: machine.id,
      machineName: machine.name,
      session: snapshot.id,
      app: snapshot.appName,
      type: snapshot.type,
      folder: snapshot.folder,
      state: snapshot.state,
      port: String(snapshot.port),
      url: snapshot.url,
      pid: String(snapshot.listenerPid ?? snapshot.pid ?? ''),
      since: new Date(snapshot.sinceMs).toISOString(),
      // Somebody else's server is shown here, and nothing was won for it.
      fence: String(snapshot.adopted ? 0 : fence),
      adopted: snapshot.adopted ? '1' : '0',
      version,
    };
  }
}

/** One line of JSON for whoever listens on the channel. */
function eventOf(event: 'published' | 'removed', facts: Entry): string {
  return JSON.stringify({ event, ...facts });
}
