import type { App, ConfigProblem, Discovery } from './apps';
import type { Disposable, Event } from './event';
import type { SessionSnapshot } from './protocol';

/** Where a client stands with the session host. */
export type ConnectionState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'connecting' }
  | { readonly kind: 'connected'; readonly hostPid: number; readonly hostVersion: string }
  | { readonly kind: 'failed'; readonly error: Error };

/** Receives a session's screen and output; `onReset` comes first and again whenever the screen must be redrawn. */
export interface OutputSink {
  onReset(screen: string, cols: number, rows: number): void;
  onData(data: string): void;
  /** The host is gone; a new `onReset` follows when it is back. */
  onLost(): void;
}

/** A live view of a session's terminal; dispose to detach (the server goes on). */
export interface TerminalAttachment extends Disposable {
  write(data: string): void;
  resize(cols: number, rows: number): void;
}

/** The apps of a workspace and what the session host says of them: all that the edge needs. */
export interface DevServers extends Disposable {
  readonly apps: readonly App[];
  readonly problems: readonly ConfigProblem[];
  readonly onDidDiscover: Event<Discovery>;
  readonly connection: ConnectionState;
  readonly onDidChangeConnection: Event<ConnectionState>;
  /** The session of an app, undefined while the host knows none. */
  session(app: App): SessionSnapshot | undefined;
  /** A session of one of the apps changed. */
  readonly onDidChangeSession: Event<App>;
  /** Looks at the workspace again. */
  refresh(): Promise<void>;
  /** The three reject with an error of `errors.ts` that says why. */
  start(app: App): Promise<SessionSnapshot>;
  stop(app: App): Promise<SessionSnapshot>;
  restart(app: App): Promise<SessionSnapshot>;
  attach(app: App, size: { readonly cols: number; readonly rows: number }, sink: OutputSink): TerminalAttachment;
  /** The last lines of output without escape sequences; empty while there is no session. */
  lastOutput(app: App, lines: number): Promise<readonly string[]>;
}
