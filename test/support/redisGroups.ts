import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { nextFreePort, tryPort } from '../hosts/ports.mjs';
import { ownCertificate, RedisServer, type Certificate } from './redisServer';

const MASTER = 'main';
const GROUP_LIMIT_MS = 30_000;

export interface GroupOptions {
  /** All of them speak TLS alone, by one certificate that nobody knows. */
  readonly tls?: boolean;
}

/** The certificate of a group, in a folder of its own; its `ca` is what a client must know. */
class GroupTls {
  private constructor(
    readonly folder: string,
    readonly certificate: Certificate,
    readonly ca: string,
  ) {}

  static async make(): Promise<GroupTls> {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'ccredis-'));
    const certificate = await ownCertificate(folder);
    return new GroupTls(folder, certificate, await readFile(certificate.certFile, 'utf8'));
  }

  /** What redis-cli needs to speak with the group. */
  get words(): readonly string[] {
    return ['--tls', '--cacert', this.certificate.certFile];
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Sentinels that watch a master and its replica. */
export class SentinelGroup {
  private constructor(
    readonly master: RedisServer,
    readonly replica: RedisServer,
    private readonly sentinels: readonly RedisServer[],
    private readonly tls: GroupTls | undefined,
  ) {}

  /** `count` Sentinels, a majority of which has to agree. The caller stops it. */
  static async start(count = 1, options: GroupOptions = {}): Promise<SentinelGroup> {
    const tls = options.tls ? await GroupTls.make() : undefined;
    const secure = tls ? { tls: tls.certificate } : {};
    const master = await RedisServer.start(secure);
    const replica = await RedisServer.start({ ...secure, replicaOf: master.port });
    // A Sentinel asks for replicas rarely: what it finds first is what it knows for long.
    await until('the replica to follow', async () => (await replica.run('ROLE')).includes('connected'));
    const quorum = Math.floor(count / 2) + 1;
    const sentinel = [
      `sentinel monitor ${MASTER} 127.0.0.1 ${master.port} ${quorum}`,
      `sentinel down-after-milliseconds ${MASTER} 1000`,
      `sentinel failover-timeout ${MASTER} 5000`,
      '',
    ].join('\n');
    const sentinels = await Promise.all(
      Array.from({ length: count }, () => RedisServer.start({ ...secure, sentinel })),
    );
    const group = new SentinelGroup(master, replica, sentinels, tls);
    for (const { port } of sentinels) {
      await until('a Sentinel to know the replica', async () =>
        (await askPort(port, tls, 'SENTINEL', 'replicas', MASTER)).includes(String(replica.port)),
      );
      if (count > 1)
        await until('a Sentinel to know the others', async () =>
          (await askPort(port, tls, 'INFO', 'sentinel')).includes(`sentinels=${count}`),
        );
    }
    return group;
  }

  get url(): string {
    const nodes = this.sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',');
    return `${this.tls ? 'rediss' : 'redis'}-sentinel://${nodes}/0?sentinelMasterId=${MASTER}`;
  }

  /** PEM that a client must know; undefined without TLS. */
  get ca(): string | undefined {
    return this.tls?.ca;
  }

  /** Ends the master and waits until the replica has taken its place. */
  async failOver(): Promise<void> {
    await this.master.stop();
    // A Sentinel ends the connections to whom it promotes: a question may be among them.
    const role = () => this.replica.run('ROLE').catch(() => '');
    await until('the replica to be the master', async () => (await role()).startsWith('master'));
  }

  async stop(): Promise<void> {
    await Promise.all(this.sentinels.map((sentinel) => sentinel.stop()));
    await Promise.all([this.master.stop(), this.replica.stop()]);
    await this.tls?.remove();
  }
}

/** A cluster of three masters without replicas. */
export class RedisCluster {
  private constructor(
    readonly nodes: readonly RedisServer[],
    private readonly tls: GroupTls | undefined,
  ) {}

  /** The caller stops it. */
  static async start(options: GroupOptions = {}): Promise<RedisCluster> {
    const tls = options.tls ? await GroupTls.make() : undefined;
    const secure = tls ? { tls: tls.certificate } : {};
    const nodes: RedisServer[] = [];
    while (nodes.length < 3)
      nodes.push(await RedisServer.start({ ...secure, cluster: true, port: await portOfNode() }));
    const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`);
    const create = [
      ...(tls?.words ?? []),
      '--cluster',
      'create',
      ...addresses,
      '--cluster-replicas',
      '0',
      '--cluster-yes',
    ];
    await promisify(execFile)('redis-cli', create, { timeout: GROUP_LIMIT_MS });
    for (const node of nodes)
      await until('the cluster to be well', async () => (await node.run('CLUSTER', 'INFO')).includes('state:ok'));
    return new RedisCluster(nodes, tls);
  }

  get url(): string {
    return `${this.tls ? 'rediss' : 'redis'}-cluster://${this.nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')}`;
  }

  /** PEM that a client must know; undefined without TLS. */
  get ca(): string | undefined {
    return this.tls?.ca;
  }

  /** The node that has a key. Throws when none has. */
  async nodeOf(key: string): Promise<RedisServer> {
    const [first] = this.nodes;
    if (!first) throw new Error('the cluster has no node');
    const slot = await first.run('CLUSTER', 'KEYSLOT', key);
    const slots = (await first.run('CLUSTER', 'NODES')).split('\n');
    const line = slots.find((one) => {
      const [from = NaN, to = NaN] = (one.split(' ').at(8) ?? '').split('-').map(Number);
      return from <= Number(slot) && Number(slot) <= to;
    });
    const node = this.nodes.find(({ port }) => line?.includes(`:${port}@`) === true);
    if (!node) throw new Error(`no node has the slot ${slot}`);
    return node;
  }

  /** What redis-cli prints for a command on one key, asked where the key is. */
  async run(command: string, key: string, ...args: string[]): Promise<string> {
    return (await this.nodeOf(key)).run(command, key, ...args);
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
    await this.tls?.remove();
  }
}

/** A port whose neighbour 10,000 above is free, too: there the nodes speak with one another. */
async function portOfNode(): Promise<number> {
  for (;;) {
    const port = await nextFreePort(20_000 + Math.floor(Math.random() * 10_000));
    if ((await tryPort(port + 10_000)) !== undefined) return port;
  }
}

async function askPort(port: number, tls: GroupTls | undefined, ...command: string[]): Promise<string> {
  const words = [...(tls?.words ?? []), '-p', String(port), ...command];
  const { stdout } = await promisify(execFile)('redis-cli', words, { timeout: 10_000 });
  return stdout.trim();
}

/** Polls: these programs tell nobody when they have agreed. */
async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  const endMs = performance.now() + GROUP_LIMIT_MS;
  while (!(await condition())) {
    if (performance.now() > endMs) throw new Error(`waited ${GROUP_LIMIT_MS} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
