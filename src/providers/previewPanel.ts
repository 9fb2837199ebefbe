import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import type { App } from '../sessions/apps';
import { DisposableStore } from '../sessions/event';
import type { PreviewTruth } from '../sessions/previewTruth';
import { PREVIEW_VIEW_TYPE } from './ids';
import { columnForPreview, type ActiveColumn } from './previewColumns';
import { parseSavedState, type PageView, type SavedApp } from './previewMessages';
import { FIRST_VIEW, rememberedView, type CreatePreview, type Memory, type Preview } from './previewParts';
import type { PanelListener, PreviewPanelPlace } from './previews';

/** What the panels need of the rest of the window. */
export interface PanelPorts {
  readonly mediaFolder: vscode.Uri;
  readonly memory: Memory;
  readonly createPreview: CreatePreview<vscode.Webview>;
}

/** A panel among the editors and the preview in it. */
interface PreviewPanel {
  readonly panel: vscode.WebviewPanel;
  readonly preview: Preview;
}

/** The previews among the editors of a window, one per app; those of before a reload come back with their app. */
export class PreviewPanels implements PreviewPanelPlace {
  readonly #store = new DisposableStore();
  readonly #panels = new Set<PreviewPanel>();
  readonly #ports: PanelPorts;
  readonly #listener: PanelListener;

  constructor(ports: PanelPorts, listener: PanelListener) {
    this.#ports = ports;
    this.#listener = listener;
    this.#store.add(
      vscode.window.registerWebviewPanelSerializer(PREVIEW_VIEW_TYPE, {
        deserializeWebviewPanel: (panel, state: unknown) => {
          this.#restore(panel, state);
          return Promise.resolve();
        },
      }),
    );
  }

  /** The app whose panel has the focus. */
  get activeApp(): App | undefined {
    return [...this.#panels].find(({ panel }) => panel.active)?.preview.app;
  }

  has(app: App): boolean {
    return this.#of(app) !== undefined;
  }

  truth(app: App): PreviewTruth | undefined {
    return this.#of(app)?.preview.truth;
  }

  /** Shows the app's panel, made if there is none: beside the active editor, and over no other preview. */
  open(app: App, view: PageView = FIRST_VIEW): void {
    const existing = this.#of(app);
    if (existing !== undefined) existing.panel.reveal();
    else this.#create(app, columnForPreview(activeColumn(), this.#columns()), view);
  }

  /** Shows the panels of all these apps at once: each in a column of its own, where it has been if it can. */
  openSideBySide(apps: readonly App[]): void {
    // Asked for only once: the editor tells of a new panel later.
    const active = activeColumn();
    const taken = this.#columns();
    const shown = new Set<number>();
    for (const app of apps) {
      const existing = this.#of(app);
      const own = existing?.panel.viewColumn;
      const column = own !== undefined && !shown.has(own) ? own : columnForPreview(active, taken);
      taken.add(column);
      shown.add(column);
      if (existing !== undefined) existing.panel.reveal(column);
      else this.#create(app, column, FIRST_VIEW);
    }
  }

  /** Closes the app's panel, if it has one. */
  close(app: App): void {
    this.#of(app)?.panel.dispose();
  }

  /** Something about an app, the list of apps or the connection changed. */
  update(app?: App): void {
    for (const { preview } of this.#panels) if (app === undefined || preview.isOf(app)) preview.update();
  }

  forgetAddresses(): void {
    for (const { preview } of this.#panels) preview.forgetAddress();
  }

  #of(app: App): PreviewPanel | undefined {
    return [...this.#panels].find(({ preview }) => preview.isOf(app));
  }

  #columns(): Set<number> {
    return new Set([...this.#panels].flatMap(({ panel }) => panel.viewColumn ?? []));
  }

  #create(app: App, column: number, view: PageView): void {
    const panel = vscode.window.createWebviewPanel(PREVIEW_VIEW_TYPE, l10n.t('Preview'), column, {
      // The app's state (a form half filled in, a scroll position) must survive a look at another tab.
      retainContextWhenHidden: true,
    });
    this.#adopt(panel, { key: app.key, name: app.name }, view);
  }

  #restore(panel: vscode.WebviewPanel, state: unknown): void {
    const saved = parseSavedState(state);
    if (saved === undefined) {
      panel.dispose();
      return;
    }
    this.#listener.onRestored(saved.app);
    // A sandbox may wipe the memory at each start, and then the older state of the panel itself is what is left.
    this.#adopt(panel, saved.app, rememberedView(this.#ports.memory, saved.app) ?? saved.view ?? FIRST_VIEW);
  }

  #adopt(panel: vscode.WebviewPanel, app: SavedApp, view: PageView): void {
    const { mediaFolder, createPreview } = this.#ports;
    panel.iconPath = {
      light: vscode.Uri.joinPath(mediaFolder, 'preview-light.svg'),
      dark: vscode.Uri.joinPath(mediaFolder, 'preview-dark.svg'),
    };
    const surface = {
      webview: panel.webview,
      onDidChangeVisibility: panel.onDidChangeViewState,
      isVisible: () => panel.visible,
      setTitle: (title: string) => {
        panel.title = title;
      },
    };
    const preview = createPreview(surface, app, view, () => this.#listener.onTruth());
    const entry = { panel, preview };
    this.#panels.add(entry);
    panel.onDidDispose(() => {
      this.#panels.delete(entry);
      preview.dispose();
      this.#listener.onPanels();
    });
    this.#listener.onPanels();
  }

  /** Leaves the panels to the editor, which keeps them for the next activation. */
  dispose(): void {
    this.#store.dispose();
    for (const { preview } of this.#panels) preview.dispose();
    this.#panels.clear();
  }
}

function activeColumn(): ActiveColumn {
  const { viewColumn, tabs } = vscode.window.tabGroups.activeTabGroup;
  return { column: viewColumn, isEmpty: tabs.length === 0 };
}
