import * as vscode from 'vscode';
import type { App } from '../sessions/apps';
import type { DevServers } from '../sessions/devServers';
import { DisposableStore } from '../sessions/event';
import { errorToMessage, type Message } from '../sessions/messages';
import { appByWord, canOpen, canStart, canStop, fits, type AppActionId, type AppView } from '../sessions/presenter';
import { appCommands, windowCommands } from './ids';

/** What the commands need of the rest of the window. */
export interface CommandPorts {
  readonly servers: DevServers;
  /** The app that a person most likely means now. */
  activeApp(): App | undefined;
  pickApp(views: readonly AppView[], placeHolder: string): Promise<AppView | undefined>;
  pickAction(
    views: readonly AppView[],
    run: (action: AppActionId, appKey: string) => void,
    showLog: () => void,
  ): Promise<void>;
  showTerminal(app: App): void;
  openPreview(app: App): void;
  /** `path` is the page's within the app. */
  openInBrowser(app: App, path: string | undefined): Promise<void>;
  copyUrl(app: App, path: string | undefined): Promise<void>;
  showLog(): void;
  tell(message: Message): void;
}

const verb: Readonly<Record<AppActionId, string>> = {
  start: 'start',
  stop: 'stop',
  restart: 'restart',
  showTerminal: 'show the terminal of',
  openPreview: 'preview',
  openInBrowser: 'open in the browser',
  copyUrl: 'copy the URL of',
};

/** Registers the commands. Each that is about one app takes a word for it (key, name, type or session) as argument. */
export function registerCommands(ports: CommandPorts): vscode.Disposable {
  const store = new DisposableStore();
  const run: Readonly<Record<AppActionId, (app: App, path: string | undefined) => unknown>> = {
    start: (app) => ports.servers.start(app),
    stop: (app) => stop(app, ports),
    restart: (app) => restart(app, ports),
    showTerminal: (app) => ports.showTerminal(app),
    openPreview: (app) => ports.openPreview(app),
    openInBrowser: (app, path) => ports.openInBrowser(app, path),
    copyUrl: (app, path) => ports.copyUrl(app, path),
  };
  for (const id of Object.keys(run) as AppActionId[])
    store.add(
      vscode.commands.registerCommand(appCommands[id], async (word?: unknown, path?: unknown) => {
        const app = await chooseApp(id, word, ports);
        const page = typeof path === 'string' ? path : undefined;
        if (app !== undefined) await attempt(app, ports, () => run[id](app, page));
      }),
    );
  store.add(
    vscode.commands.registerCommand(windowCommands.actions, (word?: unknown) => {
      const views = allViews(ports.servers);
      const named = typeof word === 'string' ? appByWord(views, word) : undefined;
      const likely = (named ?? ports.activeApp())?.key;
      const first = views.filter((view) => view.app.key === likely);
      const others = named === undefined ? views.filter((view) => view.app.key !== likely) : [];
      return ports.pickAction(
        [...first, ...others],
        (action, appKey) => void vscode.commands.executeCommand(appCommands[action], appKey),
        () => ports.showLog(),
      );
    }),
  );
  store.add(vscode.commands.registerCommand(windowCommands.showLog, () => ports.showLog()));
  store.add(
    vscode.commands.registerCommand(windowCommands.stopAll, async () => {
      // What others started is stopped one by one, after a question each.
      const apps = allViews(ports.servers).filter((view) => canStop(view) && view.session?.adopted !== true);
      await Promise.all(apps.map(({ app }) => attempt(app, ports, () => ports.servers.stop(app))));
    }),
  );
  return store;
}

/** The app a command is for: the one named, the active editor's, the only one it fits, or the one a person picks. */
async function chooseApp(id: AppActionId, word: unknown, ports: CommandPorts): Promise<App | undefined> {
  const views = allViews(ports.servers);
  if (typeof word === 'string') {
    const named = appByWord(views, word);
    if (named === undefined) ports.tell({ severity: 'warning', text: `There is no app "${word}" here.`, buttons: [] });
    return named;
  }
  const candidates = views.filter(fits[id]);
  const active = ports.activeApp();
  const likely = candidates.find((view) => view.app.key === active?.key);
  if (likely !== undefined) return likely.app;
  const shortlist = likelier(id, candidates);
  const [only, ...others] = shortlist;
  if (only === undefined) {
    ports.tell({ severity: 'info', text: `There is no dev server to ${verb[id]} now.`, buttons: [] });
    return undefined;
  }
  if (others.length === 0) return only.app;
  return (await ports.pickApp(shortlist, `Which app to ${verb[id]}?`))?.app;
}

/**
 * Those that a person more likely means: of previews and terminals the ones of servers that run, and rather an app that
 * can start. All, if that leaves none.
 */
function likelier(id: AppActionId, candidates: readonly AppView[]): readonly AppView[] {
  const prefer: Partial<Record<AppActionId, (view: AppView) => boolean>> = {
    start: canStart,
    openPreview: canOpen,
    showTerminal: (view) => canStop(view) || view.session?.state === 'failed',
  };
  const preferred = candidates.filter(prefer[id] ?? (() => true));
  return preferred.length > 0 ? preferred : candidates;
}

async function stop(app: App, ports: CommandPorts): Promise<void> {
  if (await mayTouchAdopted(app, 'Stop', ports)) await ports.servers.stop(app);
}

async function restart(app: App, ports: CommandPorts): Promise<void> {
  if (await mayTouchAdopted(app, 'Restart', ports)) await ports.servers.restart(app);
}

/** A server that Cheatcode did not start is signalled only on a person's word, which hears the pid first (I6). */
async function mayTouchAdopted(app: App, title: string, ports: CommandPorts): Promise<boolean> {
  const session = ports.servers.session(app);
  if (session?.adopted !== true) return true;
  const pid = session.listenerPid ?? session.pid;
  const answer = await vscode.window.showWarningMessage(
    `${title} ${app.label}?`,
    {
      modal: true,
      detail: `Its dev server${pid === undefined ? '' : ` (pid ${pid})`} was started outside Cheatcode, by a terminal, an agent or another tool.`,
    },
    title,
  );
  return answer === title;
}

async function attempt(app: App, ports: CommandPorts, action: () => unknown): Promise<void> {
  try {
    await action();
  } catch (error) {
    const message = errorToMessage(error, app);
    ports.tell({ ...message, buttons: message.buttons.map((button) => ({ appKey: app.key, ...button })) });
  }
}

function allViews(servers: DevServers): readonly AppView[] {
  return servers.apps.map((app) => ({ app, session: servers.session(app) }));
}
