import type { Page } from 'playwright-core';

/**
 * Looks at the terminal that is open from within the page, at each change of its rows: a question from outside would come too
 * late, and cost what is measured. As text, because nothing here knows the types of a page.
 */
const script = `(() => {
  if (window.benchWatch) return;
  let keyMs;
  addEventListener('keydown', (event) => (keyMs = event.timeStamp), { capture: true });
  const rows = () => document.querySelector('.terminal-wrapper.active .xterm-rows');
  const shown = (text) =>
    new Promise((resolve) => {
      const element = rows();
      const look = () => {
        if (!element.textContent.includes(text)) return;
        observer.disconnect();
        resolve({ wallMs: Date.now(), sinceKeyMs: performance.now() - keyMs });
      };
      const observer = new MutationObserver(look);
      observer.observe(element, { subtree: true, childList: true, characterData: true });
      look();
    });
  window.benchWatch = { shown };
})()`;

export interface Shown {
  /** By the wall clock. */
  readonly wallMs: number;
  /** Since the page's last key was pressed, by the event's own time. */
  readonly sinceKeyMs: number;
}

/** Must be there before the first key. */
export async function watchScreen(page: Page): Promise<void> {
  await page.evaluate(script);
}

/** When the rows of the open terminal hold this text. */
export async function shown(page: Page, text: string, limitMs: number): Promise<Shown> {
  const limit = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error(`${text} was not shown within ${limitMs} ms`)), limitMs).unref();
  });
  return Promise.race([page.evaluate<Shown>(`benchWatch.shown(${JSON.stringify(text)})`), limit]);
}
