import assert from 'node:assert/strict';
import { rmSync, statSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { discoverApps } from '../../src/sessions/appDiscovery';
import { configReader } from '../../src/sessions/configReader';
import { tempFolders, writeTree } from './support/tempFolders';

const NEXT = { scripts: { dev: 'next dev' }, dependencies: { next: '16.1.3' } };
const EXPO = { scripts: { dev: 'expo start' }, dependencies: { expo: '54.0.0' } };

describe('the look for apps', () => {
  const tempFolder = tempFolders();
  let workspace: string;
  beforeEach(() => {
    workspace = tempFolder();
  });
  const ports = { loadReader: () => configReader };
  const discover = (...folders: string[]) => discoverApps(folders.length > 0 ? folders : [workspace], ports);
  /** Type and name of each app that was found. */
  const found = async (...folders: string[]) =>
    (await discover(...folders)).apps.map(({ type, name }) => `${type} ${name}`);

  it('finds the folders of the convention, web before mobile', async () => {
    writeTree(workspace, { 'cheatcode-mobile/package.json': EXPO, 'cheatcode-app/package.json': NEXT });
    const { apps, isCheatcodeWorkspace, problems } = await discover();
    assert.ok(isCheatcodeWorkspace);
    assert.deepEqual(problems, []);
    assert.deepEqual(
      apps.map(({ type, name, label, problem, isWorkspaceFolder }) => ({
        type,
        name,
        label,
        problem,
        isWorkspaceFolder,
      })),
      [
        { type: 'web', name: 'cheatcode-app', label: 'Web', problem: undefined, isWorkspaceFolder: false },
        { type: 'mobile', name: 'cheatcode-mobile', label: 'Mobile', problem: undefined, isWorkspaceFolder: false },
      ],
    );
  });

  it('names an app by device, inode and name of its folder', async () => {
    writeTree(workspace, { 'cheatcode-app/package.json': NEXT });
    const { dev, ino } = statSync(path.join(workspace, 'cheatcode-app'), { bigint: true });
    assert.equal((await discover()).apps[0]?.key, `${dev}:${ino}:cheatcode-app`);
  });

  it('stays inert in a workspace that is none of ours, though it holds Next and Expo', async () => {
    writeTree(workspace, {
      'package.json': NEXT,
      'app.json': {},
      'site/package.json': NEXT,
      'phone/package.json': EXPO,
    });
    const { apps, isCheatcodeWorkspace } = await discover();
    assert.equal(isCheatcodeWorkspace, false);
    assert.deepEqual(apps, []);
  });

  it('stays inert in folders and packages called like a property of every object', async () => {
    for (const name of ['constructor', 'toString', '__proto__', 'valueOf']) {
      const folder = path.join(workspace, name);
      writeTree(folder, { 'package.json': `{ "name": "${name}", "scripts": { "dev": "x" } }` });
      assert.equal((await discover(folder)).isCheatcodeWorkspace, false, name);
    }
  });

  it('sees nothing special in such a folder inside of a cheatcode workspace either', async () => {
    writeTree(workspace, { 'cheatcode-app/package.json': NEXT, 'constructor/package.json': { scripts: { dev: 'x' } } });
    assert.deepEqual(await found(), ['web cheatcode-app']);
  });

  it('stays inert where nothing can be read', async () => {
    const { apps, isCheatcodeWorkspace } = await discover(path.join(workspace, 'nowhere'));
    assert.equal(isCheatcodeWorkspace, false);
    assert.deepEqual(apps, []);
    assert.equal((await discoverApps([], ports)).isCheatcodeWorkspace, false);
  });

  it('knows other apps of a cheatcode workspace by their package.json', async () => {
    writeTree(workspace, {
      'cheatcode-app/package.json': NEXT,
      'admin/package.json': NEXT,
      'phone/package.json': { devDependencies: { expo: '54' }, dependencies: { next: '16' } },
      'library/package.json': { name: 'library' },
      'node_modules/next/package.json': NEXT,
      '.hidden/package.json': NEXT,
    });
    assert.deepEqual(await found(), ['web cheatcode-app', 'web admin', 'mobile phone']);
  });

  it('labels two apps of a type by their names', async () => {
    writeTree(workspace, {
      'cheatcode-app/package.json': NEXT,
      'admin/package.json': NEXT,
      'phone/package.json': EXPO,
    });
    const { apps } = await discover();
    assert.deepEqual(
      apps.map(({ label, isFirstOfType }) => [label, isFirstOfType]),
      [
        ['cheatcode-app', true],
        ['admin', false],
        ['Mobile', true],
      ],
    );
  });

  it('finds the app when its own folder is the one opened, with a slash at the end too', async () => {
    writeTree(workspace, { 'cheatcode-app/package.json': NEXT });
    for (const folder of [path.join(workspace, 'cheatcode-app'), path.join(workspace, 'cheatcode-app/')]) {
      const { apps } = await discover(folder);
      assert.deepEqual(
        apps.map(({ name, isWorkspaceFolder }) => [name, isWorkspaceFolder]),
        [['cheatcode-app', true]],
      );
    }
  });

  it('knows a cheatcode app by the name of its package, whatever its folder is called', async () => {
    writeTree(workspace, {
      'a/package.json': { ...NEXT, name: 'cheatcode-app' },
      'b/package.json': { ...EXPO, name: 'cheatcode-mobile-app' },
    });
    assert.deepEqual(await found(path.join(workspace, 'a'), path.join(workspace, 'b')), ['web a', 'mobile b']);
  });

  it('takes all folders of a multi-root workspace, and an app that two of them lead to once', async () => {
    writeTree(workspace, { 'one/cheatcode-app/package.json': NEXT, 'two/cheatcode-mobile/package.json': EXPO });
    const one = path.join(workspace, 'one');
    const app = path.join(one, 'cheatcode-app');
    assert.deepEqual(await found(one, path.join(workspace, 'two')), ['web cheatcode-app', 'mobile cheatcode-mobile']);
    for (const folders of [
      [one, app],
      [app, one],
    ]) {
      const { apps } = await discover(...folders);
      assert.equal(apps.length, 1);
      assert.equal(apps[0]?.isWorkspaceFolder, true, 'the app itself is opened, too');
    }
  });

  it('leaves out a root of a multi-root workspace that is none of ours', async () => {
    writeTree(workspace, { 'one/cheatcode-app/package.json': NEXT, 'site/package.json': NEXT });
    assert.deepEqual(await found(path.join(workspace, 'one'), path.join(workspace, 'site')), ['web cheatcode-app']);
  });

  it('sees one app behind a link and its target', async () => {
    writeTree(workspace, { 'cheatcode-app/package.json': NEXT });
    symlinkSync(path.join(workspace, 'cheatcode-app'), path.join(workspace, 'web'));
    const { apps } = await discover();
    assert.deepEqual(
      apps.map(({ folder }) => folder),
      [path.join(workspace, 'cheatcode-app')],
    );
  });

  it('gives an app opened through a link the key that it has by its real path', async () => {
    writeTree(workspace, { 'cheatcode-app/package.json': NEXT });
    const link = path.join(tempFolder(), 'my-project');
    symlinkSync(path.join(workspace, 'cheatcode-app'), link);
    const [byPath, byLink] = [await discover(path.join(workspace, 'cheatcode-app')), await discover(link)];
    assert.equal(byLink.apps[0]?.key, byPath.apps[0]?.key);
    assert.equal(byLink.apps[0]?.isWorkspaceFolder, true);
  });

  it('survives a link to nowhere and a link in a circle', async () => {
    writeTree(workspace, { 'cheatcode-app/package.json': NEXT });
    symlinkSync(path.join(workspace, 'gone'), path.join(workspace, 'dead'));
    symlinkSync(workspace, path.join(workspace, 'circle'));
    assert.deepEqual(await found(), ['web cheatcode-app']);
  });

  describe('with a cheatcode.json', () => {
    it('takes what it declares and finds the rest', async () => {
      writeTree(workspace, {
        'cheatcode.json': { autoStart: 'shop', apps: [{ name: 'shop', path: 'apps/shop', port: 4000 }] },
        'apps/shop/package.json': NEXT,
        'cheatcode-mobile/package.json': EXPO,
      });
      const { apps, declaredAutoStart } = await discover();
      assert.equal(declaredAutoStart, 'shop');
      assert.deepEqual(
        apps.map(({ type, name, declared }) => [type, name, declared.port]),
        [
          ['web', 'shop', 4000],
          ['mobile', 'cheatcode-mobile', undefined],
        ],
      );
    });

    it('makes a cheatcode workspace of any folder', async () => {
      writeTree(workspace, { 'cheatcode.json': '{}', 'site/package.json': NEXT });
      assert.deepEqual(await found(), ['web site']);
    });

    it('lets a declared app stand for the folder that would be found', async () => {
      writeTree(workspace, {
        'cheatcode.json': { apps: [{ name: 'shop', path: 'cheatcode-app' }] },
        'cheatcode-app/package.json': NEXT,
      });
      assert.deepEqual(await found(), ['web shop']);
    });

    it('keeps the name that it gives when the folder is opened by itself', async () => {
      writeTree(workspace, {
        'cheatcode.json': { apps: [{ name: 'shop', path: 'cheatcode-app', port: 4000 }] },
        'cheatcode-app/package.json': NEXT,
      });
      const whole = (await discover()).apps[0];
      for (const folder of [path.join(workspace, 'cheatcode-app'), linkTo(path.join(workspace, 'cheatcode-app'))]) {
        const alone = (await discover(folder)).apps;
        assert.deepEqual(
          alone.map(({ key }) => key),
          [whole?.key],
        );
        assert.equal(alone[0]?.declared.port, 4000);
        assert.equal(alone[0].isWorkspaceFolder, true);
      }
    });

    const linkTo = (folder: string) => {
      const link = path.join(tempFolder(), 'link');
      symlinkSync(folder, link);
      return link;
    };

    it('may put two apps of its own into one folder', async () => {
      const custom = { type: 'custom', path: 'api', command: 'node .', port: 5000 };
      writeTree(workspace, {
        'cheatcode.json': {
          apps: [
            { ...custom, name: 'a' },
            { ...custom, name: 'b', port: 5001 },
          ],
        },
        'api/index.js': '',
      });
      assert.deepEqual(await found(), ['custom a', 'custom b']);
    });

    it('names a folder that does not exist at its place, and the other apps still work', async () => {
      const text = '{ "apps": [{ "path": "gone" }, { "path": "site" }] }';
      writeTree(workspace, { 'cheatcode.json': text, 'site/package.json': NEXT });
      const { apps, problems } = await discover();
      assert.deepEqual(
        problems.map(({ offset, length, message }) => [text.slice(offset, offset + length), message]),
        [['"gone"', 'There is no folder "gone".']],
      );
      assert.deepEqual(
        apps.map(({ problem }) => problem?.code),
        ['folderMissing', undefined],
      );
    });

    it('needs a port for an app of another kind', async () => {
      writeTree(workspace, { 'cheatcode.json': { apps: [{ path: 'api', command: 'node .' }] }, 'api/index.js': '' });
      assert.deepEqual(
        (await discover()).apps.map(({ type, problem }) => [type, problem?.code]),
        [['custom', 'unknownPort']],
      );
    });

    it('that can not be read is a problem of the file, and the folders are found all the same', async () => {
      writeTree(workspace, { 'cheatcode.json': undefined, 'cheatcode-app/package.json': NEXT });
      const { apps, problems } = await discover();
      assert.equal(apps.length, 1);
      assert.equal(problems.length, 1);
      assert.equal(problems[0]?.file, path.join(workspace, 'cheatcode.json'));
    });
  });

  it('reads what is not saved yet in place of what is', async () => {
    writeTree(workspace, { 'cheatcode.json': '{}', 'shop/package.json': NEXT });
    const unsaved = '{ "apps": [{ "name": "s", "path": "shop" }, { "path": "gone" }] }';
    const { apps, problems } = await discoverApps([workspace], { ...ports, unsaved: () => unsaved });
    assert.deepEqual(
      apps.map(({ name }) => name),
      ['s', 'gone'],
    );
    assert.deepEqual(
      problems.map(({ code }) => code),
      ['folderMissing'],
    );
  });

  it('loads the reader of a cheatcode.json only where there is one', async () => {
    writeTree(workspace, { 'cheatcode-app/package.json': NEXT });
    const loadReader = () => assert.fail('it was loaded');
    assert.equal((await discoverApps([workspace], { loadReader })).apps.length, 1);
  });

  describe('finds an app that can not start, and says why', () => {
    const problem = async (...folders: string[]) => {
      const { apps, isCheatcodeWorkspace } = await discover(...folders);
      assert.ok(isCheatcodeWorkspace);
      assert.equal(apps.length, 1);
      return apps[0]?.problem?.code;
    };

    it('when its package.json is broken', async () => {
      for (const text of ['{ "name": ', '[]', '7', '']) {
        writeTree(workspace, { 'cheatcode-app/package.json': text });
        assert.equal(await problem(), 'badPackageJson', text);
        assert.equal(
          await problem(path.join(workspace, 'cheatcode-app')),
          'badPackageJson',
          `${text} opened by itself`,
        );
      }
    });

    it('when it has no dev script', async () => {
      for (const scripts of [{}, { dev: 7 }, 'dev', undefined]) {
        writeTree(workspace, { 'cheatcode-app/package.json': { ...NEXT, scripts } });
        assert.equal(await problem(), 'noDevScript');
      }
    });

    it('when the package.json of a declared app is missing', async () => {
      writeTree(workspace, { 'cheatcode.json': { apps: [{ path: 'site', type: 'web' }] }, site: undefined });
      assert.equal(await problem(), 'noPackageJson');
    });
  });

  it('wants no dev script of Expo, nor of an app with a command of its own', async () => {
    writeTree(workspace, {
      'cheatcode.json': { apps: [{ path: 'site', type: 'web', command: 'serve' }] },
      'cheatcode-mobile/package.json': { dependencies: { expo: '54' } },
      site: undefined,
    });
    assert.deepEqual(
      (await discover()).apps.map(({ problem }) => problem),
      [undefined, undefined],
    );
  });

  it('reads a package.json with a byte order mark', async () => {
    writeTree(workspace, { 'cheatcode-app/package.json': `\uFEFF${JSON.stringify(NEXT)}` });
    assert.equal((await discover()).apps[0]?.problem, undefined);
  });

  it('does not take an app that is no longer there for one that is', async () => {
    writeTree(workspace, { 'cheatcode-app/package.json': NEXT, 'cheatcode-mobile/package.json': EXPO });
    rmSync(path.join(workspace, 'cheatcode-app'), { recursive: true });
    assert.deepEqual(await found(), ['mobile cheatcode-mobile']);
  });
});
