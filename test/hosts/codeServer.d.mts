/** A server that was started in a process group of its own. */
export interface Server {
  /** Without a slash at its end. */
  url: string;
  /** Leader of the server's process group. */
  pid: number;
  /** Ends the whole group; safe to call twice. */
  stop(): Promise<void>;
  /** The last lines that it printed. */
  output(): string;
  exited: Promise<void>;
}
export interface CodeServerOptions {
  /** Folder or `.code-workspace` that `folderUrl` opens. */
  workspace: string;
  userDataDir: string;
  extensionsDir: string;
  /** Default: any free one. */
  port?: number;
  /** Added to the sandbox's environment; `undefined` removes. */
  env?: Record<string, string | undefined>;
  /** User settings beside {@link quietSettings}. */
  settings?: Record<string, unknown>;
  /** Keeps all output. */
  logFile?: string;
  /** A profile that nobody has touched: no settings, and everything asked that a newcomer is asked. */
  isFresh?: boolean;
  /** Words before the command, that become it by `exec`. */
  wrapper?: readonly string[];
}
/** An editor that talks to nobody and asks nothing. */
export declare const quietSettings: Readonly<Record<string, unknown>>;
/** Starts code-server on 127.0.0.1 as a user does, and waits until it serves. */
export declare function startCodeServer(options: CodeServerOptions): Promise<Server & { folderUrl: string }>;
/** Installs an extension as a user would: from its VSIX. */
export declare function installVsix(options: {
  vsix: string;
  userDataDir: string;
  extensionsDir: string;
}): Promise<void>;
/** Merges into `<userDataDir>/User/settings.json`. */
export declare function writeSettings(userDataDir: string, settings: Record<string, unknown>): Promise<void>;
