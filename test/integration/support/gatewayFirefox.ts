import type { Browser, Frame, Page } from 'puppeteer-core';
import { GATEWAY_PATH } from '../../../src/sessions/gatewayProtocol';
import { eventually } from './workbench';

/** Firefox's word for a request that a page had sent to its worker when it was left. */
const ABANDONED = 'A ServiceWorker intercepted the request and encountered an unexpected error';

/** An app in a tab of Firefox, through the path proxy and its shell page. What `Preview` is for Chromium, as far as a smoke test needs it. */
export class FirefoxPreview {
  /** Answers with 400 or more: also what the editor itself was asked for, as it has none of the app's files. */
  readonly failures: string[] = [];
  /** Uncaught errors. */
  readonly errors: string[] = [];

  private constructor(
    readonly page: Page,
    readonly editorUrl: string,
    readonly gatewayPort: number,
  ) {
    page.on('response', (response) => {
      const url = response.url();
      if (response.status() >= 400) this.failures.push(`${response.status()} ${url}`);
    });
    page.on('pageerror', (error) => {
      const text = String(error);
      if (!text.includes(ABANDONED)) this.errors.push(text);
    });
  }

  static async create(browser: Browser, editorUrl: string, gatewayPort: number): Promise<FirefoxPreview> {
    const page = await browser.newPage();
    await page.setViewport({ width: 900, height: 700 });
    return new FirefoxPreview(page, editorUrl, gatewayPort);
  }

  async open(path: string): Promise<void> {
    await this.page.goto('about:blank');
    await this.page.goto(`${this.editorUrl}/proxy/${this.gatewayPort}${GATEWAY_PATH}#${path}`);
    await this.isAlive();
  }

  async isAlive(): Promise<void> {
    await eventually(
      'the page to be hydrated',
      async () => (await this.inApp(`document.querySelector('#counter')?.dataset.alive`)) === 'true',
      120_000,
    );
  }

  /** Waits until the address, as a person sees it, is this path. */
  async isAt(path: string): Promise<void> {
    await eventually(
      `the address ${path}`,
      () => {
        const now = new URL(this.page.url()).hash.slice(1);
        if (now === path) return true;
        throw new Error(`it is ${now}`);
      },
      30_000,
    );
  }

  /** Waits until an element says this. */
  async says(selector: string, text: string): Promise<void> {
    await eventually(
      `${selector} to say ${text}`,
      async () => {
        const now = await this.inApp(`document.querySelector(${JSON.stringify(selector)})?.innerText`);
        if (now === text) return true;
        throw new Error(`it says ${String(now)}`);
      },
      30_000,
    );
  }

  async click(selector: string): Promise<void> {
    await (await this.#app()).locator(selector).setTimeout(30_000).click();
  }

  async fill(selector: string, text: string): Promise<void> {
    await (await this.#app()).locator(selector).setTimeout(30_000).fill(text);
  }

  async back(): Promise<void> {
    await this.page.evaluate('history.back()');
  }

  /** Marks the document: a soft navigation keeps it, a hard one does not. */
  async mark(): Promise<void> {
    await this.inApp('window.sampleMark = true');
  }

  async isMarked(): Promise<boolean> {
    return (await this.inApp('window.sampleMark === true')) === true;
  }

  /** Runs an expression in the app's document. */
  async inApp(expression: string): Promise<unknown> {
    return (await this.#app()).evaluate(expression);
  }

  /** For a failed test to show. */
  describe(): string {
    const frames = this.page.frames().map((frame) => frame.url());
    const { failures, errors } = this;
    return JSON.stringify({ frames, failures, errors }, null, 1);
  }

  /** The frame below the shell's. */
  #app(): Promise<Frame> {
    return eventually('the frame of the app', () =>
      this.page.frames().find((frame) => frame.parentFrame() === this.page.mainFrame()),
    );
  }
}
