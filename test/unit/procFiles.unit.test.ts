import assert from 'node:assert/strict';
import { holds } from '../../src/sessions/host/linuxProcesses';
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
      });
    }
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

  it('tell whole environment entries from parts of others', () => {
    const environment = Buffer.from('A=1\0XCOOKIE=s:2\0COOKIE=s:23\0LAST=x');
    assert.equal(holds(environment, 'A=1', false), true);
    assert.equal(holds(environment, 'LAST=x', false), true);
    assert.equal(holds(environment, 'COOKIE=s:2', false), false);
    assert.equal(holds(environment, 'COOKIE=s:2', true), true);
    assert.equal(holds(environment, 'OOKIE=s:23', true), false);
    assert.equal(holds(Buffer.alloc(0), 'A=1', true), false);
  });
});
