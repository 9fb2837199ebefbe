import { realpath } from 'node:fs/promises';
import { commandFolder } from './commandShim';
import { appsToStart } from './appSelection';
import { discoverApps, type DiscoveryPorts } from './appDiscovery';
import type { App, Discovery } from './apps';
import type {
  ConnectionState,
  DevServers,
  OtherSettings,
  OutputSink,
  StartChoice,
  TerminalAttachment,
} from './devServers';
import { DevServerError } from './errors';
import { DisposableStore, Emitter, type Event } from './event';
import { HostClient } from './hostClient';
import { environmentAs, type User } from './folderOwner';
import { systemHostLink, type SystemHostLink } from './hostLink';
import { resolveLaunchSpec, withSettings } from './launchSpec';
import type * as hostLauncher from './hostLauncher';
import { leftBehind } from './leftBehind';
import { errorMessage, type Logger } from './log';
import { OwnSpecs } from './ownSpecs';
import { ConfirmationNeededError } from './personsWord';
import {
  RpcErrorCode,
  type CompileIssues,
  type ForeignTarget,
  type HelloResult,
  type HostSettings,
  type LaunchSpec,
  type NamedProcess,
  type NoticeVerdict,
  type RedisSettings,
  type Requests,
  type SessionSnapshot,
  type StartParams,
} from './protocol';
import { JSONRPCErrorException } from './rpcPeer';
import { appsToRestore } from './rejoin';
import { serverEnvironment } from './serverEnvironment';
import type { Settings, Surroundings } from './settings';
import { TerminalAttachments } from './terminalAttachments';
import { isNewerVersion } from './version';

export interface DevServersOptions {
  readonly workspaceFolders: () => readonly string[];
  readonly settings: () => Settings;
  readonly surroundings: Surroundings;
  readonly log: Logger;
  readonly loadLauncher: () => Promise<typeof hostLauncher>;
  readonly loadConfigReader: DiscoveryPorts['loadReader'];
  readonly extensionVersion: string;
  /** Where host.js and its native part lie. */
  readonly distFolder: string;
  /** `<appRoot>/node_modules/node-pty` of the editor. */
  readonly editorNodePty: string | undefined;
  readonly trusted: () => boolean;
  /** What connects; the host counts windows. Default: `window`. */
  readonly kind?: 'window' | 'cli';
  /**
   * Starts, restores and watches nothing by itself, and leaves the host's settings as they are, though it may launch a host
   * with its own (the command line). Such a host keeps its servers when nobody looks on, unless the setting says otherwise.
   */
  readonly isPassive?: boolean;
  /** The Redis that the host is to use, see `HostClientOptions.redis`. */
  readonly redis?: () => RedisSettings | undefined;
  /** See `HostClientOptions.onRedisRefused`. */
  readonly onRedisRefused?: (refused: RedisSettings) => void;
  /**
   * The environment that a server starts from, asked only when one is to be started; `user` is whom root acts as. Absent:
   * that of `surroundings`, which an editor has from its user's shell. Rejects: so does the start.
   */
  readonly resolveEnvironment?: (user: User | undefined) => Promise<Readonly<Record<string, string | undefined>>>;
}

/** What the composition root tells the dev servers of its window. */
export interface WindowServers extends DevServers {
  /** Looks at the workspace and, if it is a cheatcode workspace, joins the host and starts what starts by itself. */
  activate(): Promise<void>;
  /**
   * Joins the host, or starts it where `trusted`. Rejects with an error of `errors.ts`; `workspaceUntrusted`: none runs, and
   * none may be started.
   */
  connect(): Promise<void>;
  /** What the last look at the workspace found. */
  readonly discovery: Discovery;
  /** Every session of the host, of whatever workspace, as last heard of. */
  readonly sessions: readonly SessionSnapshot[];
  /** Hears of every one of them. */
  readonly onDidChangeAnySession: Event<SessionSnapshot>;
  /** Stops all servers and ends the host; resolves when it is gone. Rejects as `connect` does. */
  shutdown(): Promise<void>;
  settingsChanged(): void;
  foldersChanged(): void;
  trustGranted(): void;
}

