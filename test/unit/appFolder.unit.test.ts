import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { systemAppFolder } from '../../src/sessions/host/appFolder';
import { FileDigests } from '../../src/sessions/host/fileDigests';
import { platformProcesses } from '../../src/sessions/host/platformProcesses';
import { quietLog } from '../contract/support/quietLog';
import { skipBecause } from '../support/skip';
import { tempFolders, writeTree } from './support/tempFolders';

describe('an app’s folder', () => {
  const tempFolder = tempFolders();
  const appFolder = systemAppFolder(platformProcesses(process.platform, quietLog()));
  const NEEDS = { dependencies: { alpha: '1.0.0' } };
  const dependencies = (tree: Readonly<Record<string, unknown>>, app = '') => {
    const folder = tempFolder();
    writeTree(folder, { [path.join(app, 'package.json')]: NEEDS, ...tree });
    return appFolder.dependencies(path.join(folder, app));
  };

  it('exists if it is a folder', async () => {
    const folder = tempFolder();
    writeTree(folder, { file: '' });
    assert.equal(await appFolder.exists(folder), true);
    assert.equal(await appFolder.exists(path.join(folder, 'file')), false);
    assert.equal(await appFolder.exists(path.join(folder, 'gone')), false);
  });

  describe('without a lock file', () => {
    it('has what it needs where there are packages, in it or above', async () => {
      assert.equal(await dependencies({ 'node_modules/alpha/package.json': {} }), 'installed');
      assert.equal(await dependencies({ 'node_modules/alpha/package.json': {} }, 'apps/web'), 'installed');
      assert.equal(await dependencies({ '.pnp.cjs': '' }), 'installed');
    });

    it('fault 36: is missing them where there are none, or pnpm was cut short', async () => {
      assert.equal(await dependencies({}), 'missing');
      assert.equal(await dependencies({ 'node_modules/.pnpm/lock.yaml': '' }), 'missing');
    });
  });

  describe('with a lock file', () => {
    const locks = ['pnpm-lock.yaml', 'package-lock.json', 'npm-shrinkwrap.json', 'yarn.lock'];

    it('fault 36: is missing its packages until an installer has left its mark', async () => {
      for (const lock of locks) {
        assert.equal(await dependencies({ [lock]: '' }), 'missing', lock);
        assert.equal(await dependencies({ [lock]: '', 'node_modules/alpha/package.json': {} }), 'missing', lock);
      }
    });

    it('has them when another package manager left its own', async () => {
      for (const mark of ['.modules.yaml', '.package-lock.json', '.yarn-integrity', '.yarn-state.yml'])
        for (const lock of locks)
          assert.equal(
            await dependencies({ [lock]: '', [`node_modules/${mark}`]: '' }),
            'installed',
            `${lock} ${mark}`,
          );
    });

    it('of bun has them when there are any: bun leaves no copy to compare', async () => {
      for (const lock of ['bun.lock', 'bun.lockb']) {
        assert.equal(await dependencies({ [lock]: '' }), 'missing');
        assert.equal(await dependencies({ [lock]: '', 'node_modules/alpha/package.json': {} }), 'installed');
      }
    });

    it('has them when it needs none', async () => {
      for (const lock of [...locks, 'bun.lock'])
        assert.equal(await dependencies({ [lock]: '', 'package.json': { scripts: {} } }), 'installed', lock);
    });

    it('has them where nothing can be read', async () => {
      const files = {
        'pnpm-lock.yaml': ['node_modules/.modules.yaml', 'node_modules/.pnpm/lock.yaml'],
        'package-lock.json': ['node_modules/.package-lock.json'],
        'yarn.lock': ['node_modules/.yarn-integrity'],
      };
      for (const [lock, copies] of Object.entries(files))
        for (const garbage of ['', '\0\x01\x02', '{', '<<<<<<< HEAD'])
          assert.equal(
            await dependencies({ [lock]: garbage, ...Object.fromEntries(copies.map((copy) => [copy, garbage])) }),
            'installed',
            `${lock} ${garbage}`,
          );
      // A folder in its place.
      assert.equal(
        await dependencies({ 'package-lock.json/x': '', 'node_modules/.package-lock.json/y': '' }),
        'installed',
      );
    });

    it('that is a stranger’s, in a folder above, counts for what is in the app’s own folder', async () => {
      const stray = {
        'package-lock.json': { lockfileVersion: 3, packages: { '': {} } },
        'node_modules/.package-lock.json': { packages: {} },
      };
      assert.equal(await dependencies(stray, 'app'), 'missing');
      assert.equal(await dependencies({ ...stray, 'app/node_modules/alpha/package.json': {} }, 'app'), 'installed');
      assert.equal(
        await dependencies(
          { 'package-lock.json': stray['package-lock.json'], 'app/node_modules/alpha/package.json': {} },
          'app',
        ),
        'installed',
      );
    });
  });

  describe('is recognised by its files', () => {
    const NAMES = ['app.json', '.env*'];

    it('the lock file above it among them, and none of what editors leave behind', async () => {
      const folder = tempFolder();
      writeTree(folder, {
        'pnpm-lock.yaml': 'x',
        'app/app.json': '{}',
        'app/.env': 'A=1',
        'app/.env.local': 'A=2',
        'app/.env~': '',
        'app/.env.swp': '',
        'app/.envs/x': '',
        'app/env': '',
      });
      const found = await appFolder.fingerprint(path.join(folder, 'app'), NAMES);
      assert.deepEqual(Object.keys(found).sort(), ['.env', '.env.local', 'app.json', 'pnpm-lock.yaml']);
      assert.equal(new Set(Object.values(found)).size, 4);
    });

    it('alike whoever looks, as long as they are the same', async () => {
      const folder = tempFolder();
      writeTree(folder, { 'app.json': '{}', '.env': 'A=1' });
      const another = systemAppFolder(platformProcesses(process.platform, quietLog()));
      assert.deepEqual(await appFolder.fingerprint(folder, NAMES), await another.fingerprint(folder, NAMES));
    });

    it('also where there are none, or no folder', async () => {
      assert.deepEqual(await appFolder.fingerprint(tempFolder(), NAMES), {});
      assert.deepEqual(await appFolder.fingerprint(path.join(tempFolder(), 'gone'), NAMES), {});
    });

    it('a pipe or a folder by that name is none of them, and holds nobody up', async function () {
      if (process.platform === 'win32') skipBecause(this, 'Windows has no pipes in folders');
      const folder = tempFolder();
      execFileSync('mkfifo', [path.join(folder, '.env')]);
      mkdirSync(path.join(folder, 'app.json'));
      assert.deepEqual(await appFolder.fingerprint(folder, NAMES), {});
    });
  });

  describe('a digest', () => {
    const old = new Date('2020-01-01');
    const fileOf = (content: string | Buffer) => {
      const file = path.join(tempFolder(), 'file');
      writeFileSync(file, content);
      utimesSync(file, old, old);
      return file;
    };

    it('is that of the content, not of the times', async () => {
      const digests = new FileDigests();
      const file = fileOf('a');
      const first = await digests.digest(file);
      utimesSync(file, new Date(), new Date());
      assert.equal(await digests.digest(file), first);
      const copy = fileOf('a');
      renameSync(copy, file);
      assert.equal(await digests.digest(file), first);
      writeFileSync(file, 'b');
      assert.notEqual(await digests.digest(file), first);
    });

    it('changes with a content of the same length at the same time', async () => {
      const digests = new FileDigests();
      const file = fileOf('a');
      const first = await digests.digest(file);
      writeFileSync(file, 'b');
      utimesSync(file, old, old);
      assert.notEqual(await digests.digest(file), first);
    });

    it('is gone with its file', async () => {
      const digests = new FileDigests();
      const file = fileOf('a');
      assert.ok(await digests.digest(file));
      rmSync(file);
      assert.equal(await digests.digest(file), undefined);
      symlinkSync(file, file);
      assert.equal(await digests.digest(file), undefined);
    });

    it('of a large file notes its length, its beginning and its end', async () => {
      const digests = new FileDigests();
      const file = fileOf(Buffer.alloc(6_000_000));
      const seen = [await digests.digest(file)];
      appendFileSync(file, 'x');
      seen.push(await digests.digest(file));
      truncateSync(file, 5_500_000);
      seen.push(await digests.digest(file));
      writeFileSync(file, Buffer.alloc(5_500_000, 'y'));
      seen.push(await digests.digest(file));
      assert.equal(new Set(seen).size, 4);
    });
  });
});
