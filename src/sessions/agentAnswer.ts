/** What a tool answers an agent: the JSON of the command line, bounded in size and without what looks like a secret. Pure. */
import { JSON_SCHEMA, type AppReport, type JsonDocument } from './appReport';
import type { CompileIssue } from './protocol';
import { redacted } from './redact';

/** `--json` of the command line with what else an agent needs to act. */
export interface AgentDocument extends JsonDocument {
  /** What to know or to do besides. */
  readonly note?: string;
  /** The last lines of output. */
  readonly lines?: readonly string[];
  /** Why the code does not compile; absent where the server can't tell. */
  readonly issues?: readonly CompileIssue[];
}

/** Longer lines are cut, and so much of the answer is kept; in characters. */
const LINE_CHARS = 400;
const ANSWER_CHARS = 24_000;
const MAX_ISSUES = 20;

/** The text of an answer. `secrets`: what must not be in it, known by whoever asks. */
export function answerText(of: Omit<AgentDocument, 'schema'>, secrets: readonly string[]): string {
  const clean = (text: string) => withoutSecrets(text, secrets);
  let lines = of.lines && boundedLines(of.lines).map(clean);
  const document = (): AgentDocument => ({
    schema: JSON_SCHEMA,
    ...(of.apps === undefined ? {} : { apps: of.apps.map((app) => cleanReport(app, clean)) }),
    ...(of.note === undefined ? {} : { note: clean(of.note) }),
    ...(of.issues === undefined
      ? {}
      : { issues: of.issues.slice(0, MAX_ISSUES).map((issue) => ({ ...issue, message: clean(issue.message) })) }),
    ...(lines === undefined ? {} : { lines }),
  });
  for (;;) {
    const text = JSON.stringify(document(), undefined, 1);
    if (text.length <= ANSWER_CHARS || lines === undefined || lines.length === 0) return text;
    // The oldest go first: the last ones say what is wrong.
    lines = lines.slice(Math.ceil(lines.length / 4));
  }
}

/** The text of an error: a sentence, and what may explain it. */
export function failureText(
  sentence: string,
  { lines = [], issues = [] }: Pick<AgentDocument, 'lines' | 'issues'>,
  secrets: readonly string[],
): string {
  const places = issues.slice(0, MAX_ISSUES).map(issueLine);
  const output = boundedLines(lines).filter((line) => line.trim() !== '');
  return withoutSecrets([sentence, ...[...places, ...output].map((line) => `  ${line}`)].join('\n'), secrets);
}

/** `app/page.tsx:8:3: Expected '</', got '}'` */
function issueLine({ file, line, column, message }: CompileIssue): string {
  const place = [file, line, column].filter((part) => part !== undefined).join(':');
  return (place === '' ? message : `${place}: ${message}`).replace(/\s+/g, ' ');
}

function boundedLines(lines: readonly string[]): readonly string[] {
  return lines.map((line) => (line.length > LINE_CHARS ? `${line.slice(0, LINE_CHARS)}…` : line));
}

function cleanReport(app: AppReport, clean: (text: string) => string): AppReport {
  const facts = Object.entries(app.reason.facts).map(
    ([name, value]) => [name, typeof value === 'string' ? clean(value) : value] as const,
  );
  return {
    ...app,
    sentence: clean(app.sentence),
    reason: { code: app.reason.code, facts: Object.fromEntries(facts) },
    ...(app.notes === undefined ? {} : { notes: app.notes.map(clean) }),
  };
}

/** An agent needs real paths: the home folder stays. */
function withoutSecrets(text: string, secrets: readonly string[]): string {
  return redacted(text, { secrets, home: '' });
}
