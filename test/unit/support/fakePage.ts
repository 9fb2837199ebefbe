import vm from 'node:vm';

type Listener = (event: Record<string, unknown>) => void;

/** The few parts of a browser's page that the head script touches first; whatever else it asks for is not there. */
export class FakePage {
  /** Of the frame, oldest first; as the browser keeps them. */
  readonly entries: { url: string; state: unknown }[];
  at = 0;
  /** What the page above was told. */
  readonly told: Record<string, unknown>[] = [];
  readonly #listeners = new Map<string, Listener[]>();
  readonly #window: Record<string, unknown>;
  isScriptThere = true;

  /** `above`: the path of the shell around it, `undefined` for the panel (of another origin), `'none'` for a tab. */
  constructor(address: string, asked: string, above?: string) {
    this.entries = [{ url: address, state: null }];
    const page = this as FakePage;
    class Script {
      readonly dataset = { path: asked, app: 'web' };
      remove(): void {
        page.isScriptThere = false;
      }
    }
    class FakeHistory {
      get state(): unknown {
        return page.#entry.state;
      }
      pushState(state: unknown, _: string, url?: string): void {
        const next = page.#resolve(url);
        page.entries.splice(page.at + 1);
        page.entries.push({ url: next, state });
        page.at++;
      }
      replaceState(state: unknown, _: string, url?: string): void {
        page.entries[page.at] = { url: page.#resolve(url), state };
      }
    }
    const location = {
      get href() {
        return page.#entry.url;
      },
      get pathname() {
        return new URL(page.#entry.url).pathname;
      },
      get hash() {
        return new URL(page.#entry.url).hash;
      },
      origin: new URL(address).origin,
      replace: (url: string) => (page.entries[page.at] = { url: page.#resolve(url), state: null }),
    };
    const parent = {
      get location() {
        if (above === undefined) throw new Error('another origin');
        return { pathname: above };
      },
      postMessage: (message: Record<string, unknown>) => page.told.push(message),
    };
    const window: Record<string, unknown> = {
      History: FakeHistory,
      history: new FakeHistory(),
      HTMLScriptElement: Script,
      location,
      origin: location.origin,
      URL,
      document: {
        currentScript: new Script(),
        title: 'Title',
        get baseURI() {
          return page.#entry.url;
        },
        addEventListener: () => undefined,
      },
      navigator: {},
      performance: { now: () => 0 },
      setTimeout: () => 0,
      addEventListener: (type: string, listener: Listener) =>
        page.#listeners.set(type, [...(page.#listeners.get(type) ?? []), listener]),
    };
    window['window'] = window;
    window['parent'] = above === 'none' ? window : parent;
    this.#window = window;
  }

  /** Runs a script in the page; what it throws is thrown here. */
  run(code: string): unknown {
    return vm.runInNewContext(code, this.#window) as unknown;
  }

  /** Without these, as an old or a locked browser. */
  without(...names: string[]): this {
    for (const name of names) delete this.#window[name];
    return this;
  }

  /** Goes through the history as the browser does, within one document. */
  go(steps: number): void {
    this.at += steps;
    this.fire('popstate');
  }

  fire(type: string): void {
    for (const listener of this.#listeners.get(type) ?? []) listener({ type });
  }

  get path(): string {
    const { pathname, search, hash } = new URL(this.#entry.url);
    return pathname + search + hash;
  }

  /** Paths of all entries. */
  get paths(): string[] {
    return this.entries.map(({ url }) => url.slice(new URL(url).origin.length));
  }

  get #entry(): { url: string; state: unknown } {
    const entry = this.entries[this.at];
    if (!entry) throw new Error(`there is no entry ${this.at}`);
    return entry;
  }

  #resolve(url: string | undefined): string {
    const next = new URL(url ?? this.#entry.url, this.#entry.url);
    if (next.origin !== new URL(this.#entry.url).origin) throw new Error('SecurityError');
    return next.href;
  }
}
