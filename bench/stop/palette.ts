import { eventually, type Tab } from '../../test/integration/support/workbench';

/** The palette is open at a command, which Enter runs: the moment of that key is known, that of a click is not. */
export async function offerInPalette({ page }: Tab, title: string): Promise<() => Promise<void>> {
  await page.keyboard.press('F1');
  await page.locator('.quick-input-box input').fill(`>${title}`);
  const focused = page.locator('.quick-input-list .monaco-list-row.focused .label-name');
  await eventually('the command in the palette', async () => (await focused.innerText()) === title, 15_000);
  return () => page.keyboard.press('Enter');
}
