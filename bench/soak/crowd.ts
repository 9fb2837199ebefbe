import type { Browser, BrowserContext, CDPSession } from 'playwright-core';
import { launchChromium } from '../../test/hosts/chromium.mjs';
import { Tab } from '../../test/integration/support/workbench';

/** A tab of the soak; each has a context of its own, and so a renderer of its own. */
export interface SoakTab {
  readonly tab: Tab;
  readonly context: BrowserContext;
  /** Something is being done with it. */
  isBusy: boolean;
  /** Its renderer was killed, or its browser. */
  isDead: boolean;
}

const WORKBENCH_LIMIT_MS = 90_000;
const STATUS_LIMIT_MS = 3000;

/** The browser and the tabs that are open in it. The caller closes. */
export class Crowd {
  readonly #url: string;
  #browser: Browser | undefined;
  #devTools: CDPSession | undefined;
  #tabs: readonly SoakTab[] = [];
  /** Renderers that ended under a tab. */
  crashes = 0;

  constructor(url: string) {
    this.#url = url;
  }

  /** Tabs that nobody has killed. */
  get tabs(): readonly SoakTab[] {
    return this.#tabs.filter(({ isDead }) => !isDead);
  }

  /** Those that something may be done with. */
  get free(): readonly SoakTab[] {
    return this.tabs.filter(({ isBusy }) => !isBusy);
  }

  /** Opens the workspace; resolves when the workbench is there. */
  async open(): Promise<SoakTab> {
    const browser = await this.#running();
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    const page = await context.newPage();
    const one: SoakTab = { tab: new Tab(page), context, isBusy: true, isDead: false };
    page.on('crash', () => {
      this.crashes++;
      void this.drop(one);
    });
    this.#tabs = [...this.#tabs, one];
    try {
      await page.goto(this.#url, { waitUntil: 'commit', timeout: WORKBENCH_LIMIT_MS });
      await page.locator('.monaco-workbench').waitFor({ timeout: WORKBENCH_LIMIT_MS });
    } catch (error) {
      const wasKilled = one.isDead;
      await this.drop(one);
      if (!wasKilled) throw error;
    }
    one.isBusy = false;
    return one;
  }

  /** Closes it as a person does. */
  async close(one: SoakTab): Promise<void> {
    this.#forget(one);
    await one.tab.close().catch(() => undefined);
    await one.context.close().catch(() => undefined);
  }

  /** Takes its network away: no page is told that it ends. */
  async drop(one: SoakTab): Promise<void> {
    this.#forget(one);
    await one.context.close().catch(() => undefined);
  }

  /** Pids of this kind among the browser's processes. */
  async processes(type: 'renderer' | 'browser'): Promise<readonly number[]> {
    const browser = await this.#running();
    this.#devTools ??= await browser.newBrowserCDPSession();
    const { processInfo } = await this.#devTools.send('SystemInfo.getProcessInfo');
    return processInfo.filter((one) => one.type === type).map(({ id }) => id);
  }

  async closeAll(): Promise<void> {
    await Promise.all(this.#tabs.map((one) => this.close(one)));
    await this.#browser?.close();
  }

  /** Our item in its status bar; empty when it says nothing in time. */
  async statusOf(one: SoakTab): Promise<string> {
    const limit = new Promise<string>((resolve) => setTimeout(resolve, STATUS_LIMIT_MS, ''));
    return Promise.race([one.tab.status().catch(() => ''), limit]);
  }

  async #running(): Promise<Browser> {
    if (this.#browser?.isConnected()) return this.#browser;
    const browser = await launchChromium();
    browser.on('disconnected', () => {
      for (const one of this.#tabs) this.#forget(one);
      this.#devTools = undefined;
    });
    this.#browser = browser;
    return browser;
  }

  #forget(one: SoakTab): void {
    one.isDead = true;
    this.#tabs = this.#tabs.filter((other) => other !== one);
  }
}
