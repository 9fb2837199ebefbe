import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import fsPromises from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { environmentAs, otherOwner } from '../../src/sessions/folderOwner';
import { ensureHostCopy, readHostParts } from '../../src/sessions/hostCopy';
import { isOwnedSocket, readOwnedFile } from '../../src/sessions/ownedFile';
import { TEMP } from './support/tempFolders';
import { skipBecause, skipOnWindows } from '../support/skip';

const UID = 12_345;
const isRoot = process.getuid?.() === 0;

describe('the owner of a folder', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(path.join(TEMP, 'cco-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('is acted for by root alone, and only where it is another', function () {
    assert.equal(otherOwner(folder), undefined);
    assert.equal(otherOwner(path.join(folder, 'missing')), undefined);
    if (!isRoot) skipBecause(this, 'only root can give a folder to another user');
    chownSync(folder, UID, 54_321);
    assert.deepEqual(otherOwner(folder), { uid: UID, gid: 54_321 });
  });

  it('gets an environment with its own home, name and shell, and nothing of root’s home but the PATH', () => {
    const env = {
      HOME: '/root',
      USER: 'root',
      LOGNAME: 'root',
      SHELL: '/bin/zsh',
      MAIL: '/var/mail/root',
      SUDO_USER: 'admin',
      XDG_RUNTIME_DIR: '/run/user/0',
      PNPM_HOME: '/root/.local/share/pnpm',
      PATH: '/root/.nvm/bin:/usr/bin',
      ROOTS_FRIEND: '/rootless',
      API_KEY: 'kept',
    };
    assert.deepEqual(environmentAs({ uid: 1000, gid: 1000, name: 'ann', home: '/home/ann', shell: '/bin/bash' }, env), {
      HOME: '/home/ann',
      USER: 'ann',
      LOGNAME: 'ann',
      SHELL: '/bin/bash',
      PATH: '/root/.nvm/bin:/usr/bin',
      ROOTS_FRIEND: '/rootless',
      API_KEY: 'kept',
    });
  });

  it('keeps what lies in its own home, which sudo may have left in HOME', () => {
    const env = { HOME: '/home/ann', NVM_DIR: '/home/ann/.nvm' };
    const user = { uid: 1000, gid: 1000, name: 'ann', home: '/home/ann' };
    assert.equal(environmentAs(user, env)['NVM_DIR'], '/home/ann/.nvm');
  });

  it('has a home and no name where the system does not know it', () => {
    const env = environmentAs({ uid: UID, gid: UID }, { HOME: '/root', USER: 'root', SHELL: '/bin/sh' });
    assert.deepEqual(env, { HOME: '/' });
  });
});

