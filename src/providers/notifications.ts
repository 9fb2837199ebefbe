import * as vscode from 'vscode';
import type { App } from '../sessions/apps';
import type { Attention } from '../sessions/attention';
import type { DevServers } from '../sessions/devServers';
import { DisposableStore, type Event } from '../sessions/event';
import type { Message, MessageButton } from '../sessions/messages';
import type { ToldCauses } from './toldCauses';

export interface NotificationPorts {
  /** Does a button's action. */
  readonly run: (button: MessageButton) => void;
  /** What other windows of this editor have told. */
  readonly anywhere: ToldCauses;
  /** Whether a person is in this window, and when they do something in it. */
  readonly attention: { readonly isFocused: boolean; readonly onDidChange: Event<boolean> };
  /** Decides among all windows, those of other browsers and machines included. */
  readonly host: () => Pick<DevServers, 'attend' | 'askToTell' | 'noteAnswered'>;
}

interface Waiting extends Attention {
  /** The app whose session it is about; undefined: a trouble that the session host need not know of. */
  readonly app: App | undefined;
}

/**
 * Tells a person what needs one: a server that gave up, a port that is taken. Each cause once, and only in the window that has the
 * focus, or the latest input where several have it; what happens elsewhere waits for it, and is forgotten if it passes by itself.
 * What nobody answered is told once more in the next window that a person comes to.
 */
export class Notifications implements vscode.Disposable {
  readonly #store = new DisposableStore();
  readonly #ports: NotificationPorts;
  /** In this window. */
  readonly #told = new Set<string>();
  /** By what they are about: an app's key, or the name of a trouble. */
  readonly #waiting = new Map<string, readonly Waiting[]>();
  readonly #asking = new Set<string>();

  constructor(ports: NotificationPorts) {
    this.#ports = ports;
    this.#store.add(
      ports.attention.onDidChange((isFocused) => {
        // First, for it decides what the question after it is answered with.
        ports.host().attend(isFocused);
        if (isFocused) this.#tellWaiting();
      }),
    );
  }

  /** All that needs a person about an app now; replaces what was waiting to be told about it. */
  consider(app: App, attentions: readonly Attention[]): void {
    const news = attentions.filter(({ cause }) => !this.#told.has(cause));
    this.#waiting.set(
      app.key,
      news.map((one) => ({ ...one, app })),
    );
    this.#tellWaiting();
  }

  /** Tells a trouble that is no session's, once per text; undefined: it has passed, and is news when it comes back. */
  considerOther(trouble: string, message: Message | undefined): void {
    if (message === undefined) {
      this.#waiting.delete(trouble);
      for (const told of [...this.#told]) if (told.startsWith(`${trouble} `)) this.#told.delete(told);
      this.#ports.anywhere.forget(`${trouble} `);
      return;
    }
    const cause = `${trouble} ${message.text}`;
    if (this.#told.has(cause)) return;
    this.#waiting.set(trouble, [{ cause, message, app: undefined }]);
    this.#tellWaiting();
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
    if (button !== undefined && !this.#store.isDisposed) this.#ports.run(button);
  }

  #tellWaiting(): void {
    if (!this.#ports.attention.isFocused) return;
    for (const one of [...this.#waiting.values()].flat()) void this.#tellIfOurs(one);
  }

  async #tellIfOurs(one: Waiting): Promise<void> {
    const { cause, app } = one;
    const { anywhere, host } = this.#ports;
    if (this.#asking.has(cause)) return;
    if (!anywhere.mayTell(cause)) return this.#isDone(one);
    if (app !== undefined) {
      this.#asking.add(cause);
      const verdict = await host().askToTell(app, cause);
      this.#asking.delete(cause);
      if (this.#store.isDisposed || verdict === 'later') return;
      const hasPassed = !this.#waiting.get(app.key)?.some((waiting) => waiting.cause === cause);
      if (hasPassed) return;
      if (verdict === 'never') return this.#isDone(one);
    }
    this.#isDone(one);
    if (one.instead !== undefined) {
      this.#answered(one);
      this.#ports.run(one.instead);
      return;
    }
    anywhere.noteTold(cause);
    await this.#show(one.message);
    // A window that closes takes its messages with it: that is no answer.
    if (!this.#store.isDisposed) this.#answered(one);
  }

  /** This window has nothing more to do with it. */
  #isDone({ cause }: Waiting): void {
    this.#told.add(cause);
    for (const [about, waiting] of this.#waiting)
      this.#waiting.set(
        about,
        waiting.filter((other) => other.cause !== cause),
      );
  }

  #answered({ cause, app }: Waiting): void {
    // What has passed meanwhile was forgotten, and is news when it comes back.
    if (!this.#told.has(cause)) return;
    this.#ports.anywhere.noteAnswered(cause);
    if (app !== undefined) this.#ports.host().noteAnswered(cause);
  }

  dispose(): void {
    this.#store.dispose();
    this.#waiting.clear();
  }
}
