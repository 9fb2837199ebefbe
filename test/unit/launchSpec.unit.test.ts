import assert from 'node:assert/strict';
import { discoverApps } from '../../src/sessions/appDiscovery';
import { configReader } from '../../src/sessions/configReader';
import { DevServerError } from '../../src/sessions/errors';
import { portInScript, resolveLaunchSpec, withSettings } from '../../src/sessions/launchSpec';
import type { Settings } from '../../src/sessions/settings';
import { tempFolders, writeTree } from './support/tempFolders';

const NEXT_PROBE = { kind: 'http', method: 'GET', path: '/__nextjs_server_status' };
const OLD_NEXT_PROBE = { kind: 'http', method: 'HEAD', path: '/_next/static/development/_devPagesManifest.json' };
const EXPO_PROBE = { kind: 'http', method: 'GET', path: '/status' };

function settingsOf(of: Partial<Settings> | { readonly web?: object; readonly mobile?: object } = {}): Settings {
  return {
    autoStart: 'auto',
    portConflict: 'ask',
    restartOnChange: 'offer',
    healthIntervalSeconds: 15,
    lastWindow: 'auto',
    graceSeconds: 60,
    memoryLimitMb: undefined,
    restartUnresponsiveSeconds: undefined,
    nodePath: undefined,
    terminal: { onClose: 'stop', attachAutomatically: true, tellOfSecondServer: true },
    sandboxId: undefined,
    redis: undefined,
    offerMcpServer: false,
    ...of,
    web: { port: undefined, command: undefined, previewUrl: undefined, ...of.web },
    mobile: { port: undefined, command: undefined, connection: 'auto', previewUrl: undefined, ...of.mobile },
  };
}

