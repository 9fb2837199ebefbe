import { delay, systemClock, type Clock } from './clock';
import type { Replacing } from './connectOrLaunch';
import type { ConnectionState } from './devServers';
import { DevServerError } from './errors';
import { DisposableStore, Emitter, type Disposable } from './event';
import { failpoint } from './failpoints';
import type { HostConnection, Introduction } from './hostConnection';
import type { HostLink } from './hostLink';
import { errorMessage, type Logger } from './log';
import {
  PROTOCOL_VERSION,
  type HelloResult,
  type HostNotifications,
  type HostSettings,
  type RedisSettings,
  type SessionSnapshot,
} from './protocol';
import type { Peer } from './rpcPeer';
import { isActive } from './sessionState';
import { isNewerVersion } from './version';

/** Pauses before the tries to come back after the host was lost or did not start, in milliseconds; then it is left to the user. */
const RETRY_PAUSES_MS = [0, 500, 2000, 5000, 15_000];
/** Between two looks at what will pass by itself: a lock that another holds, a host that hangs, an older one at work. */
const LOOK_AGAIN_MS = 5000;

export interface HostClientOptions {
  readonly kind: 'window' | 'cli';
  readonly version: string;
  /** Undefined: this client has no say in them. Whoever may launch a host must have. */
  readonly hostSettings: (() => HostSettings) | undefined;
  /** Launches a host with `hostSettings`, but leaves one that runs to those that it has (the command line). */
  readonly keepsHostSettings?: boolean;
  /**
   * The Redis that the host is to use, told after each join before anything is started. Undefined, itself or what it gives:
   * this client has no say, unless it had named one before.
   */
  readonly redis?: () => RedisSettings | undefined;
  /** The host did not take them, for one that is older does not know of Redis. */
  readonly onRedisRefused?: (refused: RedisSettings) => void;
  readonly apps: () => readonly string[];
  /** False: a host that runs is joined, none is started or replaced (an untrusted workspace). */
  readonly mayLaunch: () => boolean;
  readonly link: HostLink;
  readonly log: Logger;
  /** The machine's own, unless a test moves it. */
  readonly clock?: Clock;
}

/**
 * A client's one connection to the session host: connects or starts it, comes back when it is lost, replaces one that is
 * older than this client when it may, and says how things stand. At rest it holds a socket and no timer.
 */
export class HostClient implements Disposable {
  readonly #options: HostClientOptions;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #store = new DisposableStore();
  readonly #disposed = new AbortController();
  readonly #changed = this.#store.add(new Emitter<ConnectionState>());
  readonly #joined = this.#store.add(new Emitter<HelloResult>());
  readonly #session = this.#store.add(new Emitter<HostNotifications['sessionChanged']>());
  readonly #output = this.#store.add(new Emitter<HostNotifications['output']>());
  #state: ConnectionState = { kind: 'idle' };
  #peer: Peer | undefined;
  /** Heard before the join; told after it, or the hello's older snapshots would replace them. */
  #early: HostNotifications['sessionChanged'][] = [];
  #connecting: Promise<Peer> | undefined;
  #isRetrying = false;
  /** The sessions of a joined host that is older than this client, by id: it is replaced when none is active. */
  #older: Map<string, SessionSnapshot> | undefined;
  #isAsking = false;
  /** What the present host was told of Redis last, as JSON; undefined: nothing, or that there is none. Never logged. */
  #toldRedis: string | undefined;

  readonly onDidChangeState = this.#changed.event;
  /** A host was joined: for the first time, or anew after one was lost. */
  readonly onDidJoin = this.#joined.event;
  readonly onSession = this.#session.event;
  readonly onOutput = this.#output.event;

