/**
 * Runs one part of the head script. What goes wrong in it must not be the app's trouble, and there is nobody to tell: the
 * preview then lacks that part, and the panel shows what comes of it.
 */
export function quietly<T>(part: () => T): T | undefined {
  try {
    return part();
  } catch {
    return undefined;
  }
}
