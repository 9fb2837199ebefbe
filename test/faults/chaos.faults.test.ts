import assert from 'node:assert/strict';
import { isAlive, waitFor } from '../contract/support/hostRig';
import { processes, type Process } from '../hosts/witness';
import { pick, randomOf } from '../unit/support/random';
import type { Agent } from './support/agent';
import { faultCase, type FaultCase } from './support/faultCase';

const id = 'dev_server_web';
const seconds = Number(process.env['CHEATCODE_CHAOS_SECONDS'] ?? 60);
const seed = Number(process.env['CHEATCODE_CHAOS_SEED'] ?? Date.now() % 1_000_000);

/** Shortest and longest pause between two acts, and the longest time that something of ours stays suspended. */
const pauseMs = { min: 20, max: 700, suspended: 1500 };
/** How soon a fresh window must have its server after all that. */
const BOUND_MS = 60_000;

/** By weight: starts are the more common ones, or there would be little to kill. */
const acts = [
  ...Array<'start'>(6).fill('start'),
  ...Array<'stop'>(3).fill('stop'),
  ...Array<'restart'>(3).fill('restart'),
  ...Array<'kill host'>(2).fill('kill host'),
  'suspend host',
  'hang up host',
  ...Array<'kill server'>(2).fill('kill server'),
  ...Array<'suspend server'>(2).fill('suspend server'),
  'kill reaper',
  'kill window',
  'suspend window',
] as const;
type Act = (typeof acts)[number];

describe('everything at random', () => {
  // Repeated with CHEATCODE_CHAOS_SEED: the same acts in the same order, as far as the machine goes along.
  faultCase(
    `fault 45: for ${seconds} s from seed ${seed}: never two servers, and all is well in the end`,
    // Three windows that lose and win hosts may find them gone at any moment: what they are told of it is no fault.
    { servers: 0, timeoutMs: (seconds + 150) * 1000 },
    async (c) => {
      const chaos = new Chaos(c, randomOf(seed));
      await chaos.run(seconds * 1000);
      console.log(`      ${chaos.summary()}`);
      await c.wakeAll();
      await chaos.leave();
      const last = c.window();
      await runsAgain(c, last);
      assert.equal((await last.call('stop', { sessionId: id })).state, 'stopped');
      assert.deepEqual(await c.started(), [], 'a final stop leaves nothing');
    },
  );
});

/** Kills and suspends what is ours, and lets three windows start, stop and restart, all at random. */
class Chaos {
  readonly #c: FaultCase;
  readonly #random: () => number;
  readonly #windows: Agent[];
  readonly #done = new Map<Act, number>();
  readonly #wakings: Promise<void>[] = [];

  constructor(c: FaultCase, random: () => number) {
    this.#c = c;
    this.#random = random;
    this.#windows = [c.window(), c.window(), c.window()];
  }

  async run(forMs: number): Promise<void> {
    const endMs = performance.now() + forMs;
    while (performance.now() < endMs) {
      const act = pick(this.#random, acts);
      if (await this.#do(act)) this.#done.set(act, (this.#done.get(act) ?? 0) + 1);
      await this.#pause(pauseMs.min + this.#random() * (pauseMs.max - pauseMs.min));
    }
    await Promise.all(this.#wakings);
    for (const act of ['start', 'kill host', 'kill server'] as const)
      assert.ok(this.#done.has(act), `no ${act} in ${this.summary()}`);
  }

  async leave(): Promise<void> {
    await Promise.all(this.#windows.map((window) => window.close()));
  }

  summary(): string {
    const { watch } = this.#c;
    const done = [...this.#done].map(([act, count]) => `${act} ${count}`).join(', ');
    return `${done}; ${watch.servers.size} servers one after another in ${watch.samples} looks`;
  }

  /** False: there was nobody to do it to. */
  async #do(act: Act): Promise<boolean> {
    switch (act) {
      case 'start':
      case 'restart':
      case 'stop':
        return this.#ask(act);
      case 'kill host':
        return this.#signal('SIGKILL', await this.#hosts());
      case 'hang up host':
        return this.#signal('SIGHUP', await this.#hosts());
      case 'suspend host':
        return this.#suspend(await this.#hosts());
      case 'kill server':
        return this.#signal('SIGKILL', await this.#c.started());
      case 'suspend server':
        return this.#suspend(await this.#c.started());
      case 'kill reaper':
        return this.#signal('SIGKILL', await this.#reapers());
      case 'suspend window':
        return this.#suspend([pick(this.#random, this.#windows)]);
      case 'kill window': {
        const index = Math.floor(this.#random() * this.#windows.length);
        await this.#windows[index]?.kill();
        this.#windows[index] = this.#c.window();
        return true;
      }
    }
  }

  /** Not awaited: a host that is suspended or killed now answers late or never. */
  #ask(method: 'start' | 'stop' | 'restart'): boolean {
    const window = pick(this.#random, this.#windows);
    const params = this.#c.params({ STUB_LISTEN_DELAY_MS: String(Math.floor(this.#random() * 500)) });
    const answer = method === 'stop' ? window.call('stop', { sessionId: id }) : window.call(method, params);
    answer.catch(() => undefined);
    return true;
  }

  #signal(signal: NodeJS.Signals, found: readonly { readonly pid: number }[]): boolean {
    if (found.length === 0) return false;
    const { pid } = pick(this.#random, found);
    if (!isAlive(pid)) return false;
    process.kill(pid, signal);
    return true;
  }

  #suspend(found: readonly { readonly pid: number }[]): boolean {
    if (found.length === 0) return false;
    const { pid } = pick(this.#random, found);
    if (!isAlive(pid)) return false;
    process.kill(pid, 'SIGSTOP');
    const waking = this.#pause(this.#random() * pauseMs.suspended).then(() => {
      if (isAlive(pid)) process.kill(pid, 'SIGCONT');
    });
    this.#wakings.push(waking);
    return true;
  }

  async #hosts(): Promise<readonly { readonly pid: number }[]> {
    return (await this.#c.rig.hostPids()).map((pid) => ({ pid }));
  }

  async #reapers(): Promise<readonly Process[]> {
    const hosts = await this.#c.rig.hostPids();
    return (await processes({ command: /cheatcode-reaper/ })).filter(({ ppid }) => hosts.includes(ppid));
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, ms));
  }
}

/** Asks until it has what it asked for, as a person would. */
async function runsAgain(c: FaultCase, window: Agent): Promise<void> {
  await waitFor(
    'a fresh window to have its server',
    async () => {
      await window.call('start', c.params()).catch(() => undefined);
      return window.reaches('running', undefined, 10_000).catch(() => undefined);
    },
    BOUND_MS,
    () => window.describe(),
  );
}
