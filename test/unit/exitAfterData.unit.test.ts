import assert from 'node:assert/strict';
import { ExitAfterData } from '../../src/sessions/host/exitAfterData';

describe('the end of a terminal', () => {
  it('is reported at once when the program and its output have ended, in either order', () => {
    let reports = 0;
    const exit = new ExitAfterData(() => reports++);
    exit.exited();
    exit.data();
    assert.equal(reports, 0);
    exit.ended();
    exit.ended();
    exit.exited();
    assert.equal(reports, 1);
  });

  it('is not reported while the program lives or the reader pauses', () => {
    let reports = 0;
    const exit = new ExitAfterData(() => reports++);
    exit.ended();
    exit.pause();
    exit.exited();
    assert.equal(reports, 0);
    exit.resume();
    exit.ended();
    assert.equal(reports, 1);
  });
});
