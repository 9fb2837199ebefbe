import { randomBytes } from 'node:crypto';
import { systemClock, type Clock } from '../../src/sessions/clock';
import { formatLogLine, type Logger } from '../../src/sessions/log';
import type { RedisSettings, SessionSnapshot } from '../../src/sessions/protocol';
import type { AcrossMachines, StartAnswer, StartPermit } from '../../src/sessions/host/acrossMachines';
import { redisAcrossMachines } from '../../src/sessions/host/redisAcrossMachines';
import { connectRedis } from '../../src/sessions/host/redisConnection';
import { aSpec } from '../unit/support/fakeHost';

/** One machine's side of the agreement, over a real Redis, in this process. The test closes it. */
export class TestMachine {
  readonly log: string[] = [];
  readonly across: AcrossMachines;

  constructor(
    readonly name: string,
    settings: Partial<RedisSettings> & { readonly url: string },
    id = randomBytes(8).toString('hex'),
    clock: Clock = systemClock,
  ) {
    const note = (message: string, facts?: Parameters<Logger['info']>[1]) =>
      void this.log.push(formatLogLine(message, facts));
    this.across = redisAcrossMachines({
      load: () => connectRedis,
      machine: { id, name },
      version: '0.0.0-test',
      healthIntervalMs: () => 15_000,
      randomHex: (bytes) => randomBytes(bytes).toString('hex'),
      clock,
      log: { trace: note, debug: () => undefined, info: note, warn: note, error: note },
    });
    this.across.use({ sandboxId: 'box', required: false, ...settings });
  }

  ask(startHere = false): Promise<StartAnswer> {
    const request = { sessionId: 'dev_server_web', spec: aSpec(), startHere };
    return this.across.requestStart(request, new AbortController().signal);
  }

  /** The permit; throws when it was not granted. */
  async permit(startHere = false): Promise<StartPermit> {
    const answer = await this.ask(startHere);
    if (answer.kind !== 'granted') throw new Error(`${this.name} got ${JSON.stringify(answer)}`);
    return answer.permit;
  }

  tell(state: SessionSnapshot['state'], of: Partial<SessionSnapshot> = {}): void {
    this.across.update({
      id: 'dev_server_web',
      appKey: '1:2:app',
      appName: 'app',
      type: 'web',
      folder: '/w/app',
      state,
      reason: { code: 'answered' },
      sinceMs: 1_700_000_000_000,
      adopted: false,
      desired: 'running',
      port: 3000,
      url: `http://${this.name}:3000`,
      windows: 0,
      specDigest: '',
      crashes: 0,
      revision: 1,
      ...of,
    });
  }
}
