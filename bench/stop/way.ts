import type { App } from './app';
import type { Family } from './family';

/** A way to start a dev server and to end it. */
export interface Way {
  readonly name: string;
  start(app: App): Promise<Started>;
}

export interface Started {
  /** Makes everything ready and gives what ends the server; what is measured begins when that is called. */
  aim(family: Family): Promise<() => Promise<void>>;
  /** Takes away what only this way has, as a shell; the server is over by then. */
  leave(): Promise<void>;
}
