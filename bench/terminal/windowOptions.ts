import type { HostSettings } from '../../src/sessions/protocol';

export interface WindowOptions {
  readonly distFolder: string;
  /** All that it shows; it types into the first. */
  readonly sessions: readonly { readonly appKey: string; readonly sessionId: string }[];
  readonly cols: number;
  readonly rows: number;
}

/** A host at rest as a user has it: one look at its servers each 15 s. */
export const benchHostSettings: HostSettings = { healthIntervalMs: 15_000, lastClient: 'keep', graceMs: 60_000 };
