/** Composition root of a window: builds the objects, connects them, and returns. */
import './providers/editorLanguage';
import { createRequire } from 'node:module';
import path from 'node:path';
import * as vscode from 'vscode';
import type { CheatcodeApi } from './cheatcode';
import { ActiveApp } from './providers/activeApp';
import type * as QuickPicks from './providers/actionsQuickPick';
import type * as AgentToolCalls from './providers/agentToolCalls';
import { registerAgentTools } from './providers/agentTools';
import { BrowserAddresses } from './providers/browserAddresses';
import { registerCommands } from './providers/commands';
import { ConfigDiagnostics } from './providers/configDiagnostics';
import { EditorContextKeys } from './providers/contextKeys';
import type * as ConfigFixActions from './providers/configFixActions';
import type * as ConfigReading from './providers/configReading';
import type * as CreateConfig from './providers/createConfig';
import { EditorSettings } from './providers/editorSettings';
import { createApi } from './providers/extensionApi';
import { appCommands } from './providers/ids';
import { hasIntegratedBrowser } from './providers/integratedBrowser';
import type * as McpDefinition from './providers/mcpDefinition';
import { checksBySchema } from './providers/jsonSchemas';
import { runButton } from './providers/messageButtons';
import { Notifications } from './providers/notifications';
import { openAppFile } from './providers/openAppFile';
import { editorBrowser } from './providers/openInBrowser';
import { OutputChannelLog } from './providers/outputChannelLog';
import type * as LivePreviews from './providers/livePreview';
import type * as PhoneCards from './providers/phoneCard';
import type { FilePlace } from './providers/previewCompileError';
import type { CreatePreview } from './providers/previewParts';
import { PreviewPanels } from './providers/previewPanel';
import { Previews } from './providers/previews';
import { PreviewView } from './providers/previewView';
import { ServersView } from './providers/serversView';
import { ServerTerminals } from './providers/serverTerminal';
import type * as SettingsFiles from './providers/settingsDiagnostics';
import { SettingsFileWatch } from './providers/settingsFileWatch';
import type * as ShownProblems from './providers/serverProblems';
import type * as RunDoctor from './providers/runDoctor';
import type * as ShowReport from './providers/showReport';
import type * as Links from './providers/terminalLinks';
import { StatusBar } from './providers/statusBar';
import { editorSurroundings } from './providers/surroundings';
import { ToldCauses } from './providers/toldCauses';
import { watchTypedLines } from './providers/typedLines';
import type * as TypedServerNotice from './providers/typedServerNotice';
import { contributeTerminalPath } from './providers/terminalPath';
import type * as AgentAdvice from './providers/writeAgentAdvice';
import { WindowAttention } from './providers/windowAttention';
import { WorkspaceFiles } from './providers/workspaceFiles';
import { discoverApps } from './sessions/appDiscovery';
import { isKnownWish } from './sessions/appSelection';
import type { App } from './sessions/apps';
import { attentions } from './sessions/attention';
import { DisposableStore } from './sessions/event';
import { errorMessage } from './sessions/log';
import { errorToMessage, unknownAutoStartMessage } from './sessions/messages';
import { canOpen } from './sessions/appActions';
import { viewOf } from './sessions/appView';
import { contextKeys, statusItems } from './sessions/presenter';
import { redisSettings } from './sessions/redisSettings';
import type * as HostLauncher from './sessions/hostLauncher';
import { serverRows } from './sessions/serverRows';
import { createDevServers } from './sessions/workspaceServers';

let store: DisposableStore | undefined;

