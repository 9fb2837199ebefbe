/** Is the page alive? HTTP's 200 says nothing of it: a page of React lives when React has attached to what is shown. */
import type { Tell } from './messages';
import type { Troubles } from './troubles';

const LOOK_EVERY_MS = 100;
/** After the limit, where only a person could still change something. */
const LOOK_LATER_MS = 1000;
/** From the end of loading until a page that is not alive is said to be dead. */
const LIMIT_MS = 20_000;
/** So many elements are looked at: React attaches from the inside out, and one that it has is enough. */
const MOST_ELEMENTS = 400;

export function watchLiveness(tell: Tell, troubles: Troubles | undefined, isControlled: () => boolean): void {
  let loadedMs = 0;
  let isDead = false;
  tell({ type: 'liveness', state: 'loading' });
  look();

  function look(): void {
    const isLoaded = document.readyState === 'complete';
    if (isHydrated()) {
      tell({ type: 'liveness', state: 'hydrated' });
      return;
    }
    if (isLoaded) {
      if (!awaitsReact()) {
        tell({ type: 'liveness', state: 'loaded' });
        return;
      }
      loadedMs ||= performance.now();
      if (!isDead && performance.now() - loadedMs > LIMIT_MS) {
        isDead = true;
        tell({ type: 'liveness', state: 'notHydrated', detail: reason(troubles, isControlled()) });
      }
    }
    setTimeout(look, isDead ? LOOK_LATER_MS : LOOK_EVERY_MS);
  }
}

/** A page of Next.js, or of Expo's web build. */
function awaitsReact(): boolean {
  return (
    document.querySelector('script[src*="/_next/static/"], #__next') !== null ||
    (document.getElementById('root') !== null &&
      document.querySelector('script[src*="platform=web"], script[src*="/_expo/static/"]') !== null)
  );
}

function isHydrated(): boolean {
  const elements = document.querySelectorAll('body, body *');
  for (let index = 0; index < elements.length && index < MOST_ELEMENTS; index++)
    for (const name of Object.keys(elements[index] ?? {})) if (/^__react(?:Fiber|Props)\$/.test(name)) return true;
  return false;
}

function reason(troubles: Troubles | undefined, isControlled: boolean): string {
  if (!isControlled) return 'The service worker of the preview does not control this page.';
  if (troubles?.failedScripts) {
    const { failedScripts: count, firstScript } = troubles;
    return `${count} ${count === 1 ? 'script' : 'scripts'} could not be loaded, first ${firstScript}`;
  }
  if (troubles?.firstError) return `An error was not caught: ${troubles.firstError}`;
  if (troubles?.isHotReloadLost) return 'The WebSocket of the hot reload could not be opened.';
  return `React has not attached to the page ${LIMIT_MS / 1000} s after it was loaded.`;
}
