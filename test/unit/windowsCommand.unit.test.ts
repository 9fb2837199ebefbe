import assert from 'node:assert/strict';
import { windowsCommand, windowsSuffixes } from '../../src/sessions/windowsCommand';

const shell = 'C:\\Windows\\System32\\cmd.exe';

describe('a command on Windows', () => {
  const lineOf = (file: string, ...args: string[]) => windowsCommand(file, args, shell).commandLine;

  it('is run as it is when it is a program', () => {
    const file = 'C:\\Program Files\\nodejs\\node.exe';
    assert.deepEqual(windowsCommand(file, ['a b', '"'], shell), { file, args: ['a b', '"'] });
  });

  it('is given to the shell when it is a batch file, so that nothing of it is lost with the outer quotes', () => {
    const { file, commandLine } = windowsCommand('C:\\Program Files\\nodejs\\npm.cmd', ['run', 'dev'], shell);
    assert.equal(file, shell);
    assert.equal(commandLine, '/d /s /c "C:\\Program^ Files\\nodejs\\npm.cmd run dev"');
    assert.equal(
      lineOf('C:\\x\\PNPM.CMD', 'exec', '--port=3000', '{port}'),
      '/d /s /c "C:\\x\\PNPM.CMD exec --port=3000 {port}"',
    );
  });

  // The escapes are those of cross-spawn, which execa and npm start their commands by.
  it('keeps what the shell has a meaning for', () => {
    assert.equal(lineOf('C:\\a.bat', 'a b'), '/d /s /c "C:\\a.bat ^"a^ b^""');
    assert.equal(lineOf('C:\\a.bat', '%PATH%'), '/d /s /c "C:\\a.bat ^"^%PATH^%^""');
    assert.equal(lineOf('C:\\a.bat', 'a&b|c>d'), '/d /s /c "C:\\a.bat ^"a^&b^|c^>d^""');
    assert.equal(lineOf('C:\\a.bat', 'say "hi"', 'end\\'), '/d /s /c "C:\\a.bat ^"say^ \\^"hi\\^"^" end\\"');
    assert.equal(lineOf('C:\\a.bat', 'a b\\'), '/d /s /c "C:\\a.bat ^"a^ b\\\\^""');
    assert.equal(lineOf('C:\\a.bat', ''), '/d /s /c "C:\\a.bat ^"^""');
  });

  it('escapes twice for the batch files of node_modules, which hand their arguments on', () => {
    assert.equal(
      lineOf('C:\\app\\node_modules\\.bin\\next.cmd', 'a b'),
      '/d /s /c "C:\\app\\node_modules\\.bin\\next.cmd ^^^"a^^^ b^^^""',
    );
  });

  it('is left in its own words when a setting has written it for the shell', () => {
    for (const file of [shell, 'cmd'])
      assert.deepEqual(windowsCommand(file, ['/d', '/s', '/c', '"set A=1&& next dev"'], shell), {
        file,
        args: ['/d', '/s', '/c', '"set A=1&& next dev"'],
        commandLine: '/d /s /c "set A=1&& next dev"',
      });
  });

  it('is looked for by what Windows can start, and by its very name where that has such an ending', () => {
    assert.deepEqual(windowsSuffixes('pnpm'), ['.com', '.exe', '.bat', '.cmd']);
    assert.deepEqual(windowsSuffixes('node.js'), ['.com', '.exe', '.bat', '.cmd']);
    assert.deepEqual([windowsSuffixes('node.exe'), windowsSuffixes('C:\\x\\Next.CMD')], [[''], ['']]);
  });
});
