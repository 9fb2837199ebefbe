import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import type { Logger } from '../../../src/sessions/log';
import { formatLogLine } from '../../../src/sessions/log';
import type { LaunchSpec, SessionSnapshot } from '../../../src/sessions/protocol';
import { HostClient, type HostClientOptions } from '../../../src/sessions/hostClient';
import { systemHostLink } from '../../../src/sessions/hostLink';
import * as hostLauncher from '../../../src/sessions/hostLauncher';
import { statSync } from 'node:fs';
import { untilNextLook } from '../../support/pace';
import { markedPids, SESSION_HOST } from './marked';

/** The repository: all bundles of the tests lie below out/test. */
export const repoRoot = __dirname.slice(0, __dirname.lastIndexOf(`${path.sep}out${path.sep}test`));

/** A state folder and a stub app of its own for one test; `dispose` ends the host and what it runs, by its own pid. */
export class HostRig {
  readonly log: string[] = [];
  readonly #clients: HostClient[] = [];

  private constructor(
    readonly stateFolder: string,
    readonly appFolder: string,
    readonly port: number,
  ) {}

  static async create(): Promise<HostRig> {
    // Short: a socket's path has 100 bytes.
    const folder = await mkdtemp('/tmp/ccr-');
    const appFolder = path.join(folder, 'app');
    await cp(path.join(repoRoot, 'test/fixtures/stub'), appFolder, { recursive: true });
    const rig = new HostRig(path.join(folder, 's'), appFolder, await freePort());
    process.env['CHEATCODE_STATE_DIR'] = rig.stateFolder;
    return rig;
  }

  /** The rig of another process: nothing is made, nothing to dispose. */
  static of(stateFolder: string, appFolder: string, port: number): HostRig {
    return new HostRig(stateFolder, appFolder, port);
  }

  /** A client in this process. `RIG_DIST` in the environment names another build of the host. */
  client(options: Partial<HostClientOptions> = {}): HostClient {
    const log: Logger = {
      trace: () => undefined,
      debug: (message, facts) => void this.log.push(formatLogLine(message, facts)),
      info: (message, facts) => void this.log.push(formatLogLine(message, facts)),
      warn: (message, facts) => void this.log.push(formatLogLine(message, facts)),
      error: (message, facts) => void this.log.push(formatLogLine(message, facts)),
    };
    const client = new HostClient({
      kind: 'window',
      version: '0.0.0-test',
      hostSettings: () => ({ healthIntervalMs: 500, lastClient: 'keep', graceMs: 60_000 }),
      apps: () => [this.spec().appKey],
      mayLaunch: () => true,
      log,
      link: systemHostLink({
        distFolder: process.env['RIG_DIST'] ?? path.join(repoRoot, 'out/testHost'),
        editorNodePty: undefined,
        env: process.env,
        nodePath: () => undefined,
        loadLauncher: () => Promise.resolve(hostLauncher),
        log,
      }),
      ...options,
    });
    this.#clients.push(client);
    return client;
  }

  spec(env: Readonly<Record<string, string>> = {}, overrides: Partial<LaunchSpec> = {}): LaunchSpec {
    const stats = statSync(this.appFolder, { bigint: true });
    return {
      appKey: `${stats.dev}:${stats.ino}:stub`,
      appName: 'stub',
      type: 'web',
      folder: this.appFolder,
      command: ['npm', 'run', 'dev'],
      port: this.port,
      probe: { kind: 'http', method: 'GET', path: '/' },
      env,
      ...overrides,
    };
  }

  /** What the host wrote about itself, undefined while there is none. */
  hostPid(): number | undefined {
    if (!existsSync(this.stateFolder)) return undefined;
    for (const name of readdirSync(this.stateFolder)) {
      const file = path.join(this.stateFolder, name, 'host.json');
      if (existsSync(file)) return (JSON.parse(readFileSync(file, 'utf8')) as { pid: number }).pid;
    }
    return undefined;
  }

  /** Every host of this rig, seen from outside. */
  async hostPids(): Promise<number[]> {
    return markedPids('CHEATCODE_STATE_DIR', this.stateFolder, SESSION_HOST);
  }

  hostLog(): string {
    for (const name of existsSync(this.stateFolder) ? readdirSync(this.stateFolder) : []) {
      const file = path.join(this.stateFolder, name, 'host.log');
      if (existsSync(file)) return readFileSync(file, 'utf8');
    }
    return '';
  }

  /** Ends the clients of this process, then every host. */
  async endHosts(): Promise<void> {
    for (const client of this.#clients) client.dispose();
    // A client that had just lost its host may have spawned another: asked until none is left.
    await waitFor(
      'the hosts to end',
      async () => {
        const pids = await this.hostPids();
        for (const pid of pids) if (isAlive(pid)) process.kill(pid, 'SIGTERM');
        return pids.length === 0;
      },
      30_000,
    );
  }

  async dispose(): Promise<void> {
    await this.endHosts();
    delete process.env['CHEATCODE_STATE_DIR'];
    await rm(path.dirname(this.stateFolder), { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

/** A free port below the range that the kernel hands out by itself. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    const server = net.createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '::', () => resolve(true));
    });
    if (!isFree) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}

/** Polls until the condition gives something; fails with what was waited for, and what `describe` says, after `limitMs`. */
export async function waitFor<T>(
  what: string,
  condition: () => T | Promise<T>,
  limitMs = 15_000,
  describe?: () => string,
): Promise<NonNullable<T>> {
  const begin = Date.now();
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > begin + limitMs)
      throw new Error(`waited ${limitMs} ms for ${what}${describe ? `\n${describe()}` : ''}`);
    await untilNextLook(begin, { firstMs: 20, mostMs: 100 });
  }
}

/** Alive and no zombie. */
export function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
  } catch {
    return false;
  }
}

/** The latest snapshot of the only session that a client hears of. */
export function watchSession(client: HostClient): { current: SessionSnapshot | undefined; readonly states: string[] } {
  const watched: { current: SessionSnapshot | undefined; readonly states: string[] } = {
    current: undefined,
    states: [],
  };
  const take = (snapshot: SessionSnapshot) => {
    watched.current = snapshot;
    if (watched.states.at(-1) !== snapshot.state) watched.states.push(snapshot.state);
  };
  client.onSession(take);
  client.onDidJoin((hello) => hello.sessions.forEach(take));
  return watched;
}

/** Runs a bundled program of the tests (`*.program.ts`) with this Node or another. */
export function startProgram(
  name: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  node = process.execPath,
): ChildProcess {
  return spawn(node, [path.join(repoRoot, 'out/test', name), ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
}
