/**
 * Cookies that scripts of the app set. Invariant: each is at the root, as are those of the server (responseHeaders.ts): the
 * browser asks under the prefix, so that no other path that the app knows would match, and the stripped address would be the
 * default for one without a path.
 */
export function keepCookies(): void {
  const cookie = Object.getOwnPropertyDescriptor(Document.prototype, 'cookie');
  if (!cookie?.set) return; // Not in this browser.
  Object.defineProperty(Document.prototype, 'cookie', {
    ...cookie,
    set(this: Document, value: unknown) {
      cookie.set?.call(this, `${String(value)};path=/`); // Of several the last counts (RFC 6265, section 5.3).
    },
  });
}