/** Answers to a start come at once; stopping may take the whole ladder. In milliseconds. */
const START_TIMEOUT_MS = 10_000;
const STOP_TIMEOUT_MS = 30_000;

/** The dev servers of one window. Nothing is connected or started before `activate`. The caller disposes. */
export function createDevServers(options: DevServersOptions): WindowServers {
  return new WorkspaceServers(options);
}

/** The apps of a workspace joined with the sessions of the host: what a window shows and asks for. */
class WorkspaceServers implements WindowServers {
  readonly #options: DevServersOptions;
  readonly #log: Logger;
  readonly #store = new DisposableStore();
  readonly #discovered = this.#store.add(new Emitter<Discovery>());
  readonly #sessionChanged = this.#store.add(new Emitter<App>());
  readonly #anySessionChanged = this.#store.add(new Emitter<SessionSnapshot>());
  readonly #link: SystemHostLink;
  readonly #client: HostClient;
  readonly #sessions = new Map<string, SessionSnapshot>();
  readonly #terminals: TerminalAttachments;
  #discovery: Discovery = { apps: [], problems: [], declaredAutoStart: undefined, isCheatcodeWorkspace: false };
  readonly #autoStarted = new Set<string>();
  /** Apps whose servers, whoever starts them, this host was asked to look out for. */
  readonly #watched = new Set<string>();
  readonly #ownSpecs = new OwnSpecs(
    (app) => this.#launchSpec(app),
    (app) => this.#sessionChanged.fire(app),
  );
  #hasJoined = false;
  /** Somebody is in this window; undefined where nobody has said so yet. */
  #isFocused: boolean | undefined;
  /** Real paths, as of the last look. */
  #workspaceFolders: readonly string[] = [];

  readonly onDidDiscover = this.#discovered.event;
  readonly onDidChangeSession = this.#sessionChanged.event;
  readonly onDidChangeAnySession = this.#anySessionChanged.event;
  readonly onDidChangeConnection;

  constructor(options: DevServersOptions) {
    this.#options = options;
    this.#log = options.log;
    this.#link = systemHostLink({
      folder: () => this.apps[0]?.folder ?? options.workspaceFolders()[0],
      distFolder: options.distFolder,
      editorNodePty: options.editorNodePty,
      env: options.surroundings.env,
      nodePath: () => options.settings().nodePath,
      loadLauncher: options.loadLauncher,
      log: options.log,
    });
    this.#client = this.#store.add(
      new HostClient({
        kind: options.kind ?? 'window',
        version: options.extensionVersion,
        // Without a window to come and go, "the last window has gone" means nothing.
        hostSettings: () =>
          hostSettings(options.settings(), options.surroundings.isSandbox || options.isPassive === true),
        keepsHostSettings: options.isPassive === true,
        ...(options.redis ? { redis: options.redis } : {}),
        ...(options.onRedisRefused ? { onRedisRefused: options.onRedisRefused } : {}),
        apps: () => this.apps.map((app) => app.key),
        mayLaunch: options.trusted,
        link: this.#link,
        log: options.log,
      }),
    );
    this.#terminals = this.#store.add(
      new TerminalAttachments({
        peer: () => this.#client.peer,
        sessionId: (appKey) => this.#sessions.get(appKey)?.id,
        log: options.log,
      }),
    );
    this.onDidChangeConnection = this.#client.onDidChangeState;
    this.#store.add(this.#client.onDidJoin((hello) => this.#onJoined(hello)));
    this.#store.add(this.#client.onSession((snapshot) => this.#onSession(snapshot)));
    this.#store.add(this.#client.onOutput((chunk) => this.#terminals.onOutput(chunk)));
    this.#store.add(
      this.#client.onDidChangeState((state) => {
        if (state.kind !== 'connected') this.#onDisconnected();
      }),
    );
  }

  get apps(): readonly App[] {
    return this.#discovery.apps;
  }

  get problems() {
    return this.#discovery.problems;
  }

  get connection(): ConnectionState {
    return this.#client.state;
  }

  session(app: App): SessionSnapshot | undefined {
    return this.#sessions.get(app.key);
  }

  async activate(): Promise<void> {
    await this.refresh();
    if (this.#discovery.isCheatcodeWorkspace) this.#client.keepConnected();
  }

  get discovery(): Discovery {
    return this.#discovery;
  }

  #leftBehind(declared: readonly App[]): readonly App[] {
    if (this.#options.isPassive || !this.#discovery.isCheatcodeWorkspace) return [];
    const workspaceFolders = this.#workspaceFolders;
    return leftBehind({ apps: declared, before: this.apps, sessions: this.#sessions.values(), workspaceFolders });
  }

  get sessions(): readonly SessionSnapshot[] {
    return [...this.#sessions.values()];
  }

  async connect(): Promise<void> {
    await this.#client.connect();
  }

  async shutdown(): Promise<void> {
    const peer = await this.#client.connect();
    await peer.call('shutdown', {}, STOP_TIMEOUT_MS);
    // The connection ends with the host, when the last server is gone.
    if (!peer.isClosed) await new Promise((resolve) => peer.onDidClose(resolve));
  }

  async refresh(): Promise<void> {
    const found = await discoverApps(this.#options.workspaceFolders(), { loadReader: this.#options.loadConfigReader });
    const declared = found.apps.map((app) => withSettings(app, this.#options.settings()));
    this.#workspaceFolders = await realPaths(this.#options.workspaceFolders());
    this.#discovery = { ...found, apps: [...declared, ...this.#leftBehind(declared)] };
    const { apps, problems, isCheatcodeWorkspace } = this.#discovery;
    this.#log.info('workspace looked at', {
      cheatcode: isCheatcodeWorkspace,
      apps: apps.map((app) => app.name).join(',') || 'none',
      problems: problems.length,
    });
    this.#discovered.fire(this.#discovery);
    for (const app of this.apps) {
      const session = this.#sessions.get(app.key);
      if (session && !this.#options.isPassive) void this.#ownSpecs.refresh(app, session);
    }
    const { peer } = this.#client;
    if (!peer) return;
    await peer.call('watch', { apps: apps.map((app) => app.key) }, START_TIMEOUT_MS);
    this.#autoStart();
  }

  settingsChanged(): void {
    const { settings, surroundings } = this.#options;
    this.#client.redisChanged(); // Before anything that starts by the new settings.
    this.foldersChanged(); // A command may lift a problem, another rule may start another app.
    this.#client.peer
      ?.call('configure', hostSettings(settings(), surroundings.isSandbox))
      .catch((error: unknown) => this.#log.warn('settings not taken by the host', { error: errorMessage(error) }));
  }

  foldersChanged(): void {
    this.activate().catch((error: unknown) =>
      this.#log.error('workspace could not be looked at', { error: errorMessage(error) }),
    );
  }

  trustGranted(): void {
    this.foldersChanged();
  }

  otherSettings(app: App): OtherSettings | undefined {
    return this.#ownSpecs.compare(app, this.#sessions.get(app.key));
  }

  async start(app: App, choice?: StartChoice): Promise<SessionSnapshot> {
    const params = await this.#startParams(app, 'user');
    return this.#ask('start', choice === undefined ? params : { ...params, choice }, START_TIMEOUT_MS);
  }

  async restart(
    app: App,
    how: { readonly choice?: StartChoice; readonly confirmed?: readonly NamedProcess[] } = {},
  ): Promise<SessionSnapshot> {
    const params = await this.#startParams(app, 'user');
    return this.#ask('restart', { ...params, ...how }, START_TIMEOUT_MS);
  }

  async stop(app: App, confirmed?: readonly NamedProcess[]): Promise<SessionSnapshot> {
    const sessionId = await this.#sessionId(app);
    const after = await this.#ask(
      'stop',
      confirmed === undefined ? { sessionId } : { sessionId, confirmed },
      STOP_TIMEOUT_MS,
    );
    if (after.reason.code === 'leftovers')
      throw new DevServerError('stopFailed', {
        app: app.name,
        ...after.reason.facts,
        detail: 'processes could not be ended',
      });
    return after;
  }

  async foreignProcesses(app: App, target: ForeignTarget): Promise<readonly NamedProcess[]> {
    const sessionId = await this.#sessionId(app);
    return (await this.#ask('foreignProcesses', { sessionId, target }, START_TIMEOUT_MS)).processes;
  }

  async endForeign(
    app: App,
    target: 'portHolder' | 'secondServer',
    confirmed: readonly NamedProcess[],
  ): Promise<SessionSnapshot> {
    const sessionId = await this.#sessionId(app);
    return this.#ask('endForeign', { sessionId, target, confirmed }, STOP_TIMEOUT_MS);
  }

  get hostReplacement(): 'hung' | 'older' | undefined {
    const { state } = this.#client;
    if (state.kind === 'connected')
      return isNewerVersion(this.#options.extensionVersion, state.hostVersion) ? 'older' : undefined;
    if (state.kind !== 'failed' || !(state.error instanceof DevServerError)) return undefined;
    if (state.error.code === 'hostHangs') return 'hung';
    return state.error.code === 'versionMismatch' && state.error.facts['host'] === 'older' ? 'older' : undefined;
  }

  get commandFolder(): string | undefined {
    const { stateFolder } = this.#link;
    return stateFolder === undefined ? undefined : commandFolder(stateFolder);
  }

  async replaceHost(): Promise<void> {
    await (this.hostReplacement === 'older' ? this.#client.replaceHost(true) : this.#client.replaceHungHost());
  }

  attach(app: App, size: { readonly cols: number; readonly rows: number }, sink: OutputSink): TerminalAttachment {
    return this.#terminals.attach(app.key, size, sink);
  }

  async gateway(
    app: App,
    hosts: readonly string[],
  ): Promise<{ readonly port: number; readonly id: string } | undefined> {
    const peer = await this.#client.connect();
    const session = this.#sessions.get(app.key);
    if (!session) return undefined;
    try {
      return await peer.call('gateway', { sessionId: session.id, hosts }, START_TIMEOUT_MS);
    } catch (error) {
      if (error instanceof JSONRPCErrorException && error.code === RpcErrorCode.methodNotFound) return undefined;
      throw error;
    }
  }

  async compileIssues(app: App): Promise<CompileIssues> {
    const session = this.#sessions.get(app.key);
    if (!session || !this.#client.peer) return { issues: [], unknown: 'notRunning' };
    try {
      return await this.#client.peer.call('compileIssues', { sessionId: session.id }, START_TIMEOUT_MS);
    } catch (error) {
      if (error instanceof JSONRPCErrorException && error.code === RpcErrorCode.methodNotFound)
        return { issues: [], unknown: 'notSupported' };
      throw error;
    }
  }

  attend(isFocused: boolean): void {
    this.#isFocused = isFocused;
    this.#client.peer?.notify('attention', { focused: isFocused });
  }

  async askToTell(app: App, cause: string): Promise<NoticeVerdict> {
    try {
      return (await this.#client.peer?.call('notice', { appKey: app.key, cause }, START_TIMEOUT_MS)) ?? 'later';
    } catch (error) {
      const isOlder = error instanceof JSONRPCErrorException && error.code === RpcErrorCode.methodNotFound;
      return isOlder ? 'tell' : 'later';
    }
  }

  noteAnswered(cause: string): void {
    this.#client.peer?.notify('noticeAnswered', { cause });
  }

  async hostLog(): Promise<readonly string[]> {
    return (await this.#link.logTail()).trimEnd().split('\n');
  }

  async lastOutput(app: App, lines: number): Promise<readonly string[]> {
    const session = this.#sessions.get(app.key);
    if (!session || !this.#client.peer) return [];
    return (await this.#client.peer.call('lastOutput', { sessionId: session.id, lines }, START_TIMEOUT_MS)).lines;
  }

  dispose(): void {
    this.#store.dispose();
  }

  #onJoined(hello: HelloResult): void {
    // At the first join there is no before: what is known then came over this very connection.
    const before = this.#hasJoined ? new Map(this.#sessions) : new Map<string, SessionSnapshot>();
    this.#hasJoined = true;
    this.#watched.clear();
    this.#sessions.clear();
    for (const snapshot of hello.sessions) this.#sessions.set(snapshot.appKey, snapshot);
    if (this.#isFocused !== undefined) this.#client.peer?.notify('attention', { focused: this.#isFocused });
    this.#showLeftBehind();
    // The apps may have changed since the hello was sent.
    this.#client.peer
      ?.call('watch', { apps: this.apps.map((app) => app.key) }, START_TIMEOUT_MS)
      .catch((error: unknown) => this.#log.warn('apps not taken by the host', { error: errorMessage(error) }));
    for (const app of this.apps) {
      const session = this.#sessions.get(app.key);
      if (session && !this.#options.isPassive) void this.#ownSpecs.follow(app, session);
      this.#sessionChanged.fire(app);
    }
    for (const snapshot of hello.sessions) this.#anySessionChanged.fire(snapshot);
    this.#terminals.onJoined();
    if (!this.#options.trusted() || this.#options.isPassive) return;
    // What ran when an earlier host was lost comes back first, with this window's environment.
    const keys = appsToRestore(
      this.apps.map((app) => app.key),
      before,
      this.#sessions,
    );
    for (const app of this.apps) if (keys.includes(app.key)) this.#startInBackground(app, 'restore');
    this.#autoStart();
  }

  /** The apps that stay only because their servers run, again as they are by now. */
  #showLeftBehind(): void {
    const before = this.apps.filter(({ problem }) => problem?.code === 'undeclared');
    const declared = this.apps.filter((app) => !before.includes(app));
    const now = this.#leftBehind(declared);
    if (now.map(({ key }) => key).join() === before.map(({ key }) => key).join()) return;
    this.#discovery = { ...this.#discovery, apps: [...declared, ...now] };
    this.#discovered.fire(this.#discovery);
  }

  /** Once per window and app: a stop or a crash later on is not undone because a file was saved. */
  #autoStart(): void {
    const { settings, surroundings, trusted, isPassive } = this.#options;
    if (!trusted() || isPassive) return;
    const starting = new Set(appsToStart(this.#discovery, settings().autoStart, surroundings.env));
    for (const app of this.apps) {
      // What another tool manages is never started, so that to ask for it is to watch it.
      const isAuto = starting.has(app) || (!app.problem && app.declared.managed === 'external');
      const asked = isAuto ? this.#autoStarted : this.#watched;
      if (asked.has(app.key) || (!isAuto && app.problem)) continue;
      asked.add(app.key);
      this.#startInBackground(app, isAuto ? 'auto' : 'watch');
    }
  }

  #startInBackground(app: App, origin: StartParams['origin']): void {
    const run = async () => {
      const params = await this.#startParams(app, origin);
      const peer = await this.#client.connect();
      const snapshot = await peer.call('start', params, START_TIMEOUT_MS);
      this.#log.info('start asked for', { app: app.name, origin, session: snapshot.id, state: snapshot.state });
    };
    run().catch((error: unknown) => {
      // The next join asks again.
      if (origin === 'auto') this.#autoStarted.delete(app.key);
      if (origin === 'watch') this.#watched.delete(app.key);
      this.#log.error('start failed', { app: app.name, origin, error: errorMessage(error) });
    });
  }

  /** A request of a person: connects if need be; what the host wants to be agreed to is an error of its own. */
  async #ask<M extends keyof Requests>(method: M, params: Requests[M][0], timeoutMs: number): Promise<Requests[M][1]> {
    const peer = await this.#client.connect();
    try {
      return await peer.call(method, params, timeoutMs);
    } catch (error) {
      if (!(error instanceof JSONRPCErrorException) || error.code !== RpcErrorCode.confirmationNeeded) throw error;
      const { processes } = error.data as { readonly processes: readonly NamedProcess[] };
      throw new ConfirmationNeededError(processes);
    }
  }

  async #sessionId(app: App): Promise<string> {
    await this.#client.connect();
    const session = this.#sessions.get(app.key);
    if (!session) throw new DevServerError('stopFailed', { app: app.name, detail: 'no dev server is known' });
    return session.id;
  }

  #launchSpec(app: App): Promise<LaunchSpec> {
    const { settings, surroundings } = this.#options;
    return resolveLaunchSpec(app, settings(), surroundings.isSandbox);
  }

  async #startParams(app: App, origin: StartParams['origin']): Promise<StartParams> {
    const { surroundings, trusted, resolveEnvironment } = this.#options;
    if (!trusted()) throw new DevServerError('workspaceUntrusted');
    await this.#client.connect();
    const user = await this.#link.userOf(app.folder);
    // Its server would run as the wrong user: root above all.
    if (user?.uid !== this.#link.actingAs?.uid) throw new DevServerError('otherUsersFolder', { app: app.name });
    const env = resolveEnvironment
      ? await resolveEnvironment(user)
      : user
        ? environmentAs(user, surroundings.env)
        : surroundings.env;
    return {
      spec: await this.#launchSpec(app),
      env: serverEnvironment(env, surroundings.editorRoot, {}),
      origin,
    };
  }

  #onSession(snapshot: SessionSnapshot): void {
    const known = this.#sessions.get(snapshot.appKey);
    if (known && known.id === snapshot.id && known.revision > snapshot.revision) return;
    this.#sessions.set(snapshot.appKey, snapshot);
    this.#terminals.onSession(snapshot.appKey);
    this.#anySessionChanged.fire(snapshot);
    const app = this.apps.find(({ key }) => key === snapshot.appKey);
    if (!app) return;
    if (!this.#options.isPassive) void this.#ownSpecs.follow(app, snapshot);
    this.#sessionChanged.fire(app);
    if (app.problem?.code === 'undeclared') this.#showLeftBehind();
  }

  #onDisconnected(): void {
    this.#terminals.onDisconnected();
    for (const app of this.apps) this.#sessionChanged.fire(app);
  }
}

/** The settings that hold for the whole host, as it takes them: times in milliseconds, what is not set left out. */
export function hostSettings(settings: Settings, isSandbox: boolean): HostSettings {
  const lastClient = settings.lastWindow === 'auto' ? (isSandbox ? 'keep' : 'stop') : settings.lastWindow;
  return {
    healthIntervalMs: Math.round(settings.healthIntervalSeconds * 1000),
    lastClient,
    graceMs: Math.round(settings.graceSeconds * 1000),
    ...(settings.memoryLimitMb === undefined ? {} : { memoryLimitMb: settings.memoryLimitMb }),
    ...(settings.restartUnresponsiveSeconds === undefined
      ? {}
      : { restartUnresponsiveMs: Math.round(settings.restartUnresponsiveSeconds * 1000) }),
  };
}

function realPaths(folders: readonly string[]): Promise<string[]> {
  return Promise.all(folders.map((folder) => realpath(folder).catch(() => folder)));
}
