import assert from 'node:assert/strict';
import path from 'node:path';
import { isAlive } from '../contract/support/hostRig';
import { inSandbox } from '../hosts/paths.mjs';
import { treeOf, type Process } from '../hosts/witness';
import { copyWorkspace } from '../hosts/workspace.mjs';
import { faultCase } from './support/faultCase';

/** Which process of a tree is meant: the only one whose command line fits. */
async function memberOf(leader: number, command: RegExp): Promise<Process> {
  const tree = await treeOf(leader);
  const found = tree.filter((one) => command.test(one.command));
  assert.equal(found.length, 1, `${command} in:\n${tree.map((one) => one.command).join('\n')}`);
  return found[0] as Process;
}

describe('one process of the tree that is killed alone', () => {
  for (const [title, command] of [
    ['the package manager', /^npm run dev/],
    ['the shell', /^sh -c/],
    ['the server', /^node server\.mjs/],
  ] as const)
    faultCase(`fault 10: ${title}: the rest is ended, and it is started again once`, { servers: 1 }, async (c) => {
      const { window, session } = await c.running({}, { command: ['npm', 'run', 'dev'] });
      const victim = await memberOf(session.pid ?? 0, command);
      const before = await treeOf(session.pid ?? 0);
      process.kill(victim.pid, 'SIGKILL');
      const crashed = await window.sees('crashed', ({ reason }) => reason.code === 'crashed');
      assert.equal(crashed.crashes, 1);
      await window.sees('another server', ({ state, pid }) => state === 'running' && pid !== session.pid);
      assert.deepEqual(
        before.filter(({ pid }) => isAlive(pid)),
        [],
      );
      assert.equal(c.watch.servers.size, 2);
    });
});

describe('one process of a real Next that is killed alone', () => {
  for (const [title, command] of [
    ['pnpm', /pnpm(?:\.c?js)? run dev/],
    ['the shell', /^sh -c next dev/],
    ['the command line of Next', /next\/dist\/bin\/next dev|^next dev/],
    ['next-server', /^next-server/],
  ] as const)
    faultCase(
      `fault 10: ${title}: the rest is ended, and it is started again once`,
      { servers: 1, timeoutMs: 180_000, server: /^next-server/ },
      async (c) => {
        const folder = await copyWorkspace(path.join(path.dirname(c.rig.stateFolder), 'w'), {
          only: ['cheatcode-app'],
        });
        const spec = c.specOf(path.join(folder, 'cheatcode-app'), {
          command: ['pnpm', 'run', 'dev'],
          probe: { kind: 'http', method: 'GET', path: '/__nextjs_server_status' },
        });
        const window = c.window({ apps: [spec.appKey] });
        const pnpm = inSandbox('tools', 'node_modules', '.bin');
        const PATH = `${pnpm}${path.delimiter}${process.env['PATH'] ?? ''}`;
        await window.call('start', c.params({ PATH, NEXT_TELEMETRY_DISABLED: '1' }, spec));
        const session = await window.reaches('running', undefined, 90_000);
        const before = await treeOf(session.pid ?? 0);
        const victim = await memberOf(session.pid ?? 0, command);
        process.kill(victim.pid, 'SIGKILL');
        const crashed = await window.sees('crashed', ({ reason }) => reason.code === 'crashed');
        assert.equal(crashed.crashes, 1);
        await window.sees('another', ({ state, pid }) => state === 'running' && pid !== session.pid, 90_000);
        assert.deepEqual(
          before.filter(({ pid }) => isAlive(pid)).map((one) => one.command),
          [],
        );
        assert.equal(c.watch.servers.size, 2);
      },
    );
});
