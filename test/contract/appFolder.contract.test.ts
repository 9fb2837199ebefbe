import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { appendFile, cp, mkdir, mkdtemp, readFile, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { systemAppFolder } from '../../src/sessions/host/appFolder';
import { platformProcesses } from '../../src/sessions/host/platformProcesses';
import { ensureManagers } from '../hosts/managers.mjs';
import { npmCommand } from '../hosts/nodeCommands.mjs';
import { ensurePnpm } from '../hosts/pnpm.mjs';
import { quietLog } from './support/quietLog';
import { TinyRegistry } from './support/tinyRegistry';
import { waitUntil } from './support/waitUntil';

const SETUP_MS = 180_000;
const INSTALL_MS = 120_000;

/** Two versions of a package with a dependency and a part for another platform; `slow` is the one to hold up. */
const OTHER_OS = process.platform === 'win32' ? 'linux' : 'win32';
const MANIFESTS = [
  ...['1.0.0', '2.0.0'].map((version) => ({
    name: 'alpha',
    version,
    dependencies: { beta: '^1.0.0' },
    optionalDependencies: { foreign: '1.0.0' },
  })),
  { name: 'beta', version: '1.0.0' },
  { name: 'foreign', version: '1.0.0', os: [OTHER_OS] },
  { name: 'gamma', version: '1.0.0', peerDependencies: { beta: '1' } },
  { name: 'slow', version: '1.0.0' },
];
const APP = { name: 'app', version: '1.0.0', private: true };
const FIRST = { ...APP, dependencies: { alpha: '1.0.0', beta: '1.0.0', gamma: '1.0.0' } };

type ManagerName = 'npm' | 'pnpm 9' | 'pnpm 10' | 'pnpm 12' | 'Yarn 1' | 'Yarn 4' | 'Yarn 4 with PnP';

interface Manager {
  readonly name: ManagerName;
  readonly lock: string;
  /** How to leave development packages out; Yarn 4 does it another way. */
  readonly production?: readonly string[];
  /** Whether it puts packages in place while it still waits for others. */
  readonly linksEarly: boolean;
  /** Files that an app needs for it. */
  readonly files?: Readonly<Record<string, string>>;
}

const MANAGERS: readonly Manager[] = [
  { name: 'npm', lock: 'package-lock.json', production: ['--omit=dev'], linksEarly: true },
  { name: 'pnpm 9', lock: 'pnpm-lock.yaml', production: ['--prod'], linksEarly: true },
  { name: 'pnpm 10', lock: 'pnpm-lock.yaml', production: ['--prod'], linksEarly: true },
  { name: 'pnpm 12', lock: 'pnpm-lock.yaml', production: ['--prod'], linksEarly: false },
  { name: 'Yarn 1', lock: 'yarn.lock', production: ['--production', '--frozen-lockfile'], linksEarly: false },
  {
    name: 'Yarn 4',
    lock: 'yarn.lock',
    linksEarly: false,
    files: { 'yarn.lock': '', '.yarnrc.yml': 'nodeLinker: node-modules\n' },
  },
  { name: 'Yarn 4 with PnP', lock: 'yarn.lock', linksEarly: false, files: { 'yarn.lock': '' } },
];

describe('an app’s folder', () => {
  const processes = platformProcesses(process.platform, quietLog());
  const appFolder = systemAppFolder(processes);
  const running = new Set<ChildProcess>();
  let commands: Readonly<Record<ManagerName, readonly string[]>>;
  let registry: TinyRegistry;
  let home: string;
  let folder: string;

  before(async function () {
    this.timeout(SETUP_MS);
    const { pnpm10, pnpm12, yarn1, yarn4 } = await ensureManagers();
    const byNode = (script: string) => [process.execPath, script];
    commands = {
      npm: npmCommand(),
      'pnpm 9': await ensurePnpm(),
      'pnpm 10': byNode(pnpm10),
      'pnpm 12': byNode(pnpm12),
      'Yarn 1': byNode(yarn1),
      'Yarn 4': byNode(yarn4),
      'Yarn 4 with PnP': byNode(yarn4),
    };
  });
  beforeEach(async () => {
    registry = await TinyRegistry.start(MANIFESTS);
    home = await realpath(await mkdtemp(path.join(os.tmpdir(), 'cheatcode-home-')));
    folder = await realpath(await mkdtemp(path.join(os.tmpdir(), 'cheatcode-app-')));
  });
  afterEach(async () => {
    for (const child of running) await kill(child);
    await registry.dispose();
    for (const made of [home, folder]) await rm(made, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  });

  const write = async (name: string, content: unknown) => {
    const file = path.join(folder, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
  };
  const prepare = async (manager: Manager, packageJson: object) => {
    await write('package.json', packageJson);
    for (const [name, text] of Object.entries(manager.files ?? {})) await write(name, text);
  };

  /** The package manager in a group of its own, with nothing of this machine's configuration. */
  const start = (name: ManagerName, args: readonly string[], cwd = folder): ChildProcess => {
    const [program = '', ...before] = commands[name];
    const child = spawn(program, [...before, ...args], {
      cwd,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: home,
        npm_config_registry: registry.url,
        npm_config_cache: path.join(home, 'cache'),
        npm_config_store_dir: path.join(home, 'store'),
        npm_config_audit: 'false',
        npm_config_update_notifier: 'false',
        pnpm_config_registry: registry.url,
        pnpm_config_store_dir: path.join(home, 'store'),
        YARN_REGISTRY: registry.url,
        YARN_CACHE_FOLDER: path.join(home, 'yarn-cache'),
        YARN_NPM_REGISTRY_SERVER: registry.url,
        YARN_UNSAFE_HTTP_WHITELIST: '127.0.0.1',
        YARN_GLOBAL_FOLDER: path.join(home, 'yarn'),
        YARN_ENABLE_GLOBAL_CACHE: 'true',
        YARN_ENABLE_TELEMETRY: '0',
        YARN_ENABLE_IMMUTABLE_INSTALLS: 'false',
      },
    });
    running.add(child);
    return child;
  };
  const run = async (name: ManagerName, args: readonly string[], cwd = folder) => {
    const child = start(name, args, cwd);
    let output = '';
    child.stdout?.on('data', (data: Buffer) => (output += data.toString()));
    child.stderr?.on('data', (data: Buffer) => (output += data.toString()));
    const [code] = (await once(child, 'close')) as [number | null];
    running.delete(child);
    assert.equal(code, 0, `${name} ${args.join(' ')}\n${output}`);
  };
  const kill = async (child: ChildProcess) => {
    running.delete(child);
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    process.kill(-child.pid, 'SIGKILL');
    await once(child, 'exit');
  };
  /** What `manager` would have made of this package.json, put in place as a checkout does: without its packages. */
  const checkOut = async (manager: Manager, packageJson: object) => {
    const [mine, myHome] = [folder, home];
    [folder, home] = [path.join(myHome, 'there'), path.join(myHome, 'home')];
    await prepare(manager, packageJson);
    await run(manager.name, ['install']);
    for (const name of ['package.json', manager.lock]) await cp(path.join(folder, name), path.join(mine, name));
    [folder, home] = [mine, myHome];
  };
  const dependencies = () => appFolder.dependencies(folder);

  for (const manager of MANAGERS)
    describe(`of ${manager.name}`, function () {
      this.timeout(INSTALL_MS);

      const withSlow = { ...FIRST, dependencies: { ...FIRST.dependencies, slow: '1.0.0' } };

      it('fault 36: without packages is missing them; installed they are there, but for another platform’s', async () => {
        await prepare(manager, FIRST);
        assert.equal(await dependencies(), 'missing');
        await run(manager.name, ['install']);
        assert.ok(existsSync(path.join(folder, manager.lock)));
        assert.equal(await dependencies(), 'installed');
        if (manager.name !== 'Yarn 4 with PnP') await rm(path.join(folder, 'node_modules'), { recursive: true });
        else await rm(path.join(folder, '.pnp.cjs'));
        assert.equal(await dependencies(), 'missing');
      });

      it('fault 36: differs when another lock file is checked out, until it is installed', async () => {
        await prepare(manager, FIRST);
        await run(manager.name, ['install']);
        await checkOut(manager, { ...FIRST, dependencies: { ...FIRST.dependencies, alpha: '2.0.0' } });
        assert.equal(await dependencies(), 'differs');
        await run(manager.name, ['install']);
        assert.equal(await dependencies(), 'installed');
        await checkOut(manager, withSlow);
        assert.equal(await dependencies(), 'differs');
        await run(manager.name, ['install']);
        assert.equal(await dependencies(), 'installed');
      });

      it('does not differ by the times of its files, nor by their line ends', async () => {
        await prepare(manager, FIRST);
        await run(manager.name, ['install']);
        const lock = path.join(folder, manager.lock);
        const text = await readFile(lock, 'utf8');
        await writeFile(lock, text.replaceAll('\n', '\r\n'));
        assert.equal(await dependencies(), 'installed');
      });

      const { production } = manager;
      if (production)
        it('does not differ without development packages that were left out', async () => {
          await prepare(manager, { ...FIRST, devDependencies: { slow: '1.0.0' } });
          await run(manager.name, ['install']);
          await rm(path.join(folder, 'node_modules'), { recursive: true });
          await run(manager.name, ['install', ...production]);
          assert.ok(!existsSync(path.join(folder, 'node_modules/slow')));
          assert.equal(await dependencies(), 'installed');
        });

      const cutShort = async (whenThereIs = manager.linksEarly ? 'node_modules' : '') => {
        registry.hold = 'slow';
        const install = start(manager.name, ['install']);
        await waitUntil('the install waits', () => registry.isAwaited, INSTALL_MS);
        await waitUntil('packages are there', () => existsSync(path.join(folder, whenThereIs)), INSTALL_MS);
        await kill(install);
        registry.release();
      };

      it('fault 36: is missing them after an install that was cut short, until it is repeated', async () => {
        await prepare(manager, withSlow);
        await checkOut(manager, withSlow);
        await cutShort();
        assert.equal(await dependencies(), 'missing');
        await run(manager.name, ['install']);
        assert.equal(await dependencies(), 'installed');
      });

      if (manager.lock === 'pnpm-lock.yaml')
        it('fault 36: is missing them likewise when there was no lock file yet', async () => {
          await prepare(manager, withSlow);
          // Made a moment after the folder around it: before it an empty folder is all there is, which may be anything.
          await cutShort('node_modules/.pnpm');
          assert.equal(await dependencies(), 'missing');
        });

      it('fault 36: differs after the install of a change was cut short', async () => {
        await prepare(manager, FIRST);
        await run(manager.name, ['install']);
        await checkOut(manager, withSlow);
        await cutShort();
        assert.notEqual(await dependencies(), 'installed');
        await run(manager.name, ['install']);
        assert.equal(await dependencies(), 'installed');
      });

      it('fault 36: shows the installer at work in it, by whatever name of the folder, and no longer than that', async () => {
        registry.hold = 'slow';
        await prepare(manager, withSlow);
        const link = path.join(home, 'link');
        await symlink(folder, link);
        assert.equal(await appFolder.installerAtWork(folder, []), undefined);
        const install = start(manager.name, ['install']);
        await waitUntil('the install waits', () => registry.isAwaited, INSTALL_MS);
        const found = await appFolder.installerAtWork(folder, []);
        assert.ok(found && install.pid !== undefined);
        assert.equal(
          (await processes.list()).find(({ pid }) => pid === found.pid)?.pgid,
          install.pid,
          'it is one of the group that was started',
        );
        assert.match(found.command, /install/);
        assert.equal((await appFolder.installerAtWork(link, []))?.pid, found.pid);
        assert.equal(await appFolder.installerAtWork(folder, [install.pid]), undefined);
        assert.equal(await appFolder.installerAtWork(home, []), undefined);
        await kill(install);
        assert.equal(await appFolder.installerAtWork(folder, []), undefined);
      });
    });

  describe('in a workspace with the lock file above it', function () {
    this.timeout(INSTALL_MS);
    const web = { name: 'web', version: '1.0.0', dependencies: { alpha: '1.0.0' } };
    const other = { name: 'other', version: '1.0.0', dependencies: { gamma: '1.0.0', beta: '1.0.0' } };
    const prepareWorkspace = async () => {
      await write('package.json', { ...APP, workspaces: ['apps/*'] });
      await write('pnpm-workspace.yaml', 'packages:\n  - apps/*\n');
      await write('apps/web/package.json', web);
      await write('apps/other/package.json', other);
    };
    const of = (name: string) => appFolder.dependencies(path.join(folder, 'apps', name));

    for (const [name, filter] of [
      ['pnpm 9', ['--filter', 'other']],
      ['pnpm 10', ['--filter', 'other']],
      ['npm', ['--workspace', 'other']],
    ] as const)
      it(`${name} installs for each app, and one app’s change is no other’s`, async () => {
        await prepareWorkspace();
        assert.equal(await of('web'), 'missing');
        await run(name, ['install']);
        assert.deepEqual([await of('web'), await of('other')], ['installed', 'installed']);
        // The lock file of another checkout, made in the same place.
        const locks = ['pnpm-lock.yaml', 'package-lock.json'].filter((lock) => existsSync(path.join(folder, lock)));
        assert.equal(locks.length, 1);
        const modules = ['node_modules', 'apps/web/node_modules', 'apps/other/node_modules'];
        const kept = modules.filter((at) => existsSync(path.join(folder, at)));
        for (const at of kept) await rename(path.join(folder, at), path.join(folder, `${at}.kept`));
        await write('apps/web/package.json', { ...web, dependencies: { alpha: '2.0.0' } });
        await run(name, ['install']);
        for (const at of modules) await rm(path.join(folder, at), { recursive: true, force: true });
        for (const at of kept) await rename(path.join(folder, `${at}.kept`), path.join(folder, at));
        assert.equal(await of('web'), 'differs');
        assert.equal(await of('other'), 'installed');
        await run(name, ['install', ...filter]);
        assert.equal(await of('other'), 'installed');
      });

    it('an install for another app alone leaves this one without packages', async () => {
      await prepareWorkspace();
      await run('pnpm 9', ['install', '--filter', 'other']);
      assert.deepEqual([await of('web'), await of('other')], ['missing', 'installed']);
    });

    it('an installer at the root works for the app', async () => {
      registry.hold = 'alpha';
      await prepareWorkspace();
      await write('pnpm-lock.yaml', '');
      const install = start('pnpm 9', ['install']);
      await waitUntil('the install waits', () => registry.isAwaited, INSTALL_MS);
      assert.ok(await appFolder.installerAtWork(path.join(folder, 'apps/web'), []));
      await kill(install);
    });
  });

  describe('is recognised by its files', () => {
    it('when their content changes, and only then', async () => {
      await write('package-lock.json', '{}');
      await write('app.json', '{}');
      const first = await appFolder.fingerprint(folder, ['app.json', '.env*', 'metro.config.js']);
      assert.deepEqual(Object.keys(first).sort(), ['app.json', 'package-lock.json']);
      await write('app.json', '{}');
      await write('App.tsx', 'x');
      assert.deepEqual(await appFolder.fingerprint(folder, ['app.json', '.env*', 'metro.config.js']), first);
      await appendFile(path.join(folder, 'app.json'), ' ');
      await write('.env.local', 'A=1');
      const second = await appFolder.fingerprint(folder, ['app.json', '.env*', 'metro.config.js']);
      assert.deepEqual(Object.keys(second).sort(), ['.env.local', 'app.json', 'package-lock.json']);
      assert.notEqual(second['app.json'], first['app.json']);
      assert.equal(second['package-lock.json'], first['package-lock.json']);
    });
  });
});
