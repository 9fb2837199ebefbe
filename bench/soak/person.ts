import type { Wish } from './invariants';
import type { Crowd, SoakTab } from './crowd';
import { eventually } from '../../test/integration/support/workbench';

/** How long a tab may take to say that it has stopped. */
const STOPPED_LIMIT_MS = 30_000;

/**
 * The one person who presses Start, Stop and Restart in the palette of whichever tab, and who knows what was asked for:
 * a stop is only counted on once a tab has confirmed it.
 */
export class Person {
  readonly #crowd: Crowd;
  readonly #isStopOnRecord: () => boolean;
  wish: Wish = 'running';
  /** Something was pressed and has not been answered yet. */
  isPressing = false;
  /** The last time that Start or Restart was pressed: what a suspended host was asked may come to it after the next wish. */
  lastStartMs = -Infinity;
  /** The last time that Stop was pressed, on the clock of `performance.now()`. */
  lastStopMs = -Infinity;

  /** `isStopOnRecord`: what lies on the disk says that a person has stopped the server. */
  constructor(crowd: Crowd, isStopOnRecord: () => boolean) {
    this.#crowd = crowd;
    this.#isStopOnRecord = isStopOnRecord;
  }

  async start(one: SoakTab): Promise<void> {
    await this.#press(async () => {
      await one.tab.command('Cheatcode: Start Dev Server');
      this.lastStartMs = performance.now();
      return 'running';
    });
  }

  async restart(one: SoakTab): Promise<void> {
    await this.#press(async () => {
      await one.tab.command('Cheatcode: Restart Dev Server');
      this.lastStartMs = performance.now();
      return 'running';
    });
  }

  async stop(one: SoakTab): Promise<void> {
    this.lastStopMs = performance.now();
    await this.#press(async () => {
      await one.tab.command('Cheatcode: Stop Dev Server');
      await eventually(
        'the tab to say that it has stopped',
        // For a moment it says so too when the host that was asked has been killed, and its successor brings all back.
        async () => (await this.#crowd.statusOf(one)) === 'Web stopped' && this.#isStopOnRecord(),
        STOPPED_LIMIT_MS,
      );
      return 'stopped';
    });
  }

  /** A stop is forgotten when no window has been there for the grace time (DESIGN section 4). */
  wasAwayForLong(): void {
    if (this.wish === 'stopped') this.wish = 'unsure';
  }

  /** Nobody knows any more what a request of a tab that was killed came to: what the other tabs show is what counts. */
  isContentWith(status: string): void {
    if (this.wish === 'unsure' && !this.isPressing && /:\d/.test(status)) this.wish = 'running';
  }

  async #press(press: () => Promise<Wish>): Promise<void> {
    this.isPressing = true;
    this.wish = 'unsure';
    try {
      this.wish = await press();
    } finally {
      this.isPressing = false;
    }
  }
}
