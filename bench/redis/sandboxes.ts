/** Sandboxes without their processes: what each of them asks of Redis, by the code that a session host runs. */
import { randomBytes } from 'node:crypto';
import { systemClock } from '../../src/sessions/clock';
import type { AcrossMachines } from '../../src/sessions/host/acrossMachines';
import type { RedisConnection } from '../../src/sessions/host/redis';
import { redisAcrossMachines } from '../../src/sessions/host/redisAcrossMachines';
import type { LaunchSpec, SessionSnapshot } from '../../src/sessions/protocol';
import { quietLog } from '../../test/contract/support/quietLog';
import { ByHand } from './byHand';

/** Of the product's setting. */
export const HEALTH_INTERVAL_MS = 15_000;

export interface Sandbox {
  /** Takes the lock, tells of a server and gives the lock back. Rejects when it does not get the lock. */
  start(): Promise<void>;
  /** What the health interval does at rest. */
  renew(): Promise<void>;
  dispose(): void;
}

/** `n` is one sandbox's own. */
export type MakeSandbox = (n: number, connection: RedisConnection) => Sandbox;

export const ourSandbox: MakeSandbox = (n, connection) => new OurSandbox(n, connection);

/** The same by plain commands: see `ByHand`. Its keys are as long, and others. */
export const sandboxByHand: MakeSandbox = (n, connection) => {
  const hand = new ByHand(connection, `by-hand-${n}`);
  const server = { machine: `machine-${n}`, url: snapshot.url, port: String(snapshot.port), state: snapshot.state };
  return {
    async start() {
      if (!(await hand.take())) throw new Error('the lock is another’s');
      if (await hand.isTold()) throw new Error('a server runs elsewhere');
      await hand.tell(server);
      await hand.giveBack();
    },
    renew: () => hand.tell(server),
    dispose: () => undefined,
  };
};

const snapshot = {
  id: 'dev_server_web',
  appName: 'cheatcode-app',
  type: 'web',
  folder: '/workspace/cheatcode-app',
  state: 'running',
  sinceMs: Date.now(),
  port: 3000,
  url: 'http://localhost:3000',
  pid: 4711,
  adopted: false,
} as SessionSnapshot;

class OurSandbox implements Sandbox {
  readonly #across: AcrossMachines;

  constructor(n: number, connection: RedisConnection) {
    this.#across = redisAcrossMachines({
      load: () => () => connection,
      machine: { id: randomBytes(8).toString('hex'), name: `machine-${n}` },
      version: '0.0.0-bench',
      healthIntervalMs: () => HEALTH_INTERVAL_MS,
      randomHex: (bytes) => randomBytes(bytes).toString('hex'),
      clock: systemClock,
      log: quietLog(),
    });
    this.#across.use({ url: 'redis://shared', sandboxId: `sandbox-${n}`, required: false });
  }

  async start(): Promise<void> {
    const request = { sessionId: snapshot.id, spec: {} as LaunchSpec, startHere: false };
    const answer = await this.#across.requestStart(request, new AbortController().signal);
    if (answer.kind !== 'granted') throw new Error(JSON.stringify(answer));
    if (!(await answer.permit.mayStart())) throw new Error('the lock was lost');
    this.#across.update(snapshot);
    await answer.permit.release();
  }

  renew(): Promise<void> {
    return this.#across.renew();
  }

  dispose(): void {
    this.#across.dispose();
  }
}
