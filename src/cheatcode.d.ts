/**
 * The API of Cheatcode Dev Server for other extensions, version 1. Copy this file into your extension; it needs nothing else.
 * How it is used, and what may change: docs/api.md.
 */

/** The id to ask for: `vscode.extensions.getExtension<CheatcodeApi>('cheatcode.cheatcode-dev-server')`. */
export type CheatcodeExtensionId = 'cheatcode.cheatcode-dev-server';

/** An app of the workspace with a dev server, as it was when it was asked for. */
export interface CheatcodeApp {
  /** Of its folder, or as `cheatcode.json` names it; unique in a workspace. */
  readonly name: string;
  readonly type: CheatcodeAppType;
  /** Real path. */
  readonly folder: string;
  /** The name of its terminal and session (`dev_server_web`); undefined until the session host knows the app. */
  readonly session: string | undefined;
  /** Undefined until the session host knows the app. */
  readonly state: CheatcodeState | undefined;
  /** What it listens on, or would; undefined until the session host knows the app. */
  readonly port: number | undefined;
}

/** `web`: Next.js. `mobile`: Expo. `custom`: what `cheatcode.json` says. More may come with a later version 1. */
export type CheatcodeAppType = 'web' | 'mobile' | 'custom' | (string & {});

/**
 * `waiting`: its start is held up by something that ends by itself. `blocked`: it needs something first, such as its port.
 * `unhealthy`: it lives and does not answer. More may come with a later version 1: treat what you do not know as not running.
 */
export type CheatcodeState =
  'stopped' | 'waiting' | 'blocked' | 'installing' | 'starting' | 'running' | 'unhealthy' | 'stopping' | 'failed';

/** Ends a subscription; safe to call twice. */
export interface CheatcodeSubscription {
  dispose(): void;
}

/**
 * What the extension exports. Where `app` is asked for, a name, a session, or a type that only one app has will do. Whatever
 * rejects does so with an error whose message can be shown to a person.
 */
export interface CheatcodeApi {
  /** Raised when something is taken away or changes its meaning; what is added leaves it as it is. */
  readonly version: 1;
  /** Settles when the workspace was looked at for the first time: before, `apps` is empty. Rejects when it can't be read. */
  readonly ready: Promise<void>;
  apps(): readonly CheatcodeApp[];
  /** The apps are others than before: a folder was added, `cheatcode.json` has changed. */
  readonly onDidChangeApps: (listener: (apps: readonly CheatcodeApp[]) => void) => CheatcodeSubscription;
  /** Undefined for an app that is not known, or not yet, to this window or to the session host. */
  state(app: string): CheatcodeState | undefined;
  /** Something about the dev server of this app has changed, its state or another fact. */
  readonly onDidChange: (listener: (app: CheatcodeApp) => void) => CheatcodeSubscription;
  /**
   * Starts the dev server, or joins the start that is under way; one that runs is left alone. Resolves when the wish is recorded:
   * `onDidChange` tells the rest.
   */
  start(app: string): Promise<void>;
  /** Resolves when the server has ended. Rejects for a server that was started outside Cheatcode: that takes a person. */
  stop(app: string): Promise<void>;
  /** Stops and starts it; resolves when the wish is recorded. Rejects as `stop` does. */
  restart(app: string): Promise<void>;
  /** The address as a browser of this user reaches it, through whatever proxy; undefined while the server does not run. */
  url(app: string): Promise<string | undefined>;
}
