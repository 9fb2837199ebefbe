import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { platformProcesses } from '../../../src/sessions/host/platformProcesses';
import type { HostSettings, LaunchSpec, RedisSettings, StartParams } from '../../../src/sessions/protocol';
import { freePort, repoRoot, waitFor } from '../../contract/support/hostRig';
import { markedPids, STUB_SERVER } from '../../contract/support/marked';
import { quietLog } from '../../contract/support/quietLog';
import { endSessionHosts } from '../../hosts/sessionHosts.mjs';
import { Agent } from './agent';

const processes = platformProcesses(process.platform, quietLog());

export interface BoxOptions {
  /** Words that begin a window, and so its host, in a network of its own, where `port` is free. */
  readonly wrapper?: readonly string[];
  readonly port?: number;
  /** Where the host's bundle is. */
  readonly distFolder?: string;
  /** In which its folder is made; its path is short, because a socket's has 100 bytes. */
  readonly below?: string;
  readonly settings?: HostSettings;
}

/** A machine of its own: state folder, app and a window on it, told of a Redis. The test disposes it, its host with it. */
export class RedisBox {
  readonly #key: string;
  readonly #redis: RedisSettings | undefined;
  readonly #options: BoxOptions;
  readonly #windows: Agent[] = [];
  /** The window that was opened last. */
  window: Agent;

  private constructor(
    readonly folder: string,
    readonly port: number,
    redis: RedisSettings | undefined,
    options: BoxOptions,
  ) {
    const { dev, ino } = statSync(this.appFolder, { bigint: true });
    this.#key = `${dev}:${ino}:stub`;
    this.#redis = redis;
    this.#options = options;
    this.window = this.open();
  }

  /** `redis`: what its windows tell the host; absent, they know of none. */
  static async make(redis?: RedisSettings, options: BoxOptions = {}): Promise<RedisBox> {
    const folder = await mkdtemp(path.join(options.below ?? '/tmp', 'ccx-'));
    await cp(path.join(repoRoot, 'test/fixtures/stub'), path.join(folder, 'app'), { recursive: true });
    return new RedisBox(folder, options.port ?? (await freePort()), redis, options);
  }

  get appFolder(): string {
    return path.join(this.folder, 'app');
  }

  get stateFolder(): string {
    return path.join(this.folder, 's');
  }

  /** Another window on the same app, which starts nothing by itself. */
  open(): Agent {
    const {
      wrapper = [],
      distFolder = process.env['RIG_DIST'] ?? path.join(repoRoot, 'out/testHost'),
      settings = { healthIntervalMs: 500, lastClient: 'keep', graceMs: 60_000 },
    } = this.#options;
    const redis = this.#redis;
    this.window = new Agent(
      { kind: 'window', distFolder, settings, apps: [this.#key], restores: false, ...(redis ? { redis } : {}) },
      { wrapper, env: { CHEATCODE_STATE_DIR: this.stateFolder } },
    );
    this.#windows.push(this.window);
    return this.window;
  }

  /** Asks for the server; resolves when the wish is recorded. `env`: switches of the stub. */
  async start(
    of: Partial<LaunchSpec> = {},
    env: Readonly<Record<string, string>> = {},
    origin: StartParams['origin'] = 'user',
  ): Promise<void> {
    const spec: LaunchSpec = {
      appKey: this.#key,
      appName: 'stub',
      type: 'web',
      folder: this.appFolder,
      command: ['node', 'server.mjs'],
      port: this.port,
      probe: { kind: 'http', method: 'GET', path: '/' },
      env: {},
      ...of,
    };
    await this.window.call('start', {
      spec,
      env: { PATH: process.env['PATH'] ?? '', BOX: this.folder, ...env },
      origin,
    });
  }

  /** A start whose lock is held for so long before anything is spawned, as a slow install holds it. */
  startSlowly(seconds: number): Promise<void> {
    const install = ['sleep', String(seconds)];
    return this.start({ requiredTool: { packageName: 'no-such-tool', minVersion: '1.0.0', install } });
  }

  /** Its servers, seen from outside. */
  async servers(): Promise<readonly number[]> {
    return markedPids('BOX', this.folder, STUB_SERVER);
  }

  /** The pid of the host that the window has joined. Throws before it has. */
  get host(): number {
    const { hostPid } = this.window;
    if (hostPid === undefined) throw new Error('no host was joined');
    return hostPid;
  }

  hostLog(): string {
    for (const name of existsSync(this.stateFolder) ? readdirSync(this.stateFolder) : []) {
      const file = path.join(this.stateFolder, name, 'host.log');
      if (existsSync(file)) return readFileSync(file, 'utf8');
    }
    return '';
  }

  /** How often the host's log says so. */
  logged(pattern: RegExp): number {
    return (this.hostLog().match(new RegExp(pattern, 'g')) ?? []).length;
  }

  /** Waits until nothing is wrong with Redis as far as the session is concerned. */
  async seesRedisWell(limitMs = 45_000): Promise<void> {
    await this.window.sees('well', ({ acrossMachines }) => acrossMachines === undefined, limitMs);
  }

  /** Where a text occurs in what was kept, and on command lines: files, pids, or `log` of a window. Empty is good. */
  async placesOf(text: string): Promise<readonly string[]> {
    const files = readdirSync(this.stateFolder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.parentPath.includes('/bin/'))
      .map((entry) => path.join(entry.parentPath, entry.name));
    const found = await processes.findByEnvironment('CHEATCODE_STATE_DIR', this.stateFolder);
    // A window of these tests is told all that it is by its command line.
    const pids = found.flatMap(({ pid }) => (this.#windows.some((window) => window.pid === pid) ? [] : [pid]));
    const places = [
      ...files,
      ...pids.map((pid) => `/proc/${pid}/cmdline`),
      ...pids.map((pid) => `/proc/${pid}/environ`),
    ];
    const logs = this.#windows.filter(({ log, errors }) => [...log, errors].join('\n').includes(text));
    return [...places.filter((file) => readFileSync(file, 'latin1').includes(text)), ...logs.map(() => 'log')];
  }

  describe(): string {
    return [this.hostLog(), ...this.#windows.map((window) => window.describe())].join('\n────\n');
  }

  async dispose(): Promise<void> {
    for (const window of this.#windows) await window.close();
    await endSessionHosts(this.stateFolder);
    // The servers of a host that was killed end with its reapers.
    await waitFor('its servers to end', async () => (await this.servers()).length === 0, 20_000);
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

/** Settings of a Redis for the sandbox that these tests share. */
export function boxSettings(url: string, of: Partial<RedisSettings> = {}): RedisSettings {
  return { url, sandboxId: 'box', required: false, ...of };
}

/** The keys of that sandbox's web app. */
export const boxKeys = {
  lock: 'dev_server_start:box:web',
  fence: 'dev_server_fence:{dev_server_start:box:web}',
  entry: 'dev_server_session:box:web',
} as const;
