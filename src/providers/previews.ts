import type { App } from '../sessions/apps';
import { DisposableStore, Emitter, type Disposable } from '../sessions/event';
import type { PreviewTruth } from '../sessions/previewTruth';
import type { PageView, SavedApp } from './previewMessages';
import { rememberedView, type Memory } from './previewParts';

/** The previews among the editors; see `previewPanel.ts`. */
export interface PreviewPanelPlace extends Disposable {
  readonly activeApp: App | undefined;
  has(app: App): boolean;
  truth(app: App): PreviewTruth | undefined;
  open(app: App, view?: PageView): void;
  openSideBySide(apps: readonly App[]): void;
  close(app: App): void;
  update(app?: App): void;
  forgetAddresses(): void;
}

/** What the panels tell. */
export interface PanelListener {
  /** A preview of this app comes back with the window. */
  onRestored(saved: SavedApp): void;
  /** What is true of a preview is another than before. */
  onTruth(): void;
  /** Other apps have panels than before. */
  onPanels(): void;
}

/** The preview in the view; see `previewView.ts`. */
export interface PreviewViewPlace extends Disposable {
  readonly app: App | undefined;
  readonly truth: PreviewTruth | undefined;
  has(app: App): boolean;
  open(app: App): void;
  reveal(): void;
  release(saved: SavedApp): void;
  update(app?: App): void;
  forgetAddresses(): void;
}

/** What the view asks and tells. */
export interface ViewListener {
  /** Has a panel of its own, which only a person takes away. */
  isInPanel(app: App): boolean;
  /** The app that a person means who opens the view and names none; undefined while there is no app. */
  likelyApp(): App | undefined;
  /** What is true of the preview, or which app is shown, is another than before. */
  onChange(): void;
}

/** What the previews need of the rest of the window. */
export interface PreviewsPorts {
  readonly memory: Memory;
  apps(): readonly App[];
  /** Of these the one that a person means who names none; undefined if there are none. */
  likelyApp(apps: readonly App[]): App | undefined;
  createPanels(listener: PanelListener): PreviewPanelPlace;
  createView(listener: ViewListener): PreviewViewPlace;
}

/** The previews of a window: one per app, in a panel among the editors or in the view, and it keeps its page when it moves. */
export class Previews implements Disposable {
  readonly #store = new DisposableStore();
  readonly #memory: Memory;
  readonly #panels: PreviewPanelPlace;
  readonly #view: PreviewViewPlace;
  readonly #changed = this.#store.add(new Emitter<void>());
  /** What is true of one of the previews, or which app the view shows, is another than before. */
  readonly onDidChange = this.#changed.event;

  constructor(ports: PreviewsPorts) {
    this.#memory = ports.memory;
    const onChange = (): void => this.#changed.fire();
    this.#view = this.#store.add(
      ports.createView({
        isInPanel: (app) => this.#panels.has(app),
        likelyApp: () => {
          const apps = ports.apps();
          return ports.likelyApp(apps.filter((app) => !this.#panels.has(app))) ?? ports.likelyApp(apps);
        },
        onChange,
      }),
    );
    this.#panels = this.#store.add(
      ports.createPanels({
        onRestored: (saved) => this.#view.release(saved),
        onTruth: onChange,
        onPanels: () => {
          this.#view.update();
          onChange();
        },
      }),
    );
  }

  /** The app whose panel has the focus. */
  get activeApp(): App | undefined {
    return this.#panels.activeApp;
  }

  /** The app that the view shows, or will when it is opened. */
  get appInView(): App | undefined {
    return this.#view.app;
  }

  /** What is true of the app's preview; undefined while no preview shows the app. */
  truth(app: App): PreviewTruth | undefined {
    return this.#panels.truth(app) ?? (this.#view.has(app) ? this.#view.truth : undefined);
  }

  /** Shows the app's preview where it is; a new one is a panel beside the active editor. */
  open(app: App): void {
    if (this.#view.has(app)) this.#view.reveal();
    else this.#panels.open(app);
  }

  /** Shows the app in the view; a panel of it goes. */
  openInView(app: App): void {
    // In this order, or the view would look for another app while this one has neither.
    this.#view.open(app);
    this.#panels.close(app);
  }

  /** Shows the view's app in a panel, and no longer in the view. */
  moveToEditor(): void {
    const { app } = this.#view;
    if (app === undefined) return;
    this.#view.release(app);
    this.#panels.open(app, rememberedView(this.#memory, app));
  }

  /** Shows the previews of all these apps at once. One in the view stays there, where it hides no other. */
  openSideBySide(apps: readonly App[]): void {
    this.#panels.openSideBySide(apps.filter((app) => !this.#view.has(app)));
    if (apps.some((app) => this.#view.has(app))) this.#view.reveal();
  }

  /** Something about an app, the list of apps or the connection changed. */
  update(app?: App): void {
    this.#panels.update(app);
    this.#view.update(app);
  }

  /** The settings that decide addresses may have changed. */
  forgetAddresses(): void {
    this.#panels.forgetAddresses();
    this.#view.forgetAddresses();
  }

  /** Leaves panels and view to the editor, which keeps them for the next activation. */
  dispose(): void {
    this.#store.dispose();
  }
}
