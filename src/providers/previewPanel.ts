import * as vscode from 'vscode';
import type { App } from '../sessions/apps';
import { systemClock } from '../sessions/clock';
import type { DevServers } from '../sessions/devServers';
import { DisposableStore, Emitter } from '../sessions/event';
import { hasWebBuild } from '../sessions/expoWeb';
import type { AppActionId } from '../sessions/presenter';
import type { PreviewTruth } from '../sessions/previewTruth';
import type { SessionSnapshot } from '../sessions/protocol';
import { PREVIEW_VIEW_TYPE } from './ids';
import type { PhoneCard } from './phoneCard';
import type { PreviewAddress } from './previewAddress';
import { previewHtml } from './previewHtml';
import { parsePageView, parseSavedState, type PageView, type SavedApp } from './previewMessages';
import { PreviewModel } from './previewModel';

/** How long the status bar says that something was copied, in milliseconds; as everywhere here. */
const COPIED_MS = 3000;

/** What a preview needs of the rest of the window. */
export interface PreviewPorts {
  readonly servers: DevServers;
  readonly mediaFolder: vscode.Uri;
  /** Keeps what was chosen in a page. The editor writes a panel's own state only once a minute. */
  readonly memory: vscode.Memento;
  isTrusted(): boolean;
  resolveAddress(session: SessionSnapshot): Promise<PreviewAddress>;
  /** See `phoneCard.ts`. */
  phoneCard(port: number): Promise<PhoneCard | undefined>;
  /** Does an action of the page; those on addresses get the page's path. */
  run(action: AppActionId, app: App, path: string): void;
  readonly onError: (error: unknown) => void;
}

/** The preview panels of a window, one per app; panels of before a reload come back with their app. */
export class Previews implements vscode.Disposable {
  readonly #store = new DisposableStore();
  readonly #ports: PreviewPorts;
  readonly #panels = new Set<PreviewPanel>();
  readonly #onDidChangeTruth = this.#store.add(new Emitter<void>());
  /** What is true of one of the previews is another than before. */
  readonly onDidChangeTruth = this.#onDidChangeTruth.event;

  constructor(ports: PreviewPorts) {
    this.#ports = ports;
    this.#store.add(
      vscode.window.registerWebviewPanelSerializer(PREVIEW_VIEW_TYPE, {
        deserializeWebviewPanel: (panel, state: unknown) => {
          const saved = parseSavedState(state);
          if (saved === undefined) panel.dispose();
          // A sandbox may wipe the memory at each start, and then the older state of the panel itself is what is left.
          else this.#adopt(panel, saved.app, this.#remembered(saved.app) ?? saved.view ?? FIRST_VIEW);
          return Promise.resolve();
        },
      }),
    );
  }

  /** Shows the app's panel, made if there is none. */
  open(app: App): void {
    const existing = this.#panelOf(app);
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

  /** What is true of the app's preview; undefined while no preview shows the app. */
  truth(app: App): PreviewTruth | undefined {
    return this.#panelOf(app)?.truth;
  }

  /** Something about an app, the list of apps or the connection changed. */
  update(app?: App): void {
    for (const panel of this.#panels) if (app === undefined || panel.isOf(app)) panel.update();
  }

  /** The settings that decide addresses may have changed. */
  forgetAddresses(): void {
    for (const panel of this.#panels) panel.forgetAddress();
  }

  #panelOf(app: App): PreviewPanel | undefined {
    return [...this.#panels].find((panel) => panel.isOf(app));
  }

  #remembered(app: SavedApp): PageView | undefined {
    return parsePageView(this.#ports.memory.get(memoryKey(app)));
  }

  #adopt(panel: vscode.WebviewPanel, app: SavedApp, view: PageView): void {
    const preview = new PreviewPanel(panel, app, view, this.#ports, () => this.#onDidChangeTruth.fire());
    this.#panels.add(preview);
    panel.onDidDispose(() => {
      this.#panels.delete(preview);
      preview.dispose();
      this.#onDidChangeTruth.fire();
    });
  }

  /** Leaves the panels to the editor, which keeps them for the next activation. */
  dispose(): void {
    this.#store.dispose();
    for (const panel of this.#panels) panel.dispose();
    this.#panels.clear();
  }
}

const FIRST_VIEW: PageView = { path: '/', width: 'full', isLandscape: false, face: 'phone' };

function memoryKey(app: SavedApp): string {
  return `preview ${app.name}`;
}

/** A panel of the editor and the model of what it shows. */
class PreviewPanel {
  readonly #panel: vscode.WebviewPanel;
  readonly #store = new DisposableStore();
  readonly #model: PreviewModel;

  constructor(panel: vscode.WebviewPanel, saved: SavedApp, view: PageView, ports: PreviewPorts, onTruth: () => void) {
    this.#panel = panel;
    panel.iconPath = {
      light: vscode.Uri.joinPath(ports.mediaFolder, 'preview-light.svg'),
      dark: vscode.Uri.joinPath(ports.mediaFolder, 'preview-dark.svg'),
    };
    panel.webview.options = { enableScripts: true, localResourceRoots: [ports.mediaFolder] };
    this.#model = this.#store.add(
      new PreviewModel(saved, view, {
        servers: ports.servers,
        clock: systemClock,
        isTrusted: () => ports.isTrusted(),
        isVisible: () => panel.visible,
        resolveAddress: (session) => ports.resolveAddress(session),
        phoneCard: (port) => ports.phoneCard(port),
        hasWebBuild,
        setTitle: (title) => {
          panel.title = title;
        },
        load: (frameOrigin) => this.#load(ports.mediaFolder, frameOrigin),
        post: (message) => void panel.webview.postMessage(message),
        remember: (next) => void ports.memory.update(memoryKey(saved), next),
        run: (action, app, path) => ports.run(action, app, path),
        copy: (text) => void vscode.env.clipboard.writeText(text).then(() => showCopied(text), ports.onError),
        onTruth,
        onError: ports.onError,
      }),
    );
    this.#store.add(panel.webview.onDidReceiveMessage((message: unknown) => this.#model.receive(message)));
    this.#store.add(panel.onDidChangeViewState(() => this.#model.update()));
    this.#model.update();
  }

  get app(): App | undefined {
    return this.#model.app;
  }

  get isActive(): boolean {
    return this.#panel.active;
  }

  get truth(): PreviewTruth | undefined {
    return this.#model.truth;
  }

  isOf(app: App): boolean {
    return this.app?.key === app.key;
  }

  reveal(): void {
    this.#panel.reveal();
  }

  update(): void {
    this.#model.update();
  }

  forgetAddress(): void {
    this.#model.forgetAddress();
  }

  #load(mediaFolder: vscode.Uri, frameOrigin: string | undefined): void {
    const { webview } = this.#panel;
    const media = (name: string): string => webview.asWebviewUri(vscode.Uri.joinPath(mediaFolder, name)).toString();
    webview.html = previewHtml({
      cspSource: webview.cspSource,
      scriptUri: media('preview.js'),
      styleUri: media('preview.css'),
      frameOrigin,
    });
  }

  dispose(): void {
    this.#store.dispose();
  }
}

function showCopied(text: string): void {
  vscode.window.setStatusBarMessage(`$(copy) Copied ${text}`, COPIED_MS);
}
