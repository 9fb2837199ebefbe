import * as vscode from 'vscode';
import type { MessageButton } from '../sessions/messages';
import { appCommands, SETTINGS_SECTION, windowCommands } from './ids';

/** Does what a button under a message says. */
export function runButton(button: MessageButton): void {
  if (button.action === 'turnOff' && button.setting !== undefined) void turnOff(button.setting);
  const command = commandOf(button);
  if (command !== undefined) void vscode.commands.executeCommand(...command);
}

function commandOf(button: MessageButton): [command: string, ...args: unknown[]] | undefined {
  switch (button.action) {
    case 'dismiss':
    case 'turnOff':
      return undefined;
    case 'openSettings':
      return ['workbench.action.openSettings', button.setting ?? SETTINGS_SECTION];
    case 'manageTrust':
      return ['workbench.trust.manage'];
    case 'reloadWindow':
      return ['workbench.action.reloadWindow'];
    case 'replaceHost':
      return [windowCommands.replaceHost];
    case 'showLog':
      return [windowCommands.showLog];
    default:
      return [appCommands[button.action], button.appKey];
  }
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
