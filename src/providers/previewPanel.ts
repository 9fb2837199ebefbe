import * as vscode from 'vscode';
import type { App } from '../sessions/apps';
import type { DevServers } from '../sessions/devServers';
import { DisposableStore } from '../sessions/event';
import { isBusy, previewPage, type AppActionId, type PreviewPage } from '../sessions/presenter';
import type { SessionSnapshot } from '../sessions/protocol';
import { PREVIEW_VIEW_TYPE } from './ids';
import type { PreviewAddress, Route } from './previewAddress';
import { previewHtml } from './previewHtml';
import {
  parseFromPage,
  parsePageView,
  parseSavedState,
  type PageView,
  type SavedApp,
  type ToPage,
} from './previewMessages';

const OUTPUT_LINES = 20;
/** Between two looks at the output of a server that is on its way, only while its page is in sight. */
const OUTPUT_INTERVAL_MS = 1000;

/** What a preview needs of the rest of the window. */
export interface PreviewPorts {
  readonly servers: DevServers;
  readonly mediaFolder: vscode.Uri;
  /** Keeps what was chosen in a page. The editor writes a panel's own state only once a minute. */
  readonly memory: vscode.Memento;
  isTrusted(): boolean;
  resolveAddress(session: SessionSnapshot): Promise<PreviewAddress>;
  noteRoute(app: App, route: Route): void;
  /** Does an action of the page; those on addresses get the page's path. */
  run(action: AppActionId, app: App, path: string): void;
  readonly onError: (error: unknown) => void;
}

/** The preview panels of a window, one per app; panels of before a reload come back with their app. */
export class Previews implements vscode.Disposable {
  readonly #store = new DisposableStore();
  readonly #ports: PreviewPorts;
  readonly #panels = new Set<PreviewPanel>();

