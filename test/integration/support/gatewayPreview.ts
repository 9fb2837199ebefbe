import type { BrowserContext, Frame, FrameLocator, Page, Response, WebSocket } from 'playwright-core';
import { GATEWAY_PATH, type FromFrame, type ToFrame } from '../../../src/sessions/gatewayProtocol';
import type { GatewayStage } from './gatewayStage';
import type { Way } from './gatewayRows';
import { eventually } from './workbench';

/** The first page of an app is compiled before its server says a word of it; on a machine with more to do that took over 30 s. */
const FIRST_ANSWER_MS = 120_000;

/** Without the mark, which the panel's stand-in adds. */
type Told<T> = T extends unknown ? Omit<T, 'mark'> : never;

/** What of a stage a preview needs; the editor may have another address than the stage's own. */
export interface PreviewStage extends Pick<GatewayStage, 'panel' | 'browser'> {
  readonly editor: { readonly url: string };
}

export interface PreviewOptions {
  readonly way: Way;
  readonly gatewayPort: number;
  /** Of the app: paths are given without it. */
  readonly basePath?: string;
}

/** An app seen through the gateway in a browser profile of its own, used as a person does. The caller closes it. */
export class Preview {
  readonly #sockets = new Set<WebSocket>();
  readonly #editorUrl: string;
  readonly #panelPort: number;
  #opened = 0;
  /** Answers with 400 or more. */
  readonly failures: string[] = [];
  /** What was asked of the editor itself instead of the gateway: the service worker has missed it. */
  readonly astray: string[] = [];
  /** Uncaught errors, of any page. */
  readonly errors: string[] = [];

