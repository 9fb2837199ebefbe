import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { link, mkdir, rename, utimes, writeFile } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { currentScope } from '../../src/sessions/scope';
import { ensureScopePaths } from '../../src/sessions/stateFolder';
import { repoRoot, waitFor } from '../contract/support/hostRig';
import { processes } from '../hosts/witness';
import type { Agent } from './support/agent';
import { FaultCase, faultCase } from './support/faultCase';
import type { WindowSaw, WindowsOptions } from './support/windows.program';

/** Windows, and in how many processes they are: one each where processes are what matters, as they cost a CPU second each. */
interface Crowd {
  readonly processes: number;
  readonly each: number;
}
const ofProcesses: Crowd = { processes: 50, each: 1 };
const ofWindows: Crowd = { processes: 10, each: 5 };
const timeoutMs = 180_000;

interface RaceOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly stub?: Readonly<Record<string, string>>;
  readonly waitMs?: number;
  /** Runs when they have begun. */
  readonly meanwhile?: () => Promise<void>;
}

const pathsOf = (c: FaultCase) => ensureScopePaths(c.rig.stateFolder, currentScope());

/** Windows that are held back until all are ready; what each of them saw in the end. */
async function race(c: FaultCase, crowd: Crowd, options: RaceOptions = {}): Promise<readonly WindowSaw[]> {
  const { spec, env } = c.params(options.stub);
  const args: WindowsOptions = {
    count: crowd.each,
    distFolder: path.join(repoRoot, 'out/testHost'),
    spec,
    env,
    waitMs: options.waitMs ?? 60_000,
  };
  const children = Array.from({ length: crowd.processes }, () =>
    spawn(process.execPath, [path.join(__dirname, 'support/windows.program.js'), JSON.stringify(args)], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, CHEATCODE_STATE_DIR: c.rig.stateFolder, ...options.env },
    }),
  );
  c.defer(() => Promise.all(children.map(leave)));
  const readers = children.map(({ stdout }) => createInterface({ input: stdout })[Symbol.asyncIterator]());
  for (const reader of readers) assert.equal((await reader.next()).value, 'ready');
  for (const { stdin } of children) stdin.write('go\n');
  await options.meanwhile?.();
  const seen: WindowSaw[] = [];
  for (const reader of readers)
    for (let n = 0; n < crowd.each; n++) {
      const line: unknown = (await reader.next()).value;
      seen.push(JSON.parse(String(line)) as WindowSaw);
    }
  return seen;
}

async function leave(client: ChildProcess): Promise<void> {
  client.stdin?.end();
  await waitFor('a client to leave', () => client.exitCode !== null || client.signalCode !== null);
}

async function allAttachedToOne(c: FaultCase, answers: readonly WindowSaw[]): Promise<void> {
  await waitFor('one host alone', async () => (await c.rig.hostPids()).length === 1);
  const [server] = c.watch.current;
  const expected = { hostPid: c.host, listenerPid: server };
  for (const seen of answers) assert.deepEqual(seen, expected);
}

