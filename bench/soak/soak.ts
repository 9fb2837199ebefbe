/**
 * Everything at random (FAULTS 45): a real code-server with a real app, tabs that come and go, processes that are killed and
 * suspended, and 10 looks a second from outside at whether the invariants hold. At the end a final start must come up and
 * a final stop leave nothing.
 */
import { freePort } from '../../test/hosts/ports.mjs';
import { Editor, eventually, workspace } from '../../test/integration/support/workbench';
import { Crowd, type SoakTab } from './crowd';
import { Deeds } from './deeds';
import { Invariants } from './invariants';
import { MachineLook, type Sample } from './machineLook';
import { Person } from './person';
import { SeededRandom } from './random';

export interface SoakOptions {
  readonly minutes: number;
  readonly seed: number;
}

export interface SoakResult {
  readonly options: SoakOptions;
  /** What was breached, with the moment; empty when all went well. */
  readonly breaches: readonly string[];
  /** Deeds by name. */
  readonly deeds: ReadonlyMap<string, number>;
  readonly failedTabDeeds: number;
  readonly crashedTabs: number;
  readonly servers: number;
  readonly hosts: number;
  readonly samples: number;
  readonly longestSampleGapMs: number;
  /** Of one core, by the looks alone. */
  readonly witnessPercent: number;
  /** Without a server that listens, while one was wanted and a tab was open. */
  readonly longestOutageMs: number;
  readonly outagePercent: number;
  /** Stops that nobody had asked for within the minute before. */
  readonly unexpectedStops: number;
  readonly gaveUp: number;
  readonly peaks: Invariants['peaks'];
  readonly longestMs: Invariants['longestMs'];
  readonly finalStartMs: number;
  readonly finalStopMs: number;
  /** All deeds, with their seconds. */
  readonly notes: readonly string[];
  readonly hostLog: string;
}

const SAMPLE_MS = 100;
/** Between two deeds; mostly short, so that the next one meets what the last has begun. */
const MAX_PAUSE_MS = 4000;
const TEND_MS = 4000;
/** What a status says for so long is no passing word. */
const LINGER_MS = 1500;
/** I3's bound: with restarts that back off up to 30 s, hosts suspended for 14 s, and a machine that is busy with all this. */
const OUTAGE_LIMIT_MS = 180_000;
const FINAL_START_MS = 120_000;
const FINAL_STOP_MS = 30_000;
/** Short of the 60 s after which a stop may be forgotten. */
const AWAY_MS = 45_000;

/** Runs it and gives what was seen; rejects only when the machine can't run it at all. */
export async function soak(options: SoakOptions): Promise<SoakResult> {
  const port = await freePort();
  const editor = await Editor.open('soak', {
    workspace: await workspace('soak'),
    settings: { 'cheatcode.web.port': port },
    // Extension hosts of tabs that were killed wait for their return: half a minute instead of hours, or they pile up.
    env: { CODE_SERVER_RECONNECTION_GRACE_TIME: '30' },
  });
  await editor.browser.close(); // The crowd's own is killed now and then.
  const run = new SoakRun(options, editor, port);
  try {
    return await run.run();
  } finally {
    await run.dispose();
    await editor.close();
  }
}

class SoakRun {
  readonly #options: SoakOptions;
  readonly #editor: Editor;
  readonly #look: MachineLook;
  readonly #random: SeededRandom;
  readonly #crowd: Crowd;
  readonly #person: Person;
  readonly #deeds: Deeds;
  readonly #invariants = new Invariants();
  readonly #breaches: string[] = [];
  readonly #notes: string[] = [];
  readonly #servers = new Set<string>();
  readonly #hosts = new Set<string>();
  readonly #beganMs = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #lastSampleMs = performance.now();
  #longestSampleGapMs = 0;
  #lookingMs = 0;
  #outageSinceMs: number | undefined;
  #longestOutageMs = 0;
  #outageMs = 0;
  #awaySinceMs: number | undefined;
  #unexpectedStops = 0;
  #gaveUp = 0;

