import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { linuxProcesses } from '../../src/sessions/host/linuxProcesses';
import { errorCode } from '../../src/sessions/log';
import { runCommand } from '../../src/sessions/runCommand';
import { waitUntil } from './support/waitUntil';

describe('short commands', () => {
  const sh = (script: string, options: Partial<Parameters<typeof runCommand>[2]> = {}) =>
    runCommand('/bin/sh', ['-c', script], { timeoutMs: 10_000, ...options });
  const nothing = { timedOut: false, aborted: false, missing: false };
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(path.join(os.tmpdir(), 'cheatcode-run-'))));
  afterEach(() => rm(folder, { recursive: true }));

  /** A script that starts a grandchild which ignores SIGTERM and holds the output open, and tells its pid in a file. */
  const stubborn = () =>
    `(trap '' TERM; echo $(exec sh -c 'echo $PPID') > ${folder}/pid; while :; do sleep 1; done) & wait`;
  const grandchild = () =>
    waitUntil('the grandchild runs', async () => {
      const text = await readFile(path.join(folder, 'pid'), 'utf8').catch((error: unknown) => {
        if (errorCode(error) === 'ENOENT') return '';
        throw error;
      });
      return text.endsWith('\n') && Number(text);
    });

  it('give their output and exit code', async () => {
    const result = await sh('echo out; echo err >&2; exit 3');
    assert.deepEqual(result, { ...nothing, exitCode: 3, stdout: 'out', stderr: 'err' });
  });

  it('have no input to wait for', async () => {
    assert.deepEqual(await sh('cat'), { ...nothing, exitCode: 0, stdout: '', stderr: '' });
  });

  it('get exactly the environment and folder that were asked for', async () => {
    const result = await sh('pwd; echo "$ONE-$CHEATCODE_LEAK"', { cwd: folder, env: { ONE: '1' } });
    assert.equal(result.stdout, `${folder}\n1-`);
  });

  it('say that a program is missing', async () => {
    const result = await runCommand('cheatcode-no-such-program', [], { timeoutMs: 5_000 });
    assert.deepEqual(
      { ...result, stderr: '' },
      { ...nothing, exitCode: undefined, stdout: '', stderr: '', missing: true },
    );
    assert.match(result.stderr, /ENOENT/);
  });

  it('do not call a program missing because the folder is', async () => {
    const result = await sh('true', { cwd: path.join(folder, 'none') });
    assert.deepEqual([result.missing, result.exitCode], [false, undefined]);
    assert.notEqual(result.stderr, '');
  });

  it('are ended with all that they started when their time is up', async () => {
    const running = sh(`echo begun; ${stubborn()}`, { timeoutMs: 500 });
    const pid = await grandchild();
    const result = await running;
    assert.deepEqual([result.timedOut, result.exitCode, result.stdout], [true, undefined, 'begun']);
    await waitUntil('the grandchild is gone', async () => (await linuxProcesses.identify(pid)) === undefined, 3_000);
  });

  it('are ended with all that they started when they are aborted', async () => {
    const abort = new AbortController();
    const running = sh(stubborn(), { signal: abort.signal });
    const pid = await grandchild();
    abort.abort();
    assert.deepEqual(await running, { ...nothing, aborted: true, exitCode: undefined, stdout: '', stderr: '' });
    await waitUntil('the grandchild is gone', async () => (await linuxProcesses.identify(pid)) === undefined, 3_000);
  });

  it('do not start at all when they were aborted before', async () => {
    const result = await sh(`touch ${folder}/started`, { signal: AbortSignal.abort() });
    assert.equal(result.aborted, true);
    await assert.rejects(readFile(path.join(folder, 'started')), { code: 'ENOENT' });
  });
});
