import assert from 'node:assert/strict';
import { memoryQuery, parseCimProcesses, parseMemory } from '../../src/sessions/host/windowsProcesses';

describe('the process list of Windows', () => {
  it('is read from the JSON of PowerShell', () => {
    const json =
      '[{"ProcessId":0,"ParentProcessId":0,"CommandLine":null,"Started":"0"},' +
      '{"ProcessId":5120,"ParentProcessId":884,"CommandLine":"\\"C:\\\\Program Files\\\\nodejs\\\\node.exe\\" next dev","Started":"639200000000000001"}]';
    assert.deepEqual(parseCimProcesses(json)[1], {
      pid: 5120,
      ppid: 884,
      pgid: 5120,
      sid: 0,
      isZombie: false,
      uid: undefined,
      startTicks: '639200000000000001',
      command: '"C:\\Program Files\\nodejs\\node.exe" next dev',
    });
    assert.equal(parseCimProcesses(json)[0]?.command, '');
  });

  it('gives the memory of some in one number', () => {
    assert.ok(memoryQuery([7, 12]).includes("-Filter 'ProcessId=7 OR ProcessId=12'"));
    assert.equal(parseMemory('\r\n104857600\r\n'), 104_857_600);
    assert.equal(parseMemory(''), 0);
  });

  it('may be one process without an array, or nothing', () => {
    assert.equal(parseCimProcesses('{"ProcessId":7,"ParentProcessId":1,"CommandLine":"x","Started":"5"}').length, 1);
    assert.deepEqual(parseCimProcesses('\r\n'), []);
  });
});
