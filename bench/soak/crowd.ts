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
const ANSWER_LIMIT_MS = 15_000;

/** The browser and the tabs that are open in it. The caller closes. */
export class Crowd {
  readonly #url: string;
  /** Two tabs that are opened at once share the one that is being launched. */
  #browser: Promise<Browser> | undefined;
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
    await inTime(one.tab.close(), undefined);
    await inTime(one.context.close(), undefined);
  }

  /** Takes its network away: no page is told that it ends. */
  async drop(one: SoakTab): Promise<void> {
    this.#forget(one);
    await inTime(one.context.close(), undefined);
  }

  /** Pids of this kind among the browser's processes. */
  async processes(type: 'renderer' | 'browser'): Promise<readonly number[]> {
    const browser = await this.#running();
    this.#devTools ??= await browser.newBrowserCDPSession();
    const answer = await inTime(this.#devTools.send('SystemInfo.getProcessInfo'), undefined);
    return answer?.processInfo.filter((one) => one.type === type).map(({ id }) => id) ?? [];
  }

  async closeAll(): Promise<void> {
    await Promise.all(this.#tabs.map((one) => this.close(one)));
    const browser = await this.#browser;
    if (browser) await inTime(browser.close(), undefined);
  }

  /** Our item in its status bar; empty when it says nothing in time. */
  async statusOf(one: SoakTab): Promise<string> {
    return inTime(one.tab.status(), '', STATUS_LIMIT_MS);
  }

  #running(): Promise<Browser> {
    this.#browser ??= launchChromium().then((browser) => {
      browser.on('disconnected', () => {
        this.#browser = undefined;
        this.#devTools = undefined;
        for (const one of this.#tabs) this.#forget(one);
      });
      return browser;
    });
    return this.#browser;
  }

  #forget(one: SoakTab): void {
    one.isDead = true;
    this.#tabs = this.#tabs.filter((other) => other !== one);
  }
}

/** What a page or a browser that was killed answers, which may be nothing at all: then `otherwise`. */
async function inTime<T>(answer: Promise<T>, otherwise: T, limitMs = ANSWER_LIMIT_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<T>((resolve) => (timer = setTimeout(resolve, limitMs, otherwise)));
  return Promise.race([answer.catch(() => otherwise), limit]).finally(() => clearTimeout(timer));
}
