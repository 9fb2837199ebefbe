import { once } from 'node:events';
import net from 'node:net';

/** What becomes of the reply to a command that was carried out. */
export type Loss = 'cut' | 'held';

interface Pair {
  readonly near: net.Socket;
  readonly far: net.Socket;
  /** Replies that came while they were held back; undefined: they pass. */
  kept: Buffer[] | undefined;
}

/** A way to a Redis on which replies are lost although the commands arrive: the one fault that a client can't tell apart. */
export class RedisProxy {
  readonly #server: net.Server;
  readonly #pairs = new Set<Pair>();
  readonly #losses: { readonly command: string; readonly loss: Loss; left: number }[] = [];
  /** Commands whose reply was lost. */
  lost = 0;

  private constructor(to: number) {
    this.#server = net.createServer((near) => this.#connect(near, to));
  }

  /** To this port of 127.0.0.1. The caller stops it. */
  static async start(to: number): Promise<RedisProxy> {
    const proxy = new RedisProxy(to);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get url(): string {
    return `redis://127.0.0.1:${(this.#server.address() as net.AddressInfo).port}`;
  }

  /**
   * The next `times` commands with this text in them are carried out, and their replies do not arrive: the connection is
   * `cut` when they come, or they and all that follow on it are `held` until `letGo`.
   */
  lose(command: string, loss: Loss, times = 1): void {
    this.#losses.push({ command, loss, left: times });
  }

  /** Nothing is lost any more, and what is held arrives late. */
  letGo(): void {
    this.#losses.length = 0;
    for (const pair of this.#pairs) {
      for (const data of pair.kept ?? []) pair.near.write(data);
      pair.kept = undefined;
    }
  }

  async stop(): Promise<void> {
    for (const { near, far } of this.#pairs) for (const socket of [near, far]) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #connect(near: net.Socket, to: number): void {
    const far = net.connect(to, '127.0.0.1');
    const pair: Pair = { near, far, kept: undefined };
    this.#pairs.add(pair);
    let isToBeCut = false;
    near.on('data', (data) => {
      const loss = this.#lossOf(data);
      if (loss === 'cut') isToBeCut = true;
      if (loss === 'held') pair.kept ??= [];
      far.write(data);
    });
    far.on('data', (data) => {
      if (isToBeCut) near.destroy();
      else if (pair.kept) pair.kept.push(data);
      else near.write(data);
    });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.on('error', () => other.destroy());
      one.on('close', () => {
        // What was sent before a client gave up arrives all the same: a network does not take it back.
        if (one === near) far.end();
        else near.destroy();
        this.#pairs.delete(pair);
      });
    }
  }

  #lossOf(data: Buffer): Loss | undefined {
    const found = this.#losses.find(({ command, left }) => left > 0 && data.includes(command));
    if (!found) return undefined;
    found.left--;
    this.lost++;
    return found.loss;
  }
}
