import assert from 'node:assert/strict';
import { mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { platformProcesses } from '../../src/sessions/host/platformProcesses';
import { errorCode } from '../../src/sessions/log';
import { runCommand } from '../../src/sessions/runCommand';
import { skipBecause } from '../support/skip';
import { quietLog } from './support/quietLog';
import { waitUntil } from './support/waitUntil';

describe('short commands', () => {
  type Options = Partial<Parameters<typeof runCommand>[2]>;
  const node = (script: string, options: Options = {}) =>
    runCommand(process.execPath, ['-e', script], { timeoutMs: 10_000, ...options });
  const nothing = { timedOut: false, aborted: false, missing: false };
  const processes = platformProcesses(process.platform, quietLog());
  let folder: string;
  beforeEach(async () => (folder = await realpath(await mkdtemp(path.join(os.tmpdir(), 'cheatcode-run-')))));
  afterEach(() => rm(folder, { recursive: true }));

  /** The pid that a grandchild has told in a file. */
  const grandchild = () =>
    waitUntil('the grandchild runs', async () => {
      const text = await readFile(path.join(folder, 'pid'), 'utf8').catch((error: unknown) => {
        if (errorCode(error) === 'ENOENT') return '';
        throw error;
      });
      return text.endsWith('\n') && Number(text);
    });
  const gone = (pid: number) =>
    waitUntil('the grandchild is gone', async () => (await processes.identify(pid)) === undefined);

  it('give their output and exit code', async () => {
    const result = await node("console.log('out'); console.error('err'); process.exitCode = 3");
    assert.deepEqual(result, { ...nothing, exitCode: 3, stdout: 'out', stderr: 'err' });
  });

  it('have no input to wait for', async () => {
    const result = await node('process.stdin.pipe(process.stdout)');
    assert.deepEqual(result, { ...nothing, exitCode: 0, stdout: '', stderr: '' });
  });

  it('get exactly the environment and folder that were asked for', async () => {
    const script = 'console.log(process.cwd()); console.log(process.env.ONE, process.env.CHEATCODE_LEAK)';
    process.env['CHEATCODE_LEAK'] = '1';
    try {
      const result = await node(script, { cwd: folder, env: { ONE: '1' } });
      assert.deepEqual(result.stdout.split(/\r?\n/), [folder, '1 undefined']);
    } finally {
      delete process.env['CHEATCODE_LEAK'];
    }
  });

  it('say that a program is missing', async function () {
    if (process.platform === 'win32')
      return skipBecause(this, 'on Windows execa has a shell look for it, which says so');
    const result = await runCommand('cheatcode-no-such-program', [], { timeoutMs: 5_000 });
    assert.deepEqual(
      { ...result, stderr: '' },
      { ...nothing, exitCode: undefined, stdout: '', stderr: '', missing: true },
    );
    assert.match(result.stderr, /ENOENT/);
  });

  it('do not call a program missing because the folder is', async () => {
    const result = await node('', { cwd: path.join(folder, 'none') });
    assert.deepEqual([result.missing, result.exitCode], [false, undefined]);
    assert.notEqual(result.stderr, '');
  });

  it('are ended with all that they started when their time is up', async function () {
    if (process.platform === 'win32') return skipBecause(this, 'it takes a shell, which begins before the time is up');
    // Ignores SIGTERM and holds the output open.
    const stubborn = `(trap '' TERM; echo $(exec sh -c 'echo $PPID') > ${folder}/pid; while :; do sleep 1; done) & wait`;
    const running = runCommand('/bin/sh', ['-c', `echo begun; ${stubborn}`], { timeoutMs: 500 });
    const pid = await grandchild();
    const result = await running;
    assert.deepEqual([result.timedOut, result.exitCode, result.stdout], [true, undefined, 'begun']);
    await gone(pid);
  });

  it('are ended with all that they started when they are aborted', async () => {
    const stubborn =
      "process.on('SIGTERM', () => undefined); setInterval(() => undefined, 1e6);" +
      "require('fs').writeFileSync('pid', `${process.pid}\\n`)";
    const script = `require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(stubborn)}], { stdio: 'inherit' })`;
    const abort = new AbortController();
    const running = node(script, { cwd: folder, signal: abort.signal, timeoutMs: 60_000 });
    const pid = await grandchild();
    abort.abort();
    const { exitCode, ...result } = await running;
    assert.deepEqual(result, { ...nothing, aborted: true, stdout: '', stderr: '' });
    // What taskkill ends has an exit code.
    if (process.platform !== 'win32') assert.equal(exitCode, undefined);
    await gone(pid);
  });

  it('do not start at all when they were aborted before', async () => {
    const result = await node("require('fs').writeFileSync('started', '')", {
      cwd: folder,
      signal: AbortSignal.abort(),
    });
    assert.equal(result.aborted, true);
    await assert.rejects(readFile(path.join(folder, 'started')), { code: 'ENOENT' });
  });
});
