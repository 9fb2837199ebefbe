import assert from 'node:assert/strict';
import { columnForPreview } from '../../src/providers/previewColumns';

describe('the column of a new preview', () => {
  const of = (column: number, taken: readonly number[] = [], isEmpty = false): number =>
    columnForPreview({ column, isEmpty }, new Set(taken));

  it('is beside the active editors', () => {
    assert.equal(of(1), 2);
    assert.equal(of(3), 4);
  });

  it('is that of the active editors where there are none', () => {
    assert.equal(of(1, [], true), 1);
  });

  it('is never that of another preview', () => {
    assert.equal(of(1, [2]), 3);
    assert.equal(of(1, [2, 3]), 4);
    assert.equal(of(1, [3]), 2);
    assert.equal(of(2, [2]), 3, 'the focus is in the other preview');
    assert.equal(of(1, [1], true), 2, 'the editor does not yet tell of the other preview');
  });

  it('is one that the editor has', () => {
    assert.equal(of(9), 9);
    assert.equal(of(7, [8, 9]), 9);
  });
});
