import * as vscode from 'vscode';
import { DisposableStore, Emitter } from '../sessions/event';

/** Who types a page does not say so at every letter. */
const QUIET_MS = 1000;

/**
 * Whether a person is in this window: it has the focus, and what they last did in it. Two browsers on one sandbox both have the focus;
 * then input decides. The editor tells of what moves a cursor and of a person who comes back, and our own commands of themselves; of keys in a
 * terminal it says nothing.
 */
export class WindowAttention implements vscode.Disposable {
  readonly #store = new DisposableStore();
  readonly #changed = this.#store.add(new Emitter<boolean>());
  #isFocused = vscode.window.state.focused;
  #lastMs = 0;

  /** True: a person has come, or does something here, at most once a second. False: they have left. */
  readonly onDidChange = this.#changed.event;

  constructor() {
    this.#store.add(
      vscode.window.onDidChangeWindowState(({ focused, active }) => {
        if (focused !== this.#isFocused) {
          this.#isFocused = focused;
          this.#lastMs = Date.now();
          this.#changed.fire(focused);
        } else if (active) this.noteInput();
      }),
    );
    this.#store.add(
      vscode.window.onDidChangeTextEditorSelection(({ kind }) => {
        if (kind !== undefined) this.noteInput();
      }),
    );
  }

  get isFocused(): boolean {
    return this.#isFocused;
  }

  /** A person has just done something here. */
  readonly noteInput = (): void => {
    const nowMs = Date.now();
    if (!this.#isFocused || nowMs - this.#lastMs < QUIET_MS) return;
    this.#lastMs = nowMs;
    this.#changed.fire(true);
  };

  dispose(): void {
    this.#store.dispose();
  }
}
