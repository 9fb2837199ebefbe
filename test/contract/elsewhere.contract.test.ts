import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import * as elsewhere from '../hosts/elsewhere.mjs';
import { ensureCommand } from '../hosts/debian.mjs';
import { allProcesses, listenersOf } from '../hosts/proc.mjs';
import { skipBecause } from '../support/skip';
import { waitFor } from './support/hostRig';

/** macOS and Windows have no /proc. What stands in for it there is asked here, where it can be held against the truth. */
describe('the look from outside where there is no /proc', function () {
  this.timeout(60_000);
  before(async function () {
    if (process.platform !== 'linux') skipBecause(this, 'there is no /proc to hold it against');
    await ensureCommand({ title: 'ss', commands: ['netstat', 'ss'], packages: ['iproute2'] });
  });
  const children: ChildProcess[] = [];
  afterEach(async () => {
    for (const child of children.splice(0)) {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    }
  });

  it('names the same process, its parent and its command line, and calls a zombie one', async () => {
    // A shell that becomes another program waits for none of its children.
    const child = spawn('sh', ['-c', 'true & exec sleep 4711']);
    children.push(child);
    const zombie = await waitFor('a zombie', async () =>
      (await allProcesses()).find(({ ppid, state }) => ppid === child.pid && state === 'Z'),
    );
    const seen = await elsewhere.allProcesses();
    const one = seen.find(({ pid }) => pid === child.pid);
    assert.deepEqual([one?.ppid, one?.command, one?.state], [process.pid, 'sleep 4711', 'S']);
    assert.equal(seen.find(({ pid }) => pid === zombie.pid)?.state, 'Z');
    const again = (await elsewhere.allProcesses()).find(({ pid }) => pid === child.pid);
    assert.equal(again?.startTicks, one?.startTicks);
  });

  it('names who listens on a port, and nobody else', async () => {
    const server = net.createServer().listen(0, '127.0.0.1');
    try {
      await once(server, 'listening');
      const { port } = server.address() as net.AddressInfo;
      const client = net.connect(port, '127.0.0.1');
      await once(client, 'connect');
      const pids = (listeners: readonly { readonly pid?: number | undefined }[]) => listeners.map(({ pid }) => pid);
      assert.deepEqual(pids(await elsewhere.listenersOf(port)), [process.pid]);
      assert.deepEqual(pids(await elsewhere.listenersOf(port)), pids(await listenersOf(port)));
      client.destroy();
      server.close();
      await once(server, 'close');
      assert.deepEqual(await elsewhere.listenersOf(port), []);
    } finally {
      server.close();
    }
  });
});
