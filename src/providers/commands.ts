import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import type { ActionChoice, ActionWindow } from '../sessions/actionList';
import type { App } from '../sessions/apps';
import type { DevServers } from '../sessions/devServers';
import { DisposableStore } from '../sessions/event';
import { errorToMessage, type Message } from '../sessions/messages';
import { replaceHost, restartServer, stopOther, stopServer, type Question } from '../sessions/personsWord';
import { actionLabel, canOpen, canStart, canStop, fits, type AppActionId } from '../sessions/appActions';
import { viewOf, type AppView } from '../sessions/appView';
import { appByWord } from '../sessions/presenter';
import { appCommands, windowCommands } from './ids';

/** What the commands need of the rest of the window. */
export interface CommandPorts {
  readonly servers: DevServers;
  /** The app that a person most likely means now. */
  activeApp(): App | undefined;
  pickApp(views: readonly AppView[], placeHolder: string): Promise<AppView | undefined>;
  /** Offers what fits; undefined where a person leaves it. */
  pickAction(views: readonly AppView[], window: ActionWindow): Promise<ActionChoice | undefined>;
  isTrusted(): boolean;
  /** A person has just done something in this window. */
  noteInput(): void;
  showTerminal(app: App): void;
  openPreview(app: App): void;
  openPreviewInView(app: App): void;
  /** The view's app gets a panel. */
  movePreviewToEditor(): void;
  openPreviewsSideBySide(apps: readonly App[]): void;
  /** The editor has a browser of its own. */
  hasIntegratedBrowser(): boolean;
  /** `path` is the page's within the app. */
  openInBrowser(app: App, path: string | undefined): Promise<void>;
  openInIntegratedBrowser(app: App, path: string | undefined): Promise<void>;
  copyUrl(app: App, path: string | undefined): Promise<void>;
  showLog(): void;
  /** Gathers what a bug report needs, and opens it. */
  showReport(): Promise<void>;
  /** Looks for what commonly goes wrong, with one app where that is named. */
  runDoctor(appKey: string | undefined): Promise<void>;
  /** Writes a first `cheatcode.json`, or opens the one that there is. */
  createConfig(): Promise<void>;
  /** Of the workspace folder that holds the app. */
  writeAgentAdvice(folder: string): Promise<void>;
  tell(message: Message): void;
}

/** What a button that was shown a while ago may ask for when it no longer makes sense: then it is said, not done. */
const passing: Partial<Readonly<Record<AppActionId, (label: string) => string>>> = {
  useNextPort: (label) => l10n.t('The port of {0} is no longer in the way.', label),
  startHere: (label) => l10n.t('{0} does not run on another machine any more.', label),
  stopOther: (label) => l10n.t('There is no other process in the way of {0} any more.', label),
  installAndRestart: (label) => l10n.t('The dependencies of {0} are up to date by now.', label),
};

/** Registers the commands. Each that is about one app takes a word for it (key, name, type or session) as argument. */
export function registerCommands(ports: CommandPorts): vscode.Disposable {
  const store = new DisposableStore();
  const word = { servers: ports.servers, ask, ownUid: process.getuid?.() };
  const run: Readonly<Record<AppActionId, (app: App, path: string | undefined) => unknown>> = {
    start: (app) => ports.servers.start(app),
    stop: (app) => stopServer(app, word),
    restart: (app) => restartServer(app, word),
    installAndRestart: (app) => ports.servers.restart(app, { choice: { install: true } }),
    useNextPort: (app) => ports.servers.start(app, { useNextPort: true }),
    startHere: (app) => ports.servers.start(app, { startHere: true }),
    stopOther: (app) => stopOther(app, word),
    showTerminal: (app) => ports.showTerminal(app),
    openPreview: (app) => ports.openPreview(app),
    openPreviewInView: (app) => ports.openPreviewInView(app),
    openInBrowser: (app, path) => ports.openInBrowser(app, path),
    openInIntegratedBrowser: (app, path) => ports.openInIntegratedBrowser(app, path),
    copyUrl: (app, path) => ports.copyUrl(app, path),
  };
  for (const id of Object.keys(run) as AppActionId[])
    store.add(
      vscode.commands.registerCommand(appCommands[id], async (named?: unknown, path?: unknown) => {
        ports.noteInput();
        const app = await chooseApp(id, wordIn(named), ports);
        if (app === undefined) return;
        const page = typeof path === 'string' ? path : undefined;
        const isOver = passing[id] !== undefined && !fits[id](viewIn(ports, app));
        if (isOver) ports.tell({ severity: 'info', text: passing[id]?.(app.label) ?? '', buttons: [] });
        else await attempt(app, ports, () => run[id](app, page));
      }),
    );
  store.add(
    vscode.commands.registerCommand(windowCommands.actions, async (argument?: unknown) => {
      ports.noteInput();
      const views = allViews(ports);
      const name = wordIn(argument);
      const named = typeof name === 'string' ? appByWord(views, name) : undefined;
      const likely = (named ?? ports.activeApp())?.key;
      const first = views.filter((view) => view.app.key === likely);
      const others = named === undefined ? views.filter((view) => view.app.key !== likely) : [];
      const { connection, hostReplacement } = ports.servers;
      const trusted = ports.isTrusted();
      const choice = await ports.pickAction([...first, ...others], { connection, hostReplacement, trusted });
      if (choice === undefined) return;
      if ('app' in choice) await vscode.commands.executeCommand(appCommands[choice.app], choice.appKey);
      else if (choice.window === 'manageTrust') await vscode.commands.executeCommand('workbench.trust.manage');
      else await vscode.commands.executeCommand(windowCommands[choice.window]);
    }),
  );
  store.add(vscode.commands.registerCommand(windowCommands.showLog, () => ports.showLog()));
  store.add(
    vscode.commands.registerCommand(windowCommands.showReport, () =>
      ports.showReport().catch((error: unknown) => ports.tell(errorToMessage(error))),
    ),
  );
  store.add(
    vscode.commands.registerCommand(windowCommands.doctor, (argument?: unknown) => {
      const word = wordIn(argument);
      const named = typeof word === 'string' ? appByWord(allViews(ports), word) : undefined;
      return ports.runDoctor(named?.key).catch((error: unknown) => ports.tell(errorToMessage(error)));
    }),
  );
  store.add(
    vscode.commands.registerCommand(windowCommands.writeAgentAdvice, async () => {
      const app = ports.activeApp() ?? ports.servers.apps[0];
      if (app === undefined)
        return ports.tell({
          severity: 'info',
          text: l10n.t('There is no app here to give advice about.'),
          buttons: [],
        });
      await attempt(app, ports, () => ports.writeAgentAdvice(app.workspaceFolder));
    }),
  );
  store.add(
    vscode.commands.registerCommand(windowCommands.createConfig, () =>
      ports.createConfig().catch((error: unknown) => ports.tell(errorToMessage(error))),
    ),
  );
  store.add(vscode.commands.registerCommand(windowCommands.movePreviewToEditor, () => ports.movePreviewToEditor()));
  store.add(
    vscode.commands.registerCommand(windowCommands.choosePreviewApp, async () => {
      const views = allViews(ports).filter(fits.openPreviewInView);
      const picked = await ports.pickApp(views, l10n.t('Which app to show in the view?'));
      if (picked !== undefined) ports.openPreviewInView(picked.app);
    }),
  );
  store.add(
    vscode.commands.registerCommand(windowCommands.openPreviewsSideBySide, () => {
      const views = allViews(ports).filter(fits.openPreview);
      const running = views.filter(canOpen);
      ports.openPreviewsSideBySide((running.length > 1 ? running : views).map(({ app }) => app));
    }),
  );
  store.add(
    vscode.commands.registerCommand(windowCommands.replaceHost, async () => {
      try {
        await replaceHost(word);
      } catch (error) {
        ports.tell(errorToMessage(error));
      }
    }),
  );
  store.add(
    vscode.commands.registerCommand(windowCommands.stopAll, async () => {
      // What others started is stopped one by one, after a question each.
      const apps = allViews(ports).filter((view) => canStop(view) && view.session?.adopted !== true);
      await Promise.all(apps.map(({ app }) => attempt(app, ports, () => ports.servers.stop(app))));
    }),
  );
  return store;
}

