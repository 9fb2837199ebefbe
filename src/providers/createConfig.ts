import './editorLanguage';
import { writeFile } from 'node:fs/promises';
import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { CONFIG_FILE } from '../sessions/cheatcodeConfig';
import { errorCode, errorMessage } from '../sessions/log';
import type { Message } from '../sessions/messages';
import { appsForConfig, newConfigText } from '../sessions/newConfig';

/**
 * Writes a first `cheatcode.json` from the apps that a folder holds, and opens it; one that is there already is opened as it is,
 * never written over. A bundle of its own, loaded when it is asked for.
 */
export async function createConfig(tell: (message: Message) => void): Promise<void> {
  const folder = await chooseFolder();
  if (folder === undefined) return;
  const file = vscode.Uri.joinPath(folder.uri, CONFIG_FILE);
  const apps = await appsForConfig(folder.uri.fsPath);
  const say = (severity: Message['severity'], text: string) => tell({ severity, text, buttons: [] });
  try {
    // Only if there is none, whoever makes one at this moment.
    await writeFile(file.fsPath, newConfigText(apps), { flag: 'wx' });
  } catch (error) {
    if (errorCode(error) !== 'EEXIST')
      return say('error', l10n.t('cheatcode.json could not be written: {0}', errorMessage(error)));
    await vscode.window.showTextDocument(file);
    return say('info', l10n.t('There is a cheatcode.json already. It was left as it is.'));
  }
  await vscode.window.showTextDocument(file);
  if (apps.length === 0)
    say('info', l10n.t('No app was found in {0}: cheatcode.json has an example in it.', folder.name));
}

async function chooseFolder(): Promise<vscode.WorkspaceFolder | undefined> {
  const folders = vscode.workspace.workspaceFolders ?? [];
  if (folders.length < 2) return folders[0];
  return vscode.window.showWorkspaceFolderPick({ placeHolder: l10n.t('In which folder?') });
}
