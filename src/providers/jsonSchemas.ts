import * as vscode from 'vscode';

/** The editor checks JSON documents by their schemas, as long as nobody has switched it off. */
export function knowsJsonSchemas(): boolean {
  return (
    vscode.extensions.getExtension('vscode.json-language-features') !== undefined &&
    vscode.workspace.getConfiguration('json').get('validate.enable', true)
  );
}
