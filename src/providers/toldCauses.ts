/** What outlives a window: the editor's global state, or a map in a test. */
export interface ToldMemory {
  get<T>(key: string): T | undefined;
  update(key: string, value: unknown): PromiseLike<void>;
}

const KEY = 'told causes';
/** Over all windows: once, and once more in the next window that gets the focus. */
const MAX_TIMES = 2;
/** More are old ones. */
const MAX_CAUSES = 100;

/**
 * How often each cause was told, over all windows of the editor as far as it shares its global state among them: what was
 * answered in one is not told in another. A hint only: where it is lost, a person hears of a cause again.
 */
export class ToldCauses {
  readonly #memory: ToldMemory;

  constructor(memory: ToldMemory) {
    this.#memory = memory;
  }

  mayTell(cause: string): boolean {
    return this.#times(cause) < MAX_TIMES;
  }

  noteTold(cause: string): void {
    this.#set(cause, this.#times(cause) + 1);
  }

  /** Whatever a person did with it, closing it included. */
  noteAnswered(cause: string): void {
    this.#set(cause, MAX_TIMES);
  }

  /** Causes that begin so have passed: they are news when they come back. */
  forget(beginning: string): void {
    const entries = this.#entries();
    const others = entries.filter(([known]) => !known.startsWith(beginning));
    if (others.length < entries.length) void this.#memory.update(KEY, others);
  }

  #times(cause: string): number {
    return this.#entries().find(([known]) => known === cause)?.[1] ?? 0;
  }

  #set(cause: string, times: number): void {
    const others = this.#entries().filter(([known]) => known !== cause);
    void this.#memory.update(KEY, [...others, [cause, times]].slice(-MAX_CAUSES));
  }

  #entries(): readonly (readonly [cause: string, times: number])[] {
    return this.#memory.get<readonly (readonly [string, number])[]>(KEY) ?? [];
  }
}
