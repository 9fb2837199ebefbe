import type { NoticeVerdict } from '../protocol';

/** A window as far as it may tell a person something. */
export interface NoticeWindow {
  readonly kind: 'window' | 'cli';
  /** Keys of the apps that it shows. */
  readonly apps: ReadonlySet<string>;
}

/** Over all windows: once, and once more where a person goes next without having answered. */
const MAX_TIMES = 2;
/** More are old ones. */
const MAX_CAUSES = 200;

/**
 * Decides which window tells a person what needs one (DESIGN section 6): each cause once, in the window with the latest input or
 * focus. Windows of one browser know by themselves which of them has the focus; those of two browsers, or of two machines that look
 * at one sandbox, all have it. Memory only: a later host asks again at most once.
 */
export class Notices {
  /** By the order in which a person was last there, the latest last. */
  readonly #attended = new Map<NoticeWindow, { readonly isFocused: boolean }>();
  readonly #told = new Map<string, { readonly times: number; readonly by: NoticeWindow | undefined }>();

  /** A person does something in this window, or has left it. */
  attend(window: NoticeWindow, isFocused: boolean): void {
    // Who leaves a window was there last, but is gone.
    this.#attended.delete(window);
    this.#attended.set(window, { isFocused });
  }

  /** Whether this window tells it now; counts if it does. */
  ask(window: NoticeWindow, appKey: string, cause: string): NoticeVerdict {
    const known = this.#told.get(cause);
    if (known !== undefined && known.times >= MAX_TIMES) return 'never';
    if (known?.by === window || this.#isElsewhere(window, appKey)) return 'later';
    this.#set(cause, (known?.times ?? 0) + 1, window);
    return 'tell';
  }

  /** A person has done something with it, closing it included. */
  answered(cause: string): void {
    this.#set(cause, MAX_TIMES, undefined);
  }

  /** The window is gone, and its messages with it. */
  left(window: NoticeWindow): void {
    this.#attended.delete(window);
  }

  /** A person was in another window later, which shows the app and still has the focus. */
  #isElsewhere(window: NoticeWindow, appKey: string): boolean {
    const later = [...this.#attended];
    const own = later.findIndex(([other]) => other === window);
    return later
      .slice(own + 1)
      .some(([other, { isFocused }]) => isFocused && other !== window && other.apps.has(appKey));
  }

  #set(cause: string, times: number, by: NoticeWindow | undefined): void {
    this.#told.delete(cause);
    this.#told.set(cause, { times, by });
    for (const old of this.#told.keys()) {
      if (this.#told.size <= MAX_CAUSES) break;
      this.#told.delete(old);
    }
  }
}
