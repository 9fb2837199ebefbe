/**
 * Keeps what a dev server's output says of code that does not compile, or that threw. Invariants: its cost is linear in what
 * is printed, and small for what tells of no error; its memory is bounded, whatever is printed; output comes in pieces cut
 * anywhere.
 */
import { stripVTControlCharacters } from 'node:util';
import type { ToldIssue } from './compileIssue';
import { metroPrinted, nextPrinted, printedPlace } from './printedIssue';

/** Of longer lines only the beginning is read, with all escape sequences. */
const MAX_LINE = 2000;
/** And so much of it without them: what makes an error is shorter. */
const MAX_TEXT = 600;
/** What follows an error further below is no part of it. */
const MAX_LINES = 80;
const MAX_ISSUES = 50;

/** A line of interest has one of these in it: searching for words is all that a flood costs. */
const SIGNS = ['⨯', '⚠', 'Compil', 'Bundl', 'ERROR', 'Unable to resolve', '[browser]'];
/** And so has one that tells of a request, which is of interest once there is an error. */
const REQUEST_SIGN = ' in ';

/** An error whose lines are still coming. */
interface Block {
  readonly tool: 'next' | 'metro';
  readonly lines: string[];
  readonly key: number;
  readonly severity: ToldIssue['severity'];
  /** In 14 a line of its own says where. */
  readonly place: ReturnType<typeof printedPlace>;
}

interface Kept {
  readonly issue: ToldIssue;
  /** What was being served when it was printed: a route of Next's, a platform of Metro's. */
  subject?: string;
}

export interface OutputNews {
  /** `issues` is another. */
  readonly hasChanged: boolean;
  /** Something was compiled, well or not: a server that can be asked has something to say. */
  readonly isNews: boolean;
}

/** By the output of one server, all of it and in order. */
export class OutputIssues {
  #rest = '';
  #block: Block | undefined;
  #place: Block['place'];
  /** By the number of its block. */
  #kept = new Map<number, Kept>();
  #blocks = 0;
  /** Of the bundle that failed last. */
  #platform: string | undefined;
  #hasChanged = false;
  #isNews = false;
  #blocksOfPiece = 0;

