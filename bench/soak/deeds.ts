/** What is done to the machine, at random: by people to their tabs, and by misfortune to processes. */
import type { Crowd, SoakTab } from './crowd';
import { identityOf, isServer, type Sample, type Sight } from './machineLook';
import type { Person } from './person';
import type { SeededRandom } from './random';

const MAX_TABS = 3;
/** What a deed with a tab takes at most, and a bit: the playwright of a browser that was killed may never answer. */
const SETTLE_LIMIT_MS = 120_000;
/** Choices for one deed. */
const MAX_TRIES = 3;
/** Longer than a client waits for a host that is suspended before it says so (FAULTS 11). */
const MAX_FREEZE_MS = 14_000;
/** After a host goes on, until it has heard what it was asked before. */
const LATE_REQUEST_MS = 10_000;

interface Deed {
  readonly name: string;
  readonly weight: number;
  /** Undefined: there was nobody to do it to. What takes long is left to go on in `background`. */
  readonly run: () => string | undefined;
}

export interface DeedsOptions {
  readonly random: SeededRandom;
  readonly crowd: Crowd;
  readonly person: Person;
  readonly look: () => Sample;
  readonly note: (text: string) => void;
}

export class Deeds {
  readonly #options: DeedsOptions;
  /** Suspended processes by identity, and the timers that wake them. */
  readonly #frozen = new Map<string, { readonly sight: Sight; readonly timer: NodeJS.Timeout }>();
  readonly #background = new Set<Promise<void>>();
  /** Deeds by name. */
  readonly counts = new Map<string, number>();
  /** Deeds with a tab that did not work out, mostly because the tab was killed meanwhile. */
  failures = 0;

  constructor(options: DeedsOptions) {
    this.#options = options;
  }

