import type { RedisSettings } from '../../../src/sessions/protocol';
import { TestMachine } from '../../support/machines';
import { RedisServer, type RedisServerOptions } from '../../support/redisServer';
import { RedisBox } from './redisBox';

/** What one test over a Redis has made, ended with it in the right order. */
export class RedisCase {
  readonly #boxes: RedisBox[] = [];
  readonly #machines: TestMachine[] = [];
  readonly #servers: RedisServer[] = [];
  readonly #ends: (() => Promise<void>)[] = [];

  async redis(options: RedisServerOptions = {}): Promise<RedisServer> {
    const server = await RedisServer.start(options);
    this.#servers.push(server);
    return server;
  }

  async box(redis?: RedisSettings): Promise<RedisBox> {
    const box = await RedisBox.make(redis);
    this.#boxes.push(box);
    return box;
  }

  /** Ends a box before the test does: many at once keep a machine busy. */
  async end(box: RedisBox): Promise<void> {
    this.#boxes.splice(this.#boxes.indexOf(box), 1);
    await box.dispose();
  }

  /** Another machine's side of the agreement, in this process. */
  machine(name: string, settings: RedisSettings): TestMachine {
    const machine = new TestMachine(name, settings);
    this.#machines.push(machine);
    return machine;
  }

  /** Something else that is to be ended, after hosts and machines. */
  ends<T extends { stop(): Promise<void> }>(what: T): T {
    this.#ends.push(() => what.stop());
    return what;
  }

  /** For a test that failed. */
  describe(): string {
    return this.#boxes.map((box) => box.describe()).join('\n════\n');
  }

  async dispose(): Promise<void> {
    for (const server of this.#servers) server.thaw();
    await Promise.all(this.#machines.splice(0).map(({ across }) => across.close()));
    await Promise.all(this.#boxes.splice(0).map((box) => box.dispose()));
    await Promise.all(this.#ends.splice(0).map((end) => end()));
    await Promise.all(this.#servers.splice(0).map((server) => server.stop()));
  }
}

/** A test with such a case; what its hosts and windows say is printed when it fails. */
export function redisCase(title: string, body: (c: RedisCase) => Promise<void>, timeoutMs = 120_000): void {
  it(title, async function () {
    this.timeout(timeoutMs);
    const c = new RedisCase();
    try {
      await body(c);
    } catch (error) {
      console.log(c.describe());
      throw error;
    } finally {
      await c.dispose();
    }
  });
}
