import { encode } from 'uqr';

/** A QR code as a drawing: modules are one unit wide, and there is no quiet zone, which is the page's margin. */
export interface QrPath {
  /** Width and height, in modules. */
  readonly size: number;
  /** Dark modules as data of an SVG path; each run of dark modules in a row is one rectangle. */
  readonly path: string;
}

/**
 * The QR code of a text, with error correction M (a code on a screen suffers from glare, not from dirt), in the smallest
 * version that holds it. Throws a `RangeError` when none does: above 2,331 bytes.
 */
export function qrPath(text: string): QrPath {
  const { size, data } = encode(text, { ecc: 'M', border: 0 });
  const path = data
    .flatMap((row, y) => runsOf(row).map(([x, length]) => `M${x} ${y}h${length}v1h-${length}z`))
    .join('');
  return { size, path };
}

/** Where each run of dark modules begins, and how long it is. */
function runsOf(row: readonly boolean[]): readonly (readonly [x: number, length: number])[] {
  const runs: [x: number, length: number][] = [];
  row.forEach((isDark, x) => {
    const last = runs.at(-1);
    if (!isDark) return;
    if (last !== undefined && last[0] + last[1] === x) last[1]++;
    else runs.push([x, 1]);
  });
  return runs;
}
