import { isDeepStrictEqual } from 'node:util';
import { delay, type Clock } from '../clock';
import { Emitter } from '../event';
import { errorMessage, type Logger } from '../log';
import type { Reason, RedisSettings, SessionSnapshot } from '../protocol';
import type { AcrossMachines, StartAnswer, StartRequest } from './acrossMachines';
import type { ConnectRedis } from './redis';
import { acquireRedisLock, releaseRedisLock, type RedisLock } from './redisLock';
import { RedisLink } from './redisLink';
import { redisNames, type RedisNames } from './redisNames';
import { QUESTION_MS } from './redisQuestion';
import { RedisRegistry, type ElsewhereEntry, type Machine } from './redisRegistry';

/** Between two questions of one that waits, in milliseconds. */
const STARTING_POLL_MS = 1000;
const RUNNING_POLL_MS = 2000;
const AWAY_POLL_MS = 1000;
/** A host that ends waits no longer for Redis. */
const CLOSE_LIMIT_MS = 2000;
/** A token is told apart from the backend's, and from another machine's. */
const OWNER_PREFIX = 'cheatcode-';

export interface RedisAcrossMachinesOptions {
  /** Loads the bundle with ioredis. */
  readonly load: () => ConnectRedis;
  readonly machine: Machine;
  readonly version: string;
  readonly healthIntervalMs: () => number;
  readonly randomHex: (bytes: number) => string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Everything that belongs to one Redis and sandbox. */
interface Agreement {
  readonly settings: RedisSettings;
  readonly sandboxId: string;
  readonly link: RedisLink;
  readonly registry: RedisRegistry;
  readonly held: Set<RedisLock>;
  /** Locks that may still be there: by key and token. */
  readonly unreleased: Map<string, RedisNames>;
}

/** The guarantee across machines by Redis, for as long as settings name one. */
export function redisAcrossMachines(options: RedisAcrossMachinesOptions): AcrossMachines {
  return new RedisAcrossMachines(options);
}

class RedisAcrossMachines implements AcrossMachines {
  readonly #options: RedisAcrossMachinesOptions;
  readonly #changed = new Emitter<void>();
  #settings: RedisSettings | undefined;
  #agreement: Agreement | undefined;
  /** The present one and those that are being taken back, each with that. */
  readonly #open = new Map<Agreement, Promise<void> | undefined>();

  readonly onDidChange = (listener: () => void) => this.#changed.event(listener);

  constructor(options: RedisAcrossMachinesOptions) {
    this.#options = options;
  }

