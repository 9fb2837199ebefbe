import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { commandFolder, windowsShim, writeCommandShim } from '../../src/sessions/commandShim';
import { tempFolders } from './support/tempFolders';
import { skipOnWindows } from '../support/skip';

describe('the command of terminals', () => {
  const tempFolder = tempFolders();
  let state: string;
  let copy: string;
  const shim = () => path.join(commandFolder(state), 'cheatcode-dev');
  const node = { file: process.execPath, env: { PATH: '/nowhere' } };
  beforeEach(() => {
    state = path.join(tempFolder(), "it's $HOME");
    copy = path.join(commandFolder(state), 'c0ffee');
    mkdirSync(copy, { recursive: true });
    writeFileSync(
      path.join(copy, 'cli.js'),
      'console.log(JSON.stringify([process.argv.slice(2), process.env.PATH ?? null]))',
    );
  });

  it('runs the copy’s command line with all its words, by the Node of the host, whatever the PATH is', function () {
    skipOnWindows(this, 'the command is a batch file there');
    writeCommandShim(state, copy, node);
    const said = execFileSync(shim(), ['logs', 'a b', '$x'], { env: { PATH: '/nowhere' }, encoding: 'utf8' });
    assert.deepEqual(JSON.parse(said), [['logs', 'a b', '$x'], '/nowhere']);
    assert.equal(statSync(shim()).mode & 0o777, 0o755);
  });

  it('takes the Node of the PATH when that one is gone', function () {
    skipOnWindows(this, 'the command is a batch file there');
    writeCommandShim(state, copy, { file: '/nowhere/node', env: {} });
    const PATH = `${path.dirname(process.execPath)}:/usr/bin:/bin`;
    assert.match(execFileSync(shim(), ['status'], { env: { PATH }, encoding: 'utf8' }), /status/);
    const none = spawnSync(shim(), ['status'], { env: { PATH: '/nowhere' }, encoding: 'utf8' });
    assert.equal(none.status, 127);
    assert.match(none.stderr, /no node on the PATH/);
  });

  it('says so when the copy is gone', function () {
    skipOnWindows(this, 'the command is a batch file there');
    writeCommandShim(state, copy, node);
    rmSync(copy, { recursive: true });
    const gone = spawnSync(shim(), ['status'], { encoding: 'utf8' });
    assert.equal(gone.status, 127);
    assert.match(gone.stderr, /cli\.js is gone/);
  });

  it('runs an editor’s binary as Node', function () {
    skipOnWindows(this, 'the command is a batch file there');
    writeCommandShim(state, copy, { file: process.execPath, env: { ELECTRON_RUN_AS_NODE: '1' } });
    writeFileSync(path.join(copy, 'cli.js'), 'console.log(process.env.ELECTRON_RUN_AS_NODE)');
    assert.equal(execFileSync(shim(), { encoding: 'utf8' }), '1\n');
  });

  it('leaves nothing beside it, however often it is written', function () {
    skipOnWindows(this, 'the command is a batch file there');
    for (let n = 0; n < 3; n++) writeCommandShim(state, n % 2 === 0 ? copy : '/other', node);
    assert.deepEqual(readdirSync(commandFolder(state)).sort(), ['c0ffee', 'cheatcode-dev']);
  });

  // Not run here. What is said of each line is how `cmd.exe` reads it.
  it('is a batch file on Windows, of letters that every code page has, and without brackets that could end a block', () => {
    const folder = 'C:\\Users\\Jürgen 100%\\.cheatcode\\run\\bin';
    const text = windowsShim(
      `${folder}\\c0ffee`,
      {
        file: 'C:\\Users\\Jürgen 100%\\AppData\\Local\\Programs\\node (x86)\\node.exe',
        env: { ELECTRON_RUN_AS_NODE: '1', PATH: 'x' },
      },
      folder,
    );
    const lines = text.split('\r\n');
    assert.equal(lines.pop(), '');
    assert.ok(
      lines.every((line) => /^[\x20-\x7e]*$/.test(line)),
      text,
    );
    assert.ok(lines.includes('set "cli=%~dp0c0ffee\\cli.js"'), text);
    assert.ok(lines.includes('set "node=%USERPROFILE%\\AppData\\Local\\Programs\\node (x86)\\node.exe"'), text);
    assert.deepEqual(
      lines.filter((line) => line.startsWith('set "ELECTRON') || line.includes('PATH=')),
      ['set "ELECTRON_RUN_AS_NODE=1"'],
    );
    // Each label that is gone to is there, and no line runs into the next part.
    for (const [, label] of text.matchAll(/goto (\w+)/g)) assert.ok(lines.includes(`:${label}`), label);
    for (const [index, line] of lines.entries())
      if (line.startsWith(':')) assert.match(lines[index - 1] ?? '', /^exit \/b /);
  });

  it('names a copy elsewhere, and a percent sign as one', () => {
    const text = windowsShim('D:\\100%\\copy', { file: 'D:\\50%\\node.exe', env: {} }, 'C:\\state\\bin');
    assert.ok(text.includes('set "cli=D:\\100%%\\copy\\cli.js"'), text);
    assert.ok(text.includes('set "node=D:\\50%%\\node.exe"'), text);
  });

  it('is written as a batch file on Windows', () => {
    writeCommandShim(state, copy, { file: 'C:\\node.exe', env: {} }, 'win32');
    assert.ok(readdirSync(commandFolder(state)).includes('cheatcode-dev.cmd'));
  });
});
