import * as vscode from 'vscode';
import type { ConfigProblem } from '../sessions/apps';

/** Shows what is wrong in a `cheatcode.json` on its line. */
export class ConfigDiagnostics implements vscode.Disposable {
  readonly #collection = vscode.languages.createDiagnosticCollection('cheatcode');
  #generation = 0;

  async show(problems: readonly ConfigProblem[]): Promise<void> {
    const generation = ++this.#generation;
    const files = [...new Set(problems.map((problem) => problem.file))];
    const entries = await Promise.all(
      files.map(async (file): Promise<[vscode.Uri, vscode.Diagnostic[]]> => {
        const uri = vscode.Uri.file(file);
        const document = await openDocument(uri);
        return [
          uri,
          problems.filter((problem) => problem.file === file).map((problem) => toDiagnostic(problem, document)),
        ];
      }),
    );
    // A later look at the workspace has overtaken this one.
    if (generation !== this.#generation) return;
    this.#collection.clear();
    this.#collection.set(entries);
  }

  dispose(): void {
    this.#generation++;
    this.#collection.dispose();
  }
}

async function openDocument(uri: vscode.Uri): Promise<vscode.TextDocument | undefined> {
  try {
    return await vscode.workspace.openTextDocument(uri);
  } catch {
    return undefined;
  }
}

function toDiagnostic(problem: ConfigProblem, document: vscode.TextDocument | undefined): vscode.Diagnostic {
  const range =
    document === undefined
      ? new vscode.Range(0, 0, 0, 0)
      : new vscode.Range(document.positionAt(problem.offset), document.positionAt(problem.offset + problem.length));
  const diagnostic = new vscode.Diagnostic(range, problem.message, vscode.DiagnosticSeverity.Error);
  diagnostic.source = 'cheatcode';
  return diagnostic;
}
