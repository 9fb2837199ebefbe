import type { App } from './apps';
import type { AppType, Reason, SessionSnapshot, SessionState } from './protocol';
import { sessionNotes, stateSentence } from './sessionSentences';

/** Raised when a field changes its meaning or goes; a new field is no change. */
export const JSON_SCHEMA = 1;

/** An app and its dev server as `--json` shows them (docs/command-line.md). */
export interface AppReport {
  /** `dev_server_web`; null while the session host has none. */
  readonly session: string | null;
  readonly app: string;
  readonly type: AppType;
  readonly folder: string;
  readonly state: SessionState;
  readonly reason: { readonly code: Reason['code']; readonly facts: NonNullable<Reason['facts']> };
  /** State and reason in words. */
  readonly sentence: string;
  /** What else there is to say of a server that runs: a restart that would help, a second server, too much memory. */
  readonly notes?: readonly string[];
  /** Where the server answers, or will once it runs; null while that is not known. */
  readonly url: string | null;
  readonly port: number | null;
  /** The process that listens, else the one that was started; null while there is none that can be seen. */
  readonly pid: number | null;
  /** Started outside Cheatcode. */
  readonly adopted: boolean;
  /** When the state began, ISO 8601; null while there is no session. */
  readonly since: string | null;
  readonly desired: 'running' | 'stopped';
  /** Where it runs, if not here. */
  readonly machine?: string;
  /** Of `ls --fleet`. */
  readonly sandbox?: string;
}

/** All that `--json` prints: what is known of the apps, what went wrong, or both. */
export interface JsonDocument {
  readonly schema: typeof JSON_SCHEMA;
  readonly apps?: readonly AppReport[];
  readonly error?: { readonly code: string; readonly message: string };
}

/** `label` is the app's for people. */
export function reportOf(session: SessionSnapshot, label: string): AppReport {
  const { reason } = session;
  const elsewhere = reason.code === 'runsElsewhere' ? reason.facts : undefined;
  const machine = elsewhere?.['machine'];
  const port = elsewhere?.['port'];
  const notes = sessionNotes(label, session);
  return {
    session: session.id,
    app: session.appName,
    type: session.type,
    folder: session.folder,
    state: session.state,
    reason: { code: reason.code, facts: reason.facts ?? {} },
    sentence: stateSentence(label, session),
    ...(notes.length === 0 ? {} : { notes }),
    url: elsewhere ? textOrNull(elsewhere['url']) : session.url,
    port: elsewhere ? (typeof port === 'number' ? port : null) : session.port,
    pid: session.listenerPid ?? session.pid ?? null,
    adopted: session.adopted,
    since: new Date(session.sinceMs).toISOString(),
    desired: session.desired,
    ...(machine === undefined ? {} : { machine: String(machine) }),
  };
}

/** An app that the session host knows nothing of, or that no session host runs for. */
export function reportOfApp(app: Pick<App, 'name' | 'type' | 'folder' | 'label'>): AppReport {
  return {
    session: null,
    app: app.name,
    type: app.type,
    folder: app.folder,
    state: 'stopped',
    reason: { code: 'neverStarted', facts: {} },
    sentence: `${app.label} is not started.`,
    url: null,
    port: null,
    pid: null,
    adopted: false,
    since: null,
    desired: 'stopped',
  };
}

/** A server runs or is on its way. */
export function isUp({ state }: { readonly state: SessionState }): boolean {
  return state === 'installing' || state === 'starting' || state === 'running' || state === 'unhealthy';
}

export function documentOf(
  apps: readonly AppReport[] | undefined,
  error?: { readonly code: string; readonly message: string },
): JsonDocument {
  return { schema: JSON_SCHEMA, ...(apps ? { apps } : {}), ...(error ? { error } : {}) };
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
