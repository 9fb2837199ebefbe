import * as vscode from 'vscode';

/**
 * The editor itself checks this JSON document by its schema: where it has a tab, as long as nobody has switched that off. (A document
 * that an extension has opened stays open for minutes without one, and is not checked.)
 */
export function checksBySchema(uri: vscode.Uri): boolean {
  const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
  return (
    tabs.some(({ input }) => input instanceof vscode.TabInputText && input.uri.toString() === uri.toString()) &&
    vscode.extensions.getExtension('vscode.json-language-features') !== undefined &&
    vscode.workspace.getConfiguration('json').get('validate.enable', true)
  );
}
