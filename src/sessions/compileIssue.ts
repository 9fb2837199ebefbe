/**
 * Reads what Next.js says of code that does not compile: the answers of its tools at `/_next/mcp`, and the text of the
 * overlay in the page. Pure, and tolerant: what is not understood is left out, never thrown. The forms are those of
 * 14.2.35, 15.5.29, 16.1.3 and 16.4.6, both bundlers; the unit tests hold the recorded texts.
 */
import { stripVTControlCharacters } from 'node:util';
import type { CompileIssue } from './protocol';

/** An issue with its file as the bundler calls it: `./app/page.js`, `[project]/app/page.js`, or absolute. */
export interface ToldIssue extends Omit<CompileIssue, 'file'> {
  readonly told?: string;
}

/** What the overlay shows. `runtime`: the code compiled, and threw. */
export interface OverlayIssue extends ToldIssue {
  readonly kind: 'build' | 'runtime';
}

/** Longer texts are cut; so is a list of more. */
const MESSAGE_CHARS = 1000;
const MAX_ISSUES = 100;

/** In these words Turbopack says that a line with the cause follows; 15 and 16.1 put it behind the code. */
const NO_CAUSE = 'Parsing ecmascript source code failed';

/** The answer of `get_compilation_issues` (16.4 with Turbopack); undefined if it is none. */
export function issuesOfGraph(text: string): readonly ToldIssue[] | undefined {
  const issues = parsed(text)?.['issues'];
  if (!Array.isArray(issues)) return undefined;
  return issues.flatMap((item: unknown) => graphIssue(item) ?? []).slice(0, MAX_ISSUES);
}

