/** The few parts of a browser that the script of the preview's page touches, so that it runs in a context of its own. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import vm from 'node:vm';
import type { ShowMessage } from '../../src/providers/previewMessages';
import { pageWords } from '../../src/providers/previewWords';
import { PREVIEW_MARK } from '../../src/sessions/gatewayProtocol';
import { repoRoot } from './support/repository';

type Listener = (event: object) => void;

class FakeElement {
  readonly dataset: Record<string, string> = {};
  readonly contentWindow = {};
  hidden = false;
  disabled = false;
  tabIndex = 0;
  value = '';
  textContent = '';
  scrollTop = 0;
  scrollHeight = 0;
  clientHeight = 0;
  children: readonly unknown[] = [];
  readonly #attributes = new Map<string, string>();
  readonly #listeners = new Map<string, Listener[]>();

  addEventListener(type: string, listener: Listener): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }

  fire(type: string, event: object = {}): void {
    for (const listener of this.#listeners.get(type) ?? []) listener(event);
  }

  setAttribute(name: string, value: string): void {
    this.#attributes.set(name, value);
  }

  getAttribute(name: string): string | null {
    return this.#attributes.get(name) ?? null;
  }

  replaceChildren(...children: readonly unknown[]): void {
    this.children = children;
  }

  append(...children: readonly unknown[]): void {
    this.children = [...this.children, ...children];
  }

  querySelector(): unknown {
    return this.children[0] ?? null;
  }
}

const ORIGIN = 'http://localhost:4000';

/** The preview's page with an app in its frame. Its time stands still until it is told to go on, as a hidden tab's may. */
export class FakePanel {
  /** What the extension was sent. */
  readonly sent: Record<string, unknown>[] = [];
  nowMs = 1000;
  isActivated = true;
  readonly #timers = new Map<number, () => void>();
  readonly #elements = new Map<string, FakeElement>();
  readonly #document = Object.assign(new FakeElement(), {
    body: Object.assign(new FakeElement(), { dataset: { words: JSON.stringify(pageWords()) } }),
    activeElement: {},
    visibilityState: 'visible',
    getElementById: (id: string) => this.#byId(id),
    createElement: () => new FakeElement(),
    querySelectorAll: () => [],
  });
  readonly #window = new FakeElement();

  constructor() {
    const keeps = (run: () => void): number => this.#timers.set(this.#timers.size + 1, run).size;
    vm.runInNewContext(readFileSync(path.join(repoRoot, 'media/preview.js'), 'utf8'), {
      acquireVsCodeApi: () => ({
        // A copy, of this realm's own objects.
        postMessage: (message: Record<string, unknown>) => this.sent.push(structuredClone(message)),
        setState: () => undefined,
      }),
      document: this.#document,
      window: this.#window,
      location: { protocol: 'https:' },
      navigator: { platform: 'Linux', userActivation: this.#activation() },
      performance: { now: () => this.nowMs },
      KeyboardEvent: class {},
      ResizeObserver: class {
        observe(): void {}
      },
      setInterval: () => 0,
      clearInterval: () => undefined,
      setTimeout: keeps,
      clearTimeout: (id: number) => this.#timers.delete(id),
    });
    // The editor's page, which holds the panel's.
    this.#window.fire('message', { source: [this.#window], origin: 'vscode-webview://x', data: show });
    this.sent.length = 0;
  }

  /** A message of the page in the frame. */
  hear(message: object): void {
    const { contentWindow } = this.#frame;
    this.#window.fire('message', {
      source: contentWindow,
      origin: ORIGIN,
      data: { mark: PREVIEW_MARK, ...message },
    });
  }

  /** The app has the focus, or a control of the panel. */
  focusApp(isFocused: boolean): void {
    this.#document.activeElement = isFocused ? this.#frame : this.#byId('address');
  }

  /** The tab came to the front, or went behind. */
  fireVisibilityChange(): void {
    this.#document.fire('visibilitychange');
  }

  /** The time that was waited for is over. */
  elapse(): void {
    const due = [...this.#timers.values()];
    this.#timers.clear();
    for (const run of due) run();
  }

  /** What was sent of the frame's reports, as `type` or `type state`, with how often in a row. */
  get reports(): string[] {
    return this.sent
      .filter(({ type }) => type === 'frame')
      .map(({ data, times }) => {
        const { type, state } = data as { readonly type: string; readonly state?: string };
        return `${type}${state === undefined ? '' : ` ${state}`}${times === 1 ? '' : ` x${String(times)}`}`;
      });
  }

  #activation(): object {
    const isActive = (): boolean => this.isActivated;
    return {
      get isActive() {
        return isActive();
      },
    };
  }

  get #frame(): FakeElement {
    return this.#byId('viewport').children[0] as FakeElement;
  }

  #byId(id: string): FakeElement {
    const element = this.#elements.get(id) ?? new FakeElement();
    this.#elements.set(id, element);
    return element;
  }
}

const show: ShowMessage = {
  type: 'show',
  saved: { app: { key: 'k', name: 'web' }, view: { path: '/', width: 'full', isLandscape: false, face: 'phone' } },
  label: 'Web',
  page: { kind: 'app', sentence: '', warning: undefined, showsOutput: false, actions: [] },
  lines: [],
  place: { url: `${ORIGIN}/`, origin: ORIGIN, load: 1, canGoBack: false, canGoForward: false },
  truth: 'loading',
  notices: [],
  phone: undefined,
  hasFaces: false,
};
