import assert from 'node:assert/strict';
import jsQR from 'jsqr';
import { qrPath, type QrPath } from '../../src/providers/qrCode';

/** Pixels of one module, and modules of the quiet zone that readers want around the code. */
const SCALE = 4;
const MARGIN = 4;

interface Run {
  readonly x: number;
  readonly y: number;
  readonly length: number;
}

/** The rectangles of the path; fails on anything else in it. */
function runsOf({ path }: QrPath): readonly Run[] {
  const runs = [...path.matchAll(/M(\d+) (\d+)h(\d+)v1h-(\d+)z/g)].map(([text, x, y, length, back]) => {
    assert.equal(length, back, text);
    return { text, x: Number(x), y: Number(y), length: Number(length) };
  });
  assert.equal(runs.map(({ text }) => text).join(''), path);
  return runs;
}

/** Draws the path as a browser would, and reads the picture as a phone would. */
function readBack(code: QrPath): string | undefined {
  const width = (code.size + 2 * MARGIN) * SCALE;
  const pixels = new Uint8ClampedArray(width * width * 4).fill(255);
  for (const { x, y, length } of runsOf(code))
    for (let row = 0; row < SCALE; row++)
      for (let column = 0; column < length * SCALE; column++) {
        const pixel = ((y + MARGIN) * SCALE + row) * width + (x + MARGIN) * SCALE + column;
        pixels.fill(0, pixel * 4, pixel * 4 + 3);
      }
  return jsQR(pixels, width, width)?.data;
}

const links = [
  'exp://192.168.1.5:8081',
  'exp://abcdefg-anonymous-8081.exp.direct',
  'exps://preview.example.com:443',
  'exp+my-app://expo-development-client/?url=http%3A%2F%2F192.168.1.5%3A8081',
  `exps://${'a-very-long-name.'.repeat(15)}example.com:443`,
  'exp://büro-rechner.local:8081',
];

describe('the QR code', () => {
  for (const link of links)
    it(`of ${link.slice(0, 60)} is read as just that`, () => assert.equal(readBack(qrPath(link)), link));

  it('is read as something else when it is of something else', () => {
    assert.notEqual(readBack(qrPath('exp://192.168.1.5:8081')), readBack(qrPath('exp://192.168.1.6:8081')));
  });

  it('fills its square to the edges and no further: the margin is the page’s', () => {
    const { size, path } = qrPath('exp://192.168.1.5:8081');
    const runs = runsOf({ size, path });
    assert.equal(Math.min(...runs.map(({ x }) => x)), 0);
    assert.equal(Math.min(...runs.map(({ y }) => y)), 0);
    assert.equal(Math.max(...runs.map(({ x, length }) => x + length)), size);
    assert.equal(Math.max(...runs.map(({ y }) => y + 1)), size);
  });

  it('draws each run of dark modules as one rectangle', () => {
    const runs = runsOf(qrPath('exp://192.168.1.5:8081'));
    for (const [index, run] of runs.entries()) {
      const before = runs[index - 1];
      if (before?.y === run.y) assert.ok(before.x + before.length < run.x, `${run.x}, ${run.y}`);
      else if (before !== undefined) assert.ok(before.y < run.y, `${run.x}, ${run.y}`);
    }
    // The upper edge of a finder pattern is seven modules wide.
    assert.deepEqual({ ...runs[0] }, { text: 'M0 0h7v1h-7z', x: 0, y: 0, length: 7 });
  });

  it('has error correction M', () => {
    // The first two modules of row 8 are the level's bits, 00 for M, under the mask 10 (ISO/IEC 18004, format information).
    const runs = runsOf(qrPath('exp://192.168.1.5:8081'));
    const isDark = (column: number) => runs.some(({ x, y, length }) => y === 8 && x <= column && column < x + length);
    assert.deepEqual([isDark(0), isDark(1)], [true, false]);
  });

  it('can’t be had of a text that no code holds', () => {
    assert.equal(readBack(qrPath('x'.repeat(2331))), 'x'.repeat(2331));
    assert.throws(() => qrPath('x'.repeat(2332)), RangeError);
  });
});
