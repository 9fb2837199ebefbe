import * as vscode from 'vscode';
import type { App } from '../sessions/apps';
import type { Attention } from '../sessions/attention';
import { DisposableStore } from '../sessions/event';
import type { Message, MessageButton } from '../sessions/messages';
import type { ToldCauses } from './toldCauses';

/** How a button's action is done; wired by the composition root. */
export type RunButton = (button: MessageButton) => void;

interface Waiting extends Attention {
  /** The trouble is not this window's alone. */
  readonly isShared: boolean;
}

/**
 * Tells a person what needs one: a server that gave up, a port that is taken. Each cause once, and only in the window
 * that has the focus; what happens while it has not waits for it, and is forgotten if it passes by itself. What nobody
 * answered is told once more in the next window that gets the focus.
 */
export class Notifications implements vscode.Disposable {
  readonly #store = new DisposableStore();
  readonly #run: RunButton;
  readonly #anywhere: ToldCauses;
  /** In this window. */
  readonly #told = new Set<string>();
  /** By what they are about: an app's key, or the name of a trouble. */
  readonly #waiting = new Map<string, readonly Waiting[]>();

  constructor(run: RunButton, anywhere: ToldCauses) {
    this.#run = run;
    this.#anywhere = anywhere;
    this.#store.add(
      vscode.window.onDidChangeWindowState((state) => {
        if (state.focused) this.#tellWaiting();
      }),
    );
  }

  /** All that needs a person about an app now; replaces what was waiting to be told about it. */
  consider(app: App, attentions: readonly Attention[]): void {
    const news = attentions.filter(({ cause }) => !this.#told.has(cause));
    this.#waiting.set(
      app.key,
      news.map((one) => ({ ...one, isShared: true })),
    );
    if (vscode.window.state.focused) this.#tellWaiting();
  }

  /** Tells a trouble of this window that is no session's, once per text and as soon as this window has the focus. */
  considerOther(trouble: string, message: Message | undefined): void {
    if (message === undefined) {
      this.#waiting.delete(trouble);
      for (const told of [...this.#told]) if (told.startsWith(`${trouble} `)) this.#told.delete(told);
      return;
    }
    const cause = `${trouble} ${message.text}`;
    if (this.#told.has(cause)) return;
    this.#waiting.set(trouble, [{ cause, message, isShared: false }]);
    if (vscode.window.state.focused) this.#tellWaiting();
  }

  /** Shows the answer to something that a person just did, here and now. */
  readonly tell = (message: Message): void => void this.#show(message);

  async #show(message: Message): Promise<void> {
    const show =
      message.severity === 'error'
        ? vscode.window.showErrorMessage
        : message.severity === 'warning'
          ? vscode.window.showWarningMessage
          : vscode.window.showInformationMessage;
    const title = await show(message.text, ...message.buttons.map((button) => button.title));
    const button = message.buttons.find((candidate) => candidate.title === title);
    if (button !== undefined && !this.#store.isDisposed) this.#run(button);
  }

  #tellWaiting(): void {
    const waiting = [...this.#waiting.values()].flat();
    this.#waiting.clear();
    for (const one of waiting) {
      this.#told.add(one.cause);
      if (!one.isShared) void this.#show(one.message);
      else if (this.#anywhere.mayTell(one.cause)) this.#tellShared(one);
    }
  }

  #tellShared({ cause, message, instead }: Attention): void {
    if (instead !== undefined) {
      this.#anywhere.noteAnswered(cause);
      this.#run(instead);
      return;
    }
    this.#anywhere.noteTold(cause);
    void this.#show(message).then(() => {
      // A window that closes takes its messages with it: that is no answer.
      if (!this.#store.isDisposed) this.#anywhere.noteAnswered(cause);
    });
  }

  dispose(): void {
    this.#store.dispose();
    this.#waiting.clear();
  }
}
