import path from 'node:path';
import * as vscode from 'vscode';
import { appFile } from '../sessions/appFile';
import { PREVIEW_VIEW_TYPE } from './ids';
import type { FilePlace } from './previewCompileError';

/**
 * Shows the file at the place, where it is open or beside the preview, never over it. Does nothing for what is no file
 * inside the folder (any more). Rejects where the editor can't show it.
 */
export async function openAppFile(folder: string, { file, line = 1, column = 1 }: FilePlace): Promise<void> {
  const found = await appFile(folder, file);
  if (found === undefined) return;
  const uri = vscode.Uri.file(path.join(folder, found));
  const at = new vscode.Position(line - 1, column - 1);
  await vscode.window.showTextDocument(uri, { viewColumn: columnFor(uri), selection: new vscode.Range(at, at) });
}

function columnFor(uri: vscode.Uri): vscode.ViewColumn {
  const { all, activeTabGroup } = vscode.window.tabGroups;
  const open = all.find(({ tabs }) =>
    tabs.some(({ input }) => input instanceof vscode.TabInputText && input.uri.toString() === uri.toString()),
  );
  if (open !== undefined) return open.viewColumn;
  if (!isPreview(activeTabGroup.activeTab)) return activeTabGroup.viewColumn;
  const other = all.find((group) => group !== activeTabGroup && !isPreview(group.activeTab));
  return other?.viewColumn ?? vscode.ViewColumn.Beside;
}

/** The editor puts words of its own before the type. */
function isPreview(tab: vscode.Tab | undefined): boolean {
  return tab?.input instanceof vscode.TabInputWebview && tab.input.viewType.endsWith(PREVIEW_VIEW_TYPE);
}