function graphIssue(value: unknown): ToldIssue | undefined {
  if (!isRecord(value) || typeof value['title'] !== 'string') return undefined;
  const severity = severityOf(value['severity']);
  if (severity === undefined) return undefined;
  const source = isRecord(value['source']) ? value['source'] : {};
  const start = isRecord(source['range']) && isRecord(source['range']['start']) ? source['range']['start'] : {};
  const told = [source['filePath'], value['filePath']].find((path) => typeof path === 'string' && path !== '');
  return {
    severity,
    // Markdown, for agents.
    message: cut(value['title'].replace(/\*\*|`/g, '')),
    ...(typeof told === 'string' ? { told } : {}),
    ...placeOf(start['line'], start['column']),
  };
}

/** Turbopack's words; what is said for information only is no issue. */
function severityOf(value: unknown): CompileIssue['severity'] | undefined {
  if (value === 'error' || value === 'fatal' || value === 'bug') return 'error';
  return value === 'warning' ? 'warning' : undefined;
}

/**
 * The build errors in the answer of `get_errors` (16.0 and later), which knows only what connected browsers show: JSON in
 * 16.4, Markdown in 16.1. `noBrowser` if none is connected.
 */
export function issuesOfBrowsers(text: string): readonly ToldIssue[] | 'noBrowser' | undefined {
  if (text.includes('No browser sessions connected')) return 'noBrowser';
  const builds = buildErrors(text);
  if (builds === undefined) return undefined;
  const issues = builds.flatMap((build) => buildIssue(linesOf(build)) ?? []);
  // Two tabs on one page show one error.
  const unique = new Map(issues.map((issue) => [JSON.stringify(issue), issue]));
  return [...unique.values()].slice(0, MAX_ISSUES);
}

function buildErrors(text: string): readonly string[] | undefined {
  const sessions = parsed(text)?.['sessionErrors'];
  if (Array.isArray(sessions))
    return sessions.flatMap((session: unknown) =>
      isRecord(session) && typeof session['buildError'] === 'string' ? session['buildError'] : [],
    );
  if (!/^(?:# Found errors|No errors)/.test(text)) return undefined;
  return [...text.matchAll(/^### Build Error\n+```\n([^]*?)\n```$/gm)].map(([, build = '']) => build);
}

/** What the overlay says by its text; undefined while it says nothing. */
export function issueOfOverlay(text: string): OverlayIssue | undefined {
  const lines = linesOf(text);
  const first = lines.filter((line) => line !== '').slice(0, 3);
  if (first.length === 0) return undefined;
  if (first.some((line) => line === 'Build Error' || line === 'Failed to compile')) {
    const issue = buildIssue(lines) ?? { severity: 'error' as const, message: cut(first.at(-1) ?? '') };
    return { kind: 'build', ...issue };
  }
  return { kind: 'runtime', ...runtimeIssue(lines) };
}

/** A build error as a text: the place, what is wrong, the code around it. */
function buildIssue(lines: readonly string[]): ToldIssue | undefined {
  const at = lines.findIndex((line) => buildPlace.test(line));
  const match = buildPlace.exec(lines[at] ?? '');
  if (match === null) return undefined;
  const [, told = '', line = '', column = ''] = match;
  const below = lines.slice(at + 1);
  const words = below.filter((text) => !isCode(text)).map(bare);
  const said = words.filter((text) => text !== '' && text !== NO_CAUSE && !/^(?:https?:|\d+$)/.test(text));
  const place = line === '' ? markedPlace(below) : placeOf(Number(line), Number(column));
  return { severity: 'error', message: cut(said[0] ?? NO_CAUSE), told, ...place };
}

/** `./app/page.js:6:3`, `./app/page.js (6:3)`, `./app/page.js`. */
const buildPlace = /^(\.{1,2}\/.*?\.\w+)(?:(?::| \()(\d+):(\d+)\)?)?$/;

function isCode(line: string): boolean {
  return /^\s*>?\s*\d*\s*[|:](?:\s|$)|^\s*[,`╭╰][-─]/.test(line);
}

/** Without the class name before what is said, and the mark, which SWC sets apart. */
function bare(line: string): string {
  return line.replace(/^(?:Error:|\s{2,}[x×⨯]\s)*\s*/, '').trim();
}

/**
 * The place that SWC marks in its picture of the code: a caret below the line. The line in the picture's head is the first
 * of the picture in 14.2, and the right one later.
 */
function markedPlace(lines: readonly string[]): Pick<ToldIssue, 'line' | 'column'> {
  const at = lines.findIndex((line) => /^\s*[:·]\s*[\^─┬]/.test(line));
  const number = /^\s*(\d+)\s*[|│]/.exec(lines[at - 1] ?? '')?.[1];
  if (number === undefined) return {};
  const [before = ''] = /^\s*[:·]\s?/.exec(lines[at] ?? '') ?? [];
  const marked = (lines[at] ?? '').slice(before.length);
  return placeOf(Number(number), marked.search(/\S/) + 1);
}

/** An error that was thrown: heading, what it says, where, with the code around it and the stack. */
function runtimeIssue(lines: readonly string[]): ToldIssue {
  const at = lines.findIndex((line) => runtimePlace.test(line));
  const [, told = '', line = '', column = ''] = runtimePlace.exec(lines[at] ?? '') ?? [];
  const above = (at < 0 ? lines : lines.slice(0, at)).map((text) => text.trim());
  const said = above.filter((text) => text !== '' && !runtimeFrill.test(text));
  const message = cut(bare(said[0] ?? above[0] ?? ''));
  return told === ''
    ? { severity: 'error', message }
    : { severity: 'error', message, told, ...placeOf(Number(line), Number(column)) };
}

/** `app/page.js (2:9) @ Page`. */
const runtimePlace = /^(\S.*?\.\w+) \((\d+):(\d+)\)(?: @ .*)?$/;
/** The overlay's headings and labels. */
const runtimeFrill =
  /^(?:\d+ of \d+ (?:un)?(?:error|handled).*|(?:Unhandled )?(?:Runtime|Console|Recoverable) \w*Error|Server|Prerender|Cache|Source|\d+)$/;

function placeOf(line: unknown, column: unknown): Pick<ToldIssue, 'line' | 'column'> {
  if (!isCount(line)) return {};
  return isCount(column) ? { line, column } : { line };
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 1;
}

/** Without colours and carriage returns. */
function linesOf(text: string): readonly string[] {
  return stripVTControlCharacters(text)
    .split(/\r?\n/)
    .map((line) => line.trimEnd());
}

function cut(text: string): string {
  return text.trim().slice(0, MESSAGE_CHARS);
}

function parsed(json: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined; // Markdown, as 16.1 answers.
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