  constructor(options: SoakOptions, editor: Editor, port: number) {
    this.#options = options;
    this.#editor = editor;
    this.#look = new MachineLook(editor.stateFolder, port);
    this.#random = new SeededRandom(options.seed);
    this.#crowd = new Crowd(editor.server.folderUrl);
    this.#person = new Person(this.#crowd, () =>
      this.#sample().records.some(({ desired, isSticky }) => desired === 'stopped' && isSticky),
    );
    this.#deeds = new Deeds({
      random: this.#random,
      crowd: this.#crowd,
      person: this.#person,
      look: () => this.#sample(),
      note: (text) => this.#note(text),
    });
  }

  async run(): Promise<SoakResult> {
    this.#timer = setInterval(() => void this.#sample(), SAMPLE_MS);
    const endMs = performance.now() + this.#options.minutes * 60_000;
    let tendedMs = 0;
    while (performance.now() < endMs && this.#breaches.length === 0) {
      this.#deeds.doOne();
      await pause(this.#random.between(0, MAX_PAUSE_MS));
      if (performance.now() - tendedMs < TEND_MS) continue;
      await this.#tend();
      tendedMs = performance.now();
    }
    const [finalStartMs, finalStopMs] = this.#breaches.length === 0 ? await this.#finale() : [NaN, NaN];
    clearInterval(this.#timer);
    return this.#result(finalStartMs, finalStopMs);
  }

  async dispose(): Promise<void> {
    clearInterval(this.#timer);
    await this.#deeds.settle();
    await this.#crowd.closeAll();
  }

  #sample(): Sample {
    const beganMs = performance.now();
    const cpu = process.cpuUsage();
    this.#longestSampleGapMs = Math.max(this.#longestSampleGapMs, beganMs - this.#lastSampleMs);
    const sample = this.#look.look();
    for (const { invariant, detail } of this.#invariants.check(sample, this.#person.wish))
      this.#breach(invariant, detail);
    for (const { kind, pid, startTicks, command } of sample.sights) {
      if (kind === 'host') this.#hosts.add(`${pid}:${startTicks}`);
      if (kind === 'member' && command.startsWith('next-server')) this.#servers.add(`${pid}:${startTicks}`);
    }
    this.#watchOutage(sample, beganMs - this.#lastSampleMs);
    this.#lastSampleMs = beganMs;
    const used = process.cpuUsage(cpu);
    this.#lookingMs += (used.user + used.system) / 1000;
    return sample;
  }

  #watchOutage({ atMs, portHolders, sights }: Sample, sinceLastMs: number): void {
    const isAway = !sights.some(({ kind }) => kind === 'extensionHost');
    this.#awaySinceMs = isAway ? (this.#awaySinceMs ?? atMs) : undefined;
    if (this.#awaySinceMs !== undefined && atMs - this.#awaySinceMs > AWAY_MS) this.#person.wasAwayForLong();
    const isOutage = portHolders.length === 0 && this.#person.wish === 'running' && this.#crowd.tabs.length > 0;
    if (!isOutage) {
      this.#outageSinceMs = undefined;
      return;
    }
    this.#outageSinceMs ??= atMs;
    this.#outageMs += sinceLastMs;
    this.#longestOutageMs = Math.max(this.#longestOutageMs, atMs - this.#outageSinceMs);
    if (atMs - this.#outageSinceMs > OUTAGE_LIMIT_MS)
      this.#breach('what is wanted comes back', `not for ${OUTAGE_LIMIT_MS} ms`);
  }

  /** What a person does who looks at a tab now and then: a server that has given up, or is unasked for stopped, is started again. */
  async #tend(): Promise<void> {
    const one = this.#random.pick(this.#crowd.free);
    if (!one || this.#person.isPressing) return;
    const before = await this.#crowd.statusOf(one);
    await pause(LINGER_MS);
    const status = await this.#crowd.statusOf(one);
    this.#person.isContentWith(status);
    const isFailed = /failed/i.test(status);
    // Right after it was opened a tab says so, too.
    const isStopped = status === 'Web stopped' && before === status;
    if (!(isFailed || isStopped) || this.#person.wish === 'stopped' || this.#person.isPressing || one.isBusy) return;
    if (isFailed) this.#gaveUp++;
    else if (performance.now() - this.#person.lastStopMs > 60_000) {
      this.#unexpectedStops++;
      this.#note(`  stopped unasked: ${this.#editor.hostLog().trimEnd().split('\n').slice(-8).join(' / ')}`);
    }
    this.#deeds.pressStart(one);
  }

  /** Ends the chaos: a fresh tab must come to a server that runs, and a stop must leave nothing. */
  async #finale(): Promise<readonly [number, number]> {
    await this.#deeds.settle();
    for (const one of this.#crowd.tabs) await this.#crowd.close(one);
    this.#note('finale');
    try {
      const one = await this.#crowd.open();
      const finalStartMs = await this.#timed(() => this.#finalStart(one));
      const finalStopMs = await this.#timed(() => this.#finalStop(one));
      return [finalStartMs, finalStopMs];
    } catch (error) {
      this.#breach('a final start comes up and a final stop leaves nothing', String(error));
      return [NaN, NaN];
    }
  }

  async #finalStart(one: SoakTab): Promise<void> {
    const status = await eventually(
      'a status',
      async () => {
        // Right after it was opened a tab says stopped, too, before it starts what starts by itself.
        const before = await this.#crowd.statusOf(one);
        await pause(LINGER_MS);
        const now = await this.#crowd.statusOf(one);
        return before === now && /stopped|failed|:\d/i.test(now) ? now : undefined;
      },
      FINAL_START_MS,
    );
    if (/stopped|failed/i.test(status)) await this.#person.start(one);
    else this.#person.wish = 'running';
    await one.tab.waitForStatus(/^Web :\d+$/, FINAL_START_MS);
    await eventually('a holder of the port', () => this.#sample().portHolders.length === 1, FINAL_STOP_MS);
  }

  async #finalStop(one: SoakTab): Promise<void> {
    await this.#person.stop(one);
    await eventually(
      'nothing to be left of the server',
      () => {
        const { sights, portHolders } = this.#sample();
        const left = sights.filter(({ kind }) => kind === 'member' || kind === 'reaper');
        if (left.length > 0) throw new Error(JSON.stringify(left));
        return portHolders.length === 0;
      },
      FINAL_STOP_MS,
    );
  }

  async #timed(work: () => Promise<void>): Promise<number> {
    const beganMs = performance.now();
    await work();
    return performance.now() - beganMs;
  }

  #breach(invariant: string, detail: string): void {
    // The first is what counts: each further sample would say the same.
    if (this.#breaches.length < 5) {
      this.#breaches.push(`${this.#seconds()} ${invariant}: ${detail}`);
      this.#note(`BREACH ${invariant}: ${detail}`);
    }
  }

  #note(text: string): void {
    this.#notes.push(`${this.#seconds()} ${text}`);
  }

  #seconds(): string {
    return `${((performance.now() - this.#beganMs) / 1000).toFixed(1)} s`;
  }

  #result(finalStartMs: number, finalStopMs: number): SoakResult {
    const ranMs = performance.now() - this.#beganMs;
    return {
      options: this.#options,
      breaches: this.#breaches,
      deeds: this.#deeds.counts,
      failedTabDeeds: this.#deeds.failures,
      crashedTabs: this.#crowd.crashes,
      servers: this.#servers.size,
      hosts: this.#hosts.size,
      samples: this.#invariants.samples,
      longestSampleGapMs: this.#longestSampleGapMs,
      witnessPercent: (100 * this.#lookingMs) / ranMs,
      longestOutageMs: this.#longestOutageMs,
      outagePercent: (100 * this.#outageMs) / ranMs,
      unexpectedStops: this.#unexpectedStops,
      gaveUp: this.#gaveUp,
      peaks: this.#invariants.peaks,
      longestMs: this.#invariants.longestMs,
      finalStartMs,
      finalStopMs,
      notes: this.#notes,
      hostLog: this.#editor.hostLog(),
    };
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
