import { issueOfOverlay } from '../sessions/compileIssue';
import type { App } from '../sessions/apps';
import type { Clock } from '../sessions/clock';
import type { Disposable } from '../sessions/event';
import type { PreviewTruth, ShownIssue } from '../sessions/previewTruth';
import type { CompileIssue, CompileIssues } from '../sessions/protocol';

/** What it needs of the rest of the window. */
export interface CompileErrorPorts {
  readonly clock: Clock;
  /** See `appFile.ts`. */
  appFile(folder: string, told: string): Promise<string | undefined>;
  compileIssues(app: App): Promise<CompileIssues>;
}

/** A place in a file of an app; line and column begin at 1. */
export interface FilePlace {
  /** Relative to the app's folder. */
  readonly file: string;
  readonly line: number | undefined;
  readonly column: number | undefined;
}

/** Of several errors in short order, as while somebody types, the server is asked about the last. In milliseconds. */
export const ASK_AFTER_MS = 300;

/**
 * Where the error lies that a preview shows: by the overlay's own text at once, and by what the server says, which is asked
 * once for each change. Knows nothing while the page shows none.
 */
export class PreviewCompileError implements Disposable {
  readonly #ports: CompileErrorPorts;
  readonly #onChange: () => void;
  readonly #onError: (error: unknown) => void;
  /** What the page shows, of which app. */
  #trouble = '';
  #timer: Disposable | undefined;
  #issue: ShownIssue | undefined;

  /** `onChange` is called when more is known than after the last `follow`. */
  constructor(ports: CompileErrorPorts, onChange: () => void, onError: (error: unknown) => void) {
    this.#ports = ports;
    this.#onChange = onChange;
    this.#onError = onError;
  }

  get issue(): ShownIssue | undefined {
    return this.#issue;
  }

  /** What is true of the frame now, of which app. */
  follow(app: App | undefined, truth: PreviewTruth | undefined): void {
    const shown = app === undefined ? undefined : shownBy(truth);
    const trouble = shown === undefined ? '' : `${app?.key} ${shown}`;
    if (trouble === this.#trouble) return;
    this.#trouble = trouble;
    this.#timer?.dispose();
    this.#issue = undefined;
    if (app === undefined || truth === undefined || trouble === '') return;
    const overlay = truth.kind === 'compileError' ? issueOfOverlay(truth.text) : undefined;
    if (overlay !== undefined) this.#issue = { kind: overlay.kind, message: overlay.message };
    const placed = this.#place(app, trouble, overlay);
    // What was thrown at run time is nothing that a compiler knows.
    if (overlay?.kind === 'runtime') return;
    this.#timer = this.#ports.clock.after(ASK_AFTER_MS, () => void this.#ask(app, trouble, placed));
  }

  dispose(): void {
    this.#timer?.dispose();
    // What is under way is about nothing any more.
    this.#trouble = '';
  }

  async #place(app: App, trouble: string, overlay: ReturnType<typeof issueOfOverlay>): Promise<string | undefined> {
    if (overlay?.told === undefined) return undefined;
    const { kind, message, told, line, column } = overlay;
    const file = await this.#ports.appFile(app.folder, told);
    if (file !== undefined) this.#learn(trouble, { kind, message, file, line, column });
    return file;
  }

  async #ask(app: App, trouble: string, placed: Promise<string | undefined>): Promise<void> {
    try {
      const { issues } = await this.#ports.compileIssues(app);
      const found = theOne(issues, await placed, this.#issue?.line);
      if (found === undefined) return;
      const { message, file, line, column } = found;
      this.#learn(trouble, { kind: 'build', message, file, line, column });
    } catch (error) {
      this.#onError(error);
    }
  }

  #learn(trouble: string, issue: ShownIssue): void {
    if (trouble !== this.#trouble) return;
    this.#issue = issue;
    this.#onChange();
  }
}

/** What the page shows that may be a compile error: the overlay, or that it is dead because the server failed. */
function shownBy(truth: PreviewTruth | undefined): string | undefined {
  if (truth?.kind === 'compileError') return truth.text;
  if (truth?.kind !== 'notHydrated' || truth.failed === undefined || truth.failed.lastStatus < 500) return undefined;
  return truth.failed.lastUrl;
}

/** Of all that is wrong with an app, what the page shows: of that file, else any where the page names none. */
function theOne(
  issues: readonly CompileIssue[],
  file: string | undefined,
  line: number | undefined,
): CompileIssue | undefined {
  // What was thrown, perhaps by another page, is no reason why this one does not compile.
  const errors = issues.filter(({ severity, thrown }) => severity === 'error' && !thrown);
  if (file === undefined) return errors.find((issue) => issue.file !== undefined) ?? errors[0];
  const here = errors.filter((issue) => issue.file === file);
  return here.find((issue) => issue.line === line) ?? here[0];
}
