import * as vscode from 'vscode';
import { DisposableStore } from '../sessions/event';

/** Files whose change may add, remove or change an app; no pattern that makes the editor watch a whole tree. */
const patterns = [
  'cheatcode.json',
  'package.json',
  'cheatcode-app/package.json',
  'cheatcode-mobile/package.json',
] as const;

/**
 * Calls back when a file that decides which apps there are comes, goes or changes. Watches from the first `alsoIn` on, in a later turn
 * of the loop: the first watcher of a window costs its extension host 5 to 20 ms, as much as all the rest of an activation, and
 * a server that is to be started must not wait for that.
 */
export class WorkspaceFiles implements vscode.Disposable {
  readonly #store = new DisposableStore();
  readonly #refresh: () => Promise<void>;
  readonly #onError: (error: unknown) => void;
  #watchers = new DisposableStore();
  /** Of the apps that are declared: below the workspace folders, wherever. */
  #appFolders: readonly string[] | undefined;
  #isWatchDue = false;
  #refreshing = false;
  #again = false;

  constructor(refresh: () => Promise<void>, onError: (error: unknown) => void) {
    this.#refresh = refresh;
    this.#onError = onError;
    this.#store.add({ dispose: () => this.#watchers.dispose() });
    this.#store.add(vscode.workspace.onDidChangeWorkspaceFolders(() => this.#watchSoon()));
  }

  /** Looks after the package.json in these folders, too, whether it is there or not. */
  alsoIn(appFolders: readonly string[]): void {
    const sorted = [...new Set(appFolders)].sort();
    if (sorted.join('\n') === this.#appFolders?.join('\n')) return;
    this.#appFolders = sorted;
    this.#watchSoon();
  }

  #watchSoon(): void {
    if (this.#isWatchDue) return;
    this.#isWatchDue = true;
    setImmediate(() => {
      this.#isWatchDue = false;
      if (!this.#store.isDisposed) this.#watch();
    });
  }

  #watch(): void {
    this.#watchers.dispose();
    this.#watchers = new DisposableStore();
    const changed = (): void => void this.#run();
    const files = (vscode.workspace.workspaceFolders ?? []).flatMap((folder) =>
      patterns.map((pattern) => new vscode.RelativePattern(folder, pattern)),
    );
    const ofApps = (this.#appFolders ?? []).map(
      (folder) => new vscode.RelativePattern(vscode.Uri.file(folder), 'package.json'),
    );
    for (const file of [...files, ...ofApps]) {
      const watcher = this.#watchers.add(vscode.workspace.createFileSystemWatcher(file));
      this.#watchers.add(watcher.onDidCreate(changed));
      this.#watchers.add(watcher.onDidChange(changed));
      this.#watchers.add(watcher.onDidDelete(changed));
    }
  }

  /** One look at a time; whatever happens during it causes one more. */
  async #run(): Promise<void> {
    this.#again = true;
    if (this.#refreshing) return;
    this.#refreshing = true;
    try {
      while (this.#again && !this.#store.isDisposed) {
        this.#again = false;
        await this.#refresh();
      }
    } catch (error) {
      this.#onError(error);
    } finally {
      this.#refreshing = false;
    }
  }

  dispose(): void {
    this.#store.dispose();
  }
}
