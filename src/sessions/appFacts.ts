/** What is known of an app's server besides its state: the same facts in the status bar's tooltip and in the view. */
import * as l10n from '@vscode/l10n';
import type { ConnectionState } from './devServers';
import { canOpen } from './appActions';
import { type AppView } from './appView';
import { inBrackets } from './factWords';
import { truthWords } from './previewSentences';
import type { ProbeOutcome } from './protocol';
import { appProblemSentence, otherSettingsSentence, sessionNotes } from './sessionSentences';

/** One of them. */
export interface AppFact {
  readonly id:
    | 'address'
    | 'port'
    | 'process'
    | 'uptime'
    | 'memory'
    | 'since'
    | 'probe'
    | 'preview'
    | 'problems'
    | 'windows'
    | 'session'
    | 'folder';
  readonly name: string;
  readonly value: string;
  /** Where it leads to. */
  readonly url?: string;
}

/** In the order in which they are shown. `nowMs` is the wall clock's. */
export function factsOf(
  { app, session, preview }: AppView,
  connection: ConnectionState,
  nowMs = Date.now(),
): readonly AppFact[] {
  const facts: AppFact[] = [];
  if (session !== undefined && connection.kind !== 'failed') {
    const { url, port, startedMs, memoryMb, lastProbe, sinceMs } = session;
    const pid = session.listenerPid ?? session.pid;
    if (canOpen({ app, session })) facts.push({ id: 'address', name: l10n.t('Address'), value: url, url });
    facts.push({ id: 'port', name: l10n.t('Port'), value: String(port) });
    if (pid !== undefined) facts.push({ id: 'process', name: l10n.t('Process'), value: l10n.t('pid {0}', pid) });
    if (pid !== undefined && startedMs !== undefined)
      facts.push({
        id: 'uptime',
        name: l10n.t('Up for'),
        value: l10n.t('{0}, since {1}', duration(nowMs - startedMs), clockTime(startedMs, nowMs)),
      });
    if (pid !== undefined && memoryMb !== undefined)
      facts.push({ id: 'memory', name: l10n.t('Memory'), value: l10n.t('{0} MB', memoryMb) });
    facts.push({ id: 'since', name: l10n.t('In this state since'), value: clockTime(sinceMs, nowMs) });
    if (lastProbe !== undefined)
      facts.push({ id: 'probe', name: l10n.t('Last probe'), value: probeWords(lastProbe, nowMs) });
    if (preview !== undefined) facts.push({ id: 'preview', name: l10n.t('Preview'), value: truthWords(preview) });
    const { length: problems } = session.issues ?? [];
    if (problems > 0) facts.push({ id: 'problems', name: l10n.t('Problems'), value: String(problems) });
    facts.push({ id: 'windows', name: l10n.t('Windows'), value: String(session.windows) });
    facts.push({ id: 'session', name: l10n.t('Session'), value: session.id });
  }
  facts.push({ id: 'folder', name: l10n.t('Folder'), value: app.folder });
  return facts;
}

/** What there is to say besides the state. */
export function notesOf({ app, session, otherSettings }: AppView): readonly string[] {
  if (session === undefined) return [];
  return [
    ...(app.problem?.code === 'undeclared' && session.state !== 'stopped'
      ? [appProblemSentence(app.label, app.problem)]
      : []),
    ...sessionNotes(app.label, session),
    ...(otherSettings === undefined ? [] : [otherSettingsSentence(app.label)]),
  ];
}

/** `14:03:07`, with the date when that was another day than `nowMs`. */
export function clockTime(ms: number, nowMs = Date.now()): string {
  const at = new Date(ms);
  const pad = (value: number): string => String(value).padStart(2, '0');
  const time = `${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}`;
  if (at.toDateString() === new Date(nowMs).toDateString()) return time;
  return `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())} ${time}`;
}

/** `8 s`, `5 min`, `2 h 5 min`, `3 d 4 h`: as exact as anybody wants to know. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  if (minutes === 0) return l10n.t('{0} s', seconds);
  if (hours === 0) return l10n.t('{0} min', minutes);
  if (days === 0) return l10n.t('{0} h {1} min', hours, minutes % 60);
  return l10n.t('{0} d {1} h', days, hours % 24);
}

function probeWords({ atMs, ok, durationMs, error }: ProbeOutcome, nowMs: number): string {
  const at = clockTime(atMs, nowMs);
  return ok
    ? l10n.t('{0}, answered in {1} ms', at, Math.round(durationMs))
    : l10n.t('{0}, no good answer{1}', at, inBrackets(error));
}
