import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../clock';
import type { Logger } from '../log';
import { transition, type SessionEvent, type Status } from '../sessionState';

/** Where a session stands, since when, and how often that has changed; the one place that applies transitions. */
export class SessionStatus {
  readonly #id: string;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #onDidChange: () => void;
  #status: Status;
  #sinceMs: number;
  #revision = 0;

  constructor(
    { id, clock, log }: { readonly id: string; readonly clock: Clock; readonly log: Logger },
    status: Status,
    onDidChange: () => void,
  ) {
    this.#id = id;
    this.#clock = clock;
    this.#log = log;
    this.#status = status;
    this.#sinceMs = clock.wallMs();
    this.#onDidChange = onDidChange;
  }

  get state() {
    return this.#status.state;
  }

  get reason() {
    return this.#status.reason;
  }

  /** Wall-clock milliseconds, for people. */
  get sinceMs(): number {
    return this.#sinceMs;
  }

  get revision(): number {
    return this.#revision;
  }

  /** Goes where the event leads; one that is illegal in this state is logged and changes nothing. */
  apply(event: SessionEvent): void {
    const next = transition(this.#status, event);
    if (!next) {
      this.#log.debug('illegal event ignored', { session: this.#id, state: this.state, event: event.type });
      return;
    }
    // A blocked run looks again each second: the same news is no news.
    if (next.state === this.state && isDeepStrictEqual(next.reason, this.reason)) return;
    if (next.state !== this.state) {
      this.#sinceMs = this.#clock.wallMs();
      this.#log.info('session changed', { session: this.#id, state: next.state, reason: next.reason.code });
    }
    this.#status = next;
    this.changed();
  }

  /** Something else that a snapshot tells has changed. */
  changed(): void {
    this.#revision++;
    this.#onDidChange();
  }
}
