import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { selfSigned } from '../hosts/openssl.mjs';
import { freePort } from '../hosts/ports.mjs';
import { ensureRedis } from '../hosts/redis.mjs';

/** Files of a certificate that signs itself. */
export interface Certificate {
  readonly keyFile: string;
  readonly certFile: string;
}

export interface RedisServerOptions {
  /** The same port again, as after a restart. */
  readonly port?: number;
  readonly password?: string;
  /** Speaks TLS alone, by a certificate that nobody knows: its own, or one that it shares with the others of a group. */
  readonly tls?: boolean | Certificate;
  /** Port of the master on this machine. */
  readonly replicaOf?: number;
  readonly cluster?: boolean;
  /** More of what redis-server takes: `['--maxmemory', '1mb']`. */
  readonly extra?: readonly string[];
  /** Another program of the package: `redis-sentinel` reads its configuration from this text. */
  readonly sentinel?: string;
}

/** A redis-server (or Sentinel) of a test's own, with nothing on disk but its folder. `stop` ends it, by its own pid. */
export class RedisServer {
  #isFrozen = false;

  private constructor(
    readonly port: number,
    /** Unix socket. */
    readonly socket: string,
    readonly folder: string,
    /** PEM of its certificate, where it speaks TLS. */
    readonly ca: string | undefined,
    private readonly child: ChildProcess,
    private readonly password: string | undefined,
  ) {}

  static async start(options: RedisServerOptions = {}): Promise<RedisServer> {
    const program = await ensureRedis();
    const folder = await mkdtemp(path.join(os.tmpdir(), 'ccredis-'));
    const port = options.port ?? (await freePort());
    const socket = path.join(folder, 'redis.sock');
    const certificate = options.tls === true ? await ownCertificate(folder) : options.tls || undefined;
    const args = options.sentinel === undefined ? serverArguments(options, port, socket, folder) : [];
    if (options.sentinel !== undefined) {
      const file = path.join(folder, 'sentinel.conf');
      await writeFile(file, `port ${port}\nbind 127.0.0.1\ndir ${folder}\n${options.sentinel}`);
      args.push(file, '--sentinel');
    }
    if (certificate)
      args.push(
        ...['--tls-port', String(port), '--port', '0', '--tls-auth-clients', 'no'],
        ...['--tls-cert-file', certificate.certFile, '--tls-key-file', certificate.keyFile],
        ...['--tls-ca-cert-file', certificate.certFile, '--tls-replication', 'yes'],
        ...(options.cluster ? ['--tls-cluster', 'yes'] : []),
      );
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    const ready = new Promise<void>((resolve, reject) => {
      child.stdout?.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        if (/Ready to accept connections|Sentinel ID is/.test(said)) resolve();
      });
      child.once('exit', (code) => reject(new Error(`redis-server ended with ${code}: ${said}`)));
      child.once('error', reject);
    });
    await ready;
    const ca = certificate && (await readFile(certificate.certFile, 'utf8'));
    return new RedisServer(port, socket, folder, ca, child, options.password);
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get url(): string {
    const login = this.password === undefined ? '' : `:${encodeURIComponent(this.password)}@`;
    return this.ca === undefined ? `redis://${login}127.0.0.1:${this.port}` : `rediss://${login}localhost:${this.port}`;
  }

  /** What redis-cli prints for a command; by the socket, so whatever the port speaks. */
  async run(...command: string[]): Promise<string> {
    const env = { ...process.env, ...(this.password === undefined ? {} : { REDISCLI_AUTH: this.password }) };
    const where = ['-s', this.socket];
    const { stdout } = await promisify(execFile)('redis-cli', [...where, ...command], { env, timeout: 10_000 });
    return stdout.trim();
  }

  /** It takes connections and never answers. */
  freeze(): void {
    this.#isFrozen = true;
    process.kill(this.pid, 'SIGSTOP');
  }

  thaw(): void {
    if (this.#isFrozen) process.kill(this.pid, 'SIGCONT');
    this.#isFrozen = false;
  }

  /** Resolves when the process is gone and its folder with it. Safe to call twice. */
  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const gone = once(this.child, 'exit');
      this.child.kill('SIGKILL');
      await gone;
    }
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Good for this machine, by name or address. */
export function ownCertificate(folder: string): Promise<Certificate> {
  return selfSigned(folder, ['localhost', '127.0.0.1']);
}

function serverArguments(options: RedisServerOptions, port: number, socket: string, folder: string): string[] {
  const { password, replicaOf, cluster, extra = [] } = options;
  return [
    ...['--port', String(port), '--bind', '127.0.0.1', '--unixsocket', socket, '--dir', folder],
    ...['--save', '', '--appendonly', 'no', '--daemonize', 'no'],
    ...(password === undefined ? [] : ['--requirepass', password, '--masterauth', password]),
    ...(replicaOf === undefined ? [] : ['--replicaof', '127.0.0.1', String(replicaOf)]),
    ...(cluster ? ['--cluster-enabled', 'yes', '--cluster-config-file', 'nodes.conf'] : []),
    ...extra,
  ];
}
