import * as vscode from 'vscode';
import type { App } from '../sessions/apps';
import { DisposableStore } from '../sessions/event';
import { attentionMessage, type Message, type MessageButton } from '../sessions/messages';
import type { SessionSnapshot } from '../sessions/protocol';

/** How a button's action is done; wired by the composition root. */
export type RunButton = (button: MessageButton) => void;

/**
 * Tells a person what needs one: a server that gave up, a port that is taken. Each cause once, and only in the window
 * that has the focus; what happens while it has not waits for it, and is forgotten if it passes by itself.
 */
export class Notifications implements vscode.Disposable {
  readonly #store = new DisposableStore();
  readonly #run: RunButton;
  readonly #told = new Set<string>();
  readonly #waiting = new Map<string, { readonly cause: string; readonly message: Message }>();

  constructor(run: RunButton) {
    this.#run = run;
    this.#store.add(
      vscode.window.onDidChangeWindowState((state) => {
        if (state.focused) this.#tellWaiting();
      }),
    );
  }

  /** Looks whether a session's new state needs a person. */
  consider(app: App, session: SessionSnapshot | undefined): void {
    const message = session === undefined ? undefined : attentionMessage(app, session);
    if (session === undefined || message === undefined) {
      this.#waiting.delete(app.key);
      return;
    }
    const cause = `${session.id} ${session.reason.code} ${session.sinceMs}`;
    if (this.#told.has(cause)) return;
    this.#waiting.set(app.key, { cause, message });
    if (vscode.window.state.focused) this.#tellWaiting();
  }

  /** Tells a cause that is no session's, once per `cause` and as soon as this window has the focus. */
  considerOther(cause: string, message: Message | undefined): void {
    if (message === undefined) {
      this.#waiting.delete(cause);
      for (const told of [...this.#told]) if (told.startsWith(`${cause} `)) this.#told.delete(told);
      return;
    }
    const told = `${cause} ${message.text}`;
    if (this.#told.has(told)) return;
    this.#waiting.set(cause, { cause: told, message });
    if (vscode.window.state.focused) this.#tellWaiting();
  }

  /** Shows the answer to something that a person just did, here and now. */
  readonly tell = (message: Message): void => {
    const show =
      message.severity === 'error'
        ? vscode.window.showErrorMessage
        : message.severity === 'warning'
          ? vscode.window.showWarningMessage
          : vscode.window.showInformationMessage;
    void show(message.text, ...message.buttons.map((button) => button.title)).then((title) => {
      const button = message.buttons.find((candidate) => candidate.title === title);
      if (button !== undefined && !this.#store.isDisposed) this.#run(button);
    });
  };

  #tellWaiting(): void {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { cause, message } of waiting) {
      this.#told.add(cause);
      this.tell(message);
    }
  }

  dispose(): void {
    this.#store.dispose();
    this.#waiting.clear();
  }
}
