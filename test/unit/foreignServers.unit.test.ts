import assert from 'node:assert/strict';
import { foreignFamily } from '../../src/sessions/host/foreignServers';
import { FakeMachine } from './support/fakeMachine';

const FOLDER = '/w/cheatcode-app';

/** Who would be signalled of a line of processes, each the child of the one before; the last one listens. */
async function signalled(...line: (string | readonly [command: string, cwd: string])[]): Promise<string[]> {
  const machine = new FakeMachine();
  let ppid = 1;
  let last = machine.birth({ command: 'unused' });
  for (const one of line) {
    const [command, cwd] = typeof one === 'string' ? [one, FOLDER] : one;
    last = machine.birth({ command, cwd, ppid });
    ppid = last.pid;
  }
  return (await foreignFamily(machine.processes, last, FOLDER)).map(({ command }) => command);
}

describe('ending a server that somebody else started', () => {
  it('means the server and the package manager that runs its script, not the shell between them', async () => {
    assert.deepEqual(
      await signalled(
        'bash',
        'node /usr/lib/node_modules/pnpm/bin/pnpm.cjs run dev',
        'sh -c next dev',
        'node /w/cheatcode-app/node_modules/.bin/../next/dist/bin/next dev',
        'next-server (v16.4.6)',
      ),
      [
        'next-server (v16.4.6)',
        'node /w/cheatcode-app/node_modules/.bin/../next/dist/bin/next dev',
        'node /usr/lib/node_modules/pnpm/bin/pnpm.cjs run dev',
      ],
    );
  });

  it('stops at an agent, also at one that a package manager runs', async () => {
    for (const agent of ['node /opt/agent.js', 'npm exec some-agent', 'npx some-agent', 'claude', 'code-server'])
      assert.deepEqual(await signalled(agent, 'sh -c npm run dev', 'npm run dev', 'next-server (v15)'), [
        'next-server (v15)',
        'npm run dev',
      ]);
  });

  it('stops at a supervisor and at a container’s entry process, whatever their arguments say', async () => {
    for (const entry of [
      'tini -- npm run dev',
      'timeout 600 npm run dev',
      'node agent.js --run npm run dev',
      'unshare --pid --fork npm run dev',
      'node /opt/pm2/bin/pm2 start npm -- run dev',
      'docker-init -- next dev',
    ])
      assert.deepEqual(await signalled(entry, 'npm run dev', 'next-server (v15)'), [
        'next-server (v15)',
        'npm run dev',
      ]);
  });

  it('knows the command lines of package managers and servers', async () => {
    for (const runner of [
      'pnpm dev',
      'yarn dev',
      'bun run dev',
      'npm run-script dev',
      'node /usr/lib/node_modules/npm/bin/npm-cli.js run dev',
      'npx --yes next dev',
      'node --max-old-space-size=4096 /w/node_modules/next/dist/bin/next dev --turbopack',
      'node /w/node_modules/expo/bin/cli start --port 8081',
    ])
      assert.deepEqual(await signalled(runner, 'next-server (v15)'), ['next-server (v15)', runner], runner);
    for (const other of ['next build', 'npm install', 'expo export', 'yarn', 'bun agent.js', 'node dev'])
      assert.deepEqual(await signalled(other, 'next-server (v15)'), ['next-server (v15)'], other);
  });

  it('stops at what works in another folder', async () => {
    assert.deepEqual(await signalled(['pnpm run dev', '/w'], 'next-server (v16)'), ['next-server (v16)']);
    assert.deepEqual(await signalled('pnpm run dev', ['sh -c next dev', '/w'], 'next-server (v16)'), [
      'next-server (v16)',
    ]);
  });

  it('means Expo with its runner', async () => {
    const expo = 'node /w/cheatcode-mobile/node_modules/.bin/expo start --port 8081';
    assert.deepEqual(await signalled('npm exec expo start --port 8081', 'sh -c expo start --port 8081', expo), [
      expo,
      'npm exec expo start --port 8081',
    ]);
  });

  it('means nothing when the pid is another process by now', async () => {
    const machine = new FakeMachine();
    const { pid } = machine.birth({ command: 'next-server', cwd: FOLDER });
    assert.deepEqual(await foreignFamily(machine.processes, { pid, startTicks: 'before' }, FOLDER), []);
  });

  it('never means this host or what it descends from', async () => {
    const machine = new FakeMachine();
    machine.birth({ pid: process.ppid, command: 'npm run dev', cwd: FOLDER });
    machine.birth({ pid: process.pid, ppid: process.ppid, command: 'next dev', cwd: FOLDER });
    const server = machine.birth({ ppid: process.pid, command: 'next-server', cwd: FOLDER });
    const family = await foreignFamily(machine.processes, server, FOLDER);
    assert.deepEqual(
      family.map(({ pid }) => pid),
      [server.pid],
    );
  });
});
