import { chmodSync, readFileSync, rmSync, statSync } from 'node:fs';
import net from 'node:net';
import type { Clock } from '../clock';
import type { Disposable } from '../event';
import { failpoint } from '../failpoints';
import { errorMessage, type Logger } from '../log';
import { PROTOCOL_VERSION } from '../protocol';
import { RpcPeer } from '../rpcPeer';
import { ensurePrivateFolder, type ScopePaths } from '../stateFolder';
import type { Endpoint, HostFacts, Serve } from './endpoint';
import { writePrivately } from './privateFile';

export interface EndpointOptions {
  readonly paths: ScopePaths;
  /** The folder that this host runs from, for the housekeeping of others. */
  readonly copy: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Between two looks at whether socket, token and folder are still ours. */
const SELF_CHECK_MS = 5000;
/** Connections at once: far more than windows, far fewer than descriptors. */
const MAX_CONNECTIONS = 500;
/**
 * Connections that have not said hello: more than fifty windows that come at once. One more, and the oldest goes: whoever
 * means well says hello in milliseconds, so that a crowd of silent ones keeps nobody out.
 */
const MAX_STRANGERS = 64;
/** What one of them may send in all: a hello has well under 1 kB, with the keys of a hundred apps some 5 kB. */
const MAX_STRANGER_BYTES = 64 * 1024;

/**
 * The endpoint on disk: socket, token and host file, all for this user alone. Looks every few seconds whether they are
 * still there: what was deleted is made again; while another's socket lies there, `isTaken` says so.
 */
export class HostEndpoint implements Endpoint {
  readonly #options: EndpointOptions;
  readonly #clients = new Set<Disposable>();
  /** In the order in which they came. */
  readonly #strangers = new Set<Disposable>();
  #server: net.Server | undefined;
  #inode: bigint | undefined;
  #facts: HostFacts | undefined;
  #serve: Serve | undefined;
  #wasTaken = false;
  #timer: Disposable | undefined;
  #isDisposed = false;

  constructor(options: EndpointOptions) {
    this.#options = options;
  }

  get folder(): string {
    return this.#options.paths.folder;
  }

  async listen(facts: HostFacts, serve: Serve): Promise<void> {
    this.#facts = facts;
    this.#serve = serve;
    await this.#make(facts, serve);
    this.#scheduleCheck();
  }

  isTaken(): boolean {
    const { log, paths } = this.#options;
    const isTaken = this.#foreignSocket();
    if (isTaken && !this.#wasTaken)
      log.error('a socket that is not ours has taken our place; nothing is started until it is gone', {
        folder: paths.folder,
      });
    if (!isTaken && this.#wasTaken) log.info('the place of our socket is free again', { folder: paths.folder });
    this.#wasTaken = isTaken;
    return isTaken;
  }

  /** Ends all connections and removes socket, token and host file if they are ours. */
  dispose(): void {
    this.#isDisposed = true;
    this.#timer?.dispose();
    for (const client of this.#clients) client.dispose();
    const { paths } = this.#options;
    const isOurs = this.#isSocketOurs() && this.#isTokenOurs(); // Asked first: closing takes the socket away.
    // Node removes whatever lies at the path when it closes: another's socket must not go with ours.
    if (isOurs || !this.#foreignSocket()) this.#server?.close();
    if (isOurs) for (const file of [paths.token, paths.hostFile]) rmSync(file, { force: true });
  }

  async #make(facts: HostFacts, serve: Serve): Promise<void> {
    const { paths, copy } = this.#options;
    ensurePrivateFolder(paths.folder);
    writePrivately(paths.token, facts.token);
    writePrivately(
      paths.hostFile,
      JSON.stringify({
        pid: facts.pid,
        startTicks: facts.startTicks,
        version: facts.version,
        protocol: PROTOCOL_VERSION,
        copy,
        startedAt: new Date(this.#options.clock.wallMs()).toISOString(),
      }),
    );
    await this.#open(serve);
  }

  async #open(serve: Serve): Promise<void> {
    const { paths, log } = this.#options;
    // The host lock is ours, so a socket that lies here is a dead one.
    if (process.platform !== 'win32') rmSync(paths.socket, { force: true });
    const server = net.createServer((socket) => this.#accept(socket, serve));
    server.maxConnections = MAX_CONNECTIONS + MAX_STRANGERS;
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

  #accept(socket: net.Socket, serve: Serve): void {
    const peer = new RpcPeer(socket, () => undefined, { untrustedBytes: MAX_STRANGER_BYTES });
    const client = serve(peer, () => {
      this.#strangers.delete(client);
      peer.trust();
    });
    this.#clients.add(client);
    this.#strangers.add(client);
    peer.onDidClose(() => {
      this.#clients.delete(client);
      this.#strangers.delete(client);
    });
    if (this.#clients.size - this.#strangers.size > MAX_CONNECTIONS) client.dispose();
    const [oldest] = this.#strangers;
    if (this.#strangers.size > MAX_STRANGERS) oldest?.dispose();
  }

  #scheduleCheck(): void {
    if (this.#isDisposed) return;
    this.#timer = this.#options.clock.after(SELF_CHECK_MS, () => {
      failpoint('host.selfCheck');
      void this.#check().finally(() => this.#scheduleCheck());
    });
  }

  async #check(): Promise<void> {
    if (process.platform === 'win32' || (this.#isSocketOurs() && this.#isTokenOurs())) return;
    const { paths, log } = this.#options;
    try {
      if (this.isTaken() || !this.#facts || !this.#serve) return;
      log.warn('socket or token was deleted, made again', { folder: paths.folder });
      const before = this.#server;
      before?.close(); // Connections that exist go on.
      await this.#make(this.#facts, this.#serve);
    } catch (error) {
      log.error('socket could not be made again', { error: errorMessage(error) });
    }
  }

  #isSocketOurs(): boolean {
    return this.#socketInode() === this.#inode;
  }

  #foreignSocket(): boolean {
    const inode = this.#socketInode();
    return inode !== undefined && this.#inode !== undefined && inode !== this.#inode;
  }

  /** A pipe of Windows is no file: it goes with its host, and a look at it would be a connection. */
  #socketInode(): bigint | undefined {
    if (process.platform === 'win32') return undefined;
    return statSync(this.#options.paths.socket, { bigint: true, throwIfNoEntry: false })?.ino;
  }

  #isTokenOurs(): boolean {
    try {
      return readFileSync(this.#options.paths.token, 'utf8') === this.#facts?.token;
    } catch {
      return false; // Deleted, or unreadable: not ours either way.
    }
  }
}
