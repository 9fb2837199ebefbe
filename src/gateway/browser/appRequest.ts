/** How the worker asks for what the page asked for, at another address. Pure but for the classes of the Fetch standard. */

/** The part of a `Request` that survives the move. */
export interface Asked {
  readonly method: string;
  readonly mode: string;
  readonly cache: RequestCache;
  readonly credentials: RequestCredentials;
  readonly redirect: RequestRedirect;
  readonly referrer: string;
  readonly referrerPolicy: ReferrerPolicy;
  readonly integrity: string;
  readonly keepalive: boolean;
  readonly headers: Headers;
  readonly signal: AbortSignal;
}

export function mayHaveBody(method: string): boolean {
  return method !== 'GET' && method !== 'HEAD';
}

/** Everything but the address. `body` is whole: a streamed one is refused over HTTP/1. */
export function movedRequest(asked: Asked, body: Blob | undefined): RequestInit {
  const { method, cache, credentials, redirect, referrer, referrerPolicy, integrity, keepalive, headers, signal } =
    asked;
  return {
    method,
    headers,
    mode: movedMode(asked),
    cache,
    credentials,
    redirect,
    referrer,
    referrerPolicy,
    integrity,
    keepalive,
    signal,
    ...(body === undefined || body.size === 0 ? {} : { body }),
  };
}

function movedMode({ mode, cache, headers, integrity }: Asked): RequestMode {
  // The standard allows this cache mode in no other.
  if (cache === 'only-if-cached') return 'same-origin';
  if (mode === 'same-origin' || mode === 'cors') return mode;
  // A new request without CORS loses its `Range`, and may have no integrity. It must stay one otherwise: an image that
  // redirects to another host is shown in this mode alone.
  return headers.has('range') || integrity !== '' ? 'cors' : 'no-cors';
}
