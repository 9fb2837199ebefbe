import path from 'node:path';
import * as vscode from 'vscode';
import type { Surroundings } from '../sessions/settings';

/** What only the editor knows of where it runs. */
export function editorSurroundings(context: vscode.ExtensionContext): {
  readonly surroundings: Surroundings;
  readonly extensionVersion: string;
  readonly editorNodePty: string | undefined;
} {
  const { appRoot, remoteName, uiKind } = vscode.env;
  const { version } = context.extension.packageJSON as { readonly version: string };
  return {
    surroundings: {
      // Reached from elsewhere, by a remote connection or by a browser.
      isSandbox: remoteName !== undefined || uiKind === vscode.UIKind.Web,
      env: process.env,
      editorRoot: appRoot === '' ? undefined : appRoot,
    },
    extensionVersion: version,
    editorNodePty: appRoot === '' ? undefined : path.join(appRoot, 'node_modules', 'node-pty'),
  };
}
