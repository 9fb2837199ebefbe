/**
 * What asks without the page's service worker: sockets and the scripts of workers. Event streams would pass through it, but
 * the browser ends a worker that streams for minutes, so they are put under the prefix, which the worker leaves alone.
 */
import type { Tell } from './messages';
import { prefixed, prefixedSocket, type Place } from './prefix';
import { quietly } from './quietly';

/** Next.js from 16.4, Next.js before, Metro. */
const hotReload = /\/(?:_next\/(?:hmr|webpack-hmr)|hot)$/;

type Maker = abstract new (...args: never[]) => object;

/** Without a prefix it only watches. `onLost` is called when the hot reload's socket could not be opened at all. */
export function keepConnections(place: Place, tell: Tell, onLost: () => void): void {
  replace(
    'WebSocket',
    (url) => prefixedSocket(url, place),
    (socket, url) => {
      if (!(socket instanceof WebSocket) || !hotReload.test(url.pathname)) return;
      let wasOpen = false;
      socket.addEventListener('open', () => {
        wasOpen = true;
        tell({ type: 'hotReload', state: 'connected' });
      });
      // An error is always followed by this one.
      socket.addEventListener('close', () => {
        if (!wasOpen) onLost();
        tell({ type: 'hotReload', state: 'lost' });
      });
    },
  );
  if (place.prefix === '') return;
  for (const name of ['EventSource', 'Worker', 'SharedWorker'] as const) replace(name, (url) => prefixed(url, place));
  // At the root of the path proxy's origin an app's own worker would control the editor itself.
  quietly(() => {
    ServiceWorkerContainer.prototype.register = () =>
      Promise.reject(
        new DOMException(
          'The preview lies below the address of the editor, so the app may not register a service worker here.',
          'SecurityError',
        ),
      );
  });
}

/** `move` gives the address to use instead; `watch` gets each new object and the address that the app named. */
function replace(
  name: 'WebSocket' | 'EventSource' | 'Worker' | 'SharedWorker',
  move: (url: URL) => string | undefined,
  watch?: (made: object, url: URL) => void,
): void {
  const makers = window as unknown as Record<string, Maker | undefined>;
  const original = makers[name];
  if (!original) return; // Not in this browser.
  makers[name] = new Proxy(original, {
    construct(target, [first, ...rest]: unknown[], newTarget: Maker) {
      const url = quietly(() => new URL(String(first), document.baseURI));
      const made = Reflect.construct(target, [(url && move(url)) ?? first, ...rest], newTarget) as object;
      if (url) quietly(() => watch?.(made, url));
      return made;
    },
  });
}
