import path from 'node:path';
import * as l10n from '@vscode/l10n';
import type * as vscode from 'vscode';

/**
 * Puts the command line on the PATH of this workspace's terminals, behind what the user's own shell puts before it. The
 * editor keeps it for the workspace, and marks the terminals that were opened before.
 */
export function contributeTerminalPath(collection: vscode.EnvironmentVariableCollection, folder: string): void {
  const value = folder + path.delimiter;
  if (collection.get('PATH')?.value === value) return;
  collection.description = l10n.t('Adds the command `cheatcode-dev` to the PATH.');
  collection.prepend('PATH', value);
}
