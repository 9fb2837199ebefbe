import assert from 'node:assert/strict';
import { LineReader, LineTooLongError } from '../../src/sessions/lineFraming';
import { pick, randomOf } from './support/random';

describe('the framing of messages', () => {
  it('gives the lines of a chunk and keeps what is unfinished', () => {
    const reader = new LineReader(100);
    assert.deepEqual(reader.push(Buffer.from('one\ntwo\nthr')), ['one', 'two']);
    assert.deepEqual(reader.push(Buffer.from('ee\n')), ['three']);
    assert.deepEqual(reader.push(Buffer.from('\n')), ['']);
  });

  it('gives the same lines wherever the stream is cut, in the middle of a character too', () => {
    const random = randomOf(7);
    const alphabet = ['a', 'é', '漢', '😀', '\u2028', '"', ' '];
    for (let round = 0; round < 200; round++) {
      const lines = Array.from({ length: 5 }, () =>
        Array.from({ length: Math.floor(random() * 12) }, () => pick(random, alphabet)).join(''),
      );
      const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
      const reader = new LineReader(1000);
      const got: string[] = [];
      for (let at = 0; at < bytes.length;) {
        const end = at + 1 + Math.floor(random() * 4);
        got.push(...reader.push(bytes.subarray(at, end)));
        at = end;
      }
      assert.deepEqual(got, lines);
    }
  });

  it('takes a line of exactly the limit, counted in bytes', () => {
    assert.deepEqual(new LineReader(4).push(Buffer.from('éé\n')), ['éé']);
    assert.throws(() => new LineReader(4).push(Buffer.from('ééa\n')), LineTooLongError);
  });

  it('refuses a line over the limit before it is complete', () => {
    const reader = new LineReader(10);
    reader.push(Buffer.from('12345'));
    reader.push(Buffer.from('67890'));
    assert.throws(() => reader.push(Buffer.from('1')), LineTooLongError);
  });

  it('limits each line, not the sum of them', () => {
    const reader = new LineReader(10);
    for (let i = 0; i < 100; i++) assert.deepEqual(reader.push(Buffer.from('1234567890\n')), ['1234567890']);
  });

  it('does not let a broken character leak into the next line', () => {
    const reader = new LineReader(100);
    const [broken, next] = reader.push(Buffer.concat([Buffer.of(0xe6, 0xbc), Buffer.from('\nok\n')]));
    assert.equal(broken, '\ufffd');
    assert.equal(next, 'ok');
  });
});
