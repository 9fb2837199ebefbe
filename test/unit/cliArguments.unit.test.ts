import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseCommandLine } from '../../src/cli/arguments';
import { CommandError } from '../../src/cli/commandError';
import { commands, options } from '../../src/cli/commands';
import { completionScript } from '../../src/cli/completion';
import { exitCodes } from '../../src/cli/exitCodes';
import { helpText } from '../../src/cli/help';
import { skipBecause, skipOnWindows } from '../support/skip';
import { tempFolders } from './support/tempFolders';

const usage = (message: RegExp) => (error: unknown) =>
  error instanceof CommandError && error.exit === 'usage' && message.test(error.message);

describe('the arguments of the command line', () => {
  it('are a command, an app and options in any order', () => {
    const parsed = parseCommandLine(['--json', 'ensure', '--timeout', '2.5', 'shop', '--no-wait', '--workspace=/w']);
    assert.deepEqual(
      [parsed.command, parsed.name, parsed.isJson, parsed.timeoutMs, parsed.waits, parsed.workspace],
      ['ensure', 'shop', true, 2500, false, '/w'],
    );
    for (const command of ['ensure', 'start', 'restart', 'stop', 'shutdown'])
      assert.equal(parseCommandLine([command, '--replace-host']).replacesHost, true);
    assert.equal(parsed.replacesHost, false, 'only on the flag\u2019s word');
    const logs = parseCommandLine(['logs', '-fn7']);
    assert.deepEqual([logs.follows, logs.lines, logs.name], [true, 7, undefined]);
  });

  it('have defaults: to wait for two minutes, and fifty lines', () => {
    const { waits, timeoutMs, lines, isAgreed, useNextPort, startHere } = parseCommandLine(['ensure']);
    assert.deepEqual(
      [waits, timeoutMs, lines, isAgreed, useNextPort, startHere],
      [true, 120_000, 50, false, false, false],
    );
    assert.equal(parseCommandLine(['logs', '-n', '99999']).lines, 1000, 'as many as are kept');
  });

  it('ask for help and the version with whatever else there is', () => {
    assert.equal(parseCommandLine(['--help']).command, 'help');
    assert.equal(parseCommandLine(['help']).command, 'help');
    assert.equal(parseCommandLine(['ensure', '-h']).command, 'help');
    assert.equal(parseCommandLine(['--version']).command, 'version');
  });

  const wrong: readonly (readonly [readonly string[], RegExp])[] = [
    [[], /Name a command/],
    [['dance'], /no command "dance"/],
    [['toString'], /no command "toString"/],
    [['ensure', '--nonsense'], /Unknown option '--nonsense'/],
    [['status', '--replace-host'], /"status" takes no option --replace-host/],
    [['status', '--yes'], /"status" takes no option --yes/],
    [['ensure', 'a', 'b'], /do with "b"/],
    [['ls', 'a'], /do with "a"/],
    [['ensure', '--timeout', 'soon'], /--timeout must be/],
    [['ensure', '--timeout', '0'], /--timeout must be/],
    [['ensure', '--timeout', '1e9'], /--timeout must be/],
    [['ensure', '--timeout'], /--timeout/],
    [['ensure', '--wait', '--no-wait'], /exclude each other/],
    [['logs', '-n', '-3'], /argument/],
    [['logs', '-n', '3.5'], /whole number/],
    [['ls', '--sandbox', 'x'], /goes with --fleet/],
    [['completion'], /needs one of bash, zsh, fish/],
    [['completion', 'tcsh'], /needs one of/],
  ];
  for (const [argv, message] of wrong)
    it(`are refused with what is wrong: ${argv.join(' ') || '(none)'}`, () => {
      assert.throws(() => parseCommandLine(argv), usage(message));
    });
});

describe('the help of the command line', () => {
  it('names every command, option and exit code, in lines that fit', () => {
    for (const width of [30, 50, 80, 100]) {
      const text = helpText(width);
      for (const name of Object.keys(commands)) assert.match(text, new RegExp(`^  ${name}\\b`, 'm'));
      for (const name of Object.keys(options)) assert.ok(text.includes(`--${name}`), name);
      for (const code of Object.values(exitCodes)) assert.match(text, new RegExp(`^  ${code}\\s`, 'm'));
      if (width >= 80)
        assert.deepEqual(
          text.split('\n').filter((line) => line.length > width),
          [],
        );
    }
  });

  it('gives each way to end a number of its own', () => {
    const numbers = Object.values(exitCodes);
    assert.equal(new Set(numbers).size, numbers.length);
  });
});

describe('the completion of the shell', () => {
  const makeFolder = tempFolders();
  for (const shell of ['bash', 'zsh', 'fish']) {
    it(`knows every command and option in ${shell}`, () => {
      const script = completionScript(shell);
      for (const name of [...Object.keys(commands), ...Object.keys(options)]) assert.ok(script.includes(name), name);
    });

    it(`is a script that ${shell} can read`, function () {
      skipOnWindows(this, 'a bash there may be another system’s, with other paths');
      // A file: fish reads no script from the kind of stdin that Node gives.
      const file = path.join(makeFolder(), 'script');
      writeFileSync(file, completionScript(shell));
      const { error, status, stderr } = spawnSync(shell, ['-n', file], { encoding: 'utf8' });
      if (error) skipBecause(this, `${shell} is not installed`);
      assert.deepEqual([status, stderr], [0, '']);
    });
  }

  it('completes in a bash', function () {
    skipOnWindows(this, 'a bash there may be another system’s');
    const ask = (words: readonly string[]) => {
      const script = `${completionScript('bash')}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}
_cheatcode_dev; printf '%s\\n' "\${COMPREPLY[@]}"`;
      return spawnSync('bash', ['--norc'], { input: script, encoding: 'utf8' });
    };
    if (ask(['cheatcode-dev', '']).error) skipBecause(this, 'bash is not installed');
    assert.deepEqual(ask(['cheatcode-dev', 'sta']).stdout.split('\n').filter(Boolean).sort(), ['start', 'status']);
    assert.match(ask(['cheatcode-dev', '--json', 'logs', '--f']).stdout, /^--follow$/m);
    assert.match(ask(['cheatcode-dev', 'ensure', 'm']).stdout, /^mobile$/m);
  });
});
