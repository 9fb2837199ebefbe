/** The document that a person may put into a bug report. Pure: who calls gathers, and decides what is opened. */
import * as l10n from '@vscode/l10n';
import { appFace } from './appFace';
import { factsOf, notesOf } from './appFacts';
import type { AppView, WindowView } from './appView';
import type { ConfigProblem } from './apps';
import { redacted } from './redact';

/** All that a report is made of. */
export interface ReportParts {
  /** Wall-clock milliseconds since the epoch. */
  readonly atMs: number;
  /** Names and values of the editor, the machine, the host and so on. */
  readonly versions: readonly (readonly [string, string])[];
  /** Only those that are not the default. */
  readonly settings: readonly (readonly [name: string, value: string, where: string])[];
  readonly variables: readonly (readonly [string, string])[];
  readonly views: readonly AppView[];
  readonly window: Pick<WindowView, 'connection' | 'trusted'>;
  readonly configProblems: readonly ConfigProblem[];
  /** Lines, each with its time: of the session host, of this window, and the last output by session. */
  readonly hostLog: readonly string[];
  readonly windowLog: readonly string[];
  readonly outputs: ReadonlyMap<string, readonly string[]>;
  readonly known: Parameters<typeof redacted>[1];
}

/** Markdown. What looks like a secret is taken out of all of it. */
export function reportText(parts: ReportParts): string {
  const { window } = parts;
  const sections = [
    heading(1, l10n.t('Cheatcode Dev Server report')),
    l10n.t(
      '{0}. It was made on this machine and sent nowhere. What looks like a secret is replaced by `***`: read it before you pass it on.',
      new Date(parts.atMs).toISOString(),
    ),
    heading(2, l10n.t('Versions')),
    table(parts.versions),
    heading(2, l10n.t('Settings')),
    parts.settings.length === 0 ? l10n.t('All as by default.') : table(parts.settings),
    ...(parts.variables.length === 0 ? [] : [heading(2, l10n.t('Environment')), table(parts.variables)]),
    ...(parts.views.length === 0 ? [heading(2, l10n.t('Apps')), l10n.t('None was found in this workspace.')] : []),
    ...parts.views.map((view) => appSection(view, window, parts.atMs)),
    ...(parts.configProblems.length === 0
      ? []
      : [
          heading(2, l10n.t('Problems in cheatcode.json')),
          list(parts.configProblems.map(({ file, message }) => `${file}: ${message}`)),
        ]),
    heading(2, l10n.t('Events')),
    l10n.t('Of the session host:'),
    block(parts.hostLog),
    l10n.t('Of this window:'),
    block(parts.windowLog),
    ...[...parts.outputs].flatMap(([session, lines]) => [
      heading(2, l10n.t('Last output of {0}', session)),
      block(lines),
    ]),
  ];
  return `${redacted(sections.join('\n\n'), parts.known)}\n`;
}

function heading(level: number, text: string): string {
  return `${'#'.repeat(level)} ${text}`;
}

function appSection(view: AppView, window: ReportParts['window'], atMs: number): string {
  const { app, session } = view;
  const face = appFace(view, window);
  const facts = factsOf(view, window.connection, atMs).map(({ name, value }) => [name, value] as const);
  const inside: readonly (readonly [string, string])[] = [
    [l10n.t('Type'), app.type],
    ...(session === undefined
      ? []
      : ([
          [l10n.t('State'), session.state],
          [l10n.t('Reason'), `${session.reason.code} ${JSON.stringify(session.reason.facts ?? {})}`],
          [l10n.t('Wanted'), session.desired],
          [l10n.t('Adopted'), session.adopted ? l10n.t('yes') : l10n.t('no')],
          [l10n.t('Crashes in a row'), String(session.crashes)],
          ...(session.acrossMachines === undefined
            ? []
            : ([[l10n.t('Across machines'), JSON.stringify(session.acrossMachines)]] as const)),
        ] as const)),
  ];
  const notes = notesOf(view);
  return [`## ${app.label}`, [face.sentence, ...notes].join(' '), table([...facts, ...inside])].join('\n\n');
}

function table(rows: readonly (readonly string[])[]): string {
  const width = Math.max(...rows.map((row) => row.length));
  const line = (cells: readonly string[]): string =>
    `| ${Array.from({ length: width }, (_, index) => cell(cells[index] ?? '')).join(' | ')} |`;
  return [line([]), `|${' --- |'.repeat(width)}`, ...rows.map(line)].join('\n');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replace(/\s+/g, ' ').trim();
}

function list(items: readonly string[]): string {
  return items.map((item) => `- ${cell(item)}`).join('\n');
}

/** Lines as they are, whatever backticks are in them. */
function block(lines: readonly string[]): string {
  if (lines.length === 0) return l10n.t('Nothing.');
  const text = lines.join('\n');
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}text\n${text}\n${fence}`;
}
