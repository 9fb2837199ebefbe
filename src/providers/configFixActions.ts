import './editorLanguage';
import path from 'node:path';
import * as vscode from 'vscode';
import type { ConfigProblem } from '../sessions/apps';
import { appFolders } from '../sessions/appFolders';
import { configFixes, type ConfigFix, type FixSources } from '../sessions/configFixes';
import { packageManagerOf } from '../sessions/launchSpec';

/**
 * What helps against the problems that a range of a `cheatcode.json` has, whoever told of them: the editor's own check by the
 * schema, or ours. A bundle of its own, loaded when it is asked for first.
 */
export async function configFixActions(
  document: vscode.TextDocument,
  range: vscode.Range,
  told: readonly vscode.Diagnostic[],
  problems: readonly ConfigProblem[],
): Promise<vscode.CodeAction[]> {
  const text = document.getText();
  const actions: vscode.CodeAction[] = [];
  for (const problem of problems) {
    if (problem.file !== document.uri.fsPath) continue;
    const at = new vscode.Range(
      document.positionAt(problem.offset),
      document.positionAt(problem.offset + problem.length),
    );
    if (at.intersection(range) === undefined) continue;
    const diagnostics = told.filter((one) => one.range.intersection(at) !== undefined);
    for (const fix of await configFixes(problem, text, sourcesOf(document)))
      actions.push(toAction(fix, document, diagnostics));
  }
  return actions;
}

function toAction(fix: ConfigFix, document: vscode.TextDocument, diagnostics: vscode.Diagnostic[]): vscode.CodeAction {
  const action = new vscode.CodeAction(fix.title, vscode.CodeActionKind.QuickFix);
  action.edit = new vscode.WorkspaceEdit();
  for (const { offset, length, text } of fix.changes)
    action.edit.replace(
      document.uri,
      new vscode.Range(document.positionAt(offset), document.positionAt(offset + length)),
      text,
    );
  action.diagnostics = diagnostics;
  action.isPreferred = fix.isPreferred;
  return action;
}

function sourcesOf(document: vscode.TextDocument): FixSources {
  const root = path.dirname(document.uri.fsPath);
  return {
    folders: async () =>
      (await appFolders(root)).map((folder) => path.relative(root, folder).split(path.sep).join('/') || '.'),
    packageManager: async (folder) => (await packageManagerOf(path.resolve(root, folder))).replace(/@.*/, ''),
  };
}
