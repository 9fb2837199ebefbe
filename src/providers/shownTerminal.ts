import type { App } from '../sessions/apps';
import type { Disposable } from '../sessions/event';
import type { SessionSnapshot } from '../sessions/protocol';

/** A terminal of ours, what it is of, and how that is now. */
export interface ShownTerminal<Terminal> {
  readonly terminal: Terminal;
  readonly app: App;
  readonly session: SessionSnapshot | undefined;
}

/** What terminals have beyond their text. */
export interface TerminalExtras extends Disposable {
  /** A state has changed, or a terminal came or went. */
  update(): void;
}
