/**
 * The addresses in the history of the app's frame. Invariant: the entry that is shown has the app's own path, so that
 * its router sees what it rendered; every other entry has the prefix, so that going back to it finds the gateway, also
 * when its document is gone.
 */
import { on } from './on';
import { appPath, isUnder, prefixed, stripped, type Place } from './prefix';
import { quietly } from './quietly';

type Change = (this: History, state: unknown, unused: string, url?: string | URL | null) => void;

/** What the browser itself has. */
function native(name: 'pushState' | 'replaceState'): Change {
  return Reflect.get<History, typeof name>(History.prototype, name);
}

export class FrameHistory {
  readonly #place: Place;
  readonly #onChange: () => void;
  readonly #replace = native('replaceState');

  /** `onChange`: the path may be another one now. Without a prefix it only watches. */
  constructor(place: Place, onChange: () => void) {
    this.#place = place;
    this.#onChange = onChange;
    this.#patch('pushState');
    this.#patch('replaceState');
    const arrived = () => {
      this.strip();
      onChange();
    };
    // First in the page, so before the app's own listeners.
    for (const type of ['popstate', 'hashchange', 'pageshow'] as const) on(type, arrived, true);
    if (place.prefix === '') return;
    on('pagehide', () => this.restore(), true);
    // A navigation that led to no document, as a download, leaves this one alive, with the prefix on.
    for (const type of ['pointerdown', 'keydown'] as const) on(type, () => this.strip(), true);
  }

  get path(): string {
    return appPath(new URL(location.href), this.#place);
  }

  /** Takes the prefix from the address. */
  strip(): void {
    if (isUnder(this.#place.prefix, location.pathname)) this.#rename(stripped(new URL(location.href), this.#place));
  }

  /** Puts it back, before the entry is left. */
  restore(): void {
    this.#rename(prefixed(new URL(location.href), this.#place));
  }

  #rename(href: string): void {
    if (this.#place.prefix === '' || href === location.href) return;
    // Refused to a page without an origin, and to one that does it too often.
    quietly(() => this.#replace.call(history, history.state, '', href));
  }

  #patch(name: 'pushState' | 'replaceState'): void {
    const original = native(name);
    const change = (that: History, state: unknown, unused: string, url: string | URL | null | undefined) => {
      const target = this.#own(url);
      if (name === 'pushState') this.restore();
      try {
        original.call(that, state, unused, target);
      } finally {
        this.strip();
      }
      quietly(this.#onChange);
    };
    History.prototype[name] = function (state: unknown, unused: string, url?: string | URL | null) {
      change(this, state, unused, url);
    };
  }

  /** What the app asked for, without the prefix; as it was where that is no address. */
  #own(url: string | URL | null | undefined): string | URL | null | undefined {
    if (this.#place.prefix === '') return url;
    return quietly(() => stripped(new URL(url ?? location.href, document.baseURI), this.#place)) ?? url;
  }
}