  private constructor(
    stage: PreviewStage,
    readonly context: BrowserContext,
    readonly page: Page,
    readonly options: PreviewOptions,
  ) {
    this.#editorUrl = stage.editor.url;
    this.#panelPort = stage.panel.port;
    context.on('response', (response) => this.#note(response));
    page.on('pageerror', ({ message }) => this.errors.push(message));
    page.on('websocket', (socket) => {
      socket.once('framereceived', () => this.#sockets.add(socket));
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  static async create(stage: PreviewStage, options: PreviewOptions): Promise<Preview> {
    const context = await stage.browser.newContext({ viewport: { width: 900, height: 700 } });
    return new Preview(stage, context, await context.newPage(), options);
  }

  /** What the browser has in front of the app's own paths; empty without a path proxy. */
  get prefix(): string {
    return this.options.way === 'localhost' ? '' : `/proxy/${this.options.gatewayPort}`;
  }

  /** The address at which a person opens a path of the app in a tab. */
  address(path: string): string {
    return this.options.way === 'localhost'
      ? `http://localhost:${this.options.gatewayPort}${this.full(path)}`
      : `${this.#editorUrl}${this.prefix}${GATEWAY_PATH}#${this.full(path)}`;
  }

  /** A path as the browser has it: with the app's base path. */
  full(path: string): string {
    const { basePath = '' } = this.options;
    return basePath !== '' && path === '/' ? basePath : `${basePath}${path}`;
  }

  /** Where the app's elements are; follows the frame through all of its navigations. */
  get app(): Page | FrameLocator {
    const { page } = this;
    if (this.options.way === 'localhost') return page;
    if (this.options.way === 'tab') return page.frameLocator('iframe');
    return page.frameLocator('iframe').frameLocator('iframe').frameLocator('iframe');
  }

  /** Opens a path from nothing, as a link or a bookmark does. */
  async open(path: string): Promise<void> {
    // An address that differs in its hash alone would not be loaded anew.
    await this.page.goto('about:blank');
    // Nobody tells of the end of a socket whose document is gone.
    this.#sockets.clear();
    await this.page.goto(this.options.way === 'panel' ? this.#panelAddress(path) : this.address(path), {
      waitUntil: 'commit',
      timeout: FIRST_ANSWER_MS,
    });
  }

  /** {@link open}, and waits until React has attached. */
  async openAlive(path: string): Promise<void> {
    await this.open(path);
    await this.isAlive();
  }

  async isAlive(limitMs?: number): Promise<void> {
    await eventually(
      'the page to be hydrated',
      async () => (await this.app.locator('#counter').getAttribute('data-alive', { timeout: 5000 })) === 'true',
      limitMs,
    );
  }

  /** Waits until the app's address, as a person sees it, is this path. */
  async isAt(path: string): Promise<void> {
    const wanted = this.full(path);
    await eventually(
      `the address ${wanted}`,
      async () => {
        const now = await this.path();
        if (now === wanted) return true;
        throw new Error(`it is ${now}`);
      },
      30_000,
    );
  }

  /** Waits until an element says this. */
  async says(selector: string, text: string, limitMs = 30_000): Promise<void> {
    await eventually(
      `${selector} to say ${text}`,
      async () => {
        const now = await this.app.locator(selector).innerText({ timeout: 5000 });
        if (now === text) return true;
        throw new Error(`it says ${now}`);
      },
      limitMs,
    );
  }

  async click(selector: string): Promise<void> {
    await this.app.locator(selector).click({ timeout: 30_000 });
  }

  /** The app's address: the browser's own, the hash of the shell's, or what the panel was told last. */
  async path(): Promise<string> {
    const { way } = this.options;
    if (way === 'panel') {
      const pages = (await this.messages()).filter((message) => message.type === 'page');
      return pages.at(-1)?.path ?? '';
    }
    const { pathname, search, hash } = new URL(this.page.url());
    return way === 'tab' ? hash.slice(1) : pathname + search + hash;
  }

  /** What the panel was told since it was loaded. */
  async messages(): Promise<readonly FromFrame[]> {
    return (await this.#webview()).evaluate<readonly FromFrame[]>('window.messages');
  }

  /** Speaks to the preview as the panel does. */
  async send(message: Told<ToFrame>): Promise<void> {
    await (await this.#webview()).evaluate(`window.send(${JSON.stringify(message)})`);
  }

  /** Presses the button "back": the browser's, or the panel's. */
  async back(): Promise<void> {
    if (this.options.way === 'panel') await this.send({ type: 'back' });
    else await this.page.evaluate('history.back()');
  }

  async forward(): Promise<void> {
    if (this.options.way === 'panel') await this.send({ type: 'forward' });
    else await this.page.evaluate('history.forward()');
  }

  /** Marks the document: a soft navigation keeps it, a hard one does not. */
  async mark(): Promise<void> {
    await this.inApp('window.sampleMark = true');
  }

  async isMarked(): Promise<boolean> {
    return this.inApp<boolean>('window.sampleMark === true');
  }

  /** Runs an expression in the app's document. */
  async inApp<T>(expression: string): Promise<T> {
    // Not by the frame itself, which may be replaced between its look-up and the call.
    return this.app.locator('html').evaluate<T, undefined>(expression, undefined, { timeout: 15_000 });
  }

  /** Waits until a WebSocket is open that has brought something since {@link open}. */
  async isHotReloadConnected(): Promise<void> {
    await eventually(
      'a socket of the hot reload',
      () => [...this.#sockets].some((socket) => !socket.isClosed()),
      30_000,
    );
  }

  /** For a failed test to show. */
  describe(): string {
    const frames = this.page.frames().map((frame) => frame.url());
    const { failures, astray, errors } = this;
    return JSON.stringify({ frames, failures, astray, errors }, null, 1);
  }

  async close(): Promise<void> {
    await this.context.close();
  }

  #panelAddress(path: string): string {
    const query = new URLSearchParams({
      root: `${this.#editorUrl}${this.prefix}${GATEWAY_PATH}#`,
      path: this.full(path),
      // What an earlier one has kept is not this one's.
      visit: String(++this.#opened),
    });
    return `${this.#editorUrl}/proxy/${this.#panelPort}/panel?${query.toString()}`;
  }

  async #webview(): Promise<Frame> {
    return eventually('the frame of the webview', () =>
      this.page.frames().find((frame) => new URL(frame.url()).pathname.endsWith('/webview')),
    );
  }

  #note(response: Response): void {
    const url = response.url();
    if (response.status() >= 400) this.failures.push(`${response.status()} ${url}`);
    const { origin, pathname } = new URL(url);
    const editor = new URL(this.#editorUrl);
    const isProxied = pathname.startsWith(`${editor.pathname.replace(/\/$/, '')}/proxy/`);
    const isEditor = origin === editor.origin && !isProxied;
    if (isEditor && !response.fromServiceWorker()) this.astray.push(url);
  }
}
