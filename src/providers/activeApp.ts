import { realpathSync } from 'node:fs';
import * as vscode from 'vscode';
import type { App } from '../sessions/apps';
import { Emitter } from '../sessions/event';
import { appOfFile } from '../sessions/presenter';

/** The app that the active editor belongs to. */
export class ActiveApp implements vscode.Disposable {
  readonly #changed = new Emitter<void>();
  readonly #subscription: vscode.Disposable;
  #file: string | undefined;

  readonly onDidChange = this.#changed.event;

  constructor() {
    this.#file = activeFile();
    this.#subscription = vscode.window.onDidChangeActiveTextEditor(() => {
      const file = activeFile();
      if (file === this.#file) return;
      this.#file = file;
      this.#changed.fire();
    });
  }

  /** Real path of the active editor's file. */
  get file(): string | undefined {
    return this.#file;
  }

  among(apps: readonly App[]): App | undefined {
    return this.#file === undefined ? undefined : appOfFile(apps, this.#file);
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#changed.dispose();
  }
}

/** Apps know their folders by real path; an editor may have come through a link. */
function activeFile(): string | undefined {
  const uri = vscode.window.activeTextEditor?.document.uri;
  if (uri?.scheme !== 'file') return undefined;
  try {
    return realpathSync(uri.fsPath);
  } catch {
    return uri.fsPath;
  }
}
