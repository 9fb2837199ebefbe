import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { User } from '../../src/sessions/folderOwner';
import { resolveShellEnvironment } from '../../src/sessions/shellEnvironment';
import { skipBecause } from '../support/skip';
import { isAlive, waitFor } from './support/hostRig';

describe('the environment that a user’s shell makes', function () {
  this.timeout(30_000);
  let home: string;
  const warnings: string[] = [];
  const log = { trace() {}, debug() {}, info() {}, error() {}, warn: (message: string) => void warnings.push(message) };
  beforeEach(async () => {
    home = await mkdtemp(path.join(os.tmpdir(), 'ccshell-'));
    warnings.length = 0;
  });
  afterEach(() => rm(home, { recursive: true, force: true }));

  const user = (shell: string): User => ({
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
    name: 'somebody',
    home,
    shell,
  });
  const resolve = (shell: string, env: Record<string, string> = {}, limitMs?: number) =>
    resolveShellEnvironment({ user: user(shell), env, log, ...(limitMs === undefined ? {} : { limitMs }) });
  const bashrc = (text: string) => writeFile(path.join(home, '.bashrc'), text);
  beforeEach(() => writeFile(path.join(home, '.profile'), '[ -n "$BASH_VERSION" ] && . "$HOME/.bashrc"\n'));

  it('is what it was given on Windows, which has no login shells and calls its PATH otherwise', async () => {
    const env = { Path: 'C:\\Windows', USERNAME: 'ann', GONE: undefined };
    assert.deepEqual(await resolveShellEnvironment({ env, log, platform: 'win32' }), {
      Path: 'C:\\Windows',
      USERNAME: 'ann',
    });
    assert.deepEqual(warnings, []);
  });

  it('has what .bashrc sets for interactive shells alone, and values of any kind', async () => {
    await bashrc(
      'case $- in *i*) ;; *) return;; esac\nexport TOOL=$HOME/tool\nexport LINES_OF=$(printf "a\\nb=c")\necho welcome\n',
    );
    const env = await resolve('/bin/bash', { KEPT: 'yes' });
    assert.equal(env['TOOL'], `${home}/tool`);
    assert.equal(env['LINES_OF'], 'a\nb=c');
    assert.equal(env['KEPT'], 'yes');
    assert.deepEqual([env['HOME'], env['USER']], [home, 'somebody']);
    for (const name of ['_', 'SHLVL', 'PWD']) assert.ok(!(name in env), name);
    assert.deepEqual(warnings, []);
  });

  it('is had from an empty environment, with a PATH that finds programs', async () => {
    const env = await resolve('/bin/sh');
    assert.match(env['PATH'] ?? '', /\/usr\/bin/);
    assert.deepEqual(warnings, []);
  });

  it('is had of the shells that other users have', async function () {
    const others = ['/bin/dash', '/usr/bin/zsh', '/usr/bin/fish'].filter((shell) => existsSync(shell));
    if (others.length === 0) skipBecause(this, 'no other shell is installed here');
    for (const shell of others) {
      const env = await resolve(shell, { KEPT: shell });
      assert.equal(env['KEPT'], shell);
    }
    assert.deepEqual(warnings, []);
  });

  it('is had by /bin/sh for an account that nobody logs in to', async () => {
    const env = await resolve('/usr/sbin/nologin', { KEPT: 'yes' });
    assert.equal(env['KEPT'], 'yes');
    assert.deepEqual(warnings, []);
  });

  it('is what was given when the shell never ends, which is ended with all that it began', async () => {
    await bashrc(`sleep 1000 &\necho $! > ${home}/pid\nsleep 1000\n`);
    const env = await resolve('/bin/bash', { KEPT: 'yes' }, 1500);
    assert.equal(env['KEPT'], 'yes');
    assert.equal(warnings.length, 1);
    const pid = Number(readFileSync(path.join(home, 'pid'), 'utf8'));
    assert.ok(pid > 1);
    await waitFor('its child to end', () => !isAlive(pid));
  });

  it('is had although a start file leaves something behind that keeps the output open', async () => {
    await bashrc('sleep 1000 &\nexport TOOL=there\n');
    const env = await resolve('/bin/bash', {}, 8000);
    assert.equal(env['TOOL'], 'there');
    assert.deepEqual(warnings, []);
  });

  it('is what was given when there is no such shell, or it fails', async () => {
    assert.equal((await resolve('/nowhere/shell', { KEPT: 'yes' }))['KEPT'], 'yes');
    const broken = path.join(home, 'broken');
    await writeFile(broken, '#!/bin/sh\nexit 3\n');
    await chmod(broken, 0o755);
    assert.equal((await resolve(broken, { KEPT: 'yes' }))['KEPT'], 'yes');
    assert.equal(warnings.length, 2);
  });
});
