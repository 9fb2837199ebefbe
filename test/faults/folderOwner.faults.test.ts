import assert from 'node:assert/strict';
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, readdirSync, statSync, symlinkSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { cp } from 'node:fs/promises';
import path from 'node:path';
import { isAlive, repoRoot, waitFor } from '../contract/support/hostRig';
import { skipBecause } from '../support/skip';
import type { Agent } from './support/agent';
import { AgentError } from './support/agent';
import { faultCase, type FaultCase } from './support/faultCase';

const UID = 12_345;

describe("root in another user's folder", () => {
  before(function () {
    if (process.getuid?.() !== 0) skipBecause(this, 'only root can act as another user');
  });

  /** Gives the app and the place of the state folder to the user; what root starts from stays closed. */
  async function give(c: FaultCase): Promise<{ readonly base: string; readonly distFolder: string }> {
    const base = path.dirname(c.rig.stateFolder);
    chmodSync(base, 0o711);
    for (const file of [c.rig.appFolder, ...filesIn(c.rig.appFolder)]) chownSync(file, UID, UID);
    const distFolder = path.join(base, 'dist');
    await cp(path.join(repoRoot, 'out/testHost'), distFolder, { recursive: true });
    chmodSync(distFolder, 0o700);
    return { base, distFolder };
  }

  const ofRoot = (c: FaultCase, distFolder: string): Agent => c.window({ distFolder, folder: c.rig.appFolder });
  /** Root's window and the session that it started, with the state folder where the owner's would be. */
  async function startedByRoot(c: FaultCase, distFolder: string) {
    mkdirSync(c.rig.stateFolder, { mode: 0o700 });
    chownSync(c.rig.stateFolder, UID, UID);
    const root = ofRoot(c, distFolder);
    await root.call('start', c.params());
    return { root, session: await root.reaches('running') };
  }
  const ofOwner = (c: FaultCase): Agent => c.window({ uid: UID });

  faultCase(
    'fault 51: the host and the server are the owner’s, whoever of the two comes, and no file is root’s',
    { servers: 0 },
    async (c) => {
      const { distFolder } = await give(c);
      const { root, session } = await startedByRoot(c, distFolder);
      assert.deepEqual([uidOf(c.host), uidOf(session.listenerPid ?? 0)], [UID, UID]);

      const owner = ofOwner(c);
      await owner.connect();
      assert.equal(owner.hostPid, root.hostPid);
      assert.equal((await owner.call('start', c.params())).listenerPid, session.listenerPid);
      await owner.call('stop', { sessionId: session.id });
      await root.reaches('stopped');

      // A root `docker exec` in the folder finds them, too.
      const cli = spawnSync(process.execPath, [path.join(distFolder, 'cli.js'), 'status', session.id], {
        cwd: c.rig.appFolder,
        env: { ...process.env, CHEATCODE_STATE_DIR: c.rig.stateFolder },
        encoding: 'utf8',
      });
      assert.match(cli.stdout, new RegExp(`^${session.id}\\b.*stopped`), cli.stderr);

      // The other way round: root joins the host that the owner has.
      await root.close();
      const again = ofRoot(c, distFolder);
      await again.connect();
      assert.equal(again.hostPid, owner.hostPid);
      const files = [c.rig.stateFolder, ...filesIn(c.rig.stateFolder), c.rig.appFolder, ...filesIn(c.rig.appFolder)];
      assert.ok(
        files.some((file) => file.endsWith('host.sock')),
        'the socket is among them',
      );
      assert.deepEqual(
        files.filter((file) => lstatSync(file).uid !== UID),
        [],
      );
    },
  );

  faultCase('a host that root has killed is started again as the owner’s', { servers: 1 }, async (c) => {
    const { distFolder } = await give(c);
    const { root, session } = await startedByRoot(c, distFolder);
    const before = c.host;
    await c.kill(before);
    await waitFor('its server to be gone', () => !isAlive(session.listenerPid ?? 0));
    const restored = await waitFor('another host and server', () => {
      const { session: now } = root;
      return now?.state === 'running' && now.listenerPid !== session.listenerPid ? now : undefined;
    });
    assert.notEqual(c.host, before);
    assert.deepEqual([uidOf(c.host), uidOf(restored.listenerPid ?? 0)], [UID, UID]);
  });

  faultCase(
    'a link in the place of the state folder has root make nothing where it leads',
    { servers: 0 },
    async (c) => {
      const { base, distFolder } = await give(c);
      const closed = path.join(base, 'closed');
      mkdirSync(closed, { mode: 0o755 });
      symlinkSync(closed, c.rig.stateFolder);
      await assert.rejects(
        ofRoot(c, distFolder).call('start', c.params()),
        (error: unknown) => error instanceof AgentError && error.code === 'stateFolderUnusable',
      );
      assert.deepEqual(readdirSync(closed), []);
    },
  );
});

function uidOf(pid: number): number {
  return statSync(`/proc/${pid}`).uid;
}

function filesIn(folder: string): string[] {
  assert.ok(existsSync(folder), folder);
  return readdirSync(folder, { recursive: true }).map((name) => path.join(folder, String(name)));
}