export function activate(context: vscode.ExtensionContext): CheatcodeApi {
  store = new DisposableStore();
  const log = store.add(new OutputChannelLog());
  const onError = (error: unknown): void => log.error('unexpected', { error: errorMessage(error) });
  const openFile = (app: App, place: FilePlace): void => void openAppFile(app.folder, place).catch(onError);
  const attention = store.add(new WindowAttention());
  const notifications = store.add(
    new Notifications({
      run: runButton,
      anywhere: new ToldCauses(context.globalState),
      attention,
      host: () => servers,
    }),
  );
  const settings = store.add(new EditorSettings(log, (message) => notifications.considerOther('settings', message)));
  const activeApp = store.add(new ActiveApp());
  const workspaceFolders = () => (vscode.workspace.workspaceFolders ?? []).map((folder) => folder.uri.fsPath);
  const loadReader = () => loadBeside<typeof ConfigReading>('./configReading.js').configReader;
  const own = editorSurroundings(context);
  const { surroundings } = own;
  const servers = store.add(
    createDevServers({
      ...own,
      workspaceFolders,
      settings: () => settings.current,
      log,
      loadLauncher,
      loadConfigReader: loadReader,
      distFolder: path.join(context.extensionPath, 'dist'),
      trusted: () => vscode.workspace.isTrusted,
      redis: () => redisSettings(settings.current, log),
    }),
  );
  servers.attend(attention.isFocused);
  const terminals = store.add(
    new ServerTerminals({
      servers,
      settings: () => settings.current,
      run: (action, app) => void vscode.commands.executeCommand(appCommands[action], app.key),
      addLinks: (appOf) => new (loadBeside<typeof Links>('./terminalLinks.js').TerminalLinks)({ appOf, openFile }),
    }),
  );
  const addresses = new BrowserAddresses({
    servers,
    settings: () => settings.current,
    editor: editorBrowser,
    onGateway: (app, failure) =>
      notifications.considerOther(`gateway ${app.key}`, failure && errorToMessage(failure, app)),
    onError,
  });
  const { workspaceState: memory } = context;
  const mediaFolder = vscode.Uri.joinPath(context.extensionUri, 'media');
  const previewPorts: LivePreviews.PreviewPorts = {
    servers,
    mediaFolder,
    memory,
    isTrusted: () => vscode.workspace.isTrusted,
    resolveAddress: (session) => addresses.resolve(session),
    phoneCard: async (port) => loadBeside<typeof PhoneCards>('./phoneCard.js').phoneCard(port),
    run: (action, app, page) => void vscode.commands.executeCommand(appCommands[action], app.key, page),
    openFile,
    openUrl: (url) => void editorBrowser.open(url).catch(onError),
    onError,
  };
  const createPreview: CreatePreview<vscode.Webview> = (...of) =>
    new (loadBeside<typeof LivePreviews>('./livePreview.js').LivePreview)(...of, previewPorts);
  const previews = store.add(
    new Previews({
      memory,
      apps: () => servers.apps,
      likelyApp: (apps) => activeApp.among(apps) ?? apps.find((app) => canOpen(viewOf(servers, app))) ?? apps[0],
      createPanels: (listener) => new PreviewPanels({ mediaFolder, memory, createPreview }, listener),
      createView: (listener) => new PreviewView({ memory, createPreview, apps: () => servers.apps, onError }, listener),
    }),
  );
  let hasBrowser = false;
  const viewsNow = () =>
    servers.apps.map((app) => viewOf(servers, app, { preview: previews.truth(app), hasIntegratedBrowser: hasBrowser }));
  store.add(
    registerCommands({
      servers,
      activeApp: () => previews.activeApp ?? activeApp.among(servers.apps),
      pickApp: (...of) => loadQuickPicks().pickApp(...of),
      pickAction: (...of) => loadQuickPicks().pickAction(...of),
      isTrusted: () => vscode.workspace.isTrusted,
      noteInput: attention.noteInput,
      showTerminal: (app) => terminals.reveal(app),
      openPreview: (app) => previews.open(app),
      openPreviewInView: (app) => previews.openInView(app),
      movePreviewToEditor: () => previews.moveToEditor(),
      openPreviewsSideBySide: (apps) => previews.openSideBySide(apps),
      hasIntegratedBrowser: () => hasBrowser,
      openInBrowser: (app, page) => addresses.open(app, page),
      openInIntegratedBrowser: (app, page) => addresses.openIntegrated(app, page),
      copyUrl: (app, page) => addresses.copy(app, page),
      showLog: () => log.show(),
      showReport: async () =>
        loadBeside<typeof ShowReport>('./showReport.js').showReport({
          extension: context.extension,
          servers,
          views: viewsNow,
          settings: () => settings.current,
          windowLog: () => log.recent,
        }),
      createConfig: async () => loadBeside<typeof CreateConfig>('./createConfig.js').createConfig(notifications.tell),
      writeAgentAdvice: (folder) => loadBeside<typeof AgentAdvice>('./writeAgentAdvice.js').writeAgentAdvice(folder),
      runDoctor: async (appKey) =>
        loadBeside<typeof RunDoctor>('./runDoctor.js').runDoctor(
          { servers, views: viewsNow, settings: () => settings.current, surroundings },
          appKey,
        ),
      tell: notifications.tell,
    }),
  );

  store.add(
    watchTypedLines({
      isWanted: () => settings.current.terminal.tellOfSecondServer,
      look: async (typed) => {
        const { secondServerNotice } = loadBeside<typeof TypedServerNotice>('./typedServerNotice.js');
        const notice = await secondServerNotice(typed, viewsNow());
        if (notice !== undefined) notifications.tell(notice);
      },
      onError,
    }),
  );
  const statusBar = store.add(new StatusBar());
  const keys = store.add(new EditorContextKeys());
  const diagnostics = store.add(
    new ConfigDiagnostics({
      problemsOf: async (unsaved) => (await discoverApps(workspaceFolders(), { loadReader, unsaved })).problems,
      checksBySchema,
      fixes: async (...of) => loadBeside<typeof ConfigFixActions>('./configFixActions.js').configFixActions(...of),
      onError,
    }),
  );
  const workspaceFiles = store.add(new WorkspaceFiles(() => servers.activate(), onError));
  const settingsFiles = store.add(
    new SettingsFileWatch(
      () =>
        new (loadBeside<typeof SettingsFiles>('./settingsDiagnostics.js').SettingsDiagnostics)({
          extension: context.extension,
          apps: () => servers.apps,
          checksBySchema,
          onError,
        }),
      () => settings.problems.length > 0,
    ),
  );
  const considerAutoStart = (): void => {
    const { autoStart } = settings.current;
    // A person's own setting may name the app of another workspace.
    const isWrong = settings.isOfWorkspace('autoStart') && !isKnownWish(autoStart, servers.apps);
    notifications.considerOther('autoStart', isWrong ? unknownAutoStartMessage(autoStart) : undefined);
  };
  let isCheatcodeWorkspace = false;
  const serversView = store.add(
    new ServersView(() =>
      serverRows(viewsNow(), { connection: servers.connection, trusted: vscode.workspace.isTrusted }),
    ),
  );
  const show = (): void => {
    const views = viewsNow();
    const activeAppKey = activeApp.among(servers.apps)?.key;
    const { connection } = servers;
    statusBar.show(
      views.length === 0 ? [] : statusItems(views, { connection, trusted: vscode.workspace.isTrusted, activeAppKey }),
    );
    keys.show(
      contextKeys(views, {
        canReplaceHost: servers.hostReplacement !== undefined,
        hasPreviewInView: previews.appInView !== undefined,
        isCheatcodeWorkspace,
      }),
    );
    serversView.update();
  };
  const ownStore = store;
  let problems: ShownProblems.ServerProblems | undefined;
  const showProblems = (): void => {
    if (!problems && !servers.apps.some((app) => servers.session(app)?.issues)) return;
    problems ??= ownStore.add(
      new (loadBeside<typeof ShownProblems>('./serverProblems.js').ServerProblems)(servers, onError),
    );
    problems.show();
  };
  const showSession = (app: App): void => {
    show();
    showProblems();
    terminals.consider(app);
    previews.update(app);
    notifications.consider(app, attentions(viewOf(servers, app), settings.current));
  };
  store.add(previews.onDidChange(show));
  store.add(servers.onDidChangeSession(showSession));
  store.add(
    servers.onDidDiscover((discovery) => {
      isCheatcodeWorkspace = discovery.isCheatcodeWorkspace;
      terminals.retain(discovery.apps);
      diagnostics.show(discovery.problems).catch(onError);
      settingsFiles.update();
      workspaceFiles.alsoIn(discovery.apps.map(({ folder }) => folder));
      considerAutoStart();
      show();
      showProblems();
      previews.update();
    }),
  );
  store.add(
    servers.onDidChangeConnection((connection) => {
      show();
      showProblems();
      previews.update();
      // Between two tries nothing is known yet: only success ends a trouble.
      if (connection.kind === 'failed') notifications.considerOther('connection', errorToMessage(connection.error));
      else if (connection.kind === 'connected') notifications.considerOther('connection', undefined);
      const { commandFolder } = servers;
      if (commandFolder !== undefined) contributeTerminalPath(context.environmentVariableCollection, commandFolder);
    }),
  );
  store.add(activeApp.onDidChange(show));
  store.add(
    settings.onDidChange(() => {
      servers.settingsChanged();
      previews.forgetAddresses();
      servers.apps.forEach(showSession);
    }),
  );
  store.add(vscode.workspace.onDidChangeWorkspaceFolders(() => servers.foldersChanged()));
  store.add(
    vscode.workspace.onDidGrantWorkspaceTrust(() => {
      servers.trustGranted();
      show();
      previews.update();
    }),
  );
  const activated = servers.activate();
  activated.catch((error: unknown) => {
    onError(error);
    // Whatever a look at the workspace failed for, a file that changes may be the cure.
    workspaceFiles.alsoIn(servers.apps.map(({ folder }) => folder));
  });
  store.add(
    registerAgentTools(() =>
      loadBeside<typeof AgentToolCalls>('./agentToolCalls.js').agentToolCalls({
        servers,
        activated,
        settings: () => settings.current,
      }),
    ),
  );
  let mcpDefinition: vscode.Disposable | undefined;
  const considerMcpServer = (): void => {
    if (!settings.current.offerMcpServer) return;
    mcpDefinition ??= ownStore.add(
      loadBeside<typeof McpDefinition>('./mcpDefinition.js').registerMcpDefinition({
        settings: () => settings.current,
        servers,
        version: own.extensionVersion,
        onDidChange: [settings.onDidChange, servers.onDidDiscover, servers.onDidChangeConnection],
      }),
    );
  };
  considerMcpServer();
  store.add(settings.onDidChange(considerMcpServer));
  hasIntegratedBrowser({
    isDesktop: vscode.env.uiKind === vscode.UIKind.Desktop,
    commands: () => vscode.commands.getCommands(true),
  }).then((has) => {
    if (!has) return;
    hasBrowser = true;
    show();
  }, onError);
  return createApi(servers, activated, (app) => addresses.url(app));
}

/** Ends this window's part; the servers go on. A promise, because only that is waited for at a shutdown. */
export function deactivate(): Promise<void> {
  store?.dispose();
  store = undefined;
  return Promise.resolve();
}

/** Most of the weight, and needed only when a host must be spawned. */
function loadLauncher(): Promise<typeof HostLauncher> {
  return Promise.resolve().then(() => loadBeside<typeof HostLauncher>('./hostLauncher.js'));
}

/** Drawn when a person opens one. */
function loadQuickPicks(): typeof QuickPicks {
  return loadBeside('./actionsQuickPick.js');
}

/** A bundle beside this one, loaded when it is needed. */
function loadBeside<T>(file: string): T {
  return createRequire(__filename)(file) as T;
}
