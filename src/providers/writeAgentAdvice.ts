import './editorLanguage';
import * as vscode from 'vscode';
import { withAgentAdvice } from '../sessions/agentAdvice';

/** Where agents of most kinds look (https://agents.md). */
const FILE = 'AGENTS.md';

/**
 * Puts the advice for agents into the workspace folder's AGENTS.md, on a person's request, and shows it there unsaved: what is
 * kept of it is theirs to decide.
 */
export async function writeAgentAdvice(folder: string): Promise<void> {
  const file = vscode.Uri.joinPath(vscode.Uri.file(folder), FILE);
  const exists = await vscode.workspace.fs.stat(file).then(
    () => true,
    () => false,
  );
  const document = await vscode.workspace.openTextDocument(exists ? file : file.with({ scheme: 'untitled' }));
  const text = document.getText();
  const whole = new vscode.Range(document.positionAt(0), document.positionAt(text.length));
  const edit = new vscode.WorkspaceEdit();
  edit.replace(document.uri, whole, withAgentAdvice(text));
  await vscode.workspace.applyEdit(edit);
  await vscode.window.showTextDocument(document);
}
