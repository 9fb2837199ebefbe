import assert from 'node:assert/strict';
import {
  listQuery,
  memoryQuery,
  parseCimProcesses,
  parseMemory,
  windowsProcesses,
} from '../../src/sessions/host/windowsProcesses';
import type { CommandResult } from '../../src/sessions/runCommand';
import { quietLog } from '../contract/support/quietLog';

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

describe('process control on Windows', () => {
  const asked: (readonly [file: string, args: string])[] = [];
  const log = quietLog();
  const json = (...list: readonly (readonly [pid: number, ppid: number, started: string, command?: string])[]) =>
    JSON.stringify(
      list.map(([ProcessId, ParentProcessId, Started, CommandLine = null]) => ({
        ProcessId,
        ParentProcessId,
        CommandLine,
        Started,
      })),
    );
  const by = (list: string | undefined, kill: Partial<CommandResult> = {}, exists = true) => {
    asked.splice(0);
    return windowsProcesses(
      log,
      (file, args) => {
        asked.push([file, args.join(' ')]);
        const result = { exitCode: 0, stdout: '', stderr: '', timedOut: false, aborted: false, missing: false };
        if (file === 'taskkill') return Promise.resolve({ ...result, ...kill });
        return Promise.resolve(
          list === undefined ? { ...result, exitCode: undefined, timedOut: true } : { ...result, stdout: list },
        );
      },
      () => exists,
    );
  };
  const identity = { pid: 5120, startTicks: '639200000000000001' };
  const list = json([884, 4, '639199999999999999'], [5120, 884, '639200000000000001', 'node server.js']);
  const kills = () => asked.filter(([file]) => file === 'taskkill').map(([, args]) => args);

  it('asks once for all that is wanted at one moment, and again for what is wanted later', async () => {
    const processes = by(list);
    const other = { pid: 5120, startTicks: '1' };
    const answers = await Promise.all([
      processes.liveness(identity),
      processes.liveness(other),
      processes.identify(5120),
    ]);
    assert.deepEqual(answers, ['alive', 'dead', identity]);
    assert.equal(asked.length, 1);
    assert.deepEqual(asked[0], ['powershell.exe', `-NoProfile -NonInteractive -Command ${listQuery}`]);
    await processes.liveness(identity);
    assert.equal(asked.length, 2);
  });

  it('does not ask PowerShell for a process that the system does not know', async () => {
    const processes = by(list, {}, false);
    assert.deepEqual([await processes.liveness(identity), await processes.identify(5120)], ['dead', undefined]);
    assert.deepEqual(asked, []);
  });

  it('says that it does not know when there is no answer', async () => {
    const processes = by(undefined);
    assert.equal(await processes.liveness(identity), 'unknown');
    await assert.rejects(processes.identify(5120), /timed out/);
  });

  it('ends one process and no other, politely first', async () => {
    const processes = by(list);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL'] as const)
      assert.equal(await processes.signal(identity, signal), true);
    assert.deepEqual(kills(), ['/PID 5120', '/PID 5120 /F', '/PID 5120 /F']);
    assert.equal(await processes.signal({ ...identity, startTicks: '1' }, 'SIGKILL'), false);
    assert.equal(kills().length, 3);
  });

  it('ends a tree as a group, with force from the second try on', async () => {
    const processes = by(list);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL'] as const)
      assert.equal(processes.signalGroup(5120, signal), true);
    assert.deepEqual(kills(), ['/PID 5120 /T', '/PID 5120 /T /F', '/PID 5120 /T /F']);
    for (const pgid of [0, 4, -1, NaN, process.pid]) assert.equal(processes.signalGroup(pgid, 'SIGKILL'), false);
    await Promise.resolve();
  });

  // As people paste it, in two languages; only the exit code is the same in both.
  for (const [exitCode, stderr] of [
    [
      1,
      'ERROR: The process with PID 5120 could not be terminated.\r\nReason: This process can only be terminated forcefully (with /F option).\r\n',
    ],
    [128, 'FEHLER: Der Prozess "5120" wurde nicht gefunden.\r\n'],
  ] as const)
    it(`goes by the exit code of taskkill, ${exitCode}, in whatever language it speaks`, async () => {
      assert.equal(await by(list, { exitCode, stderr }).signal(identity, 'SIGINT'), false);
    });

  it('takes no process for the child of a number that was given to another', () => {
    const parents = parseCimProcesses(
      json([700, 4, '20'], [701, 700, '10'], [702, 700, '30'], [703, 999, '10'], [4, 0, '0'], [88, 700, '0']),
    ).map(({ pid, ppid }) => [pid, ppid]);
    assert.deepEqual(parents, [
      [700, 4],
      [701, 0],
      [702, 700],
      [703, 999],
      [4, 0],
      [88, 700],
    ]);
  });

  it('reads odd command lines, as ConvertTo-Json of Windows PowerShell 5.1 writes them', () => {
    const text =
      '[{"ProcessId":1,"ParentProcessId":0,"CommandLine":"cmd.exe /d /s /c \\"\\"C:\\\\Program Files\\\\nodejs\\\\npm.cmd\\" run dev \\u0026\\u0026 echo \\u003cend\\u003e\\"","Started":"639200000000000001"},' +
      '{"ProcessId":2,"ParentProcessId":1,"CommandLine":"\\\\??\\\\C:\\\\Users\\\\J\u00fcrgen\\\\node.exe \\t\\u0027it\\u0027","Started":"1"}]';
    assert.deepEqual(
      parseCimProcesses(text).map(({ command }) => command),
      [
        'cmd.exe /d /s /c ""C:\\Program Files\\nodejs\\npm.cmd" run dev && echo <end>"',
        "\\??\\C:\\Users\\Jürgen\\node.exe \t'it'",
      ],
    );
  });
});
