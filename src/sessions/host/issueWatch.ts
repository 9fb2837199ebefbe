import { stat } from 'node:fs/promises';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../clock';
import type { ToldIssue } from '../compileIssue';
import type { Disposable } from '../event';
import { errorMessage, type Logger } from '../log';
import { OutputIssues } from '../outputIssues';
import type { CompileIssue, CompileIssues, SessionSnapshot, SessionState } from '../protocol';
import type { Monitored } from './healthMonitor';
import { placed, type AskForIssues } from './nextIssues';

/** After output that tells of a compilation, and of several in short order after the last, in milliseconds. */
export const ASK_AFTER_MS = 300;
/** A server is not kept busy with questions: between two of them it has so many times what the last one took. */
const REST_FACTOR = 5;
const MIN_REST_MS = 500;
/** The first question may take as long as an answer may: the module graph of all routes is built for it, and there from then on. */
const MAX_REST_MS = 10_000;
/** What every snapshot carries, so not more of it than a person reads. */
const MAX_PUSHED = 30;
const MAX_PUSHED_CHARS = 300;

export interface WatchedServer {
  /** As it is now. */
  snapshot(): SessionSnapshot;
  /** Windows are there to be told. */
  isSeen(): boolean;
  /** Something else is known. */
  onChange(): void;
}

export interface IssueWatchDependencies {
  readonly clock: Clock;
  readonly log: Logger;
  readonly compileIssues: AskForIssues;
}

/** Which run of a server is on. */
export interface WatchedRun {
  readonly state: SessionState;
  readonly pid: number | undefined;
  /** Of a server that is somebody else's. */
  readonly adoptedPort: number | undefined;
}

/**
 * Knows what of one app does not compile: by what its server prints, and by what it answers where it can be asked, in each
 * round of the one health interval, and soon after it has printed news. Invariants: one question at a time; nothing is asked
 * while nobody looks; what an earlier run said is forgotten with it, and what was printed of a file with the file's next change.
 */
export class IssueWatch implements Monitored, Disposable {
  readonly #deps: IssueWatchDependencies;
  readonly #server: WatchedServer;
  readonly #output = new OutputIssues();
  /** When the file of a printed issue was last changed: Metro, for one, prints nothing when it is well again. */
  readonly #changedMs = new WeakMap<ToldIssue, number>();
  /** The answer that counts: of a server that could say. */
  #asked: CompileIssues | undefined;
  /** Which run is watched; undefined: none is. */
  #run: string | undefined;
  #issues: readonly CompileIssue[] = [];
  #notBeforeMs = 0;
  #asking: Promise<CompileIssues> | undefined;
  #timer: Disposable | undefined;
  /** Grows with all that is learnt: placing files takes its time, and only the latest is told. */
  #generation = 0;

  constructor(deps: IssueWatchDependencies, server: WatchedServer) {
    this.#deps = deps;
    this.#server = server;
  }

  /** Undefined: nothing is known to be wrong. Equal lists are the same object. */
  get issues(): readonly CompileIssue[] | undefined {
    return this.#issues.length === 0 ? undefined : this.#issues;
  }

