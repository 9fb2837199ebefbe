/** What the error overlay of Next.js says: a dialog in the shadow of an element of its own, in all versions. */
import type { Tell } from './messages';
import { on } from './on';

const SETTLED_MS = 100;
const MOST_CHARS = 1000;

export function watchOverlay(tell: Tell): void {
  let portal: Element | null = null;
  let shown = '';
  let isDue = false;
  const inside = new MutationObserver(changed);

  function changed(): void {
    if (isDue) return;
    isDue = true;
    setTimeout(look, SETTLED_MS);
  }

  function look(): void {
    isDue = false;
    const found = document.querySelector('nextjs-portal');
    if (found !== portal) {
      portal = found;
      inside.disconnect();
      if (found?.shadowRoot) inside.observe(found.shadowRoot, { childList: true, subtree: true, characterData: true });
    }
    const dialogs = [...(found?.shadowRoot?.querySelectorAll<HTMLElement>('[data-nextjs-dialog]') ?? [])];
    const text = dialogs
      .map((dialog) => dialog.innerText)
      .join('\n')
      .trim()
      .slice(0, MOST_CHARS);
    if (text === shown) return;
    shown = text;
    tell({ type: 'overlay', text });
  }

  function begin(): void {
    // The portal is put into the body, or into a wrapper that is.
    new MutationObserver(changed).observe(document.body, { childList: true });
    changed();
  }
  if (document.body) begin();
  else on('DOMContentLoaded', begin);
}