  /** In the order in which they were printed, the same one once. */
  get issues(): readonly ToldIssue[] {
    return [...this.#kept.values()].map(({ issue }) => issue);
  }

  /** A piece of output, raw. */
  read(text: string): OutputNews {
    this.#hasChanged = false;
    this.#isNews = false;
    this.#blocksOfPiece = 0;
    const whole = this.#rest + text;
    const end = whole.lastIndexOf('\n');
    if (end >= 0 && this.#mayTell(whole)) for (const line of whole.slice(0, end).split('\n')) this.#line(plain(line));
    this.#rest = shown(whole.slice(end + 1)).slice(0, MAX_LINE);
    if (this.#block) this.#take(this.#block);
    return { hasChanged: this.#hasChanged, isNews: this.#isNews };
  }

  /** It is known not to be so any more. */
  forget(issue: ToldIssue): void {
    for (const [key, kept] of this.#kept) if (kept.issue === issue) this.#kept.delete(key);
  }

  /** Another server's output follows. */
  clear(): void {
    this.#rest = '';
    this.#block = undefined;
    this.#place = undefined;
    this.#platform = undefined;
    this.#kept.clear();
  }

  #mayTell(text: string): boolean {
    if (this.#block || SIGNS.some((sign) => text.includes(sign))) return true;
    return this.#kept.size > 0 && text.includes(REQUEST_SIGN);
  }

  #line(line: string): void {
    const text = line.trimStart();
    if (this.#event(text)) return;
    if (this.#block && this.#block.lines.push(line) >= MAX_LINES) this.#close();
  }

  /** Whether the line is one by which a tool says something; then it ends what was said before. */
  #event(text: string): boolean {
    const sign = text[0];
    if (sign === '⨯' || sign === '⚠')
      return this.#open('next', text.slice(1).trimStart(), sign === '⚠' ? 'warning' : 'error');
    if (sign === '✓' || sign === '○') {
      this.#close();
      if (text.startsWith('Compil', 2)) this.#compiled(text);
      return true;
    }
    if (text.startsWith('[browser] ')) return this.#browser(text.slice('[browser] '.length));
    const request = /^(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) (\S+) (\d{3}) in \d/.exec(text);
    if (request) return this.#served(request[1] ?? '', Number(request[2]));
    if (text.startsWith('Unable to resolve "')) return this.#open('metro', text);
    const label = /^(ERROR|WARN|INFO|LOG|DEBUG)(?: {2}|$)/.exec(text);
    if (label?.[1] === 'ERROR') return this.#open('metro', text.slice('ERROR'.length).trimStart());
    const bundle = /^(?:(\S{1,30}) )?(?:(Bundled) \d|Bundling failed )/.exec(text);
    if (bundle) return this.#bundled(bundle[1] ?? '', bundle[2] !== undefined);
    if (label) this.#close();
    return label !== null;
  }

  /** What Next 16.4 passes on of a page's console; what does not compile it says itself, and better. */
  #browser(text: string): true {
    if (text.startsWith('Uncaught ')) return this.#open('next', text);
    this.#close();
    this.#isNews ||= text.startsWith('./');
    return true;
  }

  #open(tool: Block['tool'], first: string, severity: Block['severity'] = 'error'): true {
    this.#close();
    this.#isNews = true;
    const place = printedPlace(first);
    if (place !== undefined) this.#place = place;
    else if (this.#blocksOfPiece++ < MAX_ISSUES) {
      this.#block = { tool, lines: [first], key: ++this.#blocks, severity, place: this.#place };
      this.#place = undefined;
    }
    return true;
  }

  #close(): void {
    if (this.#block) this.#take(this.#block);
    this.#block = undefined;
  }

  /** As far as its lines are there; more of them may tell more. */
  #take({ tool, lines, key, severity, place }: Block): void {
    const read = tool === 'next' ? nextPrinted(lines) : metroPrinted(lines);
    const issue = read?.thrown && place ? { ...read, ...place } : read;
    // A warning is one only of code; everything else is printed with this sign, too.
    if (issue === undefined || (severity === 'warning' && issue.thrown)) return;
    const known = [...this.#kept].find(([, kept]) => isSame(kept.issue, issue));
    if (known?.[0] === key && isWhole(known[1].issue, issue)) return;
    if (known) this.#kept.delete(known[0]);
    const subject = tool === 'metro' ? this.#platform : undefined;
    this.#kept.set(key, { issue: { ...issue, severity }, ...(subject === undefined ? {} : { subject }) });
    this.#hasChanged = true;
    if (this.#kept.size <= MAX_ISSUES) return;
    const [oldest] = this.#kept.keys();
    if (oldest !== undefined) this.#kept.delete(oldest);
  }

  /** All is well, or it is about to be told what is not. */
  #compiled(text: string): void {
    this.#isNews = true;
    // Turbopack says it of one route, too, whatever is wrong with others; webpack compiles all that is open, and counts modules.
    if (text.startsWith('✓ Compiled in ') || /^✓ Compiled .* modules\)$/.test(text)) this.#drop(() => true);
  }

  #served(route: string, status: number): true {
    this.#close();
    if (status >= 500) {
      for (const kept of this.#kept.values()) kept.subject ??= route;
      this.#isNews = true;
    } else if (status < 400) this.#drop(({ subject }) => subject === route);
    return true;
  }

  #bundled(platform: string, isGood: boolean): true {
    this.#close();
    this.#isNews = true;
    // What the last try failed by may be another thing now.
    this.#drop(({ subject }) => subject === platform || (isGood && subject === undefined));
    this.#platform = isGood ? undefined : platform;
    return true;
  }

  #drop(isOver: (kept: Kept) => boolean): void {
    for (const [key, kept] of this.#kept) {
      if (!isOver(kept)) continue;
      this.#kept.delete(key);
      this.#hasChanged = true;
    }
  }
}

/** What stands on the line in the end: a progress bar goes back to its beginning. */
function shown(line: string): string {
  const last = line.endsWith('\r') ? line.length - 2 : line.length;
  return last < 0 ? line : line.slice(line.lastIndexOf('\r', last) + 1);
}

function plain(line: string): string {
  return stripVTControlCharacters(shown(line).slice(0, MAX_LINE)).slice(0, MAX_TEXT).trimEnd();
}

function isSame(one: ToldIssue, other: ToldIssue): boolean {
  return one.told === other.told && one.line === other.line && one.message === other.message;
}

/** Of one block, whose later lines may have told more. */
function isWhole(one: ToldIssue, other: ToldIssue): boolean {
  return one.column === other.column && one.importedBy?.length === other.importedBy?.length;
}
