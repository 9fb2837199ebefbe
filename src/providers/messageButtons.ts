import * as vscode from 'vscode';
import type { MessageButton } from '../sessions/messages';
import { appCommands, SETTINGS_SECTION, windowCommands } from './ids';

/** Does what a button under a message says. */
export function runButton(button: MessageButton): void {
  void vscode.commands.executeCommand(...commandOf(button));
}

function commandOf(button: MessageButton): [command: string, ...args: unknown[]] {
  switch (button.action) {
    case 'openSettings':
      return ['workbench.action.openSettings', button.setting ?? SETTINGS_SECTION];
    case 'manageTrust':
      return ['workbench.trust.manage'];
    case 'showLog':
      return [windowCommands.showLog];
    default:
      return [appCommands[button.action], button.appKey];
  }
}
