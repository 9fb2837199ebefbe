import assert from 'node:assert/strict';
import { DrawnOutput } from '../../src/providers/drawnOutput';
import { FakeClock, settle } from './support/fakeClock';

const QUESTION = '\x1b[?7391$p';
const ANSWER = '\x1b[?7391;0$y';
const LINES = 'x'.repeat(40_000) + '\nrest';

describe('output that a terminal draws', () => {
  let clock: FakeClock;
  let written: string[];
  let output: DrawnOutput;
  beforeEach(() => {
    clock = new FakeClock();
    written = [];
    output = new DrawnOutput((data) => void written.push(data), clock);
  });
  /** Whether it has resolved, looked at whenever it is called. */
  const settled = (promise: Promise<void>) => {
    let isSettled = false;
    void promise.then(() => (isSettled = true));
    return async () => {
      await settle();
      return isSettled;
    };
  };

  it('is passed on as it is, and not waited for, while it is little', async () => {
    await output.write('a line\r\n');
    assert.deepEqual(written, ['a line\r\n']);
    assert.equal(clock.pending, 0);
  });

  it('is followed by a question when it was much, behind the end of a line, and is drawn when the terminal answers', async () => {
    const isDrawn = settled(output.write(LINES));
    assert.deepEqual(written, ['x'.repeat(40_000) + '\n' + QUESTION + 'rest']);
    assert.equal(await isDrawn(), false);
    assert.equal(output.typed(ANSWER), '');
    assert.equal(await isDrawn(), true);
    assert.equal(clock.pending, 0);
  });

  it('is never cut in two where no line ends in it', async () => {
    await output.write('\x1b[3' + '1'.repeat(100_000));
    assert.equal(written.join('').includes(QUESTION), false);
    const isDrawn = settled(output.write('m\n'));
    assert.deepEqual(written.at(-1), `m\n${QUESTION}`);
    assert.equal(await isDrawn(), false);
  });

  it('is drawn in the order of the questions, and what comes between two waits for the one before', async () => {
    const first = settled(output.write(LINES));
    const between = settled(output.write('little\n'));
    const second = settled(output.write(LINES));
    output.typed(ANSWER);
    assert.deepEqual([await first(), await between(), await second()], [true, true, false]);
    output.typed(ANSWER);
    assert.equal(await second(), true);
  });

  it('gives what a person types without the answers among it', () => {
    void output.write(LINES);
    assert.equal(output.typed(`a${ANSWER}b`), 'ab');
    assert.equal(output.typed('\x1b[?1;0$y'), '\x1b[?1;0$y');
  });

  it('is waited for no longer than a while, and never again where no question was ever answered', async () => {
    const isDrawn = settled(output.write(LINES));
    await clock.advance(4999);
    assert.equal(await isDrawn(), false);
    await clock.advance(1);
    assert.equal(await isDrawn(), true);
    await output.write(LINES);
    assert.equal(written.at(-1), LINES);
  });

  it('is asked after again where one question was lost', async () => {
    void output.write(LINES);
    output.typed(ANSWER);
    const lost = settled(output.write(LINES));
    await clock.advance(5000);
    assert.equal(await lost(), true);
    const next = settled(output.write(LINES));
    assert.equal(await next(), false);
    output.typed(ANSWER);
    assert.equal(await next(), true);
  });

  it('is waited for no more when the terminal is gone', async () => {
    const isDrawn = settled(output.write(LINES));
    output.release();
    assert.equal(await isDrawn(), true);
    assert.equal(clock.pending, 0);
  });
});
