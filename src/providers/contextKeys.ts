import * as vscode from 'vscode';
import type { ContextKeys } from '../sessions/presenter';

/** Copies context keys to the editor, only those that changed. */
export class EditorContextKeys implements vscode.Disposable {
  readonly #shown = new Map<string, boolean>();

  show(keys: ContextKeys): void {
    for (const [key, value] of Object.entries(keys)) {
      if ((this.#shown.get(key) ?? false) === value) continue;
      this.#shown.set(key, value);
      void vscode.commands.executeCommand('setContext', key, value);
    }
  }

  dispose(): void {
    for (const [key, value] of this.#shown) if (value) void vscode.commands.executeCommand('setContext', key, false);
    this.#shown.clear();
  }
}
