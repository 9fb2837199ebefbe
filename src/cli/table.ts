/** Lines and tables for terminals of any width. Pure. */

/** Between two columns. */
const GAP = 2;

/** A column; of two that do not fit, the one with the lower rank is dropped. */
export interface Column {
  readonly title: string;
  readonly rank: number;
}

/**
 * Rows under their titles in at most `width` columns: as many columns as fit, the last one cut. At least the column of the highest
 * rank is shown. `paint` colours a cell that was padded already, so that it costs no width.
 */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
  paint: (cell: string, column: Column) => string = (cell) => cell,
): readonly string[] {
  const widths = columns.map(({ title }, at) => Math.max(title.length, ...rows.map((row) => (row[at] ?? '').length)));
  const shown = new Set(columns.map((_column, at) => at));
  const total = () => [...shown].reduce((sum, at) => sum + (widths[at] ?? 0) + GAP, -GAP);
  const byRank = [...columns.keys()].sort((a, b) => (columns[a]?.rank ?? 0) - (columns[b]?.rank ?? 0));
  for (const at of byRank) if (total() > width && shown.size > 1) shown.delete(at);
  const line = (cells: readonly string[], isHead: boolean) =>
    [...shown]
      .map((at, index) => {
        const isLast = index === shown.size - 1;
        const cell = cells[at] ?? '';
        const fitted = isLast ? cell.slice(0, Math.max(1, width)) : cell.padEnd((widths[at] ?? 0) + GAP);
        const column = columns[at];
        return isHead || !column ? fitted : paint(fitted, column);
      })
      .join('')
      .trimEnd();
  const titles = columns.map(({ title }) => title);
  return [line(titles, true), ...rows.map((row) => line(row, false))];
}

/** Words in lines of at most `width` columns; a longer word stands alone and is not cut, for it may be an address. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/).filter(Boolean)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return line === '' ? lines : [...lines, line];
}
