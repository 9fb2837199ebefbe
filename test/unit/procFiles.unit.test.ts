import assert from 'node:assert/strict';
import { parseProcStat, parseResidentBytes } from '../../src/sessions/procFiles';

describe('the files of /proc', () => {
  const rest = '1 6951 5095 0 -1 4194304 99 0 1 0 0 0 0 0 20 0 1 0 187018 3133440 418 18446744073709551615';

  it('tell the state after the last parenthesis of the name', () => {
    for (const name of ['cat', 'a) R 1 (b', ') Z 1 2 3', 'next-server (v1', '']) {
      assert.deepEqual(parseProcStat(`6956 (${name}) S ${rest}`), {
        pid: 6956,
        state: 'S',
        ppid: 1,
        pgid: 6951,
        sid: 5095,
        startTicks: '187018',
        layout: undefined,
      });
    }
  });

  it('tell where the program lies, unless that is hidden', () => {
    // Kernel 6.18, `cat`: its own, and another user's as it shows to one who may not look.
    const after = (layout: string, data: string) => `${rest} ${layout} 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0 ${data} 0`;
    const own = '94275724034048 94275724110777 140736246360160';
    const data =
      '94275724140080 94275724145216 94276373954560 140736246364867 140736246364911 140736246364911 140736246366188';
    const layoutOf = (line: string) => parseProcStat(`6956 (cat) S ${line}`)?.layout;
    assert.equal(layoutOf(after(own, data)), `${own} ${data}`);
    assert.equal(layoutOf(after('1 1 0', '0 0 0 0 0 0 0')), undefined);
    // A program that is just being laid: no environment yet.
    assert.equal(
      layoutOf(after(own, '94275724140080 94275724145216 94276373954560 140736246364867 140736246364911 0 0')),
      undefined,
    );
  });

  it('tell the resident memory, which a zombie has not', () => {
    assert.equal(
      parseResidentBytes('Name:\tnode\nVmHWM:\t   99999 kB\nVmRSS:\t   40960 kB\nRssAnon:\t 1 kB\n'),
      41_943_040,
    );
    assert.equal(parseResidentBytes('Name:\tnode\nState:\tZ (zombie)\n'), 0);
  });

  it('may be cut short or empty', () => {
    for (const text of ['', '6956', '6956 (cat) S', '6956 (cat) S 1 2 3']) assert.equal(parseProcStat(text), undefined);
  });
});
