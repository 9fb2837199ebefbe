/** The part of the Navigation API that is used here; the compiler's library has none of it yet. */
export interface Navigation extends EventTarget {
  readonly canGoBack: boolean;
  readonly canGoForward: boolean;
}

export interface NavigateEvent extends Event {
  readonly navigationType: 'push' | 'replace' | 'reload' | 'traverse';
  readonly hashChange: boolean;
  /** Null for one that is no download; browsers older than the member have none. */
  readonly downloadRequest?: string | null;
  readonly formData: FormData | null;
  readonly destination: { readonly url: string; readonly sameDocument: boolean };
}

/** Undefined where the browser has none. */
export function navigationApi(): Navigation | undefined {
  return (window as { navigation?: Navigation }).navigation;
}
