import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, utimesSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { platformProcesses } from '../../src/sessions/host/platformProcesses';
import { currentScope } from '../../src/sessions/scope';
import { ensureScopePaths } from '../../src/sessions/stateFolder';
import { HostRig, startProgram, waitFor } from './support/hostRig';
import { quietLog } from './support/quietLog';

const CLIENTS = 50;
const processes = platformProcesses(process.platform, quietLog());

interface Seen {
  readonly hostPid: number;
  readonly listenerPid: number;
}

/** What a look from outside saw while the clients raced. */
interface Witnessed {
  readonly peakServers: number;
  /** Those that are left once the losers have gone. */
  readonly hosts: readonly number[];
  /** Null: this client was told of an error. */
  readonly answers: readonly (Seen | null)[];
}

describe('fifty clients that connect at once', function () {
  this.timeout(180_000);
  let rig: HostRig;
  let clients: ChildProcess[] = [];

  beforeEach(async () => {
    rig = await HostRig.create();
  });
  afterEach(async () => {
    await Promise.all(
      clients.map(async (client) => {
        client.stdin?.end();
        if (client.exitCode === null && client.signalCode === null) await once(client, 'exit');
      }),
    );
    clients = [];
    await rig.dispose();
  });

  async function race(env: Readonly<Record<string, string>> = {}): Promise<Witnessed> {
    const lines: AsyncIterator<string>[] = [];
    for (let n = 0; n < CLIENTS; n++) {
      const client = startProgram(
        'contract/support/client.program.js',
        [rig.stateFolder, rig.appFolder, String(rig.port)],
        env,
      );
      clients.push(client);
      assert.ok(client.stdout);
      lines.push(createInterface({ input: client.stdout })[Symbol.asyncIterator]());
    }
    for (const reader of lines) assert.equal((await reader.next()).value, 'ready');
    let peakServers = 0;
    let isOver = false;
    const witness = (async () => {
      while (!isOver) {
        peakServers = Math.max(peakServers, (await serverPids(rig)).length);
        await new Promise((resolve) => setTimeout(resolve, 15));
      }
    })();
    for (const client of clients) client.stdin?.write('go\n');
    const answers = await Promise.all(
      lines.map(async (reader) => JSON.parse(String((await reader.next()).value ?? 'null')) as Seen | null),
    );
    isOver = true;
    await witness;
    // Hosts that lost the race may still be on their way out; those that serve stay.
    const alone = waitFor('one host alone', async () => (await rig.hostPids()).length === 1, 10_000);
    await alone.catch(() => undefined);
    return { peakServers, answers, hosts: await rig.hostPids() };
  }

  function isExactlyOne({ peakServers, answers, hosts }: Witnessed): boolean {
    return (
      peakServers === 1 &&
      hosts.length === 1 &&
      answers.every((seen) => seen?.hostPid === hosts[0] && seen?.listenerPid === answers[0]?.listenerPid)
    );
  }

  it('end up with one host and one server', async () => {
    const seen = await race();
    assert.ok(isExactlyOne(seen), JSON.stringify(seen));
  });

  it('end up with one host and one server when a stale start lock lies there', async () => {
    const { startLock } = ensureScopePaths(rig.stateFolder, currentScope());
    mkdirSync(`${startLock}.lock`);
    utimesSync(`${startLock}.lock`, 1, 1);
    const seen = await race();
    assert.ok(isExactlyOne(seen), JSON.stringify(seen));
  });

  it('end up with one host and one server without any start lock', async () => {
    const seen = await race({ CHEATCODE_TEST_START_LOCK_OFF: '1' });
    assert.ok(isExactlyOne(seen), JSON.stringify(seen));
  });

  it('end up with more than one host when both locks are off: this very test can see it', async () => {
    const seen = await race({
      CHEATCODE_TEST_START_LOCK_OFF: '1',
      CHEATCODE_TEST_KERNEL_LOCKS_OFF: '1',
      CLIENT_WAIT_MS: '8000',
    });
    assert.equal(isExactlyOne(seen), false);
    assert.ok(seen.hosts.length > 1, JSON.stringify(seen));
  });
});

async function serverPids(rig: HostRig): Promise<number[]> {
  const found = await processes.findByEnvironment('STUB_RIG', rig.stateFolder);
  return found.filter(({ command }) => /^(?:\S*\/)?node server\.mjs/.test(command)).map(({ pid }) => pid);
}
