import './editorLanguage';
import { realpathSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import type { App } from '../sessions/apps';
import { systemClock } from '../sessions/clock';
import type { DevServers } from '../sessions/devServers';
import { DisposableStore, type Disposable } from '../sessions/event';
import { problemsOf, type Problem } from '../sessions/problems';

/** A server that watches files needs a moment to notice. Of several saves in short order the last counts. In milliseconds. */
const ASK_AFTER_SAVE_MS = 300;
/** The editor takes a longer line's end for it. */
const MAX_COLUMN = 10_000;

/**
 * Shows in the Problems panel what the dev servers say of the code: at its place, as long as it is true. Loaded with the first
 * such problem. The session host knows it for all windows; this one only shows it, and has it looked again when a file is
 * saved that may be better now.
 */
export class ServerProblems implements Disposable {
  readonly #servers: Pick<DevServers, 'apps' | 'session' | 'connection' | 'compileIssues'>;
  readonly #onError: (error: unknown) => void;
  readonly #store = new DisposableStore();
  readonly #collection = this.#store.add(vscode.languages.createDiagnosticCollection('cheatcode-servers'));
  readonly #asking = new Map<string, Disposable>();
  readonly #realPaths = new Map<string, string>();
  #shown = '[]';

  constructor(
    servers: Pick<DevServers, 'apps' | 'session' | 'connection' | 'compileIssues'>,
    onError: (error: unknown) => void,
  ) {
    this.#servers = servers;
    this.#onError = onError;
    this.#store.add(vscode.workspace.onDidSaveTextDocument(({ uri }) => this.#saved(uri)));
  }

  /** A session or the connection may be another. */
  show(): void {
    const problems = this.#servers.apps.flatMap((app) => this.#problemsOf(app));
    const now = JSON.stringify(problems);
    if (now === this.#shown) return;
    this.#shown = now;
    const byFile = new Map<string, vscode.Diagnostic[]>();
    for (const problem of problems)
      byFile.set(problem.file, [...(byFile.get(problem.file) ?? []), this.#toDiagnostic(problem)]);
    this.#collection.clear();
    this.#collection.set([...byFile].map(([file, found]) => [this.#uriOf(file), found]));
  }

  dispose(): void {
    for (const timer of this.#asking.values()) timer.dispose();
    this.#store.dispose();
  }

  #problemsOf(app: App): readonly Problem[] {
    // Without the host, nobody knows.
    return this.#servers.connection.kind === 'failed' ? [] : problemsOf(app, this.#servers.session(app));
  }

  #saved({ scheme, fsPath }: vscode.Uri): void {
    if (scheme !== 'file') return;
    for (const app of this.#servers.apps) {
      if (!fsPath.startsWith(this.#uriOf(app.folder).fsPath + path.sep) || this.#problemsOf(app).length === 0) continue;
      this.#asking.get(app.key)?.dispose();
      const ask = (): void => void this.#servers.compileIssues(app).catch(this.#onError);
      this.#asking.set(app.key, systemClock.after(ASK_AFTER_SAVE_MS, ask));
    }
  }

  #toDiagnostic({ line = 0, column, message, severity, source, related }: Problem): vscode.Diagnostic {
    // An empty range is the word that stands there; a column beyond the end is the end.
    const range =
      column === undefined ? new vscode.Range(line, 0, line, MAX_COLUMN) : new vscode.Range(line, column, line, column);
    const { Error: error, Warning: warning } = vscode.DiagnosticSeverity;
    const diagnostic = new vscode.Diagnostic(range, message, severity === 'error' ? error : warning);
    diagnostic.source = source;
    diagnostic.relatedInformation = related.map(
      ({ file, message: said }) =>
        new vscode.DiagnosticRelatedInformation(
          new vscode.Location(this.#uriOf(file), new vscode.Position(0, 0)),
          said,
        ),
    );
    return diagnostic;
  }

  /** As the editor names it: an app's folder is a real path, and a workspace may have been opened through a link. */
  #uriOf(file: string): vscode.Uri {
    for (const { uri } of vscode.workspace.workspaceFolders ?? []) {
      const relative = path.relative(this.#realPath(uri.fsPath), file);
      if (relative.split(path.sep)[0] !== '..' && !path.isAbsolute(relative)) return vscode.Uri.joinPath(uri, relative);
    }
    return vscode.Uri.file(file);
  }

  #realPath(folder: string): string {
    const known = this.#realPaths.get(folder);
    if (known !== undefined) return known;
    let real = folder;
    try {
      real = realpathSync(folder);
    } catch {
      // Gone, or not on this machine's disk: then no app is in it.
    }
    this.#realPaths.set(folder, real);
    return real;
  }
}
