import { readFile } from 'node:fs/promises';
import * as vscode from 'vscode';
import type { ConfigProblem, ConfigProblemCode } from '../sessions/apps';
import { DisposableStore } from '../sessions/event';
import { placeIn } from '../sessions/textPlace';

/** Typing on: a look once it pauses. */
const PAUSE_MS = 250;
/** What the editor says itself of an open document, by the schema that the extension contributes. */
const bySchema: ReadonlySet<ConfigProblemCode> = new Set(['syntax', 'wrongValue', 'unknownProperty']);

/** What the diagnostics need of the rest of the window. */
export interface ConfigDiagnosticsPorts {
  /** All problems, with what `unsaved` gives in place of what is saved in a file. */
  problemsOf(unsaved: (file: string) => string | undefined): Promise<readonly ConfigProblem[]>;
  /** The editor checks the document by its schema. */
  checksBySchema(uri: vscode.Uri): boolean;
  /** The actions of `configFixActions`, loaded when they are asked for first. */
  fixes(
    document: vscode.TextDocument,
    range: vscode.Range,
    told: readonly vscode.Diagnostic[],
    problems: readonly ConfigProblem[],
  ): Promise<vscode.CodeAction[]>;
  onError(error: unknown): void;
}

/** Shows what is wrong in a `cheatcode.json` on its line, as it is typed, and offers what helps. */
export class ConfigDiagnostics implements vscode.Disposable, vscode.CodeActionProvider {
  readonly #store = new DisposableStore();
  readonly #collection = this.#store.add(vscode.languages.createDiagnosticCollection('cheatcode'));
  readonly #ports: ConfigDiagnosticsPorts;
  #generation = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(ports: ConfigDiagnosticsPorts) {
    this.#ports = ports;
    this.#store.add({ dispose: () => clearTimeout(this.#timer) });
    const onError = (error: unknown): void => ports.onError(error);
    const look = (uri: vscode.Uri | undefined): void => {
      if (uri === undefined || !isConfig(uri)) return;
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => void this.#look().catch(onError), PAUSE_MS);
    };
    this.#store.add(vscode.workspace.onDidChangeTextDocument(({ document }) => look(document.uri)));
    // The editor's own check comes and goes with the tab.
    this.#store.add(
      vscode.window.tabGroups.onDidChangeTabs(({ opened, closed }) =>
        [...opened, ...closed].forEach(({ input }) =>
          look(input instanceof vscode.TabInputText ? input.uri : undefined),
        ),
      ),
    );
    this.#store.add(
      vscode.languages.registerCodeActionsProvider({ scheme: 'file', pattern: '**/cheatcode.json' }, this, {
        providedCodeActionKinds: [vscode.CodeActionKind.QuickFix],
      }),
    );
  }

  /** Shows what a look at the workspace has found, as it is saved; what is typed at this moment is looked at again. */
  async show(problems: readonly ConfigProblem[]): Promise<void> {
    if (vscode.workspace.textDocuments.some((document) => isConfig(document.uri) && document.isDirty))
      await this.#look();
    else await this.#set(problems);
  }

  async provideCodeActions(
    document: vscode.TextDocument,
    range: vscode.Range,
    { diagnostics }: vscode.CodeActionContext,
  ): Promise<vscode.CodeAction[]> {
    const problems = await this.#ports.problemsOf(unsavedText);
    return this.#ports.fixes(document, range, diagnostics, problems);
  }

  async #look(): Promise<void> {
    await this.#set(await this.#ports.problemsOf(unsavedText));
  }

  async #set(problems: readonly ConfigProblem[]): Promise<void> {
    const generation = ++this.#generation;
    const files = [...new Set(problems.map((problem) => problem.file))];
    const entries = await Promise.all(
      files.map(async (file): Promise<[vscode.Uri, vscode.Diagnostic[]]> => {
        const uri = vscode.Uri.file(file);
        const document = vscode.workspace.textDocuments.find((one) => one.uri.toString() === uri.toString());
        const text = document?.getText() ?? (await readFile(file, 'utf8').catch(() => ''));
        const isSaid = (code: ConfigProblemCode) => bySchema.has(code) && this.#ports.checksBySchema(uri);
        const own = problems.filter((problem) => problem.file === file && !isSaid(problem.code));
        return [uri, own.map((problem) => toDiagnostic(problem, uri, text))];
      }),
    );
    // A later look at the workspace has overtaken this one.
    if (generation !== this.#generation) return;
    this.#collection.clear();
    this.#collection.set(entries);
  }

  dispose(): void {
    this.#generation++;
    this.#store.dispose();
  }
}

function isConfig({ scheme, path }: vscode.Uri): boolean {
  return scheme === 'file' && path.endsWith('/cheatcode.json');
}

function unsavedText(file: string): string | undefined {
  return vscode.workspace.textDocuments.find((one) => isConfig(one.uri) && one.uri.fsPath === file)?.getText();
}

function toDiagnostic(problem: ConfigProblem, uri: vscode.Uri, text: string): vscode.Diagnostic {
  const { Error, Warning } = vscode.DiagnosticSeverity;
  const rangeOf = ({ offset, length }: { readonly offset: number; readonly length: number }) =>
    new vscode.Range(...placeIn(text, offset), ...placeIn(text, offset + length));
  const severity = problem.severity === 'error' ? Error : Warning;
  const diagnostic = new vscode.Diagnostic(rangeOf(problem), problem.message, severity);
  diagnostic.source = 'cheatcode';
  diagnostic.code = problem.code;
  const { related } = problem;
  if (related)
    diagnostic.relatedInformation = [
      new vscode.DiagnosticRelatedInformation(new vscode.Location(uri, rangeOf(related)), related.message),
    ];
  return diagnostic;
}
