/** Ids that the manifest and the code share; a test compares them. */
import type { AppActionId } from '../sessions/appActions';

/** Commands about one app, by the action that they do. */
export const appCommands = {
  start: 'cheatcode.start',
  stop: 'cheatcode.stop',
  restart: 'cheatcode.restart',
  installAndRestart: 'cheatcode.installAndRestart',
  useNextPort: 'cheatcode.useNextPort',
  startHere: 'cheatcode.startHere',
  stopOther: 'cheatcode.stopOther',
  showTerminal: 'cheatcode.showTerminal',
  openPreview: 'cheatcode.openPreview',
  openPreviewInView: 'cheatcode.openPreviewInView',
  openInBrowser: 'cheatcode.openInBrowser',
  openInIntegratedBrowser: 'cheatcode.openInIntegratedBrowser',
  copyUrl: 'cheatcode.copyUrl',
} as const satisfies Readonly<Record<AppActionId, string>>;

/** Commands about all apps, or none. */
export const windowCommands = {
  actions: 'cheatcode.actions',
  showServers: 'cheatcode.showServers',
  showLog: 'cheatcode.showLog',
  showReport: 'cheatcode.showReport',
  doctor: 'cheatcode.doctor',
  createConfig: 'cheatcode.createConfig',
  writeAgentAdvice: 'cheatcode.writeAgentAdvice',
  stopAll: 'cheatcode.stopAll',
  replaceHost: 'cheatcode.replaceHost',
  movePreviewToEditor: 'cheatcode.movePreviewToEditor',
  choosePreviewApp: 'cheatcode.choosePreviewApp',
  openPreviewsSideBySide: 'cheatcode.openPreviewsSideBySide',
  copyFact: 'cheatcode.copyFact',
} as const;

/** Of the panels among the editors. */
export const PREVIEW_VIEW_TYPE = 'cheatcode.preview';

/** Of the list of dev servers, in the Explorer. */
export const SERVERS_VIEW_ID = 'cheatcode.serversView';

/** Of the preview's view, which people can put where they like it. */
export const PREVIEW_VIEW_ID = 'cheatcode.previewView';

/** Of the MCP server that the editor may be told of. */
export const MCP_PROVIDER_ID = 'cheatcode.mcp';

/** Section of all settings. */
export const SETTINGS_SECTION = 'cheatcode';
