/**
 * Reads an error as Next.js or Metro prints it: the lines from its first on, without colours, and perhaps some that follow it
 * and are no part of it. Pure, and tolerant: what names no place in a file is none for us. The forms are those of Next.js
 * 14.2, 15.5, 16.1 and 16.4, and of Expo 54; the unit tests hold the recorded texts.
 */
import {
  bare,
  buildIssue,
  buildPlace,
  cut,
  isCode,
  isOwnFile,
  placeOf,
  runtimePlace,
  type ToldIssue,
} from './compileIssue';

/** Longer chains of imports are cut. */
const MAX_IMPORTERS = 10;

/** What is printed behind Next's sign for an error. */
export function nextPrinted(lines: readonly string[]): ToldIssue | undefined {
  // Turbopack of 14 throws it.
  const [first, ...below] = [lines[0]?.replace(/^ModuleBuildError: /, '') ?? '', ...lines.slice(1)];
  if (!buildPlace.test(first)) return thrown(lines);
  const issue = buildIssue([first, ...below]);
  return issue && withTrace(issue, namesBelow(lines, 'Import trace', /^\s*(\.{1,2}\/[^[]*\.\w+)(?: \[|$)/));
}

/** Where Next 14 says that the error lies which it prints next. */
export function printedPlace(line: string): Pick<ToldIssue, 'told' | 'line' | 'column'> | undefined {
  const [, told, row, column] = runtimePlace.exec(line) ?? [];
  return told === undefined ? undefined : { told, ...placeOf(Number(row), Number(column)) };
}

/** What is printed behind Metro's label for an error, or without one, as Expo does where an import leads nowhere. */
export function metroPrinted(lines: readonly string[]): ToldIssue | undefined {
  const [first = ''] = lines;
  return unresolved(first, lines) ?? notTransformed(first, lines) ?? thrown(lines);
}

/** `Unable to resolve "./x" from "App.tsx"` (Expo), `Error: Unable to resolve module ./x from /app/App.tsx: …` (Metro). */
function unresolved(first: string, lines: readonly string[]): ToldIssue | undefined {
  const [, module, from] =
    /^(?:\w*Error: )?Unable to resolve (?:module )?"?([^\s"]+)"? from "?([^"\s][^"]*?)"?(?:: .*|:)?$/.exec(first) ?? [];
  if (module === undefined || from === undefined) return undefined;
  const issue = {
    severity: 'error',
    message: cut(`Unable to resolve "${module}"`),
    told: from,
    ...framedPlace(lines),
  } as const;
  return withTrace(issue, namesBelow(lines, 'Import stack', /^\s*([^\s|].*?\.\w+)$/));
}

/** `SyntaxError: /app/App.tsx: Unexpected token (13:2)`. Babel counts columns from 0. */
function notTransformed(first: string, lines: readonly string[]): ToldIssue | undefined {
  const match = /^\w*Error: ((?:[A-Za-z]:)?[^:]+\.\w+): (.+)$/.exec(first);
  if (match === null) return undefined;
  const [, told = '', said = ''] = match;
  const [, message = said, row, column] = /^(.*\S) \((\d+):(\d+)\)$/.exec(said) ?? [];
  const place = row === undefined ? framedPlace(lines) : placeOf(Number(row), Number(column) + 1);
  return { severity: 'error', message: cut(message), told, ...place };
}

/** An error that was thrown: what it says, and the first place of its stack that may be a file of the app. */
function thrown(lines: readonly string[]): ToldIssue | undefined {
  const [first = ''] = lines;
  const place = stackPlace(lines);
  if (place === undefined) return undefined;
  const said = first
    .replace(/^(?:unhandledRejection:|uncaughtException:|Uncaught)\s+/, '')
    .replace(/^\[(.*)\](?: \{)?$/, '$1');
  const message = cut(bare(said));
  // A phone may send no more than the stack.
  return { severity: 'error', message: message === '' ? 'Error' : message, ...place, thrown: true };
}

/** `    at Page (app/page.js:2:9)`, and without `at` in Metro's list. */
const frame = /^(?:at )?(?:[^()]*\()?([^()\s][^()]*?):(\d+):(\d+)\)?$/;

function stackPlace(lines: readonly string[]): Pick<ToldIssue, 'told' | 'line' | 'column'> | undefined {
  for (const text of lines.slice(1)) {
    const [, file, line, column] = (text.startsWith(' ') && frame.exec(text.trim())) || [];
    if (file === undefined || isCode(text)) continue;
    const told = file.replace(/^(?:file:\/\/|about:\/\/\w+\/)/, '');
    if (isOwnFile(told)) return { told, ...placeOf(Number(line), Number(column)) };
  }
  return undefined;
}

/** The place that Babel marks in its picture of the code. */
function framedPlace(lines: readonly string[]): Pick<ToldIssue, 'line' | 'column'> {
  const at = lines.findIndex((line) => /^\s*>\s*\d+ \|/.test(line));
  const line = Number(/\d+/.exec(lines[at] ?? '')?.[0]);
  const below = /^\s*\| ?( *)\^/.exec(lines[at + 1] ?? '');
  return placeOf(line, below === null ? undefined : (below[1] ?? '').length + 1);
}

/** The files that are named one a line below a heading. */
function namesBelow(lines: readonly string[], heading: string, name: RegExp): readonly string[] {
  const at = lines.findIndex((line) => line.startsWith(heading));
  if (at < 0) return [];
  return lines.slice(at + 1).flatMap((line) => name.exec(line)?.[1] ?? []);
}

function withTrace(issue: ToldIssue, names: readonly string[]): ToldIssue {
  const importedBy = [...new Set(names)].filter((name) => name !== issue.told).slice(0, MAX_IMPORTERS);
  return importedBy.length === 0 ? issue : { ...issue, importedBy };
}
