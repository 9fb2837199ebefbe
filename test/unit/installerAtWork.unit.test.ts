import assert from 'node:assert/strict';
import { findInstaller, isInstallCommand } from '../../src/sessions/host/installerAtWork';
import type { ProcessInfo, Processes } from '../../src/sessions/host/processes';

describe('a package manager at work', () => {
  const installs = [
    'npm install',
    'npm ci',
    'npm add is-even',
    'npm --prefix /app i react',
    'npm uninstall react',
    'npm audit fix',
    'node /usr/lib/node_modules/npm/bin/npm-cli.js install',
    'node --max-old-space-size=4096 /usr/local/bin/pnpm i --frozen-lockfile',
    '/usr/bin/node /root/.cache/node/corepack/v1/pnpm/9.15.9/bin/pnpm.cjs add -D typescript',
    'pnpm --filter web add react',
    'pnpm -w update',
    'pnpm -C apps/web install',
    'sh /usr/local/bin/pnpm install',
    'yarn',
    'yarn --frozen-lockfile',
    'node /opt/yarn/bin/yarn.js add react',
    'node .yarn/releases/yarn-4.5.0.cjs install',
    'yarn workspace web add react',
    'yarn workspaces focus',
    '/root/.bun/bin/bun install',
    'bun add react',
    'C:\\nodejs\\node.exe C:\\npm\\bin\\npm-cli.js ci',
  ];
  for (const command of installs) it(`is ${command}`, () => assert.ok(isInstallCommand(command)));

  const others = [
    '',
    'npm run dev',
    'npm run install',
    'npm exec expo start',
    'npm test',
    'npm install --global @expo/ngrok@^4.1.0',
    'npm i -g pnpm',
    'npm root --global',
    'npm audit',
    'npm --version',
    'pnpm run dev',
    'pnpm dev',
    'pnpm dlx create-next-app install',
    'pnpm exec next dev',
    'pnpm',
    'yarn run dev',
    'yarn dev',
    'yarn --version',
    'yarn workspace web run dev',
    'bun run dev',
    'bun dev',
    'bun index.ts',
    'npx expo install',
    'node server.js install',
    'node ./install.js',
    'node',
    'sh -c npm install',
    'grep npm install',
    'next-server (v16.1.3)',
    'vim npm',
  ];
  for (const command of others)
    it(`is not ${command || 'an empty command'}`, () => assert.ok(!isInstallCommand(command)));

  describe('in a folder', () => {
    const info = (pid: number, command: string, of: Partial<ProcessInfo> = {}): ProcessInfo => ({
      pid,
      ppid: 1,
      pgid: pid,
      sid: pid,
      startTicks: String(pid),
      isZombie: false,
      uid: 0,
      command,
      ...of,
    });
    const look = (
      list: readonly ProcessInfo[],
      folders: Readonly<Record<number, string>>,
      own: readonly number[] = [],
    ) => {
      const processes: Pick<Processes, 'list' | 'runsIn'> = {
        list: () => Promise.resolve(list),
        runsIn: (pid, folder) => Promise.resolve(folders[pid] === undefined ? undefined : folders[pid] === folder),
      };
      return findInstaller(processes as Processes, ['/app', '/'], own);
    };

    it('is found in the app’s folder and in the lock file’s', async () => {
      assert.deepEqual(await look([info(7, 'npm ci')], { 7: '/app' }), { pid: 7, command: 'npm ci' });
      assert.deepEqual(await look([info(7, 'npm ci')], { 7: '/' }), { pid: 7, command: 'npm ci' });
    });

    it('is none elsewhere, where its folder is hidden, or when it has ended', async () => {
      assert.equal(await look([info(7, 'npm ci')], { 7: '/other' }), undefined);
      assert.equal(await look([info(7, 'npm ci')], {}), undefined);
      assert.equal(await look([info(7, 'npm ci', { isZombie: true })], { 7: '/app' }), undefined);
    });

    it('is none of our own, nor one that our own has started', async () => {
      const list = [info(5, 'sh'), info(6, 'pnpm install', { ppid: 5 }), info(7, 'node pnpm.cjs install', { ppid: 6 })];
      const folders = { 5: '/app', 6: '/app', 7: '/app' };
      assert.equal(await look(list, folders, [5]), undefined);
      assert.equal((await look(list, folders, [7]))?.pid, 6);
    });
  });
});
