import { cp } from 'node:fs/promises';
import { statSync } from 'node:fs';
import path from 'node:path';
import type { HostClient } from '../../src/sessions/hostClient';
import type { LaunchSpec } from '../../src/sessions/protocol';
import { freePort, HostRig, waitFor } from '../../test/contract/support/hostRig';
import { OutputProgram } from './outputProgram';
import { Talker, talkerCommand } from './talker';
import { benchHostSettings } from './windowOptions';

export const TERMINAL_SIZE = { cols: 120, rows: 30 } as const;

interface StagedApp {
  readonly appKey: string;
  readonly sessionId: string;
  readonly talker: Talker;
}

/** The product's own host with talkers as its apps, and windows attached to them. The caller disposes. */
export class HostStage {
  readonly #rig: HostRig;
  readonly #distFolder: string;
  readonly #client: HostClient;
  readonly #apps: StagedApp[] = [];
  readonly windows: OutputProgram[] = [];

  private constructor(rig: HostRig, distFolder: string) {
    this.#rig = rig;
    this.#distFolder = distFolder;
    process.env['RIG_DIST'] = distFolder;
    this.#client = rig.client({ version: '0.0.0-bench', hostSettings: () => benchHostSettings, apps: () => [] });
  }

  /** `extensionDir`: the unpacked VSIX. */
  static async create(extensionDir: string): Promise<HostStage> {
    return new HostStage(await HostRig.create(), path.join(extensionDir, 'dist'));
  }

  get hostPid(): number {
    const pid = this.#rig.hostPid();
    if (pid === undefined) throw new Error('there is no host');
    return pid;
  }

  /** Of the app that was started first. */
  get talker(): Talker {
    const [app] = this.#apps;
    if (!app) throw new Error('no app was started');
    return app.talker;
  }

  /** Starts a talker as an app of its own, and waits until it runs. */
  async startApp(): Promise<void> {
    const spec = await this.#newSpec();
    const env = Object.fromEntries(
      ['PATH', 'HOME', 'CHEATCODE_TEST_RUN'].map((name) => [name, process.env[name] ?? '']),
    );
    const peer = await this.#client.connect();
    const states: string[] = [];
    const heard = this.#client.onSession(({ appKey, state }) => appKey === spec.appKey && states.push(state));
    try {
      const { id } = await peer.call('start', { spec, env, origin: 'user' }, 30_000);
      await waitFor(
        'the app to run',
        () => states.at(-1) === 'running',
        30_000,
        () => states.join(' '),
      );
      this.#apps.push({ appKey: spec.appKey, sessionId: id, talker: new Talker(spec.port) });
    } finally {
      heard.dispose();
    }
  }

  /** Windows that show all apps that run. */
  async attach(count: number): Promise<readonly OutputProgram[]> {
    const options = { distFolder: this.#distFolder, sessions: this.#apps, ...TERMINAL_SIZE };
    const opened = await Promise.allSettled(Array.from({ length: count }, () => OutputProgram.window(options)));
    for (const one of opened) if (one.status === 'fulfilled') this.windows.push(one.value);
    for (const one of opened) if (one.status === 'rejected') throw one.reason;
    return this.windows;
  }

  async dispose(): Promise<void> {
    await Promise.all(this.windows.splice(0).map((window) => window.close()));
    await this.#rig.dispose();
    delete process.env['RIG_DIST'];
  }

  async #newSpec(): Promise<LaunchSpec> {
    const first = this.#rig.spec({}, { command: talkerCommand });
    if (this.#apps.length === 0) return first;
    const folder = `${this.#rig.appFolder}${this.#apps.length + 1}`;
    await cp(this.#rig.appFolder, folder, { recursive: true });
    const { dev, ino } = statSync(folder, { bigint: true });
    return { ...first, folder, appKey: `${dev}:${ino}:stub`, port: await freePort() };
  }
}
