import * as vscode from 'vscode';
import type { Disposable } from '../sessions/event';
import { DisposableStore } from '../sessions/event';
import { isSettingsFile } from './settingsFiles';

/** What shows the problems of the files of settings. */
export interface SettingsFileView extends Disposable {
  update(): void;
}

/** Makes it when there is something to show first: a file of settings is open, or a value can't be used. */
export class SettingsFileWatch implements vscode.Disposable {
  readonly #store = new DisposableStore();
  readonly #create: () => SettingsFileView;
  readonly #hasProblems: () => boolean;
  #view: SettingsFileView | undefined;

  constructor(create: () => SettingsFileView, hasProblems: () => boolean) {
    this.#create = create;
    this.#hasProblems = hasProblems;
    this.#store.add(
      vscode.workspace.onDidOpenTextDocument(({ uri }) => {
        if (this.#view === undefined && isSettingsFile(uri.path)) this.update();
      }),
    );
  }

  /** The settings or the apps may be others now. */
  update(): void {
    if (this.#view) this.#view.update();
    else if (this.#hasProblems() || vscode.workspace.textDocuments.some(({ uri }) => isSettingsFile(uri.path)))
      this.#view = this.#store.add(this.#create());
  }

  dispose(): void {
    this.#store.dispose();
  }
}
