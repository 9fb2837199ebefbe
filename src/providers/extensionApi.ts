import type { App } from '../sessions/apps';
import type { DevServers } from '../sessions/devServers';
import type { Disposable, Event } from '../sessions/event';
import { appByWord, canOpen, type AppView } from '../sessions/presenter';
import type { AppType, SessionState } from '../sessions/protocol';

/** An app as other extensions see it. */
export interface ApiApp {
  readonly name: string;
  readonly type: AppType;
  readonly folder: string;
  /** Undefined until the session host knows the app. */
  readonly state: SessionState | undefined;
}

/** What `activate` returns. `app` is a name, a type or a session (`dev_server_web`); an unknown one is an error. */
export interface CheatcodeApi {
  readonly version: 1;
  apps(): readonly ApiApp[];
  state(app: string): SessionState | undefined;
  /** The app whose state changed. */
  readonly onDidChange: Event<ApiApp>;
  /** Resolves when the wish is recorded; `onDidChange` tells the rest. */
  start(app: string): Promise<void>;
  /** Resolves when the server has ended. */
  stop(app: string): Promise<void>;
  /** The address as a browser reaches it, undefined while the app does not run. */
  url(app: string): Promise<string | undefined>;
}

/** The public face of the window's dev servers. */
export function createApi(servers: DevServers, urlOf: (app: App) => Promise<string | undefined>): CheatcodeApi {
  const views = (): readonly AppView[] => servers.apps.map((app) => ({ app, session: servers.session(app) }));
  const find = (word: string): AppView => {
    const app = appByWord(views(), word);
    if (app === undefined) throw new Error(`no app, or more than one, is called "${word}"`);
    return { app, session: servers.session(app) };
  };
  const toApi = ({ app, session }: AppView): ApiApp =>
    Object.freeze({ name: app.name, type: app.type, folder: app.folder, state: session?.state });
  return Object.freeze<CheatcodeApi>({
    version: 1,
    apps: () => views().map(toApi),
    state: (word) => find(word).session?.state,
    onDidChange: (listener): Disposable =>
      servers.onDidChangeSession((app) => listener(toApi({ app, session: servers.session(app) }))),
    start: async (word) => {
      await servers.start(find(word).app);
    },
    stop: async (word) => {
      const { app, session } = find(word);
      // Nothing that we did not start is ended without a person's word, and another extension is none.
      if (session?.adopted === true) throw new Error(`${app.label} was started outside Cheatcode`);
      await servers.stop(app);
    },
    url: async (word) => {
      const view = find(word);
      return canOpen(view) ? await urlOf(view.app) : undefined;
    },
  });
}
