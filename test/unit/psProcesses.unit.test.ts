import assert from 'node:assert/strict';
import { parsePs, parseRss, psProcesses, selectByEnvironment } from '../../src/sessions/host/psProcesses';
import type { CommandResult } from '../../src/sessions/runCommand';

/** `ps -axww -o pid=,ppid=,pgid=,sess=,stat=,uid=,lstart=,command=` in the shape that macOS gives it. */
const macOs = `
    1     0     1      0 Ss       0 Mon Nov 23 08:01:02 2026     /sbin/launchd
  412     1   412      0 Ss     501 Mon Nov 23 08:02:11 2026     /Applications/Visual Studio Code.app/Contents/MacOS/Electron --type=a b
 9001   412  9001      0 Ss+    501 Mon Nov  2 09:15:00 2026     node /home/dev/my app/node_modules/.bin/next dev
 9002  9001  9001 7f3a21 Z      501 Mon Nov 23 09:15:01 2026     (node)
 9003  9001  9001      0 S+     501 Mon Nov 23 09:15:02 2026     \n`;

describe('the process list of ps', () => {
  it('is read column by column, with commands that hold blanks', () => {
    const [, editor, next] = parsePs(macOs);
    assert.equal(editor?.command, '/Applications/Visual Studio Code.app/Contents/MacOS/Electron --type=a b');
    assert.deepEqual(next, {
      pid: 9001,
      ppid: 412,
      pgid: 9001,
      sid: 0,
      isZombie: false,
      uid: 501,
      startTicks: 'Mon Nov 2 09:15:00 2026',
      command: 'node /home/dev/my app/node_modules/.bin/next dev',
    });
  });

  it('marks zombies, and takes a session that is an address for none', () => {
    const zombie = parsePs(macOs).find((info) => info.pid === 9002);
    assert.deepEqual([zombie?.isZombie, zombie?.sid], [true, 0]);
  });

  it('may hold a process without a command', () => {
    assert.equal(parsePs(macOs).find((info) => info.pid === 9003)?.command, '');
  });

  it('adds up resident memory', () => {
    assert.equal(parseRss('  1024\n     0\n 2048\n'), 3_145_728);
    assert.equal(parseRss(''), 0);
  });

  it('leaves out lines of another shape', () => {
    assert.deepEqual(parsePs('ps: illegal option -- x\nusage: ps [-A]\n\n'), []);
  });

  it('finds an environment entry behind the command, and not in it', () => {
    const line = (pid: number, command: string) => `${pid} 1 ${pid} 0 S 501 Mon Nov 23 09:15:02 2026 ${command}\n`;
    const plain = parsePs(line(10, 'next dev') + line(11, 'grep COOKIE=a:1') + line(12, 'node x') + line(13, 'sh'));
    const long = parsePs(
      line(10, 'next dev PATH=/bin COOKIE=a:1 HOME=/root') +
        line(11, 'grep COOKIE=a:1 PATH=/bin') +
        line(12, 'node x COOKIE=a:12') +
        line(13, 'another one by now COOKIE=a:1'),
    );
    const pids = (prefix: boolean) => selectByEnvironment(plain, long, 'COOKIE=a:1', prefix).map((info) => info.pid);
    assert.deepEqual(pids(false), [10]);
    assert.deepEqual(pids(true), [10, 12]);
  });
});

describe('process control by ps', () => {
  const answer = (over: Partial<CommandResult>): CommandResult => ({
    exitCode: 0,
    stdout: '',
    stderr: '',
    timedOut: false,
    aborted: false,
    missing: false,
    ...over,
  });
  const asked: string[] = [];
  const by = (...answers: readonly Partial<CommandResult>[]) => {
    asked.splice(0);
    let next = 0;
    return psProcesses((file, args, { env }) => {
      asked.push([file, ...args].join(' '));
      assert.deepEqual([env?.['LC_ALL'], env?.['TZ']], ['C', 'UTC'], 'dates in one language and time zone');
      return Promise.resolve(answer(answers[Math.min(next++, answers.length - 1)] ?? {}));
    });
  };
  const line = ' 9001   412  9001      0 Ss+    501 Mon Nov  2 09:15:00 2026     node server.js\n';
  const identity = { pid: 9001, startTicks: 'Mon Nov 2 09:15:00 2026' };

  it('asks in a way that cuts no line, whatever the terminal', async () => {
    await by({ stdout: macOs }).list();
    assert.deepEqual(asked, ['ps -axww -o pid=,ppid=,pgid=,sess=,stat=,uid=,lstart=,command=']);
  });

  it('knows who is there, who is not, and what it could not find out', async () => {
    const other = { ...identity, startTicks: 'Mon Nov 2 09:15:01 2026' };
    assert.equal(await by({ stdout: line }).liveness(identity), 'alive');
    assert.equal(await by({ stdout: line }).liveness(other), 'dead');
    // Its answer where there is no such process.
    assert.equal(await by({ exitCode: 1 }).liveness(identity), 'dead');
    assert.equal(await by({ exitCode: 1 }).identify(9001), undefined);
    for (const failure of [
      { exitCode: undefined, timedOut: true },
      { exitCode: undefined, missing: true },
      { exitCode: 1, stdout: 'ps: illegal argument: 9001,\nusage: ps [-AaCcEefhjlMmrSTvwXx] [-O fmt | -o fmt]' },
      { exitCode: 2 },
    ]) {
      const processes = by(failure);
      assert.equal(await processes.liveness(identity), 'unknown');
      await assert.rejects(processes.identify(9001), /ps failed/);
      await assert.rejects(processes.groupOf(9001), /ps failed/);
      await assert.rejects(processes.list(), /ps failed/);
      await assert.rejects(processes.signal(identity, 'SIGINT'), /ps failed/);
    }
  });

  it('reads a working directory as lsof writes it in no language', async () => {
    // As reports against other programs show it of a Mac: `lsof -Fn` under launchd, which sets no LANG.
    const stdout = 'p9001\nfcwd\nn/Users/me/\\xe4\\xbb\\xa3\\xe7\\xa0\\x81/a\\\\x5c\\tb\n';
    assert.equal(await by({ stdout }).workingDirectory(9001), '/Users/me/代码/a\\x5c\tb');
    assert.deepEqual(asked, ['lsof -a -p 9001 -d cwd -Fn']);
    assert.equal(await by({ exitCode: 1 }).workingDirectory(9001), undefined);
  });

  it('does not know of a folder that it can not see, instead of calling it another', async () => {
    const stdout = 'p9001\nfcwd\nn/no/such/folder\n';
    assert.equal(await by({ stdout }).runsIn(9001, '/'), undefined);
  });
});
