/**
 * The wire contract between clients (windows, the command line) and the session host: JSON-RPC 2.0, one message a
 * line, over a unix socket or a named pipe. Every type that crosses the socket lives here and nowhere else; both sides
 * import it, so they can't drift apart.
 */
import type { AppType } from './appTypes';

/** Raised when a message changes its meaning; a client and a host of the same number understand each other. */
export const PROTOCOL_VERSION = 1;

/** A longer line ends its connection before it is buffered (DESIGN section 9). In bytes. */
export const MAX_MESSAGE_BYTES = 1_000_000;

export type { AppType };

/** How the health monitor asks an app whether it is well. `tcp` is satisfied by an accepted connection. */
export type ProbeSpec =
  { readonly kind: 'http'; readonly method: 'GET' | 'HEAD'; readonly path: string } | { readonly kind: 'tcp' };

/**
 * Everything the host needs to run an app, resolved by the client from settings, `cheatcode.json` and the folder, so
 * that the host reads no configuration of its own. Never holds the server's environment but for the app's own `env`.
 */
export interface LaunchSpec {
  /** `<device>:<inode>:<name>` of the app: the same however the folder is spelled. */
  readonly appKey: string;
  readonly appName: string;
  readonly type: AppType;
  /**
   * False: the plain name of its type is another app's of the same workspace, also while that one has no session. Two machines
   * with the same workspace thus give an app the same name, whatever is started first. Default: true.
   */
  readonly isFirstOfType?: boolean;
  /** Real path of the app's folder. */
  readonly folder: string;
  /** Program and arguments; `{port}` in an argument becomes the port. */
  readonly command: readonly string[];
  /** Used once, in place of `command`, when that one ends before its server was well for a minute (a tunnel that can't be had). */
  readonly fallback?: { readonly command: readonly string[]; readonly reason: 'tunnelUnavailable' };
  /** Run in the session's terminal when `node_modules` is missing; absent where nothing can be installed. */
  readonly install?: readonly string[];
  /** A tool that `command` needs, looked for first and installed where it is missing; failing is no error (`fallback` follows). */
  readonly requiredTool?: {
    readonly packageName: string;
    /** `4.1.0`: this version or a later one of the same major version. */
    readonly minVersion: string;
    readonly install: readonly string[];
  };
  readonly port: number;
  readonly probe: ProbeSpec;
  /** The app's own additions from `cheatcode.json`. */
  readonly env: Readonly<Record<string, string>>;
  /** Somebody else runs the server: it is watched and previewed, never started. */
  readonly managed?: 'external';
  /** What to do when a stranger holds the port: wait for it (a window asks), or take the next free one. Default: `wait`. */
  readonly onPortTaken?: 'wait' | 'useNext';
  /** What to do when a file of `restartFiles` or the lock file has changed: offer a restart, or do it. Default: `offer`. */
  readonly onChange?: 'offer' | 'restart';
  /** Names in the app's folder whose change asks for a restart, for they are read at the start only; `.env*` is a prefix. */
  readonly restartFiles?: readonly string[];
}

/** The states of a session (DESIGN section 2), each exactly one at a time. */
export type SessionState =
  'stopped' | 'waiting' | 'blocked' | 'installing' | 'starting' | 'running' | 'unhealthy' | 'stopping' | 'failed';

/** Why a session is in its state: a code that one place turns into a sentence, and the facts for it. */
export interface Reason {
  readonly code: ReasonCode;
  readonly facts?: Readonly<Record<string, string | number | boolean>>;
}

