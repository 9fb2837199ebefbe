import type { App } from '../sessions/apps';
import type { DevServers } from '../sessions/devServers';
import type { Disposable, Event } from '../sessions/event';
import { canOpen } from '../sessions/appActions';
import { type AppView } from '../sessions/appView';
import { appByWord } from '../sessions/presenter';
import type { AppType, SessionState } from '../sessions/protocol';

/** An app as other extensions see it. */
export interface ApiApp {
  readonly name: string;
  readonly type: AppType;
  readonly folder: string;
  /** Undefined until the session host knows the app. */
  readonly state: SessionState | undefined;
}

/**
 * What `activate` returns. `app` is a name, a type or a session (`dev_server_web`). The workspace is read after it: what is
 * looked up at once (`apps`, `state`) is empty until `onDidChange`, and what is asked for waits, and rejects for an unknown app.
 */
export interface CheatcodeApi {
  readonly version: 1;
  apps(): readonly ApiApp[];
  /** Undefined for an app that is not known, or not yet, to this window or to the session host. */
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

/**
 * The public face of the window's dev servers. `activated` settles when the workspace was read for the first time; what it
 * rejects with is told to whoever asks for something.
 */
export function createApi(
  servers: DevServers,
  activated: Promise<void>,
  urlOf: (app: App) => Promise<string | undefined>,
): CheatcodeApi {
  const views = (): readonly AppView[] => servers.apps.map((app) => ({ app, session: servers.session(app) }));
  const find = async (word: string): Promise<AppView> => {
    await activated;
    const app = appByWord(views(), word);
    if (app === undefined) throw new Error(`no app, or more than one, is called "${word}"`);
    return { app, session: servers.session(app) };
  };
  const toApi = ({ app, session }: AppView): ApiApp =>
    Object.freeze({ name: app.name, type: app.type, folder: app.folder, state: session?.state });
  return Object.freeze<CheatcodeApi>({
    version: 1,
    apps: () => views().map(toApi),
    state: (word) => {
      const app = appByWord(views(), word);
      return app && servers.session(app)?.state;
    },
    onDidChange: (listener): Disposable =>
      servers.onDidChangeSession((app) => listener(toApi({ app, session: servers.session(app) }))),
    start: async (word) => {
      const { app } = await find(word);
      await servers.start(app);
    },
    stop: async (word) => {
      const { app, session } = await find(word);
      // Nothing that we did not start is ended without a person's word, and another extension is none.
      if (session?.adopted === true) throw new Error(`${app.label} was started outside Cheatcode`);
      await servers.stop(app);
    },
    url: async (word) => {
      const view = await find(word);
      return canOpen(view) ? await urlOf(view.app) : undefined;
    },
  });
}
