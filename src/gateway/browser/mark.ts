/**
 * A mark on a window in which the head script runs. The shell reads it to tell a page whose address was stripped from one
 * that got lost: both are outside the prefix, and a message would come too late.
 */
const key = Symbol.for('cheatcode.preview.head');

export function markWindow(own: Window): void {
  Object.defineProperty(own, key, { value: true });
}

export function isMarkedWindow(other: Window): boolean {
  return (other as unknown as Record<symbol, unknown>)[key] === true;
}

/**
 * The address of a frame's document that got lost: a page of our own origin, outside the prefix, without the head script.
 * Undefined for every other frame, also for one that may not be looked at.
 */
export function lostAt(frame: Window, isAstray: (url: URL) => boolean): URL | undefined {
  try {
    const url = new URL(frame.location.href);
    return isAstray(url) && !isMarkedWindow(frame) ? url : undefined;
  } catch {
    return undefined; // Another origin's page, or the browser's own for an error.
  }
}
