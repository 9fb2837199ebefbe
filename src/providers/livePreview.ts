import { language } from './editorLanguage';
import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { appFile } from '../sessions/appFile';
import type { App } from '../sessions/apps';
import { systemClock } from '../sessions/clock';
import type { DevServers } from '../sessions/devServers';
import { DisposableStore } from '../sessions/event';
import { hasWebBuild } from '../sessions/expoWeb';
import type { AppActionId } from '../sessions/appActions';
import type { PreviewTruth } from '../sessions/previewTruth';
import type { SessionSnapshot } from '../sessions/protocol';
import type { PhoneCard } from './phoneCard';
import type { PreviewAddress } from './previewAddress';
import type { FilePlace } from './previewCompileError';
import { previewHtml } from './previewHtml';
import type { PageView, SavedApp } from './previewMessages';
import { PreviewModel } from './previewModel';
import { rememberView, type Memory, type Preview, type PreviewSurface } from './previewParts';

/** How long the status bar says that something was copied, in milliseconds; as everywhere here. */
const COPIED_MS = 3000;

/** What a preview needs of the rest of the window. */
export interface PreviewPorts {
  readonly servers: DevServers;
  readonly mediaFolder: vscode.Uri;
  /** Keeps what was chosen in a page. The editor writes a page's own state only once a minute. */
  readonly memory: Memory;
  isTrusted(): boolean;
  resolveAddress(session: SessionSnapshot): Promise<PreviewAddress>;
  /** See `phoneCard.ts`. */
  phoneCard(port: number): Promise<PhoneCard | undefined>;
  /** Does an action of the page; those on addresses get the page's path. */
  run(action: AppActionId, app: App, path: string): void;
  openFile(app: App, place: FilePlace): void;
  /** Opens a page of another site in a browser. */
  openUrl(url: string): void;
  readonly onError: (error: unknown) => void;
}

/** A page of the editor and the model of what it shows. In a bundle of its own: many a window never shows one. */
export class LivePreview implements Preview {
  readonly #store = new DisposableStore();
  readonly #model: PreviewModel;

  constructor(
    surface: PreviewSurface<vscode.Webview>,
    saved: SavedApp,
    view: PageView,
    onTruth: () => void,
    ports: PreviewPorts,
  ) {
    const { webview } = surface;
    const remember = (next: PageView): void => rememberView(ports.memory, saved, next);
    // What another preview of the app left there would come back with a reload of the window.
    remember(view);
    webview.options = { enableScripts: true, localResourceRoots: [ports.mediaFolder] };
    this.#model = this.#store.add(
      new PreviewModel(saved, view, {
        servers: ports.servers,
        clock: systemClock,
        appFile,
        isTrusted: () => ports.isTrusted(),
        isVisible: () => surface.isVisible(),
        resolveAddress: (session) => ports.resolveAddress(session),
        phoneCard: (port) => ports.phoneCard(port),
        hasWebBuild,
        setTitle: (title) => surface.setTitle(title),
        load: (...of) => load(webview, ports.mediaFolder, ...of),
        post: (message) => void webview.postMessage(message),
        remember,
        run: (action, app, path) => ports.run(action, app, path),
        openFile: (app, place) => ports.openFile(app, place),
        openUrl: (url) => ports.openUrl(url),
        copy: (text) => void vscode.env.clipboard.writeText(text).then(() => showCopied(text), ports.onError),
        onTruth,
        onError: ports.onError,
      }),
    );
    this.#store.add(webview.onDidReceiveMessage((message: unknown) => this.#model.receive(message)));
    this.#store.add(surface.onDidChangeVisibility(() => this.#model.update()));
    this.#model.update();
  }

  get app(): App | undefined {
    return this.#model.app;
  }

  get truth(): PreviewTruth | undefined {
    return this.#model.truth;
  }

  isOf(app: App): boolean {
    return this.app?.key === app.key;
  }

  update(): void {
    this.#model.update();
  }

  forgetAddress(): void {
    this.#model.forgetAddress();
  }

  dispose(): void {
    this.#store.dispose();
  }
}

function load(
  webview: vscode.Webview,
  mediaFolder: vscode.Uri,
  frameOrigin: string | undefined,
  loading: number,
): void {
  const media = (name: string): string => webview.asWebviewUri(vscode.Uri.joinPath(mediaFolder, name)).toString();
  webview.html = previewHtml({
    cspSource: webview.cspSource,
    scriptUri: media('preview.js'),
    styleUri: media('preview.css'),
    frameOrigin,
    loading,
    language,
  });
}

function showCopied(text: string): void {
  vscode.window.setStatusBarMessage(`$(copy) ${l10n.t('Copied {0}', text)}`, COPIED_MS);
}
