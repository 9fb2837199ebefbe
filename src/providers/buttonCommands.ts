import type { MessageButton } from '../sessions/messages';
import { appCommands, SETTINGS_SECTION, windowCommands } from './ids';

/** The command behind a button under a message, with its arguments; none where the answer is all, or a setting is turned off. */
export function commandOf(button: MessageButton): [command: string, ...args: unknown[]] | undefined {
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
    case 'doctor':
      return [windowCommands.doctor, button.appKey];
    default:
      return [appCommands[button.action], button.appKey];
  }
}
