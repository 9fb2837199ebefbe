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
 * The errors in the answer of `get_errors` (16.0 and later), which knows only what connected browsers show: JSON in 16.4,
 * Markdown in 16.1. `noBrowser` if none is connected.
 */
export function issuesOfBrowsers(text: string): readonly ToldIssue[] | 'noBrowser' | undefined {
  if (text.includes('No browser sessions connected')) return 'noBrowser';
  const shown = errorsOfBrowsers(text);
  if (shown === undefined) return undefined;
  const issues = [...shown.builds.flatMap((build) => buildIssue(linesOf(build)) ?? []), ...shown.thrown];
  // Two tabs on one page show one error.
  const unique = new Map(issues.map((issue) => [JSON.stringify(issue), issue]));
  return [...unique.values()].slice(0, MAX_ISSUES);
}

interface ShownErrors {
  readonly builds: readonly string[];
  readonly thrown: readonly ToldIssue[];
}

function errorsOfBrowsers(text: string): ShownErrors | undefined {
  const sessions = parsed(text)?.['sessionErrors'];
  if (Array.isArray(sessions)) {
    const records = sessions.filter(isRecord);
    return {
      builds: records.flatMap(({ buildError }) => (typeof buildError === 'string' ? buildError : [])),
      thrown: records.flatMap(({ runtimeErrors }) =>
        Array.isArray(runtimeErrors) ? runtimeErrors.flatMap((error: unknown) => shownThrown(error) ?? []) : [],
      ),
    };
  }
  if (!/^(?:# Found errors|No errors)/.test(text)) return undefined;
  const builds = text.matchAll(/^### Build Error\n+```\n([^]*?)\n```$/gm);
  const thrown = text.matchAll(/^\*\*(\w+)\*\*: (.*)\n+```\n([^]*?)\n```$/gm);
  return {
    builds: [...builds].map(([, build = '']) => build),
    thrown: [...thrown].flatMap(([, name = '', message = '', stack = '']) => {
      const frames = [...stack.matchAll(/\(([^()\n]+):(\d+):(\d+)\)$/gm)];
      const places = frames.map(([, file, line, column]) => ({ file, line: Number(line), column: Number(column) }));
      return shownThrown({ type: 'runtime', errorName: name, message, stack: places }) ?? [];
    }),
  };
}

/** An error that the overlay shows; what was only logged, or has no place in a file, is none for us. */
function shownThrown(error: unknown): ToldIssue | undefined {
  if (!isRecord(error) || error['type'] !== 'runtime' || typeof error['message'] !== 'string') return undefined;
  const stack = Array.isArray(error['stack']) ? error['stack'].filter(isRecord) : [];
  const frame = stack.find(({ file, line }) => typeof file === 'string' && isOwnFile(file) && isCount(line));
  if (frame === undefined) return undefined;
  const name = error['errorName'];
  const message = cut(`${typeof name === 'string' && name !== 'Error' ? `${name}: ` : ''}${error['message']}`);
  const place = placeOf(frame['line'], frame['column']);
  return { severity: 'error', message, told: String(frame['file']), ...place, thrown: true };
}

/** Not the tool's own code, and not what was built of the app's: its lines are none of the source's. */
export function isOwnFile(name: string): boolean {
  return !/node_modules|^(?:node:|webpack-internal:|webpack:|https?:|<|internal\/)|(?:^|[\\/])\.next[\\/]/.test(name);
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

/** A build error as a text: the place, what is wrong, the code around it. Undefined if it names no place. */
export function buildIssue(lines: readonly string[]): ToldIssue | undefined {
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
export const buildPlace = /^(\.{1,2}\/.*?\.\w+)(?:(?::| \()(\d+):(\d+)\)?)?$/;

/** A line of a picture of code. */
export function isCode(line: string): boolean {
  return /^\s*>?\s*\d*\s*[|:](?:\s|$)|^\s*[,`╭╰][-─]/.test(line);
}

/** Without the class name before what is said, and the mark, which SWC sets apart. */
export function bare(line: string): string {
  return line.replace(/^(?:Error:|\s{2,}[x×⨯]\s)*\s*/, '').trim();
}

/**
 * The place that SWC marks in its picture of the code: a caret below the line. The line in the picture's head, which is all
 * there is at the end of a file, is the first of the picture in 14.2, and the right one later.
 */
function markedPlace(lines: readonly string[]): Pick<ToldIssue, 'line' | 'column'> {
  const at = lines.findIndex((line) => /^\s*[:·]\s*[\^─┬]/.test(line));
  const number = /^\s*(\d+)\s*[|│]/.exec(lines[at - 1] ?? '')?.[1];
  if (number === undefined) {
    const [, line, column] =
      /^\s*[,╭][-─]\[.*:(\d+):(\d+)\]$/.exec(lines.find((text) => /^\s*[,╭]/.test(text)) ?? '') ?? [];
    return placeOf(Number(line), Number(column));
  }
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
export const runtimePlace = /^(\S.*?\.\w+) \((\d+):(\d+)\)(?: @ .*)?$/;
/** The overlay's headings and labels. */
const runtimeFrill =
  /^(?:\d+ of \d+ (?:un)?(?:error|handled).*|(?:Unhandled )?(?:Runtime|Console|Recoverable) \w*Error|Server|Prerender|Cache|Source|\d+)$/;

/** What is no place is left out. */
export function placeOf(line: unknown, column: unknown): Pick<ToldIssue, 'line' | 'column'> {
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

/** In bounds. */
export function cut(text: string): string {
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