/** The word for an app in a command's argument: itself, or the key of the view's row that the command was chosen on. */
function wordIn(argument: unknown): unknown {
  return typeof argument === 'object' && argument !== null && 'appKey' in argument ? argument.appKey : argument;
}

/** The app a command is for: the one named, the active editor's, the only one it fits, or the one a person picks. */
async function chooseApp(id: AppActionId, word: unknown, ports: CommandPorts): Promise<App | undefined> {
  const views = allViews(ports);
  if (typeof word === 'string') {
    const named = appByWord(views, word);
    if (named === undefined)
      ports.tell({ severity: 'warning', text: l10n.t('There is no app "{0}" here.', word), buttons: [] });
    return named;
  }
  const candidates = views.filter(fits[id]);
  const active = ports.activeApp();
  const likely = candidates.find((view) => view.app.key === active?.key);
  if (likely !== undefined) return likely.app;
  const shortlist = likelier(id, candidates);
  const [only, ...others] = shortlist;
  if (only === undefined) {
    const text = l10n.t('{0}: there is no dev server for that now.', actionName(id));
    ports.tell({ severity: 'info', text, buttons: [] });
    return undefined;
  }
  if (others.length === 0) return only.app;
  return (await ports.pickApp(shortlist, l10n.t('{0}: which app?', actionName(id))))?.app;
}

/** For a sentence: the dots say on a button that a question follows. */
function actionName(id: AppActionId): string {
  return actionLabel(id).replace('…', '');
}

/**
 * Those that a person more likely means: of previews and terminals the ones of servers that run, and rather an app that
 * can start. All, if that leaves none.
 */
function likelier(id: AppActionId, candidates: readonly AppView[]): readonly AppView[] {
  const prefer: Partial<Record<AppActionId, (view: AppView) => boolean>> = {
    start: canStart,
    openPreview: canOpen,
    openPreviewInView: canOpen,
    showTerminal: (view) => canStop(view) || view.session?.state === 'failed',
  };
  const preferred = candidates.filter(prefer[id] ?? (() => true));
  return preferred.length > 0 ? preferred : candidates;
}

/** Stands over everything else: nothing that we did not start is ended by a key pressed for something else. */
async function ask({ title, detail, button }: Question): Promise<boolean> {
  return (await vscode.window.showWarningMessage(title, { modal: true, detail }, button)) === button;
}

async function attempt(app: App, ports: CommandPorts, action: () => unknown): Promise<void> {
  try {
    await action();
  } catch (error) {
    const message = errorToMessage(error, app);
    ports.tell({ ...message, buttons: message.buttons.map((button) => ({ appKey: app.key, ...button })) });
  }
}

function allViews(ports: CommandPorts): readonly AppView[] {
  return ports.servers.apps.map((app) => viewIn(ports, app));
}

function viewIn(ports: CommandPorts, app: App): AppView {
  return viewOf(ports.servers, app, { hasIntegratedBrowser: ports.hasIntegratedBrowser() });
}
