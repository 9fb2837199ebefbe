import type { App, ConfigProblem, Discovery } from './apps';
import type { Disposable, Event } from './event';
import type {
  CompileIssues,
  ForeignTarget,
  NamedProcess,
  NoticeVerdict,
  SessionSnapshot,
  StartParams,
} from './protocol';

/** Where a client stands with the session host. */
export type ConnectionState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'connecting' }
  | { readonly kind: 'connected'; readonly hostPid: number; readonly hostVersion: string }
  | { readonly kind: 'failed'; readonly error: Error };

/**
 * Receives a session's screen and output; `onReset` comes first and again whenever the screen must be redrawn. One that takes
 * its time says when it has taken in what it was given: it gets no more than it can take, and a picture for what it missed.
 */
export interface OutputSink {
  onReset(screen: string, cols: number, rows: number): void | Promise<void>;
  onData(data: string): void | Promise<void>;
  /** The host is gone; a new `onReset` follows when it is back. */
  onLost(): void;
}

/** A live view of a session's terminal; dispose to detach (the server goes on). */
export interface TerminalAttachment extends Disposable {
  write(data: string): void;
  resize(cols: number, rows: number): void;
}

/** This window's launch spec, where it is another than the one that the server runs by. */
export interface OtherSettings {
  /** Of this window's own. */
  readonly digest: string;
  /** It became another here, while the server ran; otherwise the windows differ. */
  readonly changedHere: boolean;
}

/** A person's choices for one start. */
export type StartChoice = NonNullable<StartParams['choice']>;

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
  /** Set while the app's server is ours, runs, and would be started in another way by this window. */
  otherSettings(app: App): OtherSettings | undefined;
  /** All that ask for something reject with an error of `errors.ts` that says why. */
  start(app: App, choice?: StartChoice): Promise<SessionSnapshot>;
  /**
   * `confirmed`: what a person agreed to end of an adopted server. Rejects with `ConfirmationNeededError` when that is
   * not what would be ended; so do `restart` and `endForeign`.
   */
  stop(app: App, confirmed?: readonly NamedProcess[]): Promise<SessionSnapshot>;
  restart(
    app: App,
    how?: { readonly choice?: StartChoice; readonly confirmed?: readonly NamedProcess[] },
  ): Promise<SessionSnapshot>;
  /** What a person must be asked about before it is ended, empty if nothing of it can be seen. */
  foreignProcesses(app: App, target: ForeignTarget): Promise<readonly NamedProcess[]>;
  /** Ends processes that a person agreed to end; resolves when they are gone. */
  endForeign(
    app: App,
    target: 'portHolder' | 'secondServer',
    confirmed: readonly NamedProcess[],
  ): Promise<SessionSnapshot>;
  /**
   * Why the session host could be replaced on a person's word: it does not answer, or it is older than this client and
   * its servers keep it from being replaced by itself. Undefined: there is no reason to.
   */
  readonly hostReplacement: 'hung' | 'older' | undefined;
  /** Where the command `cheatcode-dev` is put for terminals; undefined before the first connection. */
  readonly commandFolder: string | undefined;
  /** Ends the session host and its servers, and starts them again under a new one. */
  replaceHost(): Promise<void>;
  attach(app: App, size: { readonly cols: number; readonly rows: number }, sink: OutputSink): TerminalAttachment;
  /**
   * The preview gateway of an app, which from now on accepts these Host headers too. Undefined while there is no session, and
   * where the session host is older than gateways: the app is then reached by its own port only.
   */
  gateway(app: App, hosts: readonly string[]): Promise<{ readonly port: number; readonly id: string } | undefined>;
  /**
   * What the app's server says of code that does not compile: see `compileIssues` of the protocol. Nothing is known where
   * there is no session, no connection, or a session host that is older than this question.
   */
  compileIssues(app: App): Promise<CompileIssues>;
  /** A person has come to this window or does something in it, or has left it. */
  attend(isFocused: boolean): void;
  /**
   * Whether this window is the one that tells a person of a cause now; `later` while there is no connection. Always `tell` where
   * the session host is older than the question.
   */
  askToTell(app: App, cause: string): Promise<NoticeVerdict>;
  noteAnswered(cause: string): void;
  /** The last lines of output without escape sequences; empty while there is no session. */
  lastOutput(app: App, lines: number): Promise<readonly string[]>;
  /** The last lines of the session host's log, each with its time. Rejects where it can't be read. */
  hostLog(): Promise<readonly string[]>;
}
