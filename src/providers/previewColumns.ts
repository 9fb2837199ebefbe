/** The editor has no more. */
const LAST_COLUMN = 9;

/** The group of editors that has the focus. */
export interface ActiveColumn {
  /** Counted from 1. */
  readonly column: number;
  readonly isEmpty: boolean;
}

/**
 * The column for one more preview: beside what a person works at, or in its place where that is nothing, and never over
 * another preview, which would then be hidden. `taken`: columns with previews.
 */
export function columnForPreview({ column, isEmpty }: ActiveColumn, taken: ReadonlySet<number>): number {
  let free = isEmpty ? column : column + 1;
  while (taken.has(free)) free += 1;
  return Math.min(free, LAST_COLUMN);
}
