import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import path from 'node:path';
import { abstractSocketLock } from '../../../src/sessions/host/abstractSocketLock';
import { parseRecord } from '../../../src/sessions/host/sessionRecords';
import type { LaunchSpec, SessionSnapshot, StartParams } from '../../../src/sessions/protocol';
import { freePort, HostRig, isAlive, repoRoot, waitFor } from '../../contract/support/hostRig';
import { processes, ServerWatch, zombiesOf, type Process } from '../../hosts/witness';
import { Agent, type AgentOptions, type AgentProcess } from './agent';

/** How a window of a case differs from the usual one. */
export type WindowOptions = Partial<AgentOptions> & Partial<AgentProcess>;

export interface FaultCaseOptions {
  /** Servers that we started and that run when the body is done, as the witness counts them. */
  readonly servers: number;
  /** Of the whole test; by default far more than any takes, since each wait has a limit of its own. */
  readonly timeoutMs?: number;
  /** Command line of a server itself. Default: the stub. */
  readonly server?: RegExp;
  /** Lines of logs that would count as a fault, and belong to this case. */
  readonly expectedLog?: RegExp;
}

const stubServer = /^(?:\S*\/)?node(?: \S+)* server\.mjs/;
/** What no log of a host or a window may hold. */
const faultInLog = /unexpected, the host ends|unhandled|request failed, client dropped|^\s+at /im;

/** One fault: the machine it happens on, what is done to it, and what the witness sees. */
export class FaultCase {
  readonly #windows: Agent[] = [];
  readonly #cleanups: (() => unknown)[] = [];

  private constructor(
    readonly rig: HostRig,
    readonly watch: ServerWatch,
    readonly options: FaultCaseOptions,
  ) {}

  static async create(options: FaultCaseOptions): Promise<FaultCase> {
    const rig = await HostRig.create();
    const watch = new ServerWatch({ marker: `STUB_RIG=${rig.stateFolder}`, command: options.server ?? stubServer });
    return new FaultCase(rig, watch, options);
  }

  /** A window of this case's app; it connects with its first request. Closed at the end. */
  window(options: WindowOptions = {}): Agent {
    const { wrapper, node, env, ...rest } = options;
    const agent = new Agent(
      {
        kind: 'window',
        distFolder: path.join(repoRoot, 'out/testHost'),
        settings: { healthIntervalMs: 300, lastClient: 'keep', graceMs: 60_000 },
        apps: [this.spec().appKey],
        restores: true,
        ...rest,
      },
      {
        ...(wrapper ? { wrapper } : {}),
        ...(node === undefined ? {} : { node }),
        env: { CHEATCODE_STATE_DIR: this.rig.stateFolder, ...env },
      },
    );
    this.#windows.push(agent);
    return agent;
  }

  /** The stub, started without a package manager: quicker, and one process less to tell apart. */
  spec(overrides: Partial<LaunchSpec> = {}): LaunchSpec {
    return this.rig.spec({}, { command: ['node', 'server.mjs'], ...overrides });
  }

  /** Another app of the same type in a folder of its own. */
  async secondApp(name = 'second'): Promise<LaunchSpec> {
    const folder = path.join(path.dirname(this.rig.stateFolder), name);
    await cp(this.rig.appFolder, folder, { recursive: true });
    return this.specOf(folder, { port: await freePort() });
  }

  /** An app of any folder, on the case's port. */
  specOf(folder: string, overrides: Partial<LaunchSpec> = {}): LaunchSpec {
    const { dev, ino } = statSync(folder, { bigint: true });
    const name = path.basename(folder);
    return this.spec({ appKey: `${dev}:${ino}:${name}`, appName: name, folder, ...overrides });
  }

  /** A start of the stub with these switches. */
  params(
    stub: Readonly<Record<string, string>> = {},
    overrides: Partial<LaunchSpec> = {},
    origin: StartParams['origin'] = 'user',
  ): StartParams {
    return { spec: this.spec(overrides), env: { ...this.serverEnv, ...stub }, origin };
  }

  /** What each process of this case has in its environment. */
  get serverEnv(): Record<string, string> {
    return {
      PATH: process.env['PATH'] ?? '',
      STUB_RIG: this.rig.stateFolder,
      HOME: path.dirname(this.rig.stateFolder),
    };
  }

  /** Starts the stub in a new window and waits until it runs. */
  async running(
    stub: Readonly<Record<string, string>> = {},
    overrides: Partial<LaunchSpec> = {},
    options: WindowOptions = {},
  ): Promise<{ readonly window: Agent; readonly session: SessionSnapshot; readonly host: number }> {
    const window = this.window(options);
    await window.call('start', this.params(stub, overrides));
    const session = await window.reaches('running');
    return { window, session, host: this.host };
  }

  /** The pid of the one host that runs. Fails when there is none. */
  get host(): number {
    const pid = this.rig.hostPid();
    assert.ok(pid !== undefined, 'there is a host');
    return pid;
  }

  /** Runs at the end, before the last look. */
  defer(cleanup: () => unknown): void {
    this.#cleanups.push(cleanup);
  }