  use(settings: RedisSettings | undefined): void {
    if (isDeepStrictEqual(settings, this.#settings)) return;
    const before = this.#agreement;
    this.#settings = settings;
    this.#agreement = settings?.sandboxId === undefined ? undefined : this.#agree(settings, settings.sandboxId);
    const { log } = this.#options;
    if (settings && !this.#agreement) log.warn('Redis is set, but no sandbox id: it is not used');
    if (before) void this.#close(before);
    this.#changed.fire();
  }

  async requestStart(request: StartRequest, signal: AbortSignal): Promise<StartAnswer> {
    const agreement = this.#agreement;
    if (!agreement)
      return this.#settings ? this.#without(this.#settings, { code: 'redisIncomplete' }) : { kind: 'local' };
    try {
      return await this.#request(agreement, request, signal);
    } catch (error) {
      const detail = agreement.link.away ?? errorMessage(error);
      return this.#without(agreement.settings, { code: 'redisUnavailable', facts: { detail } });
    }
  }

  update(snapshot: SessionSnapshot): void {
    this.#agreement?.registry.update(snapshot);
  }

  async renew(): Promise<void> {
    await this.#agreement?.registry.renew();
  }

  warning(sessionId: string): Reason | undefined {
    if (!this.#settings) return undefined;
    if (!this.#agreement) return { code: 'redisIncomplete' };
    const { link, registry } = this.#agreement;
    const overtaken = registry.overtaken(sessionId);
    if (overtaken) return overtaken;
    return link.away === undefined ? undefined : { code: 'redisUnavailable', facts: { detail: link.away } };
  }

  async close(): Promise<void> {
    this.#agreement = undefined;
    this.#settings = undefined;
    await Promise.all([...this.#open.keys()].map((agreement) => this.#close(agreement)));
    this.dispose();
  }

  dispose(): void {
    for (const { link } of this.#open.keys()) link.dispose();
    this.#changed.dispose();
  }

  async #request(agreement: Agreement, request: StartRequest, signal: AbortSignal): Promise<StartAnswer> {
    const { registry, link } = agreement;
    const { sessionId, startHere } = request;
    const endMs = this.#options.clock.nowMs() + QUESTION_MS;
    // Before the lock: whoever only waits takes it from nobody.
    const runs = startHere ? undefined : await registry.elsewhere(sessionId, endMs);
    if (runs) return waitFor(runs);
    const acquired = await this.#acquire(agreement, sessionId, endMs);
    if ('heldBy' in acquired)
      return {
        kind: 'wait',
        reason: { code: 'startingElsewhere', facts: { owner: ownerOf(acquired.heldBy) } },
        lookAgainMs: STARTING_POLL_MS,
      };
    const { permit } = acquired;
    if (signal.aborted) await permit.release();
    // The double check: its server may have come between the two questions.
    const runsNow =
      startHere || signal.aborted ? undefined : await this.#elsewhere(agreement, sessionId, permit, endMs);
    if (runsNow) {
      await permit.release();
      return waitFor(runsNow);
    }
    registry.setFence(sessionId, permit.fence);
    this.#options.log.info('the Redis lock is ours', { session: sessionId, fence: permit.fence, away: link.away });
    return { kind: 'granted', permit };
  }

  async #acquire(
    { link, registry, sandboxId, settings, held, unreleased }: Agreement,
    sessionId: string,
    endMs: number,
  ) {
    const { clock, log, machine, randomHex } = this.#options;
    const machineMark = `:${OWNER_PREFIX}${machine.id}-`;
    const token = `${Math.round(clock.wallMs())}${machineMark}${randomHex(8)}`;
    const names = redisNames(sandboxId, sessionId);
    const lock = {
      link,
      names,
      token,
      machineMark,
      isRequired: settings.required,
      clock,
      log,
      beforeRelease: () => registry.settled(sessionId),
      onUnreleased: (key: RedisNames, own: string) => unreleased.set(own, key),
    };
    const acquired = await acquireRedisLock(lock, endMs);
    if ('permit' in acquired) {
      const { permit } = acquired;
      held.add(permit);
      void permit.ended.then(() => held.delete(permit));
    }
    return acquired;
  }

  async #elsewhere({ registry }: Agreement, sessionId: string, permit: RedisLock, endMs: number) {
    try {
      return await registry.elsewhere(sessionId, endMs);
    } catch (error) {
      await permit.release();
      throw error;
    }
  }

  #without({ required }: RedisSettings, reason: Reason): StartAnswer {
    return required ? { kind: 'refused', reason, lookAgainMs: AWAY_POLL_MS } : { kind: 'local', reason };
  }

  #agree(settings: RedisSettings, sandboxId: string): Agreement {
    const { load, machine, version, healthIntervalMs, clock, log } = this.#options;
    const unreleased = new Map<string, RedisNames>();
    const onDidChange = () => this.#changed.fire();
    const link: RedisLink = new RedisLink({
      settings,
      load,
      healthKey: `dev_server_health:${sandboxId}`,
      clock,
      log,
      onDidChange: (isAway) => {
        if (!isAway) {
          void registry.renew();
          void releaseLeft(link, unreleased);
        }
        onDidChange();
      },
    });
    const registry = new RedisRegistry({
      link,
      sandboxId,
      machine,
      version,
      healthIntervalMs,
      clock,
      log,
      onDidChange,
    });
    const agreement = { settings, sandboxId, link, registry, held: new Set<RedisLock>(), unreleased };
    this.#open.set(agreement, undefined);
    return agreement;
  }

  /** Once, however often it is asked for. */
  #close(agreement: Agreement): Promise<void> {
    const closing = this.#open.get(agreement) ?? this.#takeBack(agreement).finally(() => this.#open.delete(agreement));
    this.#open.set(agreement, closing);
    return closing;
  }

  /** What was told and held goes, as far as Redis hears of it in time. */
  async #takeBack({ link, registry, held, unreleased }: Agreement): Promise<void> {
    const over = new AbortController();
    const all = Promise.all([registry.close(), ...[...held].map((permit) => permit.release())]);
    await Promise.race([
      all.then(() => releaseLeft(link, unreleased)).catch(() => undefined),
      delay(this.#options.clock, CLOSE_LIMIT_MS, over.signal),
    ]);
    over.abort();
    link.dispose();
  }
}

function waitFor({ machine, url, port }: ElsewhereEntry): StartAnswer {
  return {
    kind: 'wait',
    reason: { code: 'runsElsewhere', facts: { machine, url, port } },
    lookAgainMs: RUNNING_POLL_MS,
  };
}

/** What a token says after its time, as far as people can use it. */
function ownerOf(token: string): string {
  const owner = token.slice(token.indexOf(':') + 1);
  return owner.startsWith(OWNER_PREFIX) ? 'another machine' : owner.slice(0, 80);
}

async function releaseLeft(link: RedisLink, unreleased: Map<string, RedisNames>): Promise<void> {
  for (const [token, names] of [...unreleased]) {
    try {
      await link.ask(releaseRedisLock(names, token));
      unreleased.delete(token);
    } catch {
      return; // Away again: the next time.
    }
  }
}