export type ReasonCode =
  | 'neverStarted'
  | 'requested'
  | 'autoStarted'
  | 'stoppedByUser'
  | 'stoppedByLastWindow'
  | 'exitedNormally'
  | 'interruptedInTerminal'
  | 'hostLost'
  | 'preparingTool'
  | 'dependenciesMissing'
  | 'waitingForAnswer'
  | 'answered'
  | 'answeredWithError'
  | 'otherPort'
  | 'tunnelUnavailable'
  | 'noAnswer'
  | 'crashed'
  | 'crashLoop'
  | 'installFailed'
  | 'commandNotFound'
  | 'folderMissing'
  | 'spawnFailed'
  | 'portTaken'
  | 'appLockHeld'
  | 'leftovers'
  /** A server of this app that we did not start; facts `pid`, `command`, `uid`, `proof`. */
  | 'adopted'
  /** The adopted server ended, and it was not ours to start it again. */
  | 'adoptedEnded'
  /** Declared `managed: external`, and nobody runs it now. */
  | 'managedElsewhere'
  /** Another server has the framework's own lock on the folder; facts `pid`, `port`, `hidden` (another container's). */
  | 'folderLocked'
  /** Processes of an earlier host may still run and can't be looked at; facts `pids`. */
  | 'unknownProcesses'
  /** Another package manager works in the folder (facts `pid`, `command`), or another app of this host is installing. */
  | 'installerAtWork'
  /** Answers nowhere: facts `port`, and `listening` (whether anybody of the family listens at all). */
  | 'notListening'
  /** Memory of the whole server, in MB: facts `mb`, `limitMb`. */
  | 'memoryHigh'
  | 'memoryRestart'
  /** Accepts and never answers for longer than the setting allows: facts `seconds`. */
  | 'unresponsiveRestart'
  /** The installed packages are not those of the lock file: fact `files`, the names that changed since the start. */
  | 'dependenciesChanged'
  /** Files that are read at the start only have changed: fact `files`, comma-separated names. */
  | 'filesChanged'
  /** Another machine or the backend is starting the app; facts `owner` (of the Redis lock). */
  | 'startingElsewhere'
  /** The app's server runs on another machine; facts `machine`, `url`, `port`. */
  | 'runsElsewhere'
  /** Redis is configured and gives no answer; facts `detail`. Where it is required, nothing is started. */
  | 'redisUnavailable'
  /** Redis is configured without what it takes; facts `missing` (`sandboxId`). */
  | 'redisIncomplete'
  /** Another machine has started the app, too, while its server ran here; facts `machine`, `url`. */
  | 'startedElsewhere';

/** A process as a person is told of it before it is ended on their word. */
export interface NamedProcess {
  readonly pid: number;
  /** Opaque; with the pid it names this very process. */
  readonly startTicks: string;
  readonly command: string;
  readonly uid?: number;
}

/** A second server of an app whose server runs. */
export interface SecondServer {
  readonly port: number;
  readonly pid?: number;
  readonly command: string;
}

/** What a person may ask to be ended although we did not start it. */
export type ForeignTarget = 'adopted' | 'portHolder' | 'secondServer';

/** The outcome of the last probe. Times are wall-clock milliseconds since the epoch, for people to read only. */
export interface ProbeOutcome {
  readonly atMs: number;
  readonly ok: boolean;
  readonly durationMs: number;
  readonly httpStatus?: number;
  readonly error?: string;
}

/** What every client knows of a session; pushed whole at each change. */
export interface SessionSnapshot {
  /** Name of session and terminal: `dev_server_web`, or `dev_server_web_<folder>` for a second app of a type. */
  readonly id: string;
  readonly appKey: string;
  readonly appName: string;
  readonly type: AppType;
  readonly folder: string;
  readonly state: SessionState;
  readonly reason: Reason;
  /** Wall-clock milliseconds since the epoch at which the state began. */
  readonly sinceMs: number;
  /** The server was started outside Cheatcode. */
  readonly adopted: boolean;
  /** Watched and previewed, never started. */
  readonly managed?: 'external';
  readonly desired: 'running' | 'stopped';
  /** The port the server was told, or, once it runs, the one it listens on. */
  readonly port: number;
  readonly url: string;
  /** Leader of the server's process group; absent while nothing runs. */
  readonly pid?: number;
  /** Wall-clock milliseconds since the epoch at which that was started; absent while nothing of ours runs. */
  readonly startedMs?: number;
  /** Resident memory of all its processes together at the last health round, in MB; absent before one. */
  readonly memoryMb?: number;
  /** The process that listens on the port, once known. */
  readonly listenerPid?: number;
  readonly lastProbe?: ProbeOutcome;
  /** Windows connected that have this app. */
  readonly windows: number;
  /** Other servers of this app, found while one runs. */
  readonly secondServers?: readonly SecondServer[];
  /** Why a restart would help (`dependenciesChanged`, `filesChanged`); absent when nothing asks for one. */
  readonly restartOffer?: Reason;
  /** `memoryHigh` while the server is above the limit; it runs all the same. */
  readonly warning?: Reason;
  /** What is wrong across machines (`redisUnavailable`, `redisIncomplete`, `startedElsewhere`); it runs all the same. */
  readonly acrossMachines?: Reason;
  /** Digest of the launch spec that the server runs by (`specDigest`): a window whose own differs is told. */
  readonly specDigest: string;
  /** Restarts after crashes in a row without a healthy minute between. */
  readonly crashes: number;
  /** What of its code does not compile, or threw, as far as the server has said; absent where nothing is known to be wrong. */
  readonly issues?: readonly CompileIssue[];
  /** Grows with each change; a smaller one is older. */
  readonly revision: number;
}

