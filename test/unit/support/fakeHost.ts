import { SessionHost, type ClientView } from '../../../src/sessions/host/sessionHost';
import type { SessionRecord, SessionRecords } from '../../../src/sessions/host/sessionRecords';
import type { AcrossMachines } from '../../../src/sessions/host/acrossMachines';
import type { FolderLock } from '../../../src/sessions/host/folderLock';
import { HealthMonitor } from '../../../src/sessions/host/healthMonitor';
import type { KernelLock } from '../../../src/sessions/host/kernelLock';
import type {
  CompileIssues,
  HostSettings,
  LaunchSpec,
  Reason,
  SessionSnapshot,
  StartParams,
} from '../../../src/sessions/protocol';
import { memoryLock } from '../../contract/support/memoryLock';
import { quietLog } from '../../contract/support/quietLog';
import { Gateways } from '../../../src/sessions/host/gateways';
import { FakeClock } from './fakeClock';
import { FakeGateways } from './fakeGateways';
import { FakeMachine } from './fakeMachine';

/** A session host on a machine that exists in memory, under a clock that the test moves. */
export class FakeHost {
  readonly clock = new FakeClock();
  readonly log = quietLog();
  readonly gateways = new FakeGateways();
  readonly records = new Map<string, SessionRecord>();
  readonly host: SessionHost;
  /** All that was pushed to the clients, in order. */
  readonly pushed: SessionSnapshot[] = [];
  idleCalls = 0;
  /** What servers answer that are asked what does not compile. */
  compileIssues: CompileIssues = { issues: [], unknown: 'notSupported' };
  /** The sessions that were asked for, in order. */
  readonly asked: string[] = [];
  #cookies = 0;

  constructor(
    readonly machine = new FakeMachine(),
    {
      settings = { healthIntervalMs: 15_000, lastClient: 'keep', graceMs: 60_000 },
      records = [],
      appLock = memoryLock(),
      fileOf = {},
      folderLock,
      obstacle,
      acrossMachines,
    }: {
      readonly settings?: HostSettings;
      readonly records?: readonly SessionRecord[];
      readonly appLock?: KernelLock;
      readonly fileOf?: Partial<SessionRecords>;
      readonly folderLock?: FolderLock;
      readonly obstacle?: () => Reason | undefined;
      readonly acrossMachines?: AcrossMachines;
    } = {},
  ) {
    this.host = new SessionHost({
      dependencies: {
        clock: this.clock,
        log: this.log,
        processes: machine.processes,
        ports: machine.ports,
        terminals: machine.terminals,
        reapers: machine.reapers,
        prober: machine.prober,
        programs: machine.toolbox,
        appFolder: machine.appFolder,
        finder: machine.finder,
        softRestart: machine.softRestart,
        compileIssues: ({ id }) => {
          this.asked.push(id);
          return Promise.resolve(this.compileIssues);
        },
        ...(folderLock ? { folderLock } : {}),
        ...(obstacle ? { obstacle } : {}),
        appLock,
        records: {
          write: (record) => void this.records.set(record.id, structuredClone(record)),
          remove: (id) => void this.records.delete(id),
          readAll: () => [...this.records.values()],
          ...fileOf,
        },
        monitor: new HealthMonitor(this.clock, settings.healthIntervalMs),
        newCookie: () => `scope:${++this.#cookies}`,
      },
      settings,
      records,
      acrossMachines,
      saveSettings: () => undefined,
      gateways: new Gateways({
        clock: this.clock,
        log: this.log,
        spawn: this.gateways.spawn,
        ports: this.gateways.ports,
      }),
      onIdle: () => void this.idleCalls++,
    });
  }

  /** A window that shows these apps; dispose to close it. */
  window(...apps: string[]) {
    const view: ClientView = {
      kind: 'window',
      apps: new Set(apps),
      push: (snapshot) => void this.pushed.push(snapshot),
    };
    return this.host.addClient(view);
  }

  /** The session's snapshot. */
  session(id = 'dev_server_web'): SessionSnapshot {
    return this.find(id).snapshot();
  }

  find(id = 'dev_server_web') {
    const session = this.host.find(id);
    if (!session) throw new Error(`there is no session ${id}`);
    return session;
  }

  start(spec = aSpec(), origin: StartParams['origin'] = 'user'): SessionSnapshot {
    return this.host.start({ spec, env: { PATH: '/bin' }, origin });
  }

  /** Starts and lets time pass until it runs. */
  async run(spec = aSpec()): Promise<SessionSnapshot> {
    const { id } = this.start(spec);
    await this.reaches('running', id);
    return this.session(id);
  }

  /** Lets time pass until the session is in the state; fails when it does not get there. */
  async reaches(state: SessionSnapshot['state'], id = 'dev_server_web'): Promise<SessionSnapshot> {
    await this.clock.until(`${id} is ${state}`, () => this.session(id).state === state);
    return this.session(id);
  }
}

/** What a client asks for: a Next app on port 3000. Each part can be another. */
export function aSpec(of: Partial<LaunchSpec> = {}): LaunchSpec {
  return {
    appKey: '1:2:cheatcode-app',
    appName: 'cheatcode-app',
    type: 'web',
    folder: '/w/cheatcode-app',
    command: ['pnpm', 'run', 'dev'],
    port: 3000,
    probe: { kind: 'http', method: 'GET', path: '/__nextjs_server_status' },
    env: {},
    ...of,
  };
}

/** The same app, as an earlier host left it on disk. */
export function aRecord(of: Partial<SessionRecord> = {}): SessionRecord {
  return { id: 'dev_server_web', spec: aSpec(), desired: 'running', isSticky: false, ...of };
}
