import assert from 'node:assert/strict';
import { filePlaces } from '../../src/sessions/filePlaces';

describe('a line of output', () => {
  const places = (line: string) =>
    filePlaces(line).map(({ start, length, file, line: row, column }) => ({
      link: line.slice(start, start + length),
      file,
      ...(row === undefined ? {} : { line: row }),
      ...(column === undefined ? {} : { column }),
    }));

  const named: readonly (readonly [line: string, link: string, file: string, at: string])[] = [
    ['./app/page.tsx:3:5', './app/page.tsx:3:5', './app/page.tsx', '3:5'],
    ['⨯ app/page.tsx (12:7) @ Home', 'app/page.tsx (12:7)', 'app/page.tsx', '12:7'],
    ['    at Home (app/page.tsx:12:7)', 'app/page.tsx:12:7', 'app/page.tsx', '12:7'],
    ['(app/[slug]/page.tsx:3)', 'app/[slug]/page.tsx:3', 'app/[slug]/page.tsx', '3'],
    ['(group)/page.tsx:3', '(group)/page.tsx:3', '(group)/page.tsx', '3'],
    ['in app/(shop)/page.tsx now', 'app/(shop)/page.tsx', 'app/(shop)/page.tsx', ''],
    ['[project]/app/page.tsx', '[project]/app/page.tsx', '[project]/app/page.tsx', ''],
    ['Found a change in next.config.ts. Restarting', 'next.config.ts', 'next.config.ts', ''],
    ['App.tsx: Unexpected token (4:1)', 'App.tsx', 'App.tsx', ''],
    ['error: "src/lib/a.test.mjs:9" is bad', 'src/lib/a.test.mjs:9', 'src/lib/a.test.mjs', '9'],
  ];
  for (const [line, link, file, at] of named)
    it(`links ${link} in: ${line}`, () => {
      const [row, column] = at.split(':').filter(Boolean).map(Number);
      assert.deepEqual(places(line), [
        { link, file, ...(row === undefined ? {} : { line: row }), ...(column === undefined ? {} : { column }) },
      ]);
    });

  for (const line of [
    '  - Local:        http://localhost:3000',
    'see https://nextjs.org/docs/app.html for more',
    'at /usr/lib/node/x.js:3:4',
    'C:\\work\\app\\page.tsx:3',
    'Compiled in 3.5s (1234 modules)',
    '',
  ])
    it(`has no link of ours in: ${line}`, () => assert.deepEqual(places(line), []));

  it('may name several, from left to right', () =>
    assert.deepEqual(
      places('a/b.ts:1 imports c/d.tsx:2:3').map(({ link }) => link),
      ['a/b.ts:1', 'c/d.tsx:2:3'],
    ));

  it('that begins at zero has no line', () => assert.deepEqual(places('a.ts:0'), [{ link: 'a.ts:0', file: 'a.ts' }]));

  it('is read quickly whatever it is, and not at all when it is very long', () => {
    assert.deepEqual(places(`${'x'.repeat(3000)} a.ts`), []);
    // A look that goes back over the line at each character would take for ever here.
    for (const piece of ['a/', 'a.', '((', '[]', 'a.b(', '../']) filePlaces(piece.repeat(2000 / piece.length));
    assert.equal(filePlaces('a.ts '.repeat(400)).length, 20);
  });
});
