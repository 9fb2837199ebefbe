/** The naive way to notice: ask for the page every 15 s. Really run, many with different phases at the same three servers. */
import http from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { waitFor } from '../../test/contract/support/hostRig';
import { machineMs } from '../../test/support/machineClock';
import { BareStub } from './stub';

/** As the extension's own default. */
const INTERVAL_MS = 15_000;
/** As the extension's own. */
const TIMEOUT_MS = 5000;

/** How long each of the pollers took to see it, in milliseconds. */
export interface Noticed {
  readonly answers: readonly number[];
  readonly killed: readonly number[];
  readonly hangs: readonly number[];
}

/** Asks `GET /` every 15 s and remembers when the answer was another one than before. */
class Poller {
  readonly #port: number;
  #timer: NodeJS.Timeout;
  #isUp: boolean | undefined;
  /** When it last saw another state than before, by `machineMs`. */
  changedMs: number | undefined;

  constructor(port: number, phaseMs: number) {
    this.#port = port;
    this.#timer = setTimeout(() => {
      this.#timer = setInterval(() => void this.#ask(), INTERVAL_MS);
      void this.#ask();
    }, phaseMs);
  }

  /** Undefined before the first answer. */
  get isUp(): boolean | undefined {
    return this.#isUp;
  }

  dispose(): void {
    clearTimeout(this.#timer);
  }

  async #ask(): Promise<void> {
    const isUp = await answers(this.#port);
    if (this.#isUp !== undefined && this.#isUp !== isUp) this.changedMs = machineMs();
    this.#isUp = isUp;
  }
}

/**
 * One server that begins to answer, one that is killed and one that is suspended, each watched by `count` pollers whose phases
 * are spread over the interval by chance. Takes some 35 s.
 */
export async function pollersNotice(count: number): Promise<Noticed> {
  const stubs = { answers: await BareStub.create(), killed: await BareStub.create(), hangs: await BareStub.create() };
  const pollers: Poller[] = [];
  const watch = ({ port }: BareStub): readonly Poller[] => {
    // Even shares of the interval, and by chance within each: few samples that still stand for all phases.
    const phases = Array.from({ length: count }, (_, index) => ((index + Math.random()) / count) * INTERVAL_MS);
    const own = phases.map((phase) => new Poller(port, phase));
    pollers.push(...own);
    return own;
  };
  try {
    stubs.killed.start();
    stubs.hangs.start();
    await Promise.all([stubs.killed.listening(), stubs.hangs.listening()]);
    const watched = { answers: watch(stubs.answers), killed: watch(stubs.killed), hangs: watch(stubs.hangs) };
    await waitFor('every poller to ask once', () => pollers.every(({ isUp }) => isUp !== undefined), INTERVAL_MS * 2);
    if (watched.answers.some(({ isUp }) => isUp) || [...watched.killed, ...watched.hangs].some(({ isUp }) => !isUp))
      throw new Error('a poller saw something else than there was');
    const killedMs = machineMs();
    stubs.killed.child.kill('SIGKILL');
    const stoppedMs = machineMs();
    stubs.hangs.child.kill('SIGSTOP');
    stubs.answers.start();
    const { machineMs: listeningMs } = await stubs.answers.listening();
    const limitMs = 2 * INTERVAL_MS + TIMEOUT_MS;
    await waitFor('every poller to see it', () => pollers.every(({ changedMs }) => changedMs !== undefined), limitMs);
    const since = (from: number, of: readonly Poller[]) => of.map(({ changedMs = NaN }) => changedMs - from);
    return {
      answers: since(listeningMs, watched.answers),
      killed: since(killedMs, watched.killed),
      hangs: since(stoppedMs, watched.hangs),
    };
  } finally {
    for (const poller of pollers) poller.dispose();
    await Promise.all(Object.values(stubs).map((stub) => stub.end()));
    await delay(0);
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const request = http.get(
      { host: 'localhost', port, path: '/', agent: false, signal: AbortSignal.timeout(TIMEOUT_MS) },
      (response) => {
        response.resume();
        resolve(true);
      },
    );
    request.on('error', () => resolve(false));
  });
}
