import { randomBytes } from 'node:crypto';
import { chmodSync, readFileSync, rmSync, statSync } from 'node:fs';
import net from 'node:net';
import type { Clock } from '../clock';
import type { Disposable } from '../event';
import { errorMessage, type Logger } from '../log';
import { PROTOCOL_VERSION } from '../protocol';
import { ensurePrivateFolder, type ScopePaths } from '../stateFolder';
import { serveClient } from './clientConnection';
import { writePrivately } from './privateFile';
import type { ProcessIdentity } from './processes';
import type { SessionHost } from './sessionHost';

export interface EndpointOptions {
  readonly paths: ScopePaths;
  readonly host: SessionHost;
  readonly clock: Clock;
  readonly log: Logger;
  readonly version: string;
  readonly identity: ProcessIdentity | undefined;
  /** Why nothing may be started, from the beginning. */
  readonly refusal: string | undefined;
  readonly shutdown: () => void;
}

/** Between two looks at whether socket, token and folder are still ours. */
const SELF_CHECK_MS = 5000;
/** Connections at once: far more than windows, far fewer than descriptors. */
const MAX_CONNECTIONS = 500;

/**
 * Where clients reach the host: socket and token, both for this user alone. Looks every few seconds whether they are
 * still there: what was deleted is made again; what another has put there stops this host from starting things.
 */
export class HostEndpoint implements Disposable {
  readonly #options: EndpointOptions;
  readonly #token = randomBytes(32).toString('hex');
  readonly #clients = new Set<Disposable>();
  #server: net.Server | undefined;
  #inode: bigint | undefined;
  #refusal: string | undefined;
  #timer: Disposable | undefined;

  constructor(options: EndpointOptions) {
    this.#options = options;
    this.#refusal = options.refusal;
  }

  /** Resolves when clients can connect; rejects when the socket can't be made. */
  async listen(): Promise<void> {
    const { paths, identity, version } = this.#options;
    ensurePrivateFolder(paths.folder);
    writePrivately(paths.token, this.#token);
    writePrivately(
      paths.hostFile,
      JSON.stringify({
        pid: process.pid,
        startTicks: identity?.startTicks ?? '',
        version,
        protocol: PROTOCOL_VERSION,
        startedAt: new Date().toISOString(),
      }),
    );
    await this.#open();
    this.#scheduleCheck();
  }

  /** Ends all connections and removes socket, token and host file if they are ours. */
  dispose(): void {
    this.#timer?.dispose();
    for (const client of this.#clients) client.dispose();
    const { paths } = this.#options;
    const isOurs = this.#isSocketOurs() && this.#isTokenOurs(); // Asked first: closing takes the socket away.
    this.#server?.close();
    if (isOurs) for (const file of [paths.token, paths.hostFile]) rmSync(file, { force: true });
  }

  async #open(): Promise<void> {
    const { paths, log } = this.#options;
    // The host lock is ours, so a socket that lies here is a dead one.
    if (process.platform !== 'win32') rmSync(paths.socket, { force: true });
    const server = net.createServer((socket) => this.#accept(socket));
    server.maxConnections = MAX_CONNECTIONS;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(paths.socket, resolve);
    });
    server.on('error', (error) => log.error('socket failed', { error: error.message }));
    if (process.platform !== 'win32') {
      chmodSync(paths.socket, 0o600);
      this.#inode = statSync(paths.socket, { bigint: true }).ino;
    }
    this.#server = server;
    log.info('host listens', { socket: paths.socket });
  }

  #accept(socket: net.Socket): void {
    const { host, clock, log, version, shutdown } = this.#options;
    const client = serveClient(socket, {
      host,
      clock,
      log,
      token: this.#token,
      version,
      refusal: () => this.#refusal,
      shutdown,
    });
    this.#clients.add(client);
    socket.once('close', () => this.#clients.delete(client));
  }

  #scheduleCheck(): void {
    this.#timer = this.#options.clock.after(SELF_CHECK_MS, () => {
      void this.#check().finally(() => this.#scheduleCheck());
    });
  }

  async #check(): Promise<void> {
    if (process.platform === 'win32' || (this.#isSocketOurs() && this.#isTokenOurs())) return;
    const { paths, log } = this.#options;
    try {
      const socket = statSync(paths.socket, { bigint: true, throwIfNoEntry: false });
      if (socket && socket.ino !== this.#inode) {
        if (this.#refusal === undefined)
          log.error('another host has taken the state folder; nothing is started here any more', {
            folder: paths.folder,
          });
        this.#refusal = 'another host has taken the state folder';
        return;
      }
      log.warn('socket or token was deleted, made again', { folder: paths.folder });
      this.#server?.close(); // Connections that exist go on.
      this.#timer?.dispose();
      await this.listen();
      this.#timer?.dispose(); // Scheduled by the caller.
    } catch (error) {
      log.error('socket could not be made again', { error: errorMessage(error) });
    }
  }

  #isSocketOurs(): boolean {
    return statSync(this.#options.paths.socket, { bigint: true, throwIfNoEntry: false })?.ino === this.#inode;
  }

  #isTokenOurs(): boolean {
    try {
      return readFileSync(this.#options.paths.token, 'utf8') === this.#token;
    } catch {
      return false; // Deleted, or unreadable: not ours either way.
    }
  }
}
