import { cp } from 'node:fs/promises';
import { statSync } from 'node:fs';
import path from 'node:path';
import type { HostClient } from '../../src/sessions/hostClient';
import type { LaunchSpec, SessionSnapshot } from '../../src/sessions/protocol';
import { freePort, HostRig, waitFor } from '../../test/contract/support/hostRig';

const CLIENTS = 10;

/** The shipped host with stubs as its apps, and ten clients that show whatever runs. The caller disposes. */
export class OurHost {
  readonly #sessions = new Map<string, SessionSnapshot>();
  #lastOutput = '';

  private constructor(
    private readonly rig: HostRig,
    private readonly clients: readonly HostClient[],
  ) {}

  /** `extensionDir`: the unpacked VSIX. */
  static async create(extensionDir: string): Promise<OurHost> {
    const rig = await HostRig.create();
    process.env['RIG_DIST'] = path.join(extensionDir, 'dist');
    const clients = Array.from({ length: CLIENTS }, () =>
      rig.client({
        version: '0.0.0-bench',
        apps: () => [],
        hostSettings: () => ({ healthIntervalMs: 15_000, lastClient: 'keep', graceMs: 60_000 }),
      }),
    );
    const host = new OurHost(rig, clients);
    clients.forEach((client, index) => host.#listen(client, index === 0));
    await Promise.all(clients.map((client) => client.connect()));
    return host;
  }

  get pid(): number {
    const pid = this.rig.hostPid();
    if (pid === undefined) throw new Error('there is no host');
    return pid;
  }

  /** Starts the stub in a folder of its own, waits until it answers, and shows it in all clients. */
  async start(name: string, stub: Readonly<Record<string, string>> = {}): Promise<string> {
    const spec = await this.#spec(name);
    this.#lastOutput = '';
    const env = { PATH: process.env['PATH'] ?? '', ...stub };
    const peers = await Promise.all(this.clients.map((client) => client.connect()));
    const session = await peers[0]?.call('start', { spec, env, origin: 'user' }, 30_000);
    const id = session?.id ?? '';
    await Promise.all(peers.map((peer) => peer.call('attach', { sessionId: id, cols: 120, rows: 30 }, 30_000)));
    await waitFor(
      'the app to run',
      () => this.#sessions.get(id)?.state === 'running',
      60_000,
      () => JSON.stringify([...this.#sessions.values()]),
    );
    return id;
  }

  async stop(id: string): Promise<void> {
    const peer = await this.clients[0]?.connect();
    await peer?.call('stop', { sessionId: id }, 30_000);
  }

  /** Until the first client was shown this. */
  async shows(text: string): Promise<void> {
    await waitFor(text, () => this.#lastOutput.includes(text), 120_000);
  }

  async dispose(): Promise<void> {
    await this.rig.dispose();
    delete process.env['RIG_DIST'];
  }

  #listen(client: HostClient, keeps: boolean): void {
    client.onSession((snapshot) => this.#sessions.set(snapshot.id, snapshot));
    client.onOutput(({ sessionId, data }) => {
      client.peer?.notify('ack', { sessionId, chars: data.length });
      if (keeps) this.#lastOutput = (this.#lastOutput + data).slice(-10_000);
    });
  }

  async #spec(name: string): Promise<LaunchSpec> {
    const folder = path.join(path.dirname(this.rig.appFolder), name);
    await cp(this.rig.appFolder, folder, { recursive: true });
    const { dev, ino } = statSync(folder, { bigint: true });
    const port = await freePort();
    const overrides = { command: ['node', 'server.mjs'], folder, appName: name, port };
    return this.rig.spec({}, { ...overrides, appKey: `${dev}:${ino}:${name}` });
  }
}