/** Values that hold for the whole host; the last writer wins. */
export interface HostSettings {
  /** Between two rounds of the one health interval, in milliseconds. */
  readonly healthIntervalMs: number;
  /** What happens to a running server when its last window has gone for `graceMs`. */
  readonly lastClient: 'keep' | 'stop';
  /** How long "no window" must last before it counts, in milliseconds. */
  readonly graceMs: number;
  /** Memory of a server's processes together above which it is warned about, in MB; absent: no limit. */
  readonly memoryLimitMb?: number;
  /** A server that has not answered for so long is restarted, in milliseconds; absent: never. */
  readonly restartUnresponsiveMs?: number;
}

/**
 * How the machines of one sandbox agree (DESIGN section 7). Apart from `HostSettings`, which are shown, logged and kept on
 * disk: the URL may hold a password, and lives in memory only.
 */
export interface RedisSettings {
  /** `redis://`, `rediss://`, `redis-sentinel://` or `redis-cluster://` and their `rediss-` forms. */
  readonly url: string;
  /** Undefined: nobody told, and then Redis can't be used. */
  readonly sandboxId?: string;
  /** Whether a start is refused while Redis does not answer. */
  readonly required: boolean;
  /** PEM text of the authority that signed the server's certificate, in place of the system's. */
  readonly ca?: string;
}

export interface HelloParams {
  readonly protocol: number;
  readonly token: string;
  readonly version: string;
  readonly kind: 'window' | 'cli';
  readonly pid: number;
  /** Keys of the apps this client shows; the host counts windows by them. */
  readonly apps: readonly string[];
}

export interface HelloResult {
  readonly protocol: number;
  readonly version: string;
  readonly hostPid: number;
  readonly sessions: readonly SessionSnapshot[];
}

/** Something that keeps code of an app from being compiled, as its framework says it. */
export interface CompileIssue {
  readonly severity: 'error' | 'warning';
  /** Plain text. */
  readonly message: string;
  /** Relative to the app's folder, with slashes; absent where the place is outside of it or unknown. */
  readonly file?: string;
  /** From 1, as the column. */
  readonly line?: number;
  readonly column?: number;
  /** It compiled, and threw when it ran. */
  readonly thrown?: true;
  /** Files of the app, as `file`, through which `file` is reached, the nearest first. */
  readonly importedBy?: readonly string[];
}

export interface CompileIssues {
  readonly issues: readonly CompileIssue[];
  /** Only what pages show that browsers have open: of others nothing is known. */
  readonly isPartial?: true;
  /**
   * Why nothing is known; absent where the server has answered. `notSupported`: no Next.js of 16.0 or later, or its
   * `/_next/mcp` is switched off. `noBrowser`: it knows only what browsers show, and none is connected.
   */
  readonly unknown?: 'notRunning' | 'notSupported' | 'noBrowser' | 'noAnswer';
}

export interface StartParams {
  readonly spec: LaunchSpec;
  /** The server's environment; kept in memory only. */
  readonly env: Readonly<Record<string, string>>;
  /**
   * `auto` never undoes a stop that a user asked for; `restore` is `auto` after the host was lost; `watch` starts nothing:
   * a server of the app that somebody else runs, now or later, is shown.
   */
  readonly origin: 'user' | 'auto' | 'restore' | 'watch';
  /** A person's choices for this one start. */
  readonly choice?: {
    /** Take the next free port where the app's own is taken. */
    readonly useNextPort?: boolean;
    /** Install the packages before the start although some are there. */
    readonly install?: boolean;
    /** Start it here although it runs on another machine. */
    readonly startHere?: boolean;
  };
  /** `restart` of an adopted server: the processes that a person agreed to end (I6). */
  readonly confirmed?: readonly NamedProcess[];
}

export interface AttachParams {
  readonly sessionId: string;
  readonly cols: number;
  readonly rows: number;
}