describe('fifty windows that begin at once', () => {
  const situations: Record<string, (c: FaultCase) => Promise<void>> = {
    'and there is no host': () => Promise.resolve(),
    'and a host lives, without the app': async (c) => c.window().connect(),
    'and a dead socket lies there': async (c) => {
      const { socket, token } = pathsOf(c);
      const server = net.createServer().listen(socket);
      await waitFor('the socket', () => server.listening);
      // Node takes the file away with the server; its inode stays under another name and is put back.
      await link(socket, `${socket}.kept`);
      await new Promise((resolve) => server.close(resolve));
      await rename(`${socket}.kept`, socket);
      await writeFile(token, 'of a host that is gone');
    },
    'and the record of a lost host names a pid of today': async (c) => {
      const { records } = pathsOf(c);
      await mkdir(records, { recursive: true });
      const stranger = c.command(['sleep', '1000']);
      const lost = { pid: stranger.pid, startTicks: '1', cookie: 'of-another:host' };
      const record = { version: 1, id: 'dev_server_web', spec: c.rig.spec(), desired: 'running', isSticky: false };
      await writeFile(path.join(records, 'dev_server_web.json'), JSON.stringify({ ...record, process: lost }));
      c.defer(() => assert.equal(stranger.exitCode ?? stranger.signalCode, null, 'the stranger was not signalled'));
    },
  };
  for (const [title, prepare] of Object.entries(situations)) {
    const crowd = title === 'and there is no host' ? ofProcesses : ofWindows;
    faultCase(`fault 5: ${title}: one host, one server, all attached`, { servers: 1, timeoutMs }, async (c) => {
      await prepare(c);
      await allAttachedToOne(c, await race(c, crowd));
    });
  }

  faultCase('fault 2: and a stale start lock lies there', { servers: 1, timeoutMs }, async (c) => {
    const { startLock } = pathsOf(c);
    await mkdir(`${startLock}.lock`);
    await utimes(`${startLock}.lock`, 1, 1);
    await allAttachedToOne(c, await race(c, ofWindows));
  });

  faultCase(
    'fault 2: and the holder of the start lock is killed while they wait',
    { servers: 1, timeoutMs },
    async (c) => {
      const holder = c.window({ env: { CHEATCODE_TEST_FAILPOINTS: 'client.lookedAgain=stop@1' } });
      void holder.connect().catch(() => undefined);
      await waitFor('the holder to hold', () => holder.errors.includes('failpoint'));
      await allAttachedToOne(c, await race(c, ofWindows, { meanwhile: () => holder.kill() }));
    },
  );

  faultCase('fault 2: and there is no start lock at all', { servers: 1, timeoutMs }, async (c) => {
    await allAttachedToOne(c, await race(c, ofWindows, { env: { CHEATCODE_TEST_START_LOCK_OFF: '1' } }));
  });
});

describe('the witness, when a guarantee is broken on purpose', () => {
  const locksOff = { CHEATCODE_TEST_START_LOCK_OFF: '1', CHEATCODE_TEST_KERNEL_LOCKS_OFF: '1' };

  // Not by `faultCase`: they must see what that would fail for.
  it('fault 46: sees more than one host without kernel locks', async function () {
    this.timeout(timeoutMs);
    const c = await FaultCase.create({ servers: 0 });
    try {
      await race(c, { processes: 10, each: 1 }, { env: locksOff, waitMs: 5000 });
      const hosts = await c.rig.hostPids();
      assert.ok(hosts.length > 1, `${hosts.length} hosts`);
    } finally {
      await c.dispose();
    }
  });

  /** Two hosts that know nothing of each other, as those of two users: only the app's own lock stands between them. */
  async function twoHosts(c: FaultCase, env: Readonly<Record<string, string>>): Promise<readonly Agent[]> {
    const other = `${c.rig.stateFolder}2`;
    const windows = [c.window({ env }), c.window({ env: { ...env, CHEATCODE_STATE_DIR: other } })];
    c.defer(() =>
      waitFor('the other host to end', async () => (await processes({ cookieStateDir: other })).length === 0),
    );
    // Listens late: until then neither can find the server of the other and adopt it.
    for (const window of windows) await window.call('start', c.params({ STUB_LISTEN_DELAY_MS: '3000' }));
    return windows;
  }

  it('fault 46: sees one server with two hosts that know nothing of each other', async function () {
    const c = await FaultCase.create({ servers: 1 });
    try {
      const [first, second] = await twoHosts(c, {});
      const blocked = await second?.reaches('blocked', 'appLockHeld');
      assert.equal(blocked?.reason.facts?.['pid'], c.host);
      await first?.reaches('running');
      await c.check();
      await second?.call('shutdown', {});
    } finally {
      await c.dispose();
    }
  });

  it('fault 46: sees two servers with the same two hosts without kernel locks and port check', async function () {
    const c = await FaultCase.create({ servers: 0 });
    try {
      const windows = await twoHosts(c, { ...locksOff, CHEATCODE_TEST_PORT_CHECK_OFF: '1' });
      await waitFor(
        'the witness to see them',
        () => c.watch.peak > 1,
        10_000,
        () => c.describe(),
      );
      for (const window of windows) await window.call('shutdown', {});
    } finally {
      await c.dispose();
    }
  });
});
