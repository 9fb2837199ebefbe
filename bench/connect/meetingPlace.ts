import { existsSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import path from 'node:path';
import { freePort, HostRig, isAlive, repoRoot, waitFor, watchSession } from '../../test/contract/support/hostRig';
import { currentScope } from '../../src/sessions/scope';
import { scopePaths, type ScopePaths } from '../../src/sessions/stateFolder';
import { fileRecords } from '../../src/sessions/host/sessionRecords';
import { quietLog } from '../../test/contract/support/quietLog';
import { Crowd, type Release } from './crowd';

/** A host whose server runs. */
export interface LiveHost {
  /** Resolves when no window is connected any more. */
  left(): Promise<void>;
  dispose(): void;
}

/** The place where windows look for a host, and what they find there. */
export class MeetingPlace {
  private constructor(
    readonly rig: HostRig,
    readonly distFolder: string,
  ) {}

  /** In `dir`, which is to be short: sockets lie below it. */
  static async create(dir: string, distFolder: string): Promise<MeetingPlace> {
    const appFolder = path.join(dir, 'app');
    await cp(path.join(repoRoot, 'test/fixtures/stub'), appFolder, { recursive: true });
    const stateFolder = path.join(dir, 's');
    process.env['CHEATCODE_STATE_DIR'] = stateFolder;
    process.env['RIG_DIST'] = distFolder;
    return new MeetingPlace(HostRig.of(stateFolder, appFolder, await freePort()), distFolder);
  }

  get paths(): ScopePaths {
    return scopePaths(this.rig.stateFolder, currentScope(), process.geteuid?.());
  }

  /** So many processes that stand ready to connect here. */
  crowd(count: number): Promise<Crowd> {
    return Crowd.ready(count, { distFolder: this.distFolder, appKey: this.rig.spec().appKey });
  }

  /** A host lives and its one server runs; the client that looks on is none of a window. The caller disposes it. */
  async live(): Promise<LiveHost> {
    const looksOn = this.rig.client({ kind: 'cli' });
    const watched = watchSession(looksOn);
    const peer = await looksOn.connect();
    const env = { PATH: process.env['PATH'] ?? '' };
    await peer.call('start', { spec: this.rig.spec({}, { command: ['node', 'server.mjs'] }), env, origin: 'user' });
    await waitFor('the server to run', () => watched.current?.state === 'running', 30_000);
    return {
      left: () => waitFor('the windows to be gone', () => watched.current?.windows === 0).then(() => undefined),
      dispose: () => looksOn.dispose(),
    };
  }

  /** The one host is ended, as it would be or killed, and nothing is left but its files. */
  async endHost(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    // One that nobody needed may have ended by itself.
    const client = this.rig.client({ kind: 'cli' });
    await client.connect();
    client.dispose();
    const [pid] = await this.rig.hostPids();
    if (pid === undefined) throw new Error('there is no host to end');
    process.kill(pid, signal);
    await waitFor('the host to end', () => !isAlive(pid), 20_000);
    const { hostFile, socket } = this.paths;
    for (const file of [hostFile, socket])
      if (existsSync(file) !== (signal === 'SIGKILL'))
        throw new Error(`${file} is ${existsSync(file) ? '' : 'not '}there after ${signal}`);
    // A host that nobody needed has forgotten its sessions: the next one has one to attach to in any case.
    const records = fileRecords(this.paths.records, quietLog());
    if (records.readAll().length === 0)
      records.write({ id: 'dev_server_web', spec: this.rig.spec(), desired: 'running', isSticky: false });
  }

  /** Seen from outside: one host, and all are attached to it. Throws when it is not so. */
  async mustBeOne({ attached }: Release, screen: RegExp): Promise<void> {
    // Whoever lost the race for the host lock may be on its way out.
    await waitFor('one host alone', async () => (await this.rig.hostPids()).length === 1, 10_000);
    const [host] = await this.rig.hostPids();
    for (const one of attached) {
      if (one.hostPid !== host) throw new Error(`attached to ${one.hostPid}, and the host is ${host}`);
      if (!screen.test(one.screen)) throw new Error(`no such screen: ${JSON.stringify(one.screen.slice(0, 200))}`);
    }
  }

  /** Windows that begin where there is no host (SIGTERM) or only the files of one that was killed. */
  async begin(count: number, after: 'SIGTERM' | 'SIGKILL'): Promise<Release> {
    const crowd = await this.crowd(count);
    try {
      await this.endHost(after);
      const release = await crowd.atOnce({ count: 1 });
      await this.mustBeOne(release, /^/);
      return release;
    } finally {
      await crowd.end();
    }
  }
}
