import type { App } from '../sessions/apps';
import type { Disposable, Event } from '../sessions/event';
import type { PreviewTruth } from '../sessions/previewTruth';
import { parsePageView, type PageView, type SavedApp } from './previewMessages';

/** One app's preview, alive, in whatever shows it. */
export interface Preview extends Disposable {
  /** Undefined while there is no such app (any more). */
  readonly app: App | undefined;
  /** Undefined while no page of the app is shown. */
  readonly truth: PreviewTruth | undefined;
  isOf(app: App): boolean;
  /** Something outside changed. */
  update(): void;
  forgetAddress(): void;
}

/** What shows a preview: a panel among the editors, or the view. `Webview` is the editor's. */
export interface PreviewSurface<Webview> {
  readonly webview: Webview;
  readonly onDidChangeVisibility: Event<unknown>;
  isVisible(): boolean;
  setTitle(title: string): void;
}

/** Puts a preview into a surface, which stays its maker's; the preview is for the caller to dispose. */
export type CreatePreview<Webview> = (
  surface: PreviewSurface<Webview>,
  app: SavedApp,
  view: PageView,
  /** What is true of the preview is another than before; also called before this returns. */
  onTruth: () => void,
) => Preview;

/** Keeps values over reloads of the window; the editor's memento is one. */
export interface Memory {
  get(key: string): unknown;
  update(key: string, value: unknown): PromiseLike<void>;
}

export const FIRST_VIEW: PageView = { path: '/', width: 'full', isLandscape: false, face: 'phone' };

/** Where the app's preview was last, in whatever showed it; undefined if nobody knows. */
export function rememberedView(memory: Memory, app: SavedApp): PageView | undefined {
  return parsePageView(memory.get(memoryKey(app)));
}

export function rememberView(memory: Memory, app: SavedApp, view: PageView): void {
  void memory.update(memoryKey(app), view);
}

/** The key of an app changes when its folder is made anew, the name does not. */
function memoryKey(app: SavedApp): string {
  return `preview ${app.name}`;
}