  /** A process that a person might have started; its whole group is ended with the case. */
  command(
    argv: readonly string[],
    options: {
      readonly cwd?: string;
      readonly env?: Readonly<Record<string, string>>;
      readonly isQuiet?: boolean;
    } = {},
  ): ChildProcess {
    const [file = '', ...args] = argv;
    const child = spawn(file, args, {
      cwd: options.cwd ?? this.rig.appFolder,
      env: { ...this.serverEnv, ...options.env },
      stdio: ['ignore', 'pipe', options.isQuiet === true ? 'ignore' : 'inherit'],
      detached: true,
    });
    this.defer(async () => {
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It has ended with all its children.
      }
      await waitFor('a process of the case to end', () => child.exitCode !== null || child.signalCode !== null);
    });
    return child;
  }

  /** All processes of this case that live, hosts and windows not among them. */
  started(): Promise<Process[]> {
    return processes({ environment: `STUB_RIG=${this.rig.stateFolder}` });
  }

  /** Kills this very process and waits until it is gone. */
  async kill(pid: number): Promise<void> {
    process.kill(pid, 'SIGKILL');
    await waitFor(`${pid} to be gone`, () => !isAlive(pid));
  }

  /** Folders of all scopes in the state folder. */
  scopeFolders(): string[] {
    const { stateFolder } = this.rig;
    if (!existsSync(stateFolder)) return [];
    return readdirSync(stateFolder)
      .filter((name) => /^[0-9a-f]{12}$/.test(name))
      .map((name) => path.join(stateFolder, name));
  }

  /** FAULTS: what holds after every case. */
  async check(): Promise<void> {
    const { watch, options } = this;
    await waitFor(
      `${options.servers} servers in the end`,
      () => watch.current.length === options.servers,
      15_000,
      () => `there are ${watch.current.join(', ') || 'none'}`,
    );
    assert.ok(watch.samples > 3, 'the witness looked');
    assert.ok(watch.peak <= 1, `at most one server at any moment: ${watch.peakServers.join('; ')}`);
    assert.deepEqual(
      this.#windows.flatMap(({ fault }) => fault ?? []),
      [],
    );
    const hosts = await this.#settledHosts();
    for (const host of hosts)
      await waitFor('no zombies of the host', async () => (await zombiesOf(host)).length === 0, 5000);
    for (const folder of this.scopeFolders()) await this.#checkScope(folder, hosts);
    for (const { errors, log } of this.#windows) this.#checkLog('window', `${errors}\n${log.join('\n')}`);
  }

  /** Ends everything; nothing may be left then. */
  async dispose(): Promise<void> {
    this.watch.stop();
    await this.wakeAll();
    await Promise.all(this.#windows.map((window) => window.close()));
    for (const cleanup of this.#cleanups.splice(0).reverse()) await cleanup();
    const { stateFolder } = this.rig;
    try {
      await this.rig.dispose();
      await waitFor(
        'no process of the case to be left',
        async () => {
          this.#left = [...(await this.started()), ...(await processes({ cookieStateDir: stateFolder }))];
          return this.#left.length === 0;
        },
        15_000,
        () => this.#left.map(({ pid, command }) => `${pid} ${command}`).join('\n'),
      );
    } finally {
      for (const { pid } of this.#left) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
    }
  }

  /** Lets everything go on that the case has suspended. */
  async wakeAll(): Promise<void> {
    const all = [...(await this.started()), ...(await processes({ cookieStateDir: this.rig.stateFolder }))];
    for (const { pid, state } of all) if (state === 'T' || state === 't') process.kill(pid, 'SIGCONT');
  }

  describe(): string {
    return [this.rig.hostLog(), ...this.#windows.map((window) => window.describe())].join('\n────\n');
  }

  #left: Process[] = [];

  /** Hosts that lost a race may still be on their way out. */
  async #settledHosts(): Promise<readonly number[]> {
    await waitFor('at most one host', async () => (await this.rig.hostPids()).length <= 1, 10_000);
    return this.rig.hostPids();
  }

  async #checkScope(folder: string, hosts: readonly number[]): Promise<void> {
    const { dev, ino } = statSync(folder);
    // A host that is just ending has lost its environment, by which it is found, before its sockets.
    await waitFor('the host lock to be free or held by a live host', async () => {
      const holder = await abstractSocketLock.describeHolder(`host:${dev}:${ino}`);
      return holder === undefined || (holder.pid !== undefined && hosts.includes(holder.pid));
    });
    const records = path.join(folder, 'records');
    for (const name of existsSync(records) ? readdirSync(records) : [])
      if (name.endsWith('.json')) parseRecord(readFileSync(path.join(records, name), 'utf8'));
    const log = path.join(folder, 'host.log');
    if (existsSync(log)) this.#checkLog('host', readFileSync(log, 'utf8'));
  }

  #checkLog(whose: string, text: string): void {
    const { expectedLog } = this.options;
    const lines = text.split('\n').filter((line) => faultInLog.test(line) && expectedLog?.test(line) !== true);
    assert.deepEqual(lines, [], `the log of a ${whose}`);
  }
}

/**
 * A test of one row of the fault catalogue: a machine of its own under the witness, and after the body the check that
 * holds after every case, whatever the body looked at.
 */
export function faultCase(title: string, options: FaultCaseOptions, body: (c: FaultCase) => Promise<void>): void {
  it(title, async function () {
    this.timeout(options.timeoutMs ?? 120_000);
    await runFault(options, body);
  });
}

/** What `faultCase` does in its test, for several at once in one. */
export async function runFault(options: FaultCaseOptions, body: (c: FaultCase) => Promise<void>): Promise<void> {
  const fault = await FaultCase.create(options);
  let failure: { readonly error: unknown } | undefined;
  try {
    await body(fault);
    await fault.check();
  } catch (error) {
    failure = { error };
    console.log(fault.describe());
  }
  try {
    await fault.dispose();
  } catch (error) {
    // What failed first explains what failed after it.
    failure ??= { error };
  }
  if (failure) throw failure.error;
}
