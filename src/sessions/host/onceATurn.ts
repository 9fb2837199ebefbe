/**
 * A read that all who ask for it in one turn of the loop share; it is begun after their questions, so that none of them gets an older
 * answer than by a read of its own.
 */
export function onceATurn<T>(read: () => Promise<T>): () => Promise<T> {
  let next: Promise<T> | undefined;
  return () =>
    (next ??= Promise.resolve().then(() => {
      next = undefined;
      return read();
    }));
}