  /** Chooses a deed and does it, or begins it; one that there is nobody for gives way to another. */
  doOne(): void {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const deed = this.#options.random.weighted(this.#deeds());
      const done = deed?.run();
      if (!deed || done === undefined) continue;
      this.counts.set(deed.name, (this.counts.get(deed.name) ?? 0) + 1);
      this.#options.note(`${deed.name} ${done}`.trim());
      return;
    }
  }

  /** Presses Start in this tab, outside of any chance. */
  pressStart(one: SoakTab): void {
    this.counts.set('start again', (this.counts.get('start again') ?? 0) + 1);
    this.#options.note('start again, since it had stopped or given up');
    this.#withTab(one, () => this.#options.person.start(one));
  }

  /** Wakes all and waits until what was begun is over. */
  async settle(): Promise<void> {
    for (const identity of [...this.#frozen.keys()]) this.#wake(identity);
    const endMs = performance.now() + SETTLE_LIMIT_MS;
    while (this.#background.size > 0 && performance.now() < endMs)
      await new Promise((resolve) => setTimeout(resolve, 100));
    if (this.#background.size > 0) this.#options.note(`  ${this.#background.size} deeds have no end`);
  }

  #deeds(): readonly Deed[] {
    const { crowd, person, random, look } = this.#options;
    const { tabs } = crowd;
    const { sights } = look();
    const live = sights.filter(({ state }) => state !== 'Z');
    const ofKind = (kind: Sight['kind']) => live.filter((one) => one.kind === kind);
    const members = ofKind('member');
    const withTab = (act: (one: SoakTab) => Promise<void>) => () => {
      const one = random.pick(crowd.free);
      if (!one) return undefined;
      this.#withTab(one, () => act(one));
      return '';
    };
    const kill = (choose: () => Sight | undefined) => () => this.#kill(choose());
    const mayPress = person.isPressing ? 0 : 1;
    const mayStop =
      !person.isPressing &&
      person.wish !== 'stopped' &&
      performance.now() - person.lastStartMs > MAX_FREEZE_MS + LATE_REQUEST_MS;
    return [
      { name: 'open tab', weight: tabs.length === 0 ? 40 : tabs.length < MAX_TABS ? 8 : 0, run: () => this.#open() },
      {
        name: 'reload tab',
        weight: 6,
        run: withTab(async ({ tab }) => void (await tab.page.reload({ timeout: 90_000 }))),
      },
      { name: 'close tab', weight: 3, run: withTab((one) => crowd.close(one)) },
      { name: 'drop tab', weight: 1.5, run: withTab((one) => crowd.drop(one)) },
      {
        name: 'kill renderer',
        weight: crowd.free.length > 0 ? 1.5 : 0,
        run: () => this.#killBrowserProcess('renderer'),
      },
      { name: 'kill browser', weight: crowd.free.length > 0 ? 0.4 : 0, run: () => this.#killBrowserProcess('browser') },
      { name: 'kill extension host', weight: 4, run: kill(() => random.pick(ofKind('extensionHost'))) },
      { name: 'kill pty host', weight: 0.7, run: kill(() => random.pick(ofKind('ptyHost'))) },
      { name: 'kill server', weight: 5, run: kill(() => random.pick(members.filter(isServer))) },
      // The runners, from the package manager down; each leaves another half of the tree behind.
      { name: 'kill runner', weight: 6, run: kill(() => random.pick(members.filter((one) => !isServer(one)))) },
      { name: 'freeze server', weight: 2, run: () => this.#freeze(random.pick(members.filter(isServer))) },
      { name: 'kill host', weight: 7, run: kill(() => random.pick(ofKind('host'))) },
      { name: 'freeze host', weight: 3, run: () => this.#freeze(random.pick(ofKind('host'))) },
      { name: 'kill frozen', weight: 2 * this.#frozen.size, run: () => this.#killFrozen() },
      { name: 'stop', weight: mayStop ? 6 : 0, run: withTab((one) => person.stop(one)) },
      {
        name: 'restart',
        weight: person.wish === 'stopped' ? 0 : 4 * mayPress,
        run: withTab((one) => person.restart(one)),
      },
      { name: 'start', weight: person.wish === 'stopped' ? 8 * mayPress : 0, run: withTab((one) => person.start(one)) },
    ];
  }

  #open(): string {
    const { crowd } = this.#options;
    this.#begin(async () => void (await crowd.open()));
    return '';
  }

  #withTab(one: SoakTab, act: () => Promise<void>): void {
    one.isBusy = true;
    this.#begin(async () => {
      try {
        await act();
      } catch (error) {
        // A tab that can't be used any more, for whatever was done to it, is one that a person closes.
        await this.#options.crowd.close(one);
        throw error;
      } finally {
        one.isBusy = false;
      }
    });
  }

  #begin(act: () => Promise<void>): void {
    const running = act()
      .catch((error: unknown) => {
        this.failures++;
        this.#options.note(`  that failed: ${String(error).split('\n')[0]?.slice(0, 200)}`);
      })
      .finally(() => this.#background.delete(running));
    this.#background.add(running);
  }

  #killBrowserProcess(type: 'renderer' | 'browser'): string {
    const { crowd, random } = this.#options;
    this.#begin(async () => {
      const pid = random.pick(await crowd.processes(type));
      if (pid !== undefined) process.kill(pid, 'SIGKILL');
    });
    return '';
  }

  #kill(sight: Sight | undefined): string | undefined {
    return sight && signal(sight, 'SIGKILL') ? describe(sight) : undefined;
  }

  #freeze(sight: Sight | undefined): string | undefined {
    if (!sight || this.#frozen.has(identityOf(sight)) || !signal(sight, 'SIGSTOP')) return undefined;
    const ms = Math.round(this.#options.random.between(200, MAX_FREEZE_MS));
    const identity = identityOf(sight);
    this.#frozen.set(identity, { sight, timer: setTimeout(() => this.#wake(identity), ms) });
    return `${describe(sight)} for ${ms} ms`;
  }

  #killFrozen(): string | undefined {
    const { random, look } = this.#options;
    return this.#kill(random.pick(look().sights.filter((sight) => this.#frozen.has(identityOf(sight)))));
  }

  #wake(identity: string): void {
    const one = this.#frozen.get(identity);
    if (!one) return;
    this.#frozen.delete(identity);
    clearTimeout(one.timer);
    if (this.#options.look().sights.some((sight) => identityOf(sight) === identity)) signal(one.sight, 'SIGCONT');
  }
}

/** Right after a look, so that the pid is still whose it was. False: it has just ended. */
function signal({ pid }: Sight, name: NodeJS.Signals): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch {
    return false;
  }
}

function describe({ pid, kind, command }: Sight): string {
  return kind === 'member' ? `${pid} ${command.split(' ').slice(0, 4).join(' ').slice(-60)}` : String(pid);
}