  /** Output of the server, raw. */
  read(text: string): void {
    if (this.#run === undefined) return;
    const { hasChanged, isNews } = this.#output.read(text);
    if (hasChanged) void this.#learn();
    if (isNews && this.#server.isSeen()) this.#askSoon(ASK_AFTER_MS);
  }

  /** The state of the server may be another: a new run knows nothing, and what does not run has no errors. */
  follow({ state, pid, adoptedPort }: WatchedRun): void {
    const isUp = state === 'starting' || state === 'running' || state === 'unhealthy';
    const run = isUp ? `${pid ?? ''} ${adoptedPort ?? ''}` : undefined;
    if (run === this.#run) return;
    this.#run = run;
    this.#timer?.dispose();
    this.#timer = undefined;
    this.#asked = undefined;
    this.#output.clear();
    this.#generation++;
    // Not told of itself: whoever calls is about to tell all that has changed.
    this.#issues = [];
  }

  /** Somebody looks again: what is known may be old. */
  seen(): void {
    if (this.#run !== undefined) this.#askSoon(ASK_AFTER_MS);
  }

  /** Called by the one health interval. Never rejects. */
  async checkHealth(): Promise<void> {
    if (this.#server.snapshot().state !== 'running' || !this.#server.isSeen()) return;
    if (this.#deps.clock.nowMs() < this.#notBeforeMs) return;
    await this.ask();
  }

  /** What the server says now, together with what it has printed. Never rejects; a second question joins the first. */
  ask(): Promise<CompileIssues> {
    this.#asking ??= this.#ask().finally(() => (this.#asking = undefined));
    return this.#asking;
  }

  dispose(): void {
    this.#timer?.dispose();
    this.#run = undefined;
    this.#generation++;
  }

  async #ask(): Promise<CompileIssues> {
    const { clock, compileIssues } = this.#deps;
    const run = this.#run;
    const beganMs = clock.nowMs();
    const answer = await compileIssues(this.#server.snapshot());
    this.#notBeforeMs = clock.nowMs() + restMs(clock.nowMs() - beganMs);
    if (run === undefined || run !== this.#run) return answer;
    // Busy is no news; a server that can't be asked (any more) leaves its output.
    if (answer.unknown !== 'noAnswer') this.#asked = answer.unknown === undefined ? answer : undefined;
    await this.#learn();
    const issues = this.#issues;
    return issues.length === 0 || answer.unknown === undefined ? { ...answer, issues } : { issues, isPartial: true };
  }

  #askSoon(afterMs: number): void {
    const { clock } = this.#deps;
    this.#timer?.dispose();
    this.#timer = clock.after(Math.max(afterMs, this.#notBeforeMs - clock.nowMs()), () => {
      this.#timer = undefined;
      // Not one that is under way: it may have been answered for what was there before.
      if (this.#asking) this.#askSoon(ASK_AFTER_MS);
      else if (this.#server.isSeen() && this.#server.snapshot().state === 'running') void this.ask();
    });
  }

  /** Puts together what is known, and tells if it is another. Never rejects. */
  async #learn(): Promise<void> {
    const generation = ++this.#generation;
    const printed = await this.#printed();
    if (generation !== this.#generation) return;
    const asked = this.#asked;
    // A server that looks at all of the app knows best what does not compile; what was thrown it only prints.
    const isWhole = asked !== undefined && asked.isPartial !== true;
    const issues = unique([...(asked?.issues ?? []), ...printed.filter(({ thrown }) => thrown || !isWhole)]);
    if (isDeepStrictEqual(issues, this.#issues)) return;
    this.#issues = issues;
    this.#server.onChange();
  }

  async #printed(): Promise<readonly CompileIssue[]> {
    const { issues } = this.#output;
    if (issues.length === 0) return [];
    const { folder } = this.#server.snapshot();
    const found = await Promise.all(issues.map((issue) => this.#place(folder, issue))).catch((error: unknown) => {
      this.#deps.log.warn('issues could not be placed', { folder, error: errorMessage(error) });
      return [];
    });
    return found.flatMap((issue) => issue ?? []);
  }

  /** Undefined once the file is another than it was: if that is no better, the server says so again. */
  async #place(folder: string, told: ToldIssue): Promise<CompileIssue | undefined> {
    const issue = await placed(folder, told);
    const before = this.#changedMs.get(told);
    const changedMs = issue.file === undefined ? undefined : await changeOf(path.join(folder, issue.file));
    if (before !== undefined && changedMs !== before) {
      this.#output.forget(told);
      return undefined;
    }
    if (changedMs !== undefined) this.#changedMs.set(told, changedMs);
    // What was thrown somewhere else is nothing that could be shown.
    return issue.thrown && issue.file === undefined ? undefined : issue;
  }
}

function restMs(tookMs: number): number {
  return Math.min(MAX_REST_MS, Math.max(MIN_REST_MS, REST_FACTOR * tookMs));
}

async function changeOf(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).mtimeMs;
  } catch {
    return undefined; // Gone meanwhile.
  }
}

/** Short enough to be pushed; of two at one place in one file the first. */
function unique(issues: readonly CompileIssue[]): readonly CompileIssue[] {
  const byPlace = new Map<string, CompileIssue>();
  for (const issue of issues) {
    const { file, line, thrown } = issue;
    const message = issue.message.slice(0, MAX_PUSHED_CHARS);
    const place = file === undefined || line === undefined ? `${file ?? ''} ${message}` : `${file}:${line}`;
    const key = `${place} ${thrown === true}`;
    if (!byPlace.has(key)) byPlace.set(key, { ...issue, message });
  }
  return [...byPlace.values()].slice(0, MAX_PUSHED);
}
