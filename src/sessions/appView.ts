import type { App } from './apps';
import type { ConnectionState, DevServers, OtherSettings } from './devServers';
import type { PreviewTruth } from './previewTruth';
import type { SessionSnapshot } from './protocol';

/** An app and what is known of its dev server. */
export interface AppView {
  readonly app: App;
  readonly session: SessionSnapshot | undefined;
  /** This window would start it in another way than it runs. */
  readonly otherSettings?: OtherSettings | undefined;
  /** What is true of the app in its preview; undefined while no preview of this window shows it. */
  readonly preview?: PreviewTruth | undefined;
  /** The editor has a browser of its own. */
  readonly hasIntegratedBrowser?: boolean;
}

/** An app of a window as it is now, with what the window knows of it besides. */
export function viewOf(
  servers: Pick<DevServers, 'session' | 'otherSettings'>,
  app: App,
  more: Pick<AppView, 'preview' | 'hasIntegratedBrowser'> = {},
): AppView {
  return { app, session: servers.session(app), otherSettings: servers.otherSettings(app), ...more };
}

/** What a window knows besides its apps. */
export interface WindowView {
  readonly connection: ConnectionState;
  readonly trusted: boolean;
  /** The app of the active editor. */
  readonly activeAppKey: string | undefined;
}
