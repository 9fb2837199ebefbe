import assert from 'node:assert/strict';
import fs, {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DevServerError } from '../../src/sessions/errors';
import { currentScope } from '../../src/sessions/scope';
import { ensurePrivateFolder, ensureScopePaths, ensureStateFolder, pipeName } from '../../src/sessions/stateFolder';
import { tempFolders } from './support/tempFolders';
import { skipBecause, skipOnWindows } from '../support/skip';

/** Windows has lists in place of modes, and what lies in a home has that of the home. */
const assertPrivate = (folder: string) =>
  process.platform === 'win32' || assert.equal(statSync(folder).mode & 0o777, 0o700);
const isRoot = process.getuid?.() === 0;

describe('the state folder', () => {
  const tempFolder = tempFolders();
  const userInfo = os.userInfo.bind(os);
  /** As if the passwd entry of this user named that home. */
  const withHome = (homedir: string) => {
    os.userInfo = (() => ({ ...userInfo(), homedir })) as typeof os.userInfo;
  };
  afterEach(() => {
    os.userInfo = userInfo;
  });
  const unusable = (error: unknown) => error instanceof DevServerError && error.code === 'stateFolderUnusable';
  const fallback = `/tmp/cheatcode-${process.getuid?.() ?? 0}`;

  it('lies in the home of the passwd entry, whatever HOME says, for this user alone', () => {
    const home = tempFolder();
    withHome(home);
    const folder = ensureStateFolder({ HOME: tempFolder() });
    assert.equal(folder, path.join(home, '.cheatcode/run'));
    assertPrivate(folder);
    assert.deepEqual(readdirSync(folder), []);
  });

  it('is moved by CHEATCODE_STATE_DIR', () => {
    const folder = path.join(tempFolder(), 'a/b');
    assert.equal(ensureStateFolder({ CHEATCODE_STATE_DIR: folder }), folder);
    assertPrivate(folder);
  });

  it('fault 53: is the same for two clients that make it, and what is above it, at one moment', () => {
    const folder = path.join(tempFolder(), 'a/b');
    const { mkdirSync: make } = fs;
    // The other client is quicker, just after we found no parent.
    fs.mkdirSync = (...args: Parameters<typeof make>) => {
      try {
        return make(...args);
      } catch (error) {
        make(path.dirname(folder), { recursive: true });
        throw error;
      }
    };
    try {
      assert.equal(ensureStateFolder({ CHEATCODE_STATE_DIR: folder }), folder);
    } finally {
      fs.mkdirSync = make;
    }
  });

  it('is closed to others when it was open', function () {
    skipOnWindows(this, 'Windows has no modes');
    const folder = tempFolder();
    chmodSync(folder, 0o755);
    ensureStateFolder({ CHEATCODE_STATE_DIR: folder });
    assertPrivate(folder);
  });

  it('falls back to /tmp where the home can not be written', function () {
    skipOnWindows(this, 'Windows has another fallback');
    for (const home of ['/proc/self', '/dev/null']) {
      withHome(home);
      assert.equal(ensureStateFolder({}), fallback);
    }
  });

  it('falls back to /tmp where a user has no home', function () {
    skipOnWindows(this, 'Windows has another fallback');
    withHome('');
    assert.equal(ensureStateFolder({}), fallback);
  });

  it('falls back to /tmp where a socket’s path would be too long', function () {
    skipOnWindows(this, 'Windows has its sockets in no folder');
    withHome(path.join(tempFolder(), 'x'.repeat(90)));
    assert.equal(ensureStateFolder({}), fallback);
  });

  it('is an error that names place and cause when it can not be had', function () {
    skipOnWindows(this, '/proc is no place of Windows, and so can be made');
    const file = path.join(tempFolder(), 'file');
    writeFileSync(file, '');
    for (const folder of [file, path.join(file, 'below'), '/proc/cheatcode'])
      assert.throws(
        () => ensureStateFolder({ CHEATCODE_STATE_DIR: folder }),
        (error) => unusable(error) && String((error as DevServerError).facts['detail']).includes(folder),
      );
  });

  it('is no link that somebody has put there', () => {
    const folder = tempFolder();
    const link = path.join(tempFolder(), 'link');
    symlinkSync(folder, link);
    assert.throws(() => ensureStateFolder({ CHEATCODE_STATE_DIR: link }), unusable);
    assert.deepEqual(readdirSync(folder), []);
  });

  it('is no folder of another user', function () {
    if (!isRoot) skipBecause(this, "only root can make a folder another user's");
    const folder = tempFolder();
    chownSync(folder, 12_345, 12_345);
    assert.throws(() => ensurePrivateFolder(folder), /belongs to user 12345/);
  });

  it('holds a folder for each scope, whose socket path the system can take', function () {
    skipOnWindows(this, 'Windows has its sockets in no folder');
    const folder = tempFolder();
    const [one, two] = [
      ensureScopePaths(folder, { id: 'aaaaaaaaaaaa' }),
      ensureScopePaths(folder, { id: 'bbbbbbbbbbbb' }),
    ];
    assert.notEqual(one.folder, two.folder);
    assertPrivate(one.folder);
    assert.ok(Buffer.byteLength(one.socket) <= 100);
    const own = Object.values(one).filter((name): name is string => typeof name === 'string' && name !== one.folder);
    assert.ok(own.every((name) => name.startsWith(one.folder + path.sep)));
    assert.equal(new Set(own).size, own.length);
  });

  it('has a pipe of its own on Windows, the same by whatever case and slashes it is written with', () => {
    const pipe = pipeName('C:\\Users\\Ann\\.cheatcode\\run', 'aaaaaaaaaaaa');
    assert.match(pipe, /^\\\\\.\\pipe\\cheatcode-aaaaaaaaaaaa-[0-9a-f]{16}$/);
    for (const same of ['c:\\users\\ann\\.cheatcode\\run', 'C:/Users/Ann/.cheatcode/run/'])
      assert.equal(pipeName(same, 'aaaaaaaaaaaa'), pipe);
    for (const other of [
      pipeName('D:\\state', 'aaaaaaaaaaaa'),
      pipeName('C:\\Users\\Ann\\.cheatcode\\run', 'bbbbbbbbbbbb'),
    ])
      assert.notEqual(other, pipe);
    assert.ok(pipe.length < 100);
  });

  it('is refused by name when its socket’s path would be cut, before anything is made there', function () {
    skipOnWindows(this, 'Windows has its sockets in no folder');
    const long = path.join(tempFolder(), 'ü'.repeat(40));
    mkdirSync(long);
    assert.throws(
      () => ensureScopePaths(long, { id: 'aaaaaaaaaaaa' }),
      (error) => unusable(error) && String((error as DevServerError).facts['detail']).includes('too long for a socket'),
    );
    assert.ok(!existsSync(path.join(long, 'aaaaaaaaaaaa')));
  });
});

describe('the scope', () => {
  it('is the same for everybody of one user on one machine, and safe in a path', () => {
    assert.equal(currentScope().id, currentScope().id);
    assert.match(currentScope().id, /^[0-9a-f]{12}$/);
  });

  it('is another one for another user', function () {
    const { geteuid } = process;
    if (!geteuid) skipBecause(this, 'this system has no user ids');
    const mine = currentScope().id;
    process.geteuid = () => geteuid() + 1;
    try {
      assert.notEqual(currentScope().id, mine);
    } finally {
      process.geteuid = geteuid;
    }
  });
});
