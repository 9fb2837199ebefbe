import type { PhoneCard } from './phoneCard';

/**
 * Keeps the card of one mobile app up to date: asks once for each `key`, keeps the last answer until the next one, and takes
 * none that comes too late.
 */
export class PhoneCards {
  readonly #ask: (port: number) => Promise<PhoneCard | undefined>;
  readonly #onChange: () => void;
  readonly #onError: (error: unknown) => void;
  #key: string | undefined;
  #card: PhoneCard | undefined;

  constructor(
    ask: (port: number) => Promise<PhoneCard | undefined>,
    onChange: () => void,
    onError: (error: unknown) => void,
  ) {
    this.#ask = ask;
    this.#onChange = onChange;
    this.#onError = onError;
  }

  /** Undefined while no address is known. */
  get card(): PhoneCard | undefined {
    return this.#card;
  }

  /** The app's server answers on this port; another `key` says that its address may be another. */
  follow(port: number, key: string): void {
    if (key === this.#key) return;
    this.#key = key;
    this.#ask(port)
      .then((card) => {
        if (key !== this.#key) return;
        // A server that was too busy to answer still has the address that it had.
        this.#card = card ?? this.#card;
        this.#onChange();
      })
      .catch(this.#onError);
  }

  /** There is no server to ask. */
  forget(): void {
    this.#key = undefined;
    this.#card = undefined;
  }
}
