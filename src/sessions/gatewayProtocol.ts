/**
 * What crosses the borders of the preview gateway (DESIGN section 8): between the session host and the gateway process
 * (one JSON a line over its input and output), and, by `postMessage`, between the app's page, the shell page around it and
 * the preview panel. Types and names only, so that both sides of each border can't drift apart.
 */

/** Everything of the gateway's own lies below this path, which no app has. */
export const GATEWAY_PATH = '/__cheatcode/';
/** On every response of a gateway: whose it is, by `GatewayApp.id`. In lower case, as Node spells it. */
export const GATEWAY_HEADER = 'x-cheatcode-gateway';

/** What the gateway says while the server is not ready, and what the shell and the panel call it. */
export interface GatewayUpstream {
  /** Of the dev server, on loopback. Undefined while it has none that may be asked. */
  readonly port: number | undefined;
  /** A sentence for people: why there is no app to be seen now. Used while `port` is undefined or refuses. */
  readonly sentence: string;
  readonly label: string;
}

/** Host → gateway process. */
export type ToGateway =
  /** Serve this app from now on; `port` is the one that it had before, taken again if it is free. */
  | {
      readonly type: 'serve';
      readonly id: string;
      readonly port: number | undefined;
      readonly upstream: GatewayUpstream;
    }
  | { readonly type: 'upstream'; readonly id: string; readonly upstream: GatewayUpstream }
  /** Host headers that are taken beside the forms of localhost (`example.com`, `example.com:8443`); the whole list. */
  | { readonly type: 'hosts'; readonly hosts: readonly string[] }
  | { readonly type: 'close'; readonly id: string };

/** Gateway process → host. */
export type FromGateway =
  /** It listens for this app on 127.0.0.1 (and ::1 where there is one). */
  | { readonly type: 'serving'; readonly id: string; readonly port: number }
  | { readonly type: 'failed'; readonly id: string; readonly detail: string }
  | {
      readonly type: 'log';
      readonly level: 'debug' | 'info' | 'warn' | 'error';
      readonly message: string;
      readonly facts?: Readonly<Record<string, string | number | boolean | undefined>>;
    };

/** What the page in the app's frame says of itself: is it alive, and if not, why. */
export type Liveness =
  | 'loading'
  /** Loaded, and nothing in it asks to be hydrated. */
  | 'loaded'
  /** React has attached to it. */
  | 'hydrated'
  /** It was to be hydrated, and was not in time. */
  | 'notHydrated';

/** Every message between app, shell and panel has this mark, whatever else a page posts. */
export const PREVIEW_MARK = 'cheatcode.preview.1';

/** App's page (head script) or shell → panel. Whoever receives one checks its source and every field. */
export type FromFrame = { readonly mark: typeof PREVIEW_MARK } &
  /** After each navigation, hard or soft: the app's own address (path, query, hash) and what the frame can do. */
  (
    | {
        readonly type: 'page';
        readonly path: string;
        readonly title: string;
        readonly canGoBack: boolean;
        readonly canGoForward: boolean;
      }
    | { readonly type: 'liveness'; readonly state: Liveness; readonly detail?: string }
    /** The hot reload's socket. */
    | { readonly type: 'hotReload'; readonly state: 'connected' | 'lost' }
    /** An uncaught error or rejection. */
    | { readonly type: 'error'; readonly message: string; readonly source?: string }
    /** A request of the page that failed or was answered with 400 or more. */
    | { readonly type: 'request'; readonly url: string; readonly status: number }
    /** The framework's overlay shows a compile or run-time error; empty when it went away. */
    | { readonly type: 'overlay'; readonly text: string }
    /** A key that the app left to the editor: with Ctrl, Alt or Meta, or F1 to F12, or Escape. */
    | {
        readonly type: 'key';
        readonly key: string;
        readonly code: string;
        readonly keyCode: number;
        readonly ctrlKey: boolean;
        readonly altKey: boolean;
        readonly metaKey: boolean;
        readonly shiftKey: boolean;
      }
    /**
     * A person asked the app for a window of its own, which a webview gives to nobody, so the panel opens a browser. `path`: one
     * of the app's own pages (path, query, hash). Sent only when the frame itself was refused one, and while
     * `navigator.userActivation.isActive`, which the panel checks again: a page must open nothing by itself.
     */
    | { readonly type: 'open'; readonly path: string }
    /** The same for a page of another site: its whole address, `http:` or `https:` alone. It has no `path`. */
    | { readonly type: 'open'; readonly url: string }
    /** Shell only: why the app can't live here (no secure context, no service worker, another gateway). */
    | { readonly type: 'shell'; readonly state: 'ready' | 'noWorker' | 'noGateway'; readonly detail?: string }
  );

/** Panel → app's page, passed on by the shell. */
export type ToFrame = { readonly mark: typeof PREVIEW_MARK } & (
  { readonly type: 'back' | 'forward' | 'reload' } | { readonly type: 'go'; readonly path: string }
);
