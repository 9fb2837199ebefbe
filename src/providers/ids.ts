/** Ids that the manifest and the code share; a test compares them. */
import type { AppActionId } from '../sessions/presenter';

/** Commands about one app, by the action that they do. */
export const appCommands = {
  start: 'cheatcode.start',
  stop: 'cheatcode.stop',
  restart: 'cheatcode.restart',
  installAndRestart: 'cheatcode.installAndRestart',
  useNextPort: 'cheatcode.useNextPort',
  stopOther: 'cheatcode.stopOther',
  showTerminal: 'cheatcode.showTerminal',
  openPreview: 'cheatcode.openPreview',
  openInBrowser: 'cheatcode.openInBrowser',
  copyUrl: 'cheatcode.copyUrl',
} as const satisfies Readonly<Record<AppActionId, string>>;

/** Commands about all apps, or none. */
export const windowCommands = {
  actions: 'cheatcode.actions',
  showLog: 'cheatcode.showLog',
  stopAll: 'cheatcode.stopAll',
  replaceHost: 'cheatcode.replaceHost',
} as const;

export const PREVIEW_VIEW_TYPE = 'cheatcode.preview';

/** Section of all settings. */
export const SETTINGS_SECTION = 'cheatcode';