  constructor(ports: PreviewPorts) {
    this.#ports = ports;
    this.#store.add(
      vscode.window.registerWebviewPanelSerializer(PREVIEW_VIEW_TYPE, {
        deserializeWebviewPanel: (panel, state: unknown) => {
          const saved = parseSavedState(state);
          if (saved === undefined) panel.dispose();
          else this.#adopt(panel, saved.app, parsePageView(this.#ports.memory.get(memoryKey(saved.app))) ?? FIRST_VIEW);
          return Promise.resolve();
        },
      }),
    );
  }

  /** Shows the app's panel, made if there is none. */
  open(app: App): void {
    const existing = [...this.#panels].find((panel) => panel.isOf(app));
    if (existing !== undefined) {
      existing.reveal();
      return;
    }
    const column =
      vscode.window.tabGroups.activeTabGroup.tabs.length > 0 ? vscode.ViewColumn.Beside : vscode.ViewColumn.Active;
    const panel = vscode.window.createWebviewPanel(PREVIEW_VIEW_TYPE, 'Preview', column, {
      // The app's state (a form half filled in, a scroll position) must survive a look at another tab.
      retainContextWhenHidden: true,
    });
    this.#adopt(panel, { key: app.key, name: app.name }, FIRST_VIEW);
  }

  /** The app whose panel has the focus. */
  get activeApp(): App | undefined {
    return [...this.#panels].find((panel) => panel.isActive)?.app;
  }

  /** Something about an app, the list of apps or the connection changed. */
  update(app?: App): void {
    for (const panel of this.#panels) if (app === undefined || panel.isOf(app)) panel.update();
  }

  /** The settings that decide addresses may have changed. */
  forgetAddresses(): void {
    for (const panel of this.#panels) panel.forgetAddress();
  }

  #adopt(panel: vscode.WebviewPanel, app: SavedApp, view: PageView): void {
    const preview = new PreviewPanel(panel, app, view, this.#ports);
    this.#panels.add(preview);
    panel.onDidDispose(() => {
      this.#panels.delete(preview);
      preview.dispose();
    });
  }

  /** Leaves the panels to the editor, which keeps them for the next activation. */
  dispose(): void {
    this.#store.dispose();
    for (const panel of this.#panels) panel.dispose();
    this.#panels.clear();
  }
}

const FIRST_VIEW: PageView = { path: '/', width: 'full' };

function memoryKey(app: SavedApp): string {
  return `preview ${app.name}`;
}

class PreviewPanel {
  readonly #store = new DisposableStore();
  readonly #panel: vscode.WebviewPanel;
  readonly #saved: SavedApp;
  readonly #ports: PreviewPorts;
  #view: PageView;
  /** Html that the panel has; only another set of origins makes it another. */
  #htmlKey: string | undefined;
  #isReady = false;
  #address: PreviewAddress | undefined;
  #addressKey = '';
  #lines: readonly string[] = [];
  #load = 0;
  /** Process behind the frame, while there is a frame. */
  #framed: number | 'unknown' | undefined;
  #sent = '';
  #timer: NodeJS.Timeout | undefined;
  #fetching = false;

  constructor(panel: vscode.WebviewPanel, saved: SavedApp, view: PageView, ports: PreviewPorts) {
    this.#panel = panel;
    this.#saved = saved;
    this.#view = view;
    this.#ports = ports;
    panel.iconPath = {
      light: vscode.Uri.joinPath(ports.mediaFolder, 'preview-light.svg'),
      dark: vscode.Uri.joinPath(ports.mediaFolder, 'preview-dark.svg'),
    };
    panel.webview.options = { enableScripts: true, localResourceRoots: [ports.mediaFolder] };
    this.#store.add(panel.webview.onDidReceiveMessage((message: unknown) => this.#receive(message)));
    this.#store.add(panel.onDidChangeViewState(() => this.update()));
    this.#store.add({ dispose: () => clearTimeout(this.#timer) });
    this.update();
  }

  get app(): App | undefined {
    const { apps } = this.#ports.servers;
    // The key changes when the folder was made anew (a rebuilt container): then the name decides.
    return apps.find((app) => app.key === this.#saved.key) ?? apps.find((app) => app.name === this.#saved.name);
  }

  get isActive(): boolean {
    return this.#panel.active;
  }

  isOf(app: App): boolean {
    return this.app?.key === app.key;
  }

  reveal(): void {
    this.#panel.reveal();
  }

  forgetAddress(): void {
    this.#addressKey = '';
    this.update();
  }

  update(): void {
    if (this.#store.isDisposed) return;
    const { app } = this;
    const session = app === undefined ? undefined : this.#ports.servers.session(app);
    this.#panel.title = `Preview: ${app?.label ?? this.#saved.name}`;
    const page = this.#page(app, session);
    this.#countLoads(page, session);
    this.#refreshAddress(session);
    this.#refreshOutput(app, page, session);
    this.#refreshHtml();
    this.#send(app, page);
  }

  #page(app: App | undefined, session: SessionSnapshot | undefined): PreviewPage {
    if (app === undefined)
      return {
        kind: 'stopped',
        sentence: `There is no app "${this.#saved.name}" in this workspace.`,
        warning: undefined,
        showsOutput: false,
        actions: [],
      };
    const { servers } = this.#ports;
    return previewPage({ app, session }, { connection: servers.connection, trusted: this.#ports.isTrusted() });
  }

  /** The frame loads anew when the server was away, not when it merely was slow to answer a probe. */
  #countLoads(page: PreviewPage, session: SessionSnapshot | undefined): void {
    if (page.kind !== 'app') {
      this.#framed = undefined;
      return;
    }
    const pid = session?.pid ?? session?.listenerPid ?? 'unknown';
    if (this.#framed === pid) return;
    if (this.#framed !== 'unknown') this.#load++;
    this.#framed = pid;
  }

  #refreshAddress(session: SessionSnapshot | undefined): void {
    if (session === undefined || !['starting', 'running', 'unhealthy'].includes(session.state)) return;
    const key = `${session.port}`;
    if (key === this.#addressKey) return;
    this.#addressKey = key;
    this.#ports.resolveAddress(session).then(
      (address) => {
        if (key !== this.#addressKey) return;
        this.#address = address;
        this.update();
      },
      (error: unknown) => {
        this.#addressKey = '';
        this.#ports.onError(error);
      },
    );
  }

  #refreshOutput(app: App | undefined, page: PreviewPage, session: SessionSnapshot | undefined): void {
    if (app === undefined || !page.showsOutput) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.#lines = [];
      return;
    }
    if (this.#fetching || this.#timer !== undefined) return;
    this.#fetching = true;
    this.#ports.servers
      .lastOutput(app, OUTPUT_LINES)
      .then((lines) => {
        this.#lines = lines;
      }, this.#ports.onError)
      .finally(() => {
        this.#fetching = false;
        if (this.#store.isDisposed) return;
        this.#send(app, this.#page(app, this.#ports.servers.session(app)));
        if (isBusy(session) && this.#panel.visible)
          this.#timer = setTimeout(() => {
            this.#timer = undefined;
            this.update();
          }, OUTPUT_INTERVAL_MS);
      })
      .catch(this.#ports.onError);
  }

  #refreshHtml(): void {
    const key = JSON.stringify([this.#address?.external.origin, this.#address?.direct?.origin]);
    if (key === this.#htmlKey) return;
    this.#htmlKey = key;
    this.#isReady = false;
    const { webview } = this.#panel;
    const media = (name: string): string =>
      webview.asWebviewUri(vscode.Uri.joinPath(this.#ports.mediaFolder, name)).toString();
    webview.html = previewHtml({
      cspSource: webview.cspSource,
      scriptUri: media('preview.js'),
      styleUri: media('preview.css'),
      address: this.#address,
    });
  }

  #send(app: App | undefined, page: PreviewPage): void {
    if (!this.#isReady) return;
    const message: ToPage = {
      type: 'show',
      app: app === undefined ? this.#saved : { key: app.key, name: app.name },
      label: app?.label ?? this.#saved.name,
      page,
      lines: page.showsOutput ? this.#lines : [],
      address: this.#address,
      view: this.#view,
      load: this.#load,
    };
    const fingerprint = JSON.stringify(message);
    if (fingerprint === this.#sent) return;
    this.#sent = fingerprint;
    void this.#panel.webview.postMessage(message);
  }

  #receive(value: unknown): void {
    const message = parseFromPage(value);
    const { app } = this;
    switch (message?.type) {
      case 'ready':
        this.#isReady = true;
        this.#sent = '';
        this.update();
        return;
      case 'view':
        this.#view = message.view;
        void this.#ports.memory.update(memoryKey(this.#saved), message.view);
        return;
      case 'route':
        if (app !== undefined) this.#ports.noteRoute(app, message.route);
        return;
      case 'run':
        if (app !== undefined) this.#ports.run(message.action, app, this.#view.path);
        return;
      case undefined:
        this.#ports.onError(new Error('the preview page sent something that is no message'));
    }
  }

  dispose(): void {
    this.#store.dispose();
  }
}
