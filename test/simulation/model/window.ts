import { connectOrLaunch, type Replacing } from '../../../src/sessions/connectOrLaunch';
import { DevServerError } from '../../../src/sessions/errors';
import { HostClient } from '../../../src/sessions/hostClient';
import type { HostConnection, Introduction } from '../../../src/sessions/hostConnection';
import type { HostLink } from '../../../src/sessions/hostLink';
import type { HostReport } from '../../../src/sessions/hostArguments';
import type { Logger } from '../../../src/sessions/log';
import {
  PROTOCOL_VERSION,
  RpcErrorCode,
  type HelloResult,
  type HostSettings,
  type NamedProcess,
  type SessionSnapshot,
  type StartParams,
} from '../../../src/sessions/protocol';
import { appsToRestore } from '../../../src/sessions/rejoin';
import type { Peer } from '../../../src/sessions/rpcPeer';
import type { ProcessIdentity } from '../../../src/sessions/host/processes';
import { isNewerVersion } from '../../../src/sessions/version';
import type { Place, SimHost } from './host';
import type { Machine, Proc, SimApp } from './machine';
import type { SimPeer } from './network';

const HELLO_TIMEOUT_MS = 10_000;
const RETIRE_LIMIT_MS = 20_000;
const START_TIMEOUT_MS = 10_000;
const STOP_TIMEOUT_MS = 30_000;
/** A start lock that was not renewed for so long is taken over. */
const STALE_MS = 5000;

export interface WindowWorld {
  readonly machine: Machine;
  readonly log: Logger;
  readonly startLock: StartLock;
  readonly settings: HostSettings;
  readonly place: Place | undefined;
  spawnHost(version: string, settings: HostSettings, endHolder: ProcessIdentity | undefined): SpawnedChild;
}

export interface SpawnedChild {
  readonly host: SimHost;
  ended: { readonly code: number | string; readonly report: HostReport | undefined } | undefined;
}

/**
 * The start lock as proper-lockfile has it: a folder whose age decides. One that nobody renews is taken over, by several
 * at once if they look at the same time; a holder that was suspended does not know.
 */
export class StartLock {
  readonly #machine: Machine;
  readonly #isOff: boolean;
  #holder: Proc | undefined;
  #renewedMs = 0;

  constructor(machine: Machine, isOff: boolean) {
    this.#machine = machine;
    this.#isOff = isOff;
  }

