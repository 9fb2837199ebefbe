import assert from 'node:assert/strict';
import { TypedLine } from '../../src/sessions/host/typedLine';

describe('a line that is typed where there is no terminal', () => {
  const typed = (...keys: string[]) => {
    const line = new TypedLine();
    const all = keys.map((key) => line.type(key));
    return {
      shown: all.map(({ shown }) => shown).join(''),
      input: all.map(({ input }) => input).join(''),
      isInterrupt: all.some(({ isInterrupt }) => isInterrupt),
      isEnd: all.some(({ isEnd }) => isEnd),
    };
  };
  const plain = { isInterrupt: false, isEnd: false };

  it('is shown at once, and given to the program with the Return key', () => {
    assert.deepEqual(typed('r', 's'), { shown: 'rs', input: '', ...plain });
    assert.deepEqual(typed('r', 's', '\r', 'x'), { shown: 'rs\r\nx', input: 'rs\n', ...plain });
    assert.deepEqual(typed('one\ntwo\r'), { shown: 'one\r\ntwo\r\n', input: 'one\ntwo\n', ...plain });
  });

  it('loses its last character, or all of them, and nothing before it', () => {
    assert.deepEqual(typed('a\u{1F600}', '\x7f', 'b\r'), { shown: 'a\u{1F600}\b \bb\r\n', input: 'ab\n', ...plain });
    assert.deepEqual(typed('\x7f\b'), { shown: '', input: '', ...plain });
    assert.deepEqual(typed('ab', '\x15', 'c\r'), { shown: 'ab\b \b\b \bc\r\n', input: 'c\n', ...plain });
  });

  it('is thrown away by Ctrl+C', () => {
    assert.deepEqual(typed('ab\x03', 'c\r'), { shown: 'ab^Cc\r\n', input: 'c\n', isInterrupt: true, isEnd: false });
  });

  it('goes without its end by Ctrl+D, which ends the input at its beginning', () => {
    assert.deepEqual(typed('ab\x04'), { shown: 'ab', input: 'ab', ...plain });
    assert.deepEqual(typed('\x04'), { shown: '', input: '', isInterrupt: false, isEnd: true });
  });

  it('holds no arrows, answers of the screen or other control characters', () => {
    const keys = [
      '\x1b[A',
      '\x1bOP',
      '\x1b[1;5C',
      '\x1b[24;80R',
      '\x1b]11;rgb:0/0/0\x07',
      '\x1b]11;x\x1b\\',
      '\x1bb',
      '\x1b',
      '\x1a\x00',
    ];
    assert.deepEqual(typed(...keys, 'a\tb\r'), { shown: 'a\tb\r\n', input: 'a\tb\n', ...plain });
  });

  it('is no longer than a terminal takes', () => {
    assert.equal(typed('x'.repeat(10_000), '\r').input.length, 4096);
  });
});