  constructor(options: HostClientOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#log = options.log;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** The connection, undefined while there is none. */
  get peer(): Peer | undefined {
    return this.#peer;
  }

  /** The connection, made if need be. Rejects with what stood in the way. */
  connect(): Promise<Peer> {
    if (this.#peer) return Promise.resolve(this.#peer);
    this.#connecting ??= this.#connect().finally(() => (this.#connecting = undefined));
    return this.#connecting;
  }

  /** Connects in the background, with a few tries; how it went is in `state`. */
  keepConnected(): void {
    if (this.#isRetrying) return;
    this.#isRetrying = true;
    void this.#retry().finally(() => (this.#isRetrying = false));
  }

  /**
   * Replaces a host that is older than this client by one of its own version. `force`, a person's word, ends the servers
   * that are active, and the windows bring them back; without it such a host stays. Gives the connection to whichever host
   * serves afterwards; rejects like `connect`.
   */
  replaceHost(force: boolean): Promise<Peer> {
    return this.#replace({ kind: 'older', force });
  }

  /**
   * Only on a person's or a flag's word: ends a host that does not answer (its very process, verified) with the servers
   * that it owns, and starts another. A host that answers after all is left alone. Rejects like `connect`, and with
   * `hostNotReplaced`.
   */
  replaceHungHost(): Promise<Peer> {
    const error = this.#state.kind === 'failed' ? this.#state.error : undefined;
    const pid = error instanceof DevServerError && error.code === 'hostHangs' ? error.facts['pid'] : undefined;
    return this.#replace({ kind: 'hung', ...(typeof pid === 'number' ? { pid } : {}) });
  }

  /** The settings of Redis may be others: the host hears of it, also that this client no longer names one. */
  redisChanged(): void {
    if (this.#peer) this.#tellRedis(this.#peer, this.#toldRedis);
  }

  dispose(): void {
    this.#disposed.abort();
    this.#peer?.dispose();
    this.#store.dispose();
  }

  async #retry(): Promise<void> {
    for (let tries = 0, pauseMs: number | undefined = RETRY_PAUSES_MS[0]; pauseMs !== undefined;) {
      await delay(this.#clock, pauseMs, this.#disposed.signal);
      if (this.#disposed.signal.aborted || this.#peer) return;
      try {
        await this.connect();
        return;
      } catch (error) {
        this.#log.warn('session host not reached', { error: errorMessage(error) });
        if (isForPersons(error)) return;
        pauseMs = passesByItself(error) ? LOOK_AGAIN_MS : RETRY_PAUSES_MS[++tries];
      }
    }
  }

  async #replace(replacing: Replacing): Promise<Peer> {
    await this.#connecting?.catch(() => undefined);
    this.#connecting ??= this.#connect(replacing).finally(() => (this.#connecting = undefined));
    return this.#connecting;
  }

  async #connect(replacing?: Replacing): Promise<Peer> {
    if (this.#disposed.signal.aborted) throw new DevServerError('connectionLost');
    // A trouble that is only looked at again is shown until it has passed.
    if (!this.#peer && !(this.#state.kind === 'failed' && passesByItself(this.#state.error)))
      this.#setState({ kind: 'connecting' });
    try {
      const found = await this.#reach(replacing);
      if (this.#disposed.signal.aborted) {
        found.peer.dispose();
        throw new DevServerError('connectionLost');
      }
      if (this.#peer) {
        found.peer.dispose(); // The host was not replaced after all, and the connection to it stands.
        return this.#peer;
      }
      this.#join(found);
      return found.peer;
    } catch (error) {
      this.#log.debug('connect failed', { error: errorMessage(error) });
      if (!this.#peer) this.#setState(stateAfter(error));
      throw error;
    }
  }

  async #reach(replacing: Replacing | undefined): Promise<HostConnection> {
    const { link, mayLaunch, hostSettings } = this.#options;
    let wanted = replacing;
    if (!wanted) {
      failpoint('client.connect');
      try {
        const found = await link.tryConnect(this.#who(), this.#prepare);
        if (found) return found;
      } catch (error) {
        // Idle, it makes room at once; at work, the answer is this very error again.
        if (!isOlderHost(error) || !mayLaunch()) throw error;
        wanted = { kind: 'older', force: false };
      }
    }
    if (!mayLaunch() || !hostSettings) throw new DevServerError('workspaceUntrusted');
    return link.launch(this.#who(), this.#prepare, hostSettings(), wanted);
  }

  #who(): Introduction {
    const { kind, version, apps } = this.#options;
    return { kind, version, apps: apps() };
  }

  readonly #prepare = (peer: Peer): void => {
    this.#early = [];
    peer.listen('sessionChanged', (snapshot) => {
      if (this.#peer === peer) this.#onSession(snapshot);
      else this.#early.push(snapshot);
    });
    peer.listen('output', (chunk) => this.#output.fire(chunk));
  };

  #join({ peer, hello }: HostConnection): void {
    // It may have ended while the start lock was released, and its `onDidClose` will not fire again.
    if (peer.isClosed) throw new DevServerError('connectionLost');
    const { hostSettings, keepsHostSettings, mayLaunch, version } = this.#options;
    this.#peer = peer;
    peer.onDidClose((error) => {
      if (this.#peer !== peer) return;
      this.#peer = undefined;
      this.#older = undefined;
      if (this.#disposed.signal.aborted) return;
      this.#log.warn('session host lost', { pid: hello.hostPid, error: error ? errorMessage(error) : undefined });
      this.#setState({ kind: 'connecting' });
      this.keepConnected();
    });
    this.#log.info('session host joined', { pid: hello.hostPid, version: hello.version, protocol: PROTOCOL_VERSION });
    if (hostSettings && !keepsHostSettings)
      void peer
        .call('configure', hostSettings())
        .catch((error: unknown) => this.#log.warn('settings not taken by the host', { error: errorMessage(error) }));
    // Requests are taken in the order in which they were sent: it knows of Redis before it starts anything.
    this.#tellRedis(peer, undefined);
    const mayReplace = hostSettings && mayLaunch() && isNewerVersion(version, hello.version);
    this.#older = mayReplace ? new Map(hello.sessions.map((session) => [session.id, session])) : undefined;
    this.#setState({ kind: 'connected', hostPid: hello.hostPid, hostVersion: hello.version });
    this.#joined.fire(hello);
    for (const snapshot of this.#early.splice(0)) this.#onSession(snapshot);
    this.#considerReplacing();
  }

  /** `known`: what this very host has of us, and need not hear again. */
  #tellRedis(peer: Peer, known: string | undefined): void {
    const redis = this.#options.redis?.();
    const text = redis && JSON.stringify(redis);
    // Told nothing so far, to this host or the one before: no say.
    if (text === known && (text !== undefined || this.#toldRedis === undefined)) return;
    this.#toldRedis = text;
    peer.call('useRedis', { redis: redis ?? null }).catch((error: unknown) => {
      this.#log.warn('Redis not taken by the host', { error: errorMessage(error) });
      // A host that was lost meanwhile has refused nothing: the next one is told.
      if (redis && !peer.isClosed) this.#options.onRedisRefused?.(redis);
    });
  }

  #onSession(snapshot: SessionSnapshot): void {
    this.#older?.set(snapshot.id, snapshot);
    this.#session.fire(snapshot);
    this.#considerReplacing();
  }

  /** A host that is older makes room as soon as none of its servers is active. */
  #considerReplacing(): void {
    const older = this.#older;
    if (!older || this.#isAsking || [...older.values()].some(({ state }) => isActive(state))) return;
    this.#isAsking = true;
    this.#log.info('replacing an older session host');
    const asked = [...older.values()];
    this.replaceHost(false)
      .catch((error: unknown) => this.#log.warn('older session host not replaced', { error: errorMessage(error) }))
      .finally(() => {
        this.#isAsking = false;
        // It was busy after all, as between the two halves of a restart: what has happened meanwhile decides.
        const hasChanged = [...older.values()].some((session, index) => session !== asked[index]);
        if (this.#older === older && hasChanged) this.#considerReplacing();
      });
  }

  #setState(state: ConnectionState): void {
    this.#state = state;
    this.#changed.fire(state);
  }
}

function isOlderHost(error: unknown): boolean {
  return error instanceof DevServerError && error.code === 'versionMismatch' && error.facts['host'] === 'older';
}

/** That none runs, and none may be started before a person trusts the workspace, is no failure. */
function stateAfter(error: unknown): ConnectionState {
  if (error instanceof DevServerError && error.code === 'workspaceUntrusted') return { kind: 'idle' };
  return { kind: 'failed', error: error instanceof Error ? error : new Error(String(error)) };
}

/** Trouble that ends without anybody's doing here, so that it is worth a look now and then. */
function passesByItself(error: unknown): boolean {
  return (
    isOlderHost(error) ||
    (error instanceof DevServerError && (error.code === 'hostLockHeld' || error.code === 'hostHangs'))
  );
}

/** Trouble that no further try can end. */
function isForPersons(error: unknown): boolean {
  if (!(error instanceof DevServerError)) return false;
  return error.code === 'workspaceUntrusted' || (error.code === 'versionMismatch' && !isOlderHost(error));
}
