import assert from 'node:assert/strict';
import { serverEnvironment } from '../../src/sessions/serverEnvironment';
import { skipOnWindows } from '../support/skip';

const EDITOR = '/usr/lib/code-server';
const of = (env: Readonly<Record<string, string | undefined>>, additions: Readonly<Record<string, string>> = {}) =>
  serverEnvironment({ PATH: '/bin', ...env }, EDITOR, additions);

describe('the environment of a server', () => {
  it('is the one that its client brought', () => {
    const env = of({ HOME: '/root', NVM_DIR: '/root/.nvm', EMPTY: '' });
    assert.equal(env['HOME'], '/root');
    assert.equal(env['NVM_DIR'], '/root/.nvm');
    assert.equal(env['EMPTY'], '');
  });

  for (const name of [
    'VSCODE_IPC_HOOK_CLI',
    'VSCODE_PROXY_URI',
    'VSCODE_INSPECTOR_OPTIONS',
    'ELECTRON_RUN_AS_NODE',
    'CODE_SERVER_SESSION_SOCKET',
    'BROWSER',
    'CHEATCODE_REDIS_URL',
    'NODE_EXEC_PATH',
    'CI',
    'PORT',
    'CHEATCODE_SESSION',
  ])
    it(`is without ${name}`, () => {
      assert.ok(!(name in of({ [name]: '1' })));
    });

  it('keeps names that only look like those', () => {
    const env = of({ MY_VSCODE_THING: '1', CIRCLE: '1', PORTAL: '1', CHEATCODE_APP_TYPE: 'web' });
    assert.deepEqual(
      Object.keys(env).filter((name) => ['MY_VSCODE_THING', 'CIRCLE', 'PORTAL', 'CHEATCODE_APP_TYPE'].includes(name))
        .length,
      4,
    );
  });

  it('leaves out what is undefined', () => {
    assert.ok(!('GONE' in of({ GONE: undefined })));
  });

  it('feels like a terminal and is asked nothing by Corepack', () => {
    const env = of({ TERM: 'dumb', COREPACK_ENABLE_DOWNLOAD_PROMPT: '1' });
    assert.equal(env['TERM'], 'xterm-256color');
    assert.equal(env['COLORTERM'], 'truecolor');
    assert.equal(env['COREPACK_ENABLE_DOWNLOAD_PROMPT'], '0');
  });

  it('takes the additions last', () => {
    assert.equal(of({ A: '1' }, { A: '2', TERM: 'xterm' })['A'], '2');
    assert.equal(of({}, { TERM: 'xterm' })['TERM'], 'xterm');
  });

  it('leaves the one that it is given as it is', () => {
    const given = Object.freeze({ PATH: '/bin', CI: '1' });
    serverEnvironment(given, undefined, {});
    assert.equal(given.CI, '1');
  });

  describe('has a PATH', () => {
    const pathOf = (value: string | undefined, editorRoot: string | undefined = EDITOR) =>
      serverEnvironment({ PATH: value }, editorRoot, {})['PATH'];

    it('without the editor’s own entries, in the order that it had', function () {
      skipOnWindows(this, 'the paths here are written as POSIX has them');
      assert.equal(
        pathOf(`${EDITOR}/lib/vscode/bin/remote-cli:/root/.nvm/bin:${EDITOR}:${EDITOR}/:/bin`),
        '/root/.nvm/bin:/bin',
      );
    });

    it('with entries that only begin like the editor’s', () => {
      assert.equal(pathOf(`${EDITOR}-tools/bin:/bin`), `${EDITOR}-tools/bin:/bin`);
    });

    it('without empty entries, which would mean the folder of the app', function () {
      skipOnWindows(this, 'the paths here are written as POSIX has them');
      assert.equal(pathOf(':/bin::/usr/bin:'), '/bin:/usr/bin');
    });

    it('as it is where there is no editor', () => {
      assert.equal(pathOf('/a:/b', undefined), '/a:/b');
    });
  });

  describe('has NODE_OPTIONS', () => {
    const options: readonly (readonly [given: string, left: string | undefined])[] = [
      ['--max-old-space-size=4096', '--max-old-space-size=4096'],
      ['--inspect', undefined],
      ['--inspect-brk=9229', undefined],
      ['--inspect=0.0.0.0:9229 --enable-source-maps', '--enable-source-maps'],
      ['--inspect-publish-uid=http', undefined],
      ['--require /x/ms-vscode.js-debug/src/bootloader.js --trace-warnings', '--trace-warnings'],
      ['-r /x/js-debug/bootloader.js', undefined],
      ['--require "/with blank/ms-vscode.js-debug/src/bootloader.js" --no-warnings', '--no-warnings'],
      ['--require="/with blank/ms-vscode.js-debug/src/bootloader.js" --no-warnings', '--no-warnings'],
      ['--require=/x/js-debug/bootloader.js', undefined],
      ['--require ./instrument.js', '--require ./instrument.js'],
      ['--require "./my instrument.js"', '--require "./my instrument.js"'],
      ['--inspector-like', '--inspector-like'],
    ];
    for (const [given, left] of options)
      it(`${given} ${left === undefined ? 'removed' : left === given ? 'kept' : `reduced to ${left}`}`, () => {
        assert.equal(of({ NODE_OPTIONS: given })['NODE_OPTIONS'], left);
      });
  });
});