/** Requests of clients: name → [parameters, result]. */
export interface Requests {
  hello: [HelloParams, HelloResult];
  /** Replaces the list of apps this client shows. */
  watch: [{ readonly apps: readonly string[] }, null];
  configure: [HostSettings, null];
  /** The Redis that is used from now on, or none. The last writer wins; a client that knows of none does not ask. */
  useRedis: [{ readonly redis: RedisSettings | null }, null];
  /** Answers once the wish is recorded; the progress arrives as `sessionChanged`. */
  start: [StartParams, SessionSnapshot];
  /**
   * Answers when the server has ended, or with the reason why it has not. Fails with `confirmationNeeded` for an adopted
   * server unless `confirmed` names all that would be signalled.
   */
  stop: [{ readonly sessionId: string; readonly confirmed?: readonly NamedProcess[] }, SessionSnapshot];
  /** The processes that ending a server which we did not start would signal: what a person is asked about. */
  foreignProcesses: [
    { readonly sessionId: string; readonly target: ForeignTarget },
    { readonly processes: readonly NamedProcess[] },
  ];
  /** Ends the port's holder or the second servers, on a person's word; same rule as `stop`. Answers when they are gone. */
  endForeign: [
    {
      readonly sessionId: string;
      readonly target: 'portHolder' | 'secondServer';
      readonly confirmed: readonly NamedProcess[];
    },
    SessionSnapshot,
  ];
  restart: [StartParams, SessionSnapshot];
  /** From now on `output` notifications arrive, beginning with a snapshot of the screen. */
  attach: [AttachParams, null];
  detach: [{ readonly sessionId: string }, null];
  /** The last lines of output, as plain text without escape sequences. */
  lastOutput: [{ readonly sessionId: string; readonly lines: number }, { readonly lines: readonly string[] }];
  /**
   * The preview gateway of the session's app, begun if need be; answers when it listens on this port of loopback. `hosts`
   * (`example.com`, `example.com:8443`) are accepted as Host headers from now on, beside the forms of localhost and what
   * other clients named. `id` is the app's at its gateway. Fails with `gatewayFailed`; a host from
   * before there were gateways does not know the method.
   */
  gateway: [
    { readonly sessionId: string; readonly hosts: readonly string[] },
    { readonly port: number; readonly id: string },
  ];
  /**
   * What the app's server says of code that does not compile, asked now; it may build its module graph for that (2 s the
   * first time), but runs and logs nothing. Never fails for what the server does; a host from before does not know the
   * method.
   */
  compileIssues: [{ readonly sessionId: string }, CompileIssues];
  /**
   * Whether this window is the one that tells a person of `cause`, a trouble of this app, now. `tell` counts as told. A host from
   * before does not know the method.
   */
  notice: [{ readonly appKey: string; readonly cause: string }, NoticeVerdict];
  /** Stops every server and ends the host. */
  shutdown: [Record<string, never>, null];
  /**
   * Asks the host to make room for a newer client's own: it ends itself if `version` is newer than its own and no server
   * is active, or `force` (a person's word). Answered before a hello and whatever protocol the caller speaks, so this one
   * never changes its meaning.
   */
  retire: [RetireParams, RetireResult];
}

/** `tell`: now, here. `later`: a person is in another window, ask again when one is here. `never`: it was told and answered. */
export type NoticeVerdict = 'tell' | 'later' | 'never';

export interface RetireParams {
  readonly token: string;
  readonly version: string;
  readonly force: boolean;
}

export interface RetireResult {
  /** `retiring`: the connection ends with the host. `busy`: servers are active. `notNewer`: the host stays. */
  readonly verdict: 'retiring' | 'busy' | 'notNewer';
  readonly version: string;
}

/** Messages of clients that want no answer. */
export interface ClientNotifications {
  input: { readonly sessionId: string; readonly data: string };
  resize: { readonly sessionId: string; readonly cols: number; readonly rows: number };
  /** Characters of output taken in since the last one: gives the host credit to send more. */
  ack: { readonly sessionId: string; readonly chars: number };
  /** A person has come to this window or does something in it (`focused`), or has left it. */
  attention: { readonly focused: boolean };
  /** A person has answered what was told of this cause, be it by closing it. */
  noticeAnswered: { readonly cause: string };
}

/** Messages of the host. */
export interface HostNotifications {
  sessionChanged: SessionSnapshot;
  /** `reset` begins anew with a serialised screen: at attach, and after this client was too slow. */
  output: {
    readonly sessionId: string;
    readonly data: string;
    readonly reset: boolean;
    /** Size of the one screen that all windows share. */
    readonly cols: number;
    readonly rows: number;
  };
}

/** JSON-RPC error codes of our own (the range -32000 to -32099 is the implementation's). */
export const RpcErrorCode = {
  protocolMismatch: -32001,
  badToken: -32002,
  unknownSession: -32003,
  methodNotFound: -32601,
  invalidParams: -32602,
  refused: -32004,
  /** A person must agree first; `data.processes` are the `NamedProcess`es that would be signalled. */
  confirmationNeeded: -32005,
} as const;

/** Characters sent to a client and not acknowledged before it is held back; then it gets a fresh snapshot. */
export const OUTPUT_CREDIT_CHARS = 256 * 1024;