describe('how an app is launched', () => {
  const tempFolder = tempFolders();
  /** The launch of the only app of a workspace with these files. */
  const launch = async (tree: Readonly<Record<string, unknown>>, settings = settingsOf(), isSandbox = true) => {
    const folder = tempFolder();
    writeTree(folder, tree);
    const [app] = (await discoverApps([folder], { loadReader: () => configReader })).apps;
    assert.ok(app);
    return resolveLaunchSpec(app, settings, isSandbox);
  };
  const next = (dev = 'next dev', of: object = {}) => ({
    'cheatcode-app/package.json': { scripts: { dev }, dependencies: { next: '16.1.3' }, ...of },
  });
  const expo = { 'cheatcode-mobile/package.json': { dependencies: { expo: '54.0.0' } } };

  describe('by the package manager whose lock file is there', () => {
    const managers: readonly (readonly [lock: string, run: readonly string[], install: readonly string[]])[] = [
      ['pnpm-lock.yaml', ['pnpm', 'run', 'dev'], ['pnpm', 'i']],
      ['package-lock.json', ['npm', 'run', 'dev'], ['npm', 'i']],
      ['yarn.lock', ['yarn', 'run', 'dev'], ['yarn', 'install']],
      ['bun.lock', ['bun', 'run', 'dev'], ['bun', 'install']],
      ['bun.lockb', ['bun', 'run', 'dev'], ['bun', 'install']],
    ];
    for (const [lock, run, install] of managers)
      it(`${lock} means ${run[0]}`, async () => {
        const spec = await launch({ ...next(), [`cheatcode-app/${lock}`]: '' });
        assert.deepEqual(spec.command, run);
        assert.deepEqual(spec.install, install);
      });

    it('without a lock file packageManager counts', async () => {
      assert.equal((await launch(next('next dev', { packageManager: 'yarn@1.22.0' }))).command[0], 'yarn');
    });

    it('the lock file of a workspace around the app counts', async () => {
      assert.equal((await launch({ ...next(), 'yarn.lock': '' })).command[0], 'yarn');
    });

    it('nothing at all means pnpm', async () => {
      assert.deepEqual((await launch(next())).command, ['pnpm', 'run', 'dev']);
    });
  });

  describe('on a port', () => {
    const declared = { 'cheatcode.json': { apps: [{ path: 'cheatcode-app', port: 4002 }] } };

    it('of the setting first', async () => {
      const spec = await launch({ ...next('next dev -p 4001'), ...declared }, settingsOf({ web: { port: 4003 } }));
      assert.equal(spec.port, 4003);
    });

    it('else of cheatcode.json', async () => {
      assert.equal((await launch({ ...next('next dev -p 4001'), ...declared })).port, 4002);
    });

    it('else of the script', async () => {
      assert.equal((await launch(next('next dev --turbopack -p 4001'))).port, 4001);
    });

    it('else 3000 for web and 8081 for mobile', async () => {
      assert.equal((await launch(next())).port, 3000);
      assert.equal((await launch(expo)).port, 8081);
    });

    it('that is told again behind the script when the script names another, in each manager’s way', async () => {
      const settings = settingsOf({ web: { port: 4003 } });
      const ways = {
        'pnpm-lock.yaml': ['pnpm', 'run', 'dev', '--port', '{port}'],
        'package-lock.json': ['npm', 'run', 'dev', '--', '--port', '{port}'],
        'yarn.lock': ['yarn', 'run', 'dev', '--port', '{port}'],
        'bun.lock': ['bun', 'run', 'dev', '--port', '{port}'],
      };
      for (const [lock, command] of Object.entries(ways))
        assert.deepEqual(
          (await launch({ ...next('next dev -p 4001'), [`cheatcode-app/${lock}`]: '' }, settings)).command,
          command,
        );
    });

    it('that the script names itself is not told twice', async () => {
      assert.deepEqual((await launch(next('next dev -p 4001'))).command, ['pnpm', 'run', 'dev']);
    });
  });

  describe('with a probe that costs nothing', () => {
    const installed = (version: string) => ({
      'cheatcode-app/node_modules/next/package.json': `{ "version": "${version}" }`,
    });
    const probe = async (tree: Readonly<Record<string, unknown>>) => (await launch(tree)).probe;

    it('by the version of Next that is installed', async () => {
      assert.deepEqual(await probe({ ...next(), ...installed('16.1.3') }), NEXT_PROBE);
      assert.deepEqual(await probe({ ...next(), ...installed('15.5.29') }), NEXT_PROBE);
      assert.deepEqual(await probe({ ...next(), ...installed('14.2.35') }), OLD_NEXT_PROBE);
    });

    it('by a Next that is installed in a folder above', async () => {
      assert.deepEqual(
        await probe({ ...next(), 'node_modules/next/package.json': { version: '14.0.0' } }),
        OLD_NEXT_PROBE,
      );
    });

    it('by the version that package.json wants while none is installed', async () => {
      const wanting = (version: string) => next('next dev', { dependencies: { next: version } });
      assert.deepEqual(await probe(wanting('^14.2.0')), OLD_NEXT_PROBE);
      assert.deepEqual(await probe(wanting('~15.0')), NEXT_PROBE);
      assert.deepEqual(await probe(wanting('latest')), NEXT_PROBE);
      assert.deepEqual(await probe(wanting('canary')), NEXT_PROBE);
    });

    it('of Metro for Expo', async () => {
      assert.deepEqual(await probe(expo), EXPO_PROBE);
    });

    it('of Next for a web app that has Expo, too', async () => {
      const both = {
        'cheatcode-app/package.json': { scripts: { dev: 'next dev' }, dependencies: { next: '16', expo: '54' } },
      };
      assert.deepEqual(await probe(both), NEXT_PROBE);
    });

    it('that cheatcode.json names', async () => {
      const declared = { 'cheatcode.json': { apps: [{ path: 'cheatcode-app', health: '/ok' }] } };
      assert.deepEqual(await probe({ ...next(), ...declared }), { kind: 'http', method: 'GET', path: '/ok' });
    });

    it('by a mere connection for anything else', async () => {
      const api = { 'cheatcode.json': { apps: [{ path: '.', command: 'node .', port: 5000 }] } };
      assert.deepEqual(await probe(api), { kind: 'tcp' });
    });
  });

  describe('for Expo', () => {
    const command = (connection: string) => [
      'npx',
      '--yes',
      'expo',
      'start',
      '--max-workers',
      '2',
      connection,
      '--port',
      '{port}',
    ];

    it('in a sandbox through a tunnel, with the tool for it and the local network to fall back to', async () => {
      const spec = await launch(expo, settingsOf(), true);
      assert.deepEqual(spec.command, command('--tunnel'));
      assert.deepEqual(spec.fallback, { command: command('--lan'), reason: 'tunnelUnavailable' });
      assert.equal(spec.requiredTool?.packageName, '@expo/ngrok');
      assert.deepEqual(spec.requiredTool.install, ['npm', 'install', '--global', '@expo/ngrok@^4.1.0']);
    });

    it('on a desktop on the local network, without a tunnel and without a global install', async () => {
      const spec = await launch(expo, settingsOf(), false);
      assert.deepEqual(spec.command, command('--lan'));
      assert.equal(spec.fallback, undefined);
      assert.equal(spec.requiredTool, undefined);
    });

    it('on a desktop through a tunnel when the setting says so, still without a global install', async () => {
      const spec = await launch(expo, settingsOf({ mobile: { connection: 'tunnel' } }), false);
      assert.deepEqual(spec.command, command('--tunnel'));
      assert.ok(spec.fallback);
      assert.equal(spec.requiredTool, undefined);
    });

    it('in a sandbox on the local network when the setting says so', async () => {
      const spec = await launch(expo, settingsOf({ mobile: { connection: 'lan' } }), true);
      assert.deepEqual(spec.command, command('--lan'));
      assert.equal(spec.requiredTool, undefined);
    });
  });

  describe('by a command of its own', () => {
    it('of the setting before that of cheatcode.json', async () => {
      const tree = { ...next(), 'cheatcode.json': { apps: [{ path: 'cheatcode-app', command: 'from file' }] } };
      assert.deepEqual((await launch(tree)).command, ['from', 'file']);
      const settings = settingsOf({ web: { command: 'from setting' } });
      assert.deepEqual((await launch(tree, settings)).command, ['from', 'setting']);
    });

    it('without the tunnel and its tool', async () => {
      const spec = await launch(expo, settingsOf({ mobile: { command: 'npm start' } }));
      assert.deepEqual(spec.command, ['npm', 'start']);
      assert.equal(spec.requiredTool, undefined);
      assert.equal(spec.fallback, undefined);
    });
  });

  describe('on a port that a stranger has', () => {
    it('waits, also where a person is asked, for the host asks nobody', async () => {
      assert.equal((await launch(next())).onPortTaken, 'wait');
      assert.equal((await launch(next(), settingsOf({ portConflict: 'wait' }))).onPortTaken, 'wait');
    });

    it('takes the next one when the setting says so', async () => {
      assert.equal((await launch(next(), settingsOf({ portConflict: 'useNext' }))).onPortTaken, 'useNext');
    });
  });

  it('by the plain name of its type only as the first of it', async () => {
    const folder = tempFolder();
    const app = { dependencies: { next: '16.0.0' }, scripts: { dev: 'next dev' } };
    writeTree(folder, { 'cheatcode-app/package.json': app, 'admin/package.json': app });
    const { apps } = await discoverApps([folder], { loadReader: () => configReader });
    const specs = await Promise.all(apps.map((one) => resolveLaunchSpec(one, settingsOf(), true)));
    assert.deepEqual(
      specs.map(({ appName, isFirstOfType }) => [appName, isFirstOfType]),
      [
        ['cheatcode-app', undefined],
        ['admin', false],
      ],
    );
  });

  describe('anew when its files change', () => {
    const custom = { 'cheatcode.json': { apps: [{ path: '.', command: 'node .', port: 5000 }] } };

    it('for Expo by all that it reads at the start', async () => {
      const { restartFiles = [] } = await launch(expo);
      for (const name of ['app.json', 'app.config.js', 'app.config.ts', 'babel.config.js', 'metro.config.js', '.env*'])
        assert.ok(restartFiles.includes(name), name);
    });

    it('not for Next, which reads its own again, and for others by the environment', async () => {
      assert.deepEqual((await launch(next())).restartFiles, []);
      assert.deepEqual((await launch(custom)).restartFiles, ['.env*']);
    });

    it('by an offer, or at once when the setting says so', async () => {
      assert.equal((await launch(expo)).onChange, 'offer');
      assert.equal((await launch(expo, settingsOf({ restartOnChange: 'restart' }))).onChange, 'restart');
    });
  });

  describe('by something else', () => {
    const external = (app: object) => ({ 'cheatcode.json': { apps: [{ managed: 'external', ...app }] } });

    it('as cheatcode.json says: then nothing is installed, and no port or file is acted upon', async () => {
      const spec = await launch({ ...next(), ...external({ path: 'cheatcode-app' }) });
      assert.equal(spec.managed, 'external');
      assert.deepEqual(spec.command, ['pnpm', 'run', 'dev']);
      assert.deepEqual(spec.probe, NEXT_PROBE);
      for (const key of ['install', 'fallback', 'requiredTool', 'onPortTaken', 'onChange', 'restartFiles'] as const)
        assert.equal(spec[key], undefined, key);
    });

    it('is what no app is that does not say so', async () => {
      assert.equal((await launch(next())).managed, undefined);
      const declared = { 'cheatcode.json': { apps: [{ path: 'cheatcode-app', managed: 'cheatcode' }] } };
      assert.equal((await launch({ ...next(), ...declared })).managed, undefined);
    });

    it('needs no dev script', async () => {
      const tree = { 'cheatcode-app/package.json': { dependencies: { next: '16' } } };
      const spec = await launch({ ...tree, ...external({ path: 'cheatcode-app', port: 5173 }) });
      assert.equal(spec.port, 5173);
      assert.deepEqual(spec.probe, NEXT_PROBE);
    });

    it('needs no port, for its server is found on any, and no package.json', async () => {
      const spec = await launch({ 'api/main.py': '', ...external({ name: 'api', path: 'api', type: 'custom' }) });
      assert.ok(spec.port >= 1 && spec.port <= 65_535);
      assert.ok(spec.command.length > 0);
      assert.deepEqual(spec.probe, { kind: 'tcp' });
    });

    it('needs its folder all the same', async () => {
      await assert.rejects(
        launch(external({ path: 'gone' })),
        (error) => error instanceof DevServerError && error.facts['problem'] === 'folderMissing',
      );
    });

    it('has no problem to show', async () => {
      const folder = tempFolder();
      writeTree(folder, { 'cheatcode-app/package.json': {}, ...external({ path: 'cheatcode-app' }) });
      const [app] = (await discoverApps([folder], { loadReader: () => configReader })).apps;
      assert.equal(app?.problem?.code, 'noDevScript');
      assert.equal(withSettings(app, settingsOf()).problem, undefined);
      const ours = { ...app, declared: { ...app.declared, managed: 'cheatcode' as const } };
      assert.equal(withSettings(ours, settingsOf()).problem?.code, 'noDevScript');
      assert.equal(withSettings(ours, settingsOf({ web: { command: 'x' } })).problem, undefined);
    });
  });

  it('with the environment that cheatcode.json gives, and nothing to install for an app of another kind', async () => {
    const spec = await launch({
      'cheatcode.json': { apps: [{ path: '.', command: 'node .', port: 5000, env: { A: 'b' } }] },
      'package.json': {},
    });
    assert.deepEqual(spec.env, { A: 'b' });
    assert.equal(spec.type, 'custom');
    assert.equal(spec.install, undefined);
  });

  it('not at all when it has a problem, which the error names', async () => {
    await assert.rejects(
      launch({ 'cheatcode-app/package.json': {} }),
      (error) =>
        error instanceof DevServerError && error.code === 'appCannotStart' && error.facts['problem'] === 'noDevScript',
    );
  });
});

describe('the port in a script', () => {
  const ports: readonly (readonly [script: string, port: number | undefined])[] = [
    ['next dev', undefined],
    ['next dev -p 4000', 4000],
    ['next dev --port 4000', 4000],
    ['next dev --port=4000', 4000],
    ['next dev -p=4000 --turbopack', 4000],
    ['next dev --turbopack  -p   4000', 4000],
    ['next dev --port-range 4000', undefined],
    ['next dev -p $PORT', undefined],
    ['next dev -p 0', undefined],
    ['next dev -p 70000', undefined],
    ['next dev -p 123456', undefined],
    ['next dev --experimental-p 4000', undefined],
    ['', undefined],
  ];
  for (const [script, port] of ports)
    it(`${JSON.stringify(script)} is ${port ?? 'none'}`, () => {
      assert.equal(portInScript(script), port);
    });
});
