/** Moments of a stub under the session host, as a window in a process of its own hears of them. */
import { cp, mkdir } from 'node:fs/promises';
import { statSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { LaunchSpec, SessionSnapshot, StartParams } from '../../src/sessions/protocol';
import { freePort, HostRig, isAlive, waitFor } from '../../test/contract/support/hostRig';
import { Agent } from '../../test/faults/support/agent';
import { machineMs } from '../../test/support/machineClock';
import { listeningSince, stubFolder } from './stub';

/** The default of `cheatcode.healthIntervalSeconds`. */
const HEALTH_INTERVAL_MS = 15_000;
/** When the server listens: any time of what Next.js takes to start, so that it meets the probes at any moment. */
export const LISTEN_DELAY_MS = '500-3000';
/** From the signal to the first probe, the probe, and the look after it, twice. */
const HANG_LIMIT_MS = 60_000;

interface Heard {
  readonly snapshot: SessionSnapshot;
  readonly atMs: number;
}

/** A window of the shipped host, and the apps that it may ask for. */
class Stage {
  private constructor(
    readonly rig: HostRig,
    readonly window: Agent,
  ) {}

  static async create(distFolder: string): Promise<Stage> {
    const rig = await HostRig.create();
    const window = new Agent(
      {
        kind: 'window',
        distFolder,
        settings: { healthIntervalMs: HEALTH_INTERVAL_MS, lastClient: 'keep', graceMs: 60_000 },
        apps: [rig.spec().appKey],
        restores: false,
      },
      { env: { CHEATCODE_STATE_DIR: rig.stateFolder } },
    );
    return new Stage(rig, window);
  }

  /** As a dev server is started: by its package manager. */
  params(spec: LaunchSpec, stub: Readonly<Record<string, string>>): StartParams {
    const env = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', ...stub };
    return { spec, env, origin: 'user' };
  }

  /** Another app of the same kind, in a folder of its own. */
  async anotherApp(name: string): Promise<LaunchSpec> {
    const folder = path.join(path.dirname(this.rig.stateFolder), name);
    await mkdir(folder);
    await cp(stubFolder, folder, { recursive: true });
    const { dev, ino } = statSync(folder, { bigint: true });
    return this.rig.spec({}, { appKey: `${dev}:${ino}:${name}`, appName: name, folder, port: await freePort() });
  }

  /** The first news of this app after so many others that fits. */
  news(what: string, appKey: string, from: number, fits: (snapshot: SessionSnapshot) => boolean): Promise<Heard> {
    return waitFor(
      `the window to hear: ${what}`,
      () => this.window.heard.slice(from).find(({ snapshot }) => snapshot.appKey === appKey && fits(snapshot)),
      HANG_LIMIT_MS,
      () => `${this.window.describe()}\n${this.rig.hostLog()}`,
    );
  }

  async dispose(): Promise<void> {
    await this.window.close();
    await this.rig.dispose();
  }
}

/** In milliseconds, a sample of each round: from the server's listening to the news `running`, and from its kill to the news of that. */
export interface Moments {
  readonly answers: readonly number[];
  readonly killed: readonly number[];
}

/** One app, started, killed and stopped again and again. Some five seconds for each round. */
export async function startsAndKills(distFolder: string, rounds: number): Promise<Moments> {
  const stage = await Stage.create(distFolder);
  const { window } = stage;
  const answers: number[] = [];
  const killed: number[] = [];
  try {
    const spec = stage.rig.spec();
    for (let round = 0; round < rounds; round++) {
      let from = window.heard.length;
      const { id } = await window.call('start', stage.params(spec, { STUB_LISTEN_DELAY_MS: LISTEN_DELAY_MS }));
      const running = await stage.news('running', spec.appKey, from, ({ state }) => state === 'running');
      answers.push(running.atMs - (await listeningSince(spec.port)).machineMs);
      const listenerPid = listenerOf(running.snapshot);
      // What follows a start is over by then: a server is as rarely killed in its first second as in any other.
      await delay(1000);
      from = window.heard.length;
      const killedMs = machineMs();
      process.kill(listenerPid, 'SIGKILL');
      const news = await stage.news('killed', spec.appKey, from, ({ state }) => state !== 'running');
      killed.push(news.atMs - killedMs);
      if (isAlive(listenerPid)) throw new Error('the server outlived its kill');
      await window.call('stop', { sessionId: id });
    }
  } finally {
    await stage.dispose();
  }
  return { answers, killed };
}

/**
 * So many apps of one host whose servers are suspended one after another, spread by chance over one health interval; in
 * milliseconds from there to the news `unhealthy`.
 */
export async function hangs(distFolder: string, count: number): Promise<readonly number[]> {
  const stage = await Stage.create(distFolder);
  const suspended: number[] = [];
  try {
    const specs: LaunchSpec[] = [];
    for (let index = 0; index < count; index++) specs.push(await stage.anotherApp(`app${index}`));
    const pids = new Map<string, number>();
    for (const spec of specs) {
      await stage.window.call('start', stage.params(spec, { STUB_SILENT: '1' }));
      const { snapshot } = await stage.news('running', spec.appKey, 0, ({ state }) => state === 'running');
      pids.set(spec.appKey, listenerOf(snapshot));
    }
    return await Promise.all(
      specs.map(async ({ appKey }, index) => {
        await delay(((index + Math.random()) / count) * HEALTH_INTERVAL_MS);
        const pid = pids.get(appKey) ?? NaN;
        const from = stage.window.heard.length;
        const stoppedMs = machineMs();
        process.kill(pid, 'SIGSTOP');
        suspended.push(pid);
        const news = await stage.news('unhealthy', appKey, from, ({ state }) => state === 'unhealthy');
        return news.atMs - stoppedMs;
      }),
    );
  } finally {
    // A suspended process hears no request to end.
    for (const pid of suspended) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
    await stage.dispose();
  }
}

function listenerOf({ listenerPid }: SessionSnapshot): number {
  if (listenerPid === undefined) throw new Error('it is not known which process listens');
  return listenerPid;
}
