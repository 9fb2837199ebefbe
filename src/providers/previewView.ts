import * as vscode from 'vscode';
import { language } from './editorLanguage';
import type { App } from '../sessions/apps';
import { DisposableStore } from '../sessions/event';
import type { PreviewTruth } from '../sessions/previewTruth';
import { PREVIEW_VIEW_ID } from './ids';
import { elsewhereCommands, elsewhereHtml } from './previewElsewhere';
import { parseSavedState, type SavedApp, type SavedState } from './previewMessages';
import { FIRST_VIEW, rememberedView, type CreatePreview, type Memory, type Preview } from './previewParts';
import type { PreviewViewPlace, ViewListener } from './previews';

/** Which app was asked for in the view; that it went to a panel is kept, too: a memory that was wiped knows neither. */
const MEMORY_KEY = 'preview view';

/** What the view needs of the rest of the window. */
export interface ViewPorts {
  readonly memory: Memory;
  readonly createPreview: CreatePreview<vscode.Webview>;
  apps(): readonly App[];
  readonly onError: (error: unknown) => void;
}

/**
 * The preview as a view, which people can drag to where they like it: of the app that was last asked for or seen in it,
 * else of the likely one. While that app has a panel, the view says so instead: an app has one preview.
 */
export class PreviewView implements vscode.WebviewViewProvider, PreviewViewPlace {
  readonly #store = new DisposableStore();
  readonly #ports: ViewPorts;
  readonly #listener: ViewListener;
  /** What the editor kept of the view's page; looked at only where the memory knows nothing. */
  #kept: SavedState | undefined;
  #wanted: SavedApp | undefined;
  /** Has been here, and went to a panel. */
  #moved: SavedApp | undefined;
  #view: vscode.WebviewView | undefined;
  #ofView: DisposableStore | undefined;
  #preview: Preview | undefined;
  /** A person looks at the view, and it shows nothing yet. */
  #isAwaited = false;
  /** The page where there is no preview; empty while there is one. */
  #saying = '';

  constructor(ports: ViewPorts, listener: ViewListener) {
    this.#ports = ports;
    this.#listener = listener;
    this.#wanted = parseSavedState(ports.memory.get(MEMORY_KEY))?.app;
    this.#store.add(
      vscode.window.registerWebviewViewProvider(PREVIEW_VIEW_ID, this, {
        // As in a panel: the app's state must survive a look at the terminal.
        webviewOptions: { retainContextWhenHidden: true },
      }),
    );
  }

  /** The app that the view shows, or will when it is opened. */
  get app(): App | undefined {
    return this.#preview?.app ?? this.#find(this.#wanted);
  }

  get truth(): PreviewTruth | undefined {
    return this.#preview?.truth;
  }

  has(app: App): boolean {
    return this.app?.key === app.key;
  }

  /** Shows this app, where it has been when it was shown last. */
  open(app: App): void {
    this.#want({ key: app.key, name: app.name });
    if (this.#preview?.isOf(app) !== true) {
      this.#end();
      if (this.#view !== undefined) this.#begin(this.#view, app);
    }
    this.reveal();
    this.#listener.onChange();
  }

  reveal(): void {
    // The editor makes the command; unlike the view itself it is there before the view is.
    void vscode.commands.executeCommand(`${PREVIEW_VIEW_ID}.focus`).then(undefined, this.#ports.onError);
  }

  /** Gives up this app, if it shows it or will: the caller makes a panel for it, and then calls `update`. */
  release(saved: SavedApp): void {
    const app = this.#find(saved);
    // Before the workspace was looked at no app is known.
    if (app === undefined ? this.#wanted?.key !== saved.key : !this.has(app)) return;
    this.#want(undefined);
    this.#moved = saved;
    this.#end();
  }

  /** Something about an app, the list of apps, the connection or the panels changed. */
  update(app?: App): void {
    if (this.#preview === undefined) this.#fill();
    else if (app === undefined || this.#preview.isOf(app)) this.#preview.update();
  }

  forgetAddresses(): void {
    this.#preview?.forgetAddress();
  }

  /** For the editor: the view is seen for the first time, or again after it was put elsewhere. */
  resolveWebviewView(view: vscode.WebviewView, { state }: vscode.WebviewViewResolveContext): void {
    this.#ofView?.dispose();
    const store = new DisposableStore();
    this.#ofView = store;
    this.#view = view;
    this.#saying = '';
    this.#end();
    if (this.#ports.memory.get(MEMORY_KEY) === undefined) {
      this.#kept = parseSavedState(state);
      this.#wanted ??= this.#kept?.app;
    }
    store.add(view.onDidChangeVisibility(() => this.#look(view)));
    store.add(
      view.onDidDispose(() => {
        if (this.#view !== view) return;
        this.#view = undefined;
        this.#end();
        this.#listener.onChange();
      }),
    );
    this.#look(view);
  }

  #look(view: vscode.WebviewView): void {
    this.#isAwaited = view.visible;
    this.update();
  }

  /**
   * Decides what a view without a preview shows. A preview begins when a person comes to see it, and not because something
   * happened elsewhere: whoever closes a panel did not ask for the app in the view.
   */
  #fill(): void {
    const view = this.#view;
    const app = this.#find(this.#wanted) ?? this.#find(this.#moved) ?? this.#listener.likelyApp();
    // Before the workspace was looked at there is nothing to say.
    if (view === undefined || app === undefined) return;
    const isInPanel = this.#listener.isInPanel(app);
    if (!this.#isAwaited || isInPanel) this.#say(view, app, isInPanel);
    else {
      this.#begin(view, app);
      this.#want({ key: app.key, name: app.name });
    }
    this.#isAwaited = false;
  }

  #begin(view: vscode.WebviewView, app: App): void {
    const saved = { key: app.key, name: app.name };
    const kept = this.#kept?.app.key === app.key ? this.#kept.view : undefined;
    this.#saying = '';
    view.description = app.label;
    const surface = {
      webview: view.webview,
      onDidChangeVisibility: view.onDidChangeVisibility,
      isVisible: () => view.visible,
      // The view is called Preview, and stays that; its app is the description.
      setTitle: () => {
        view.description = this.#preview?.app?.label ?? app.label;
      },
    };
    this.#preview = this.#ports.createPreview(
      surface,
      saved,
      rememberedView(this.#ports.memory, saved) ?? kept ?? FIRST_VIEW,
      () => this.#listener.onChange(),
    );
    this.#listener.onChange();
  }

  #say(view: vscode.WebviewView, app: App, isInPanel: boolean): void {
    const html = elsewhereHtml(app, isInPanel, language);
    if (html === this.#saying) return;
    this.#saying = html;
    view.description = '';
    view.webview.options = { enableCommandUris: elsewhereCommands };
    view.webview.html = html;
  }

  #end(): void {
    this.#preview?.dispose();
    this.#preview = undefined;
  }

  #want(app: SavedApp | undefined): void {
    this.#wanted = app;
    this.#moved = undefined;
    this.#kept = undefined;
    void this.#ports.memory.update(MEMORY_KEY, { app: app ?? null });
  }

  /** The key changes when the folder was made anew (a rebuilt container): then the name decides. */
  #find(saved: SavedApp | undefined): App | undefined {
    if (saved === undefined) return undefined;
    const apps = this.#ports.apps();
    return apps.find((app) => app.key === saved.key) ?? apps.find((app) => app.name === saved.name);
  }

  dispose(): void {
    this.#store.dispose();
    this.#ofView?.dispose();
    this.#end();
  }
}
