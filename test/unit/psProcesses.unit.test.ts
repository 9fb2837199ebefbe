import assert from 'node:assert/strict';
import { parsePs, parseRss, selectByEnvironment } from '../../src/sessions/host/psProcesses';

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
