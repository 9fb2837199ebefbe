import { delay, systemClock } from './clock';
import type { ConnectionState } from './devServers';
import { DevServerError } from './errors';
import { DisposableStore, Emitter, type Disposable } from './event';
import type { HostArguments } from './hostArguments';
import { connectToHost, type HostConnection } from './hostConnection';
import type * as hostLauncher from './hostLauncher';
import { errorMessage, type Logger } from './log';
import { PROTOCOL_VERSION, type HelloResult, type HostNotifications, type HostSettings } from './protocol';
import type { RpcPeer } from './rpcPeer';
import { currentScope } from './scope';
import { ensureScopePaths, ensureStateFolder, type ScopePaths } from './stateFolder';

/** Pauses before the tries to come back after the host was lost or did not start, in milliseconds; then it is left to the user. */
const RETRY_PAUSES_MS = [0, 500, 2000, 5000, 15_000];

export interface HostClientOptions {
  readonly kind: 'window' | 'cli';
  readonly version: string;
  readonly distFolder: string;
  readonly editorNodePty: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly nodePath: () => string | undefined;
  /** Undefined: this client has no say in them. Whoever may launch a host must have. */
  readonly hostSettings: (() => HostSettings) | undefined;
  readonly apps: () => readonly string[];
  /** False: a host that runs is joined, none is started (an untrusted workspace). */
  readonly mayLaunch: () => boolean;
  readonly loadLauncher: () => Promise<typeof hostLauncher>;
  readonly log: Logger;
}

/**
 * A client's one connection to the session host: connects or starts it, comes back when it is lost, and says how things
 * stand. At rest it holds a socket and no timer.
 */
export class HostClient implements Disposable {
  readonly #options: HostClientOptions;
  readonly #log: Logger;
  readonly #store = new DisposableStore();
  readonly #disposed = new AbortController();
  readonly #changed = this.#store.add(new Emitter<ConnectionState>());
  readonly #joined = this.#store.add(new Emitter<HelloResult>());
  readonly #session = this.#store.add(new Emitter<HostNotifications['sessionChanged']>());
  readonly #output = this.#store.add(new Emitter<HostNotifications['output']>());
  #state: ConnectionState = { kind: 'idle' };
  #peer: RpcPeer | undefined;
  /** Heard before the join; told after it, or the hello's older snapshots would replace them. */
  #early: HostNotifications['sessionChanged'][] = [];
  #connecting: Promise<RpcPeer> | undefined;
  #isRetrying = false;

  readonly onDidChangeState = this.#changed.event;
  /** A host was joined: for the first time, or anew after one was lost. */
  readonly onDidJoin = this.#joined.event;
  readonly onSession = this.#session.event;
  readonly onOutput = this.#output.event;

  constructor(options: HostClientOptions) {
    this.#options = options;
    this.#log = options.log;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** The connection, undefined while there is none. */
  get peer(): RpcPeer | undefined {
    return this.#peer;
  }

  /** The connection, made if need be. Rejects with what stood in the way. */
  connect(): Promise<RpcPeer> {
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

  dispose(): void {
    this.#disposed.abort();
    this.#peer?.dispose();
    this.#store.dispose();
  }

  async #retry(): Promise<void> {
    for (const pauseMs of RETRY_PAUSES_MS) {
      await delay(systemClock, pauseMs, this.#disposed.signal);
      if (this.#disposed.signal.aborted || this.#peer) return;
      try {
        await this.connect();
        return;
      } catch (error) {
        if (
          error instanceof DevServerError &&
          (error.code === 'versionMismatch' || error.code === 'workspaceUntrusted')
        )
          return;
        this.#log.warn('session host not reached', { error: errorMessage(error) });
      }
    }
  }

  async #connect(): Promise<RpcPeer> {
    const { log } = this.#options;
    if (this.#disposed.signal.aborted) throw new DevServerError('connectionLost');
    this.#setState({ kind: 'connecting' });
    try {
      const stateFolder = ensureStateFolder(process.env);
      const scope = currentScope();
      const paths = ensureScopePaths(stateFolder, scope);
      const found = (await this.#tryConnect(paths)) ?? (await this.#launch(paths, stateFolder, scope.id));
      if (this.#disposed.signal.aborted) {
        found.peer.dispose();
        throw new DevServerError('connectionLost');
      }
      this.#join(found);
      return found.peer;
    } catch (error) {
      log.debug('connect failed', { error: errorMessage(error) });
      this.#setState({ kind: 'failed', error: error instanceof Error ? error : new Error(String(error)) });
      throw error;
    }
  }

  #tryConnect(paths: ScopePaths): Promise<HostConnection | undefined> {
    const { kind, version, apps } = this.#options;
    return connectToHost(paths, { kind, version, apps: apps() }, (peer) => {
      this.#early = [];
      peer.listen('sessionChanged', (snapshot) => {
        if (this.#peer === peer) this.#session.fire(snapshot);
        else this.#early.push(snapshot);
      });
      peer.listen('output', (chunk) => this.#output.fire(chunk));
    });
  }

  async #launch(paths: ScopePaths, stateFolder: string, scopeId: string): Promise<HostConnection> {
    const { mayLaunch, loadLauncher, version, editorNodePty, hostSettings, distFolder, nodePath, env, log } =
      this.#options;
    if (!mayLaunch() || !hostSettings) throw new DevServerError('workspaceUntrusted');
    const { connectOrLaunch } = await loadLauncher();
    const host: HostArguments = {
      stateFolder,
      scopeId,
      version,
      settings: hostSettings(),
      ...(editorNodePty === undefined ? {} : { editorNodePty }),
    };
    return connectOrLaunch({ paths, host, distFolder, nodePath: nodePath(), env, log }, () => this.#tryConnect(paths));
  }

  #join({ peer, hello }: HostConnection): void {
    // It may have ended while the start lock was released, and its `onDidClose` will not fire again.
    if (peer.isClosed) throw new DevServerError('connectionLost');
    this.#peer = peer;
    peer.onDidClose((error) => {
      if (this.#peer !== peer) return;
      this.#peer = undefined;
      if (this.#disposed.signal.aborted) return;
      this.#log.warn('session host lost', { pid: hello.hostPid, error: error ? errorMessage(error) : undefined });
      this.#setState({ kind: 'connecting' });
      this.keepConnected();
    });
    this.#log.info('session host joined', { pid: hello.hostPid, version: hello.version, protocol: PROTOCOL_VERSION });
    const { hostSettings } = this.#options;
    if (hostSettings)
      void peer
        .call('configure', hostSettings())
        .catch((error: unknown) => this.#log.warn('settings not taken by the host', { error: errorMessage(error) }));
    this.#setState({ kind: 'connected', hostPid: hello.hostPid, hostVersion: hello.version });
    this.#joined.fire(hello);
    for (const snapshot of this.#early.splice(0)) this.#session.fire(snapshot);
  }

  #setState(state: ConnectionState): void {
    this.#state = state;
    this.#changed.fire(state);
  }
}
