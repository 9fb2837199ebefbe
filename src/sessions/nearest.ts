/** Which word was meant: the words at hand, the likeliest first. Pure. */

/** Those that share most with what was written come first; of equals, the one that was first. */
export function byNearness(written: string, words: readonly string[]): readonly string[] {
  const plain = written.toLowerCase();
  return words
    .map((word, index) => ({ word, index, distance: distance(plain, word.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance || a.index - b.index)
    .map(({ word }) => word);
}

/** The word that differs from what was written by a slip or two only; undefined: none is that near. */
export function nearest(written: string, words: readonly string[]): string | undefined {
  const [word] = byNearness(written, words);
  if (word === undefined) return undefined;
  const slips = distance(written.toLowerCase(), word.toLowerCase());
  return slips <= Math.max(1, Math.floor(Math.max(written.length, word.length) / 3)) ? word : undefined;
}

/** How many characters must be put in, left out or replaced (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next[j] = Math.min(
        (row[j] ?? 0) + 1,
        (next[j - 1] ?? 0) + 1,
        (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1),
      );
    row = next;
  }
  return row[b.length] ?? 0;
}