  async run<R>(client: Proc, action: () => Promise<R>, meanwhile: () => Promise<R | undefined>): Promise<R> {
    let found: R | undefined;
    const isHeld = await this.#acquire(client, async () => {
      found = await meanwhile();
      return found !== undefined;
    });
    if (found !== undefined) return found;
    try {
      return await action();
    } finally {
      if (isHeld && !client.isDead && this.#holder === client) this.#holder = undefined;
    }
  }

  /** The machine starts anew. */
  forget(): void {
    this.#holder = undefined;
  }

  /** Asks while it waits: the lock is left to others. */
  async #acquire(client: Proc, isNeededNoMore: () => Promise<boolean>): Promise<boolean> {
    if (this.#isOff) return false;
    const { scheduler } = this.#machine;
    const endMs = scheduler.nowMs + 15_000;
    for (;;) {
      // Looked at, and taken in a step of its own: two that find it stale both win.
      const seen = await scheduler.call(client, 'looks at the start lock', () => {
        if (this.#holder === undefined) return 'free';
        return scheduler.nowMs - this.#renewedMs > STALE_MS ? 'stale' : 'held';
      });
      if (seen !== 'held') {
        const won = await scheduler.call(client, 'takes the start lock', () => {
          if (seen === 'free' && this.#holder !== undefined) return false;
          this.#holder = client;
          this.#renewedMs = scheduler.nowMs;
          this.#renew(client);
          return true;
        });
        if (won) return true;
      }
      if (await isNeededNoMore()) return false;
      if (scheduler.nowMs >= endMs) return false;
      await new Promise<void>((resolve) => {
        scheduler.after(client, 'waits for the start lock', 40, resolve);
      });
    }
  }

  #renew(client: Proc): void {
    const { scheduler } = this.#machine;
    scheduler.after(client, 'renews the start lock', 2500, () => {
      if (this.#holder !== client) return;
      this.#renewedMs = scheduler.nowMs;
      this.#renew(client);
    });
  }
}

/** One window (or agent's command line): the real client of the session host, and what a window asks for by itself. */
export class SimWindow {
  readonly proc: Proc;
  readonly kind: 'window' | 'cli';
  readonly apps: readonly SimApp[];
  readonly version: string;
  readonly client: HostClient;
  readonly sessions = new Map<string, SessionSnapshot>();
  /** What a person of this window is asked to agree to. */
  question: { readonly app: SimApp; readonly processes: readonly NamedProcess[] } | undefined;
  isClosed = false;
  readonly #world: WindowWorld;
  readonly autoStart: readonly SimApp[];
  readonly #autoStarted = new Set<string>();
  #hasJoined = false;

  constructor(
    world: WindowWorld,
    proc: Proc,
    options: {
      readonly kind: 'window' | 'cli';
      readonly apps: readonly SimApp[];
      readonly autoStart: readonly SimApp[];
      readonly version: string;
    },
  ) {
    this.#world = world;
    this.proc = proc;
    this.kind = options.kind;
    this.apps = options.apps;
    this.version = options.version;
    this.autoStart = options.autoStart;
    const { scheduler } = world.machine;
    this.client = new HostClient({
      kind: options.kind,
      version: options.version,
      hostSettings: () => world.settings,
      apps: () => options.apps.map(({ spec }) => spec.appKey),
      mayLaunch: () => true,
      link: this.#link(),
      log: world.log,
      clock: scheduler.clockOf(proc),
    });
    this.client.onDidJoin((hello) => this.#onJoined(hello));
    this.client.onSession((snapshot) => this.#onSession(snapshot));
  }

  /** As at the activation of the extension. */
  open(): void {
    this.client.keepConnected();
  }

  /** The window is closed in good order. */
  close(): void {
    this.isClosed = true;
    this.client.dispose();
  }

  get isConnected(): boolean {
    return !this.proc.isDead && this.client.peer !== undefined && !this.client.peer.isClosed;
  }

  /** Whether it has yet to ask for an app that it starts by itself. */
  owesStart(app: SimApp): boolean {
    return this.autoStart.includes(app) && !this.#autoStarted.has(app.spec.appKey);
  }

  start(app: SimApp, origin: StartParams['origin'], choice?: StartParams['choice']): void {
    this.#ask(app, (peer) =>
      peer.call('start', { ...paramsOf(app, origin), ...(choice ? { choice } : {}) }, START_TIMEOUT_MS),
    );
  }

  restart(app: SimApp, confirmed?: readonly NamedProcess[]): void {
    this.#ask(app, (peer) =>
      peer.call('restart', { ...paramsOf(app, 'user'), ...(confirmed ? { confirmed } : {}) }, START_TIMEOUT_MS),
    );
  }

  stop(app: SimApp, confirmed?: readonly NamedProcess[]): void {
    const session = this.sessions.get(app.spec.appKey);
    if (!session) return;
    this.#ask(app, (peer) =>
      peer.call('stop', { sessionId: session.id, ...(confirmed ? { confirmed } : {}) }, STOP_TIMEOUT_MS),
    );
  }

  /** A person asks what would be ended, and may then agree. */
  askForeign(app: SimApp, target: 'adopted' | 'portHolder' | 'secondServer'): void {
    const session = this.sessions.get(app.spec.appKey);
    const peer = this.client.peer;
    if (!session || !peer) return;
    peer.call('foreignProcesses', { sessionId: session.id, target }, START_TIMEOUT_MS).then(
      ({ processes }) => (this.question = { app, processes }),
      () => undefined,
    );
  }

  endForeign(app: SimApp, target: 'portHolder' | 'secondServer', confirmed: readonly NamedProcess[]): void {
    const session = this.sessions.get(app.spec.appKey);
    const peer = this.client.peer;
    if (!session || !peer) return;
    peer.call('endForeign', { sessionId: session.id, target, confirmed }, STOP_TIMEOUT_MS).catch(() => undefined);
  }

  type(app: SimApp, data: string): void {
    const session = this.sessions.get(app.spec.appKey);
    if (session) this.client.peer?.notify('input', { sessionId: session.id, data });
  }

  shutdown(): void {
    this.client.peer?.call('shutdown', {}, START_TIMEOUT_MS).catch(() => undefined);
  }

  #ask(app: SimApp, request: (peer: Peer) => Promise<SessionSnapshot>): void {
    this.client
      .connect()
      .then(request)
      .catch((error: unknown) => {
        const { code, data } = error as { code?: unknown; data?: { processes?: readonly NamedProcess[] } };
        if (code === RpcErrorCode.confirmationNeeded) this.question = { app, processes: data?.processes ?? [] };
      });
  }

  /** What `WorkspaceServers` does when a host was joined. */
  #onJoined(hello: HelloResult): void {
    const before = this.#hasJoined ? new Map(this.sessions) : new Map<string, SessionSnapshot>();
    this.#hasJoined = true;
    this.sessions.clear();
    for (const snapshot of hello.sessions) this.sessions.set(snapshot.appKey, snapshot);
    const keys = this.apps.map(({ spec }) => spec.appKey);
    this.client.peer?.call('watch', { apps: keys }, START_TIMEOUT_MS).catch(() => undefined);
    if (this.kind === 'cli') return;
    for (const key of appsToRestore(keys, before, this.sessions)) this.#startInBackground(key, 'restore');
    for (const app of this.autoStart) {
      if (this.#autoStarted.has(app.spec.appKey)) continue;
      this.#autoStarted.add(app.spec.appKey);
      this.#startInBackground(app.spec.appKey, 'auto');
    }
  }

  #startInBackground(appKey: string, origin: StartParams['origin']): void {
    const app = this.apps.find(({ spec }) => spec.appKey === appKey);
    if (!app) return;
    const run = async () => {
      const peer = await this.client.connect();
      await peer.call('start', paramsOf(app, origin), START_TIMEOUT_MS);
    };
    run().catch(() => {
      if (origin === 'auto') this.#autoStarted.delete(appKey);
    });
  }

  #onSession(snapshot: SessionSnapshot): void {
    const known = this.sessions.get(snapshot.appKey);
    if (known && known.id === snapshot.id && known.revision > snapshot.revision) return;
    this.sessions.set(snapshot.appKey, snapshot);
  }

  #link(): HostLink {
    const world = this.#world;
    return {
      tryConnect: (who, prepare) => this.#connect(who, prepare, HELLO_TIMEOUT_MS),
      launch: async (who, prepare, settings, replacing) => {
        const endHolder = replacing?.kind === 'hung' ? this.#holder() : undefined;
        const { scheduler } = world.machine;
        return connectOrLaunch(
          {
            clock: scheduler.clockOf(this.proc),
            random: () => scheduler.random.next(),
            log: world.log,
            withStartLock: (action, meanwhile) => world.startLock.run(this.proc, action, meanwhile),
            connect: () => this.#connect(who, prepare, replacing?.kind === 'hung' ? 2000 : HELLO_TIMEOUT_MS),
            retire: (force) => this.#retire(who.version, force),
            spawnHost: () =>
              scheduler.call(this.proc, 'spawns a host', () => {
                const child = world.spawnHost(who.version, settings, endHolder);
                return { ended: () => child.ended };
              }),
          },
          replacing satisfies Replacing | undefined,
        );
      },
    };
  }

  #holder(): ProcessIdentity {
    const { place } = this.#world;
    if (!place) throw new DevServerError('hostNotReplaced', { detail: 'it left no trace of its identity' });
    return { pid: place.facts.pid, startTicks: place.facts.startTicks };
  }

  /** The token is read first and the socket opened later, as `hostConnection.ts` does. */
  async #open(): Promise<{ readonly peer: SimPeer; readonly token: string } | undefined> {
    const world = this.#world;
    const { scheduler } = world.machine;
    const token = await scheduler.call(this.proc, 'reads the token', () => world.place?.facts.token);
    if (token === undefined) return undefined;
    const peer = await scheduler.call(this.proc, 'opens the socket', () => world.place?.host.connect(this.proc));
    return peer && { peer, token };
  }

  /** As `connectToHost`, whose errors it has. */
  async #connect(
    who: Introduction,
    prepare: (peer: Peer) => void,
    limitMs: number,
  ): Promise<HostConnection | undefined> {
    const found = await this.#open();
    if (!found) return undefined;
    const { peer, token } = found;
    prepare(peer);
    try {
      const params = { protocol: PROTOCOL_VERSION, token, pid: this.proc.pid, ...who };
      return { peer, hello: await peer.call('hello', params, limitMs) };
    } catch (error) {
      const isClosed = peer.isClosed;
      peer.dispose();
      const { code, data } = error as { code?: unknown; data?: { version?: string } };
      if (code === RpcErrorCode.badToken || isClosed) return undefined;
      if (code === RpcErrorCode.protocolMismatch) {
        const hostVersion = data?.version ?? 'unknown';
        throw new DevServerError('versionMismatch', {
          hostVersion,
          ownVersion: who.version,
          host: isNewerVersion(who.version, hostVersion) ? 'older' : 'newer',
        });
      }
      if (error instanceof Error && /timeout/i.test(error.message))
        throw new DevServerError('hostHangs', { seconds: limitMs / 1000 });
      throw new DevServerError('hostRefused', {}, { cause: error });
    }
  }

  async #retire(version: string, force: boolean) {
    const found = await this.#open();
    if (!found) return undefined;
    const { peer, token } = found;
    const { scheduler } = this.#world.machine;
    try {
      const gone = new Promise<void>((resolve) => peer.onDidClose(() => resolve()));
      const { verdict } = await peer.call('retire', { token, version, force }, HELLO_TIMEOUT_MS);
      if (verdict !== 'retiring') return verdict;
      const late = new Promise<void>((resolve) => {
        scheduler.after(this.proc, 'no longer waits', RETIRE_LIMIT_MS, resolve);
      });
      await Promise.race([gone, late]);
      return verdict;
    } catch {
      return undefined;
    } finally {
      peer.dispose();
    }
  }
}

function paramsOf(app: SimApp, origin: StartParams['origin']): StartParams {
  return { spec: app.spec, env: environment, origin };
}

const environment: Readonly<Record<string, string>> = { PATH: '/bin' };
