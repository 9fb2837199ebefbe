import * as l10n from '@vscode/l10n';
import type { CheatcodeApi, CheatcodeApp } from '../cheatcode';
import type { App } from '../sessions/apps';
import type { DevServers } from '../sessions/devServers';
import { canOpen } from '../sessions/appActions';
import { type AppView } from '../sessions/appView';
import { errorToMessage } from '../sessions/messages';
import { appByWord } from '../sessions/presenter';

/**
 * The public face of the window's dev servers, as `cheatcode.d.ts` promises it. `activated` settles when the workspace was read
 * for the first time; what it rejects with is told to whoever asks for something.
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
    if (app === undefined) throw new Error(l10n.t('No app, or more than one, is called "{0}".', word));
    return { app, session: servers.session(app) };
  };
  /** Does what is asked of an app, and puts what goes wrong into words. */
  const ask = async (word: string, action: (view: AppView) => Promise<unknown>): Promise<void> => {
    const view = await find(word);
    await action(view).catch((error: unknown) => {
      throw new Error(errorToMessage(error, view.app).text, { cause: error });
    });
  };
  const stopped = async (word: string, action: (app: App) => Promise<unknown>): Promise<void> =>
    ask(word, ({ app, session }) => {
      // Nothing that we did not start is ended without a person's word, and another extension is none.
      if (session?.adopted === true)
        throw new Error(l10n.t('{0} was started outside Cheatcode; only a person can end it.', app.label));
      return action(app);
    });
  const toApi = ({ app, session }: AppView): CheatcodeApp =>
    Object.freeze({
      name: app.name,
      type: app.type,
      folder: app.folder,
      session: session?.id,
      state: session?.state,
      port: session?.port,
    });
  return Object.freeze<CheatcodeApi>({
    version: 1,
    ready: activated,
    apps: () => views().map(toApi),
    onDidChangeApps: (listener) => {
      // The workspace is looked at far more often than its apps become others.
      const known = (): string => JSON.stringify(servers.apps);
      let last = known();
      return servers.onDidDiscover(() => {
        const before = last;
        last = known();
        if (last !== before) listener(views().map(toApi));
      });
    },
    state: (word) => {
      const app = appByWord(views(), word);
      return app && servers.session(app)?.state;
    },
    onDidChange: (listener) =>
      servers.onDidChangeSession((app) => listener(toApi({ app, session: servers.session(app) }))),
    start: (word) => ask(word, ({ app }) => servers.start(app)),
    stop: (word) => stopped(word, (app) => servers.stop(app)),
    restart: (word) => stopped(word, (app) => servers.restart(app)),
    url: async (word) => {
      const view = await find(word);
      return canOpen(view) ? await urlOf(view.app) : undefined;
    },
  });
}