describe('a file that must be the user’s own', () => {
  let folder: string;
  const own = process.geteuid?.();
  beforeEach(() => (folder = mkdtempSync(path.join(TEMP, 'cco-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('is read', () => {
    const file = path.join(folder, 'token');
    writeFileSync(file, 'secret');
    assert.equal(readOwnedFile(file, own), 'secret');
    assert.throws(() => readOwnedFile(path.join(folder, 'missing'), own), { code: 'ENOENT' });
  });

  it('is not read through a link, from a pipe, or when it is another’s', function () {
    skipOnWindows(this, 'Windows has no pipes in folders, and its links are others');
    const file = path.join(folder, 'secret');
    writeFileSync(file, 'secret');
    const link = path.join(folder, 'link');
    symlinkSync(file, link);
    assert.throws(() => readOwnedFile(link, own), { code: 'ELOOP' });
    const pipe = path.join(folder, 'pipe');
    assert.equal(spawnSync('mkfifo', [pipe]).status, 0);
    assert.throws(() => readOwnedFile(pipe, own), /is no file/);
    assert.throws(() => readOwnedFile(file, UID), /belongs to user/);
  });

  it('is a socket of that user only where it is neither a link nor a file', async function () {
    skipOnWindows(this, 'Windows has its sockets in no folder');
    const socket = path.join(folder, 's');
    const server = net.createServer();
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    const link = path.join(folder, 'link');
    symlinkSync(socket, link);
    const uid = own ?? 0;
    assert.deepEqual(
      [isOwnedSocket(socket, uid), isOwnedSocket(link, uid), isOwnedSocket(folder, uid), isOwnedSocket(socket, UID)],
      [true, false, false, false],
    );
    server.close();
    assert.equal(isOwnedSocket(path.join(folder, 'missing'), uid), false);
  });
});

describe('the copy of the host', () => {
  it('holds all files with their permissions, also those in folders of the native part', async function () {
    skipOnWindows(this, 'Windows has no modes');
    const folder = mkdtempSync(path.join(TEMP, 'cco-'));
    try {
      const dist = path.join(folder, 'dist');
      mkdirSync(path.join(dist, 'native', 'conpty'), { recursive: true });
      writeFileSync(path.join(dist, 'host.js'), '// host');
      writeFileSync(path.join(dist, 'extension.js'), '// no part of it');
      writeFileSync(path.join(dist, 'native', 'spawn-helper'), 'program');
      chmodSync(path.join(dist, 'native', 'spawn-helper'), 0o755);
      writeFileSync(path.join(dist, 'native', 'conpty', 'OpenConsole.exe'), 'program');
      const state = path.join(folder, 's');
      mkdirSync(state);
      const copy = await ensureHostCopy(await readHostParts(dist), state);
      assert.deepEqual(readdirSync(copy, { recursive: true }).map(String).sort(), [
        'host.js',
        'native',
        path.join('native', 'conpty'),
        path.join('native', 'conpty', 'OpenConsole.exe'),
        path.join('native', 'spawn-helper'),
        'package.json',
      ]);
      assert.equal(statSync(path.join(copy, 'native', 'spawn-helper')).mode & 0o777, 0o755);
      assert.equal(await ensureHostCopy(await readHostParts(dist), state), copy);
      assert.deepEqual(readdirSync(path.join(state, 'bin')), [path.basename(copy)]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('is the one that another window made a moment earlier, whatever the system calls that', async () => {
    const folder = mkdtempSync(path.join(TEMP, 'cco-'));
    const { rename } = fsPromises;
    try {
      const dist = path.join(folder, 'dist');
      mkdirSync(dist);
      writeFileSync(path.join(dist, 'host.js'), '// host');
      const parts = await readHostParts(dist);
      // EPERM is what Windows says of a folder in the way.
      for (const code of ['ENOTEMPTY', 'EEXIST', 'EPERM']) {
        const state = path.join(folder, code);
        mkdirSync(state);
        fsPromises.rename = async (from, to) => {
          await rename(from, to);
          throw Object.assign(new Error(code), { code });
        };
        const copy = await ensureHostCopy(parts, state);
        assert.deepEqual(readdirSync(copy).sort(), ['host.js', 'package.json']);
      }
    } finally {
      fsPromises.rename = rename;
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('runs below a package.json that makes modules of scripts, as a home may have one', async function () {
    skipOnWindows(this, 'its script asks for the slash of POSIX');
    const folder = mkdtempSync(path.join(TEMP, 'cco-'));
    try {
      writeFileSync(path.join(folder, 'package.json'), '{ "type": "module" }');
      const [dist, state] = [path.join(folder, 'dist'), path.join(folder, 's')];
      for (const one of [dist, state]) mkdirSync(one);
      writeFileSync(path.join(dist, 'host.js'), "process.exit(require('node:path').sep === '/' ? 7 : 1)");
      const host = path.join(await ensureHostCopy(await readHostParts(dist), state), 'host.js');
      assert.equal(spawnSync(process.execPath, [host]).status, 7);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('is none without the host itself', async () => {
    await assert.rejects(readHostParts('/nowhere'), /host\.js is missing/);
  });
});
