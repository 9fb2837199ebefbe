/** What the editor asks a person and says to them: notifications, modal questions, quick picks. Used as a person does. */
import type { Locator } from 'playwright-core';
import { eventually, type Tab } from './workbench';

/** The texts of the notifications in sight, newest first. */
export async function notifications(tab: Tab): Promise<readonly string[]> {
  const texts = await tab.page.locator('.notification-toast .notification-list-item-message').allInnerTexts();
  return texts.map((text) => text.replace(/\s+/g, ' ').trim());
}

/** Waits for a notification whose text matches, and gives the titles of its buttons. */
export async function told(tab: Tab, text: RegExp, limitMs?: number): Promise<readonly string[]> {
  const toast = toastOf(tab, text);
  await eventually(
    `a notification that says ${String(text)}`,
    async () => {
      if ((await toast.count()) > 0) return true;
      throw new Error((await notifications(tab)).join(' | '));
    },
    limitMs,
  );
  await faded(toast.first());
  return (await toast.first().locator('.monaco-button').allInnerTexts()).map((title) => title.trim());
}

/** Presses a button of the notification whose text matches. */
export async function answer(tab: Tab, text: RegExp, button: string): Promise<void> {
  await told(tab, text);
  await toastOf(tab, text).first().getByRole('button', { name: button, exact: true }).click({ timeout: 10_000 });
}

function toastOf(tab: Tab, text: RegExp) {
  return tab.page
    .locator('.notification-toast')
    .filter({ has: tab.page.locator('.notification-list-item-message', { hasText: text }) });
}

/** Waits for the modal question, gives its whole text. */
export async function question(tab: Tab): Promise<string> {
  const box = tab.page.locator('.monaco-dialog-box');
  return eventually('a question', async () => ((await box.count()) > 0 ? box.innerText() : undefined), 30_000);
}

/** Answers the modal question by its button, or with Escape. */
export async function decide(tab: Tab, button: string | undefined): Promise<void> {
  const box = tab.page.locator('.monaco-dialog-box');
  if (button === undefined) await tab.page.keyboard.press('Escape');
  else await box.getByRole('button', { name: button, exact: true }).click({ timeout: 10_000 });
  await eventually('the question to be gone', async () => (await box.count()) === 0, 10_000);
}

/** The entries of Dev Server Actions, opened by the click on the status bar; `look` sees the list before it is closed. */
export async function actions(tab: Tab, look?: () => Promise<void>): Promise<readonly string[]> {
  await openActions(tab);
  const rows = tab.page.locator('.quick-input-widget .monaco-list-row');
  const entries = (await rows.allInnerTexts()).map((text) => text.replace(/\s+/g, ' ').trim());
  await look?.();
  await closeQuickPick(tab);
  return entries;
}

/** Chooses an entry of Dev Server Actions. */
export async function act(tab: Tab, entry: RegExp): Promise<void> {
  await openActions(tab);
  await tab.page
    .locator('.quick-input-widget .monaco-list-row')
    .filter({ hasText: entry })
    .first()
    .click({ timeout: 10_000 });
}

async function openActions(tab: Tab): Promise<void> {
  const widget = tab.page.locator('.quick-input-widget');
  await closeQuickPick(tab);
  await tab.page.locator('.statusbar-item[id*="cheatcode"] a').first().click({ timeout: 10_000 });
  await widget.locator('.monaco-list-row').first().waitFor({ timeout: 20_000 });
  await faded(widget);
}

async function closeQuickPick(tab: Tab): Promise<void> {
  const widget = tab.page.locator('.quick-input-widget');
  await eventually('no quick pick', async () => {
    if (!(await widget.isVisible())) return true;
    await tab.page.keyboard.press('Escape');
    return false;
  });
}

/** What the status item's tooltip says. */
export async function tooltip(tab: Tab): Promise<string> {
  const item = tab.page.locator('.statusbar-item[id*="cheatcode"] a').first();
  await tab.page.mouse.move(600, 300);
  await item.hover();
  const hover = tab.page.locator('.monaco-hover:visible').last();
  const text = await eventually('the tooltip', async () => {
    const found = (await hover.innerText({ timeout: 2000 })).replace(/\s+/g, ' ').trim();
    return found === '' ? undefined : found;
  });
  await faded(hover);
  return text;
}

/** What fades in takes no click and makes no picture before it is there. */
async function faded(locator: Locator): Promise<void> {
  await eventually('it to have faded in', () =>
    locator.evaluate((element) => {
      for (let at: Element | null = element; at !== null; at = at.parentElement)
        if (getComputedStyle(at).opacity !== '1') return false;
      return true;
    }),
  );
}
