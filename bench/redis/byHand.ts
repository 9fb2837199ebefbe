import type { RedisConnection } from '../../src/sessions/host/redis';

const LOCK_SECONDS = '60';
const DEADLINE_MS = 60_000;

/**
 * What one writes who has a Redis and an afternoon: the lock by the backend's convention, the server's entry as one text that is
 * told again now and then. No script, no token that is compared, no second look, no number that decides between two winners.
 */
export class ByHand {
  readonly #connection: RedisConnection;
  readonly #lock: string;
  readonly #entry: string;

  constructor(connection: RedisConnection, sandbox: string) {
    this.#connection = connection;
    this.#lock = `dev_server_start:${sandbox}:web`;
    this.#entry = `dev_server_session:${sandbox}:web`;
  }

  async take(): Promise<boolean> {
    return (await this.#call('SET', this.#lock, `${Date.now()}:task`, 'NX', 'EX', LOCK_SECONDS)) === 'OK';
  }

  async giveBack(): Promise<void> {
    await this.#call('DEL', this.#lock);
  }

  /** Tells of a server, or that it goes on. */
  async tell(server: Readonly<Record<string, string>>): Promise<void> {
    await this.#call('SET', this.#entry, JSON.stringify(server), 'EX', LOCK_SECONDS);
  }

  async isTold(): Promise<boolean> {
    return (await this.#call('EXISTS', this.#entry)) === 1;
  }

  async forget(): Promise<void> {
    await this.#call('DEL', this.#entry);
  }

  #call(command: string, ...args: string[]): Promise<unknown> {
    return this.#connection.call(command, args, DEADLINE_MS);
  }
}
