import * as vscode from 'vscode';
import type { MessageButton } from '../sessions/messages';
import { commandOf } from './buttonCommands';

/** Does what a button under a message says. */
export function runButton(button: MessageButton): void {
  if (button.action === 'turnOff' && button.setting !== undefined) void turnOff(button.setting);
  const command = commandOf(button);
  if (command !== undefined) void vscode.commands.executeCommand(...command);
}

/** Where it is set, else for this user. */
async function turnOff(setting: string): Promise<void> {
  const configuration = vscode.workspace.getConfiguration();
  const isOfWorkspace = configuration.inspect(setting)?.workspaceValue !== undefined;
  await configuration.update(
    setting,
    false,
    isOfWorkspace ? vscode.ConfigurationTarget.Workspace : vscode.ConfigurationTarget.Global,
  );
}
