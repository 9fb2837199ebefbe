import type { Reason } from '../protocol';
import type { GuardedProcess } from './guardedProcess';
import type { AppServer } from './serverFinder';
import { noFindings, type Findings } from './upkeep';

/** What runs for a session now, ours or somebody else's: set by its life, read by its care and its snapshots. */
export class CurrentServer {
  /** The server, or the install before it. */
  process: GuardedProcess | undefined;
  /** The server of somebody else that is shown as this session's. */
  adopted: AppServer | undefined;
  port: number;
  /** The port that this run has chosen, from the choice on: two sessions that start at once must not meet. */
  claimedPort: number | undefined;
  listenerPid: number | undefined;
  /** When `process` was started, by the wall clock. */
  startedMs: number | undefined;
  findings: Findings = noFindings;
  /** Why the run that is about to end does so, where its exit alone would not tell. */
  endReason: Reason | undefined;

  /** Ends the run that is on, as if the server had exited by itself. */
  endRun: () => void = () => undefined;

  constructor(port: number) {
    this.port = port;
  }

  /** Tells whether what runs now is still the same. */
  mark(): () => boolean {
    const { process, adopted } = this;
    return () => process === this.process && adopted === this.adopted;
  }

  /** Nothing adopted is shown any more. */
  letGo(): void {
    this.adopted = undefined;
    this.listenerPid = undefined;
    this.findings = noFindings;
  }
}
