import type { LaunchSpec, NamedProcess, Reason } from '../protocol';

/** What a session is to do next; a later wish replaces an earlier one. */
export interface Wish {
  /**
   * `look`: a server that somebody else started is to be adopted; nothing is started. Becomes `run` when the app is asked for
   * while such a server is shown.
   */
  kind: 'run' | 'stop' | 'look';
  readonly reason: Reason;
  readonly useNextPort: boolean;
  /** Although it runs on another machine. */
  readonly startHere: boolean;
  /** The processes of an adopted server that a person agreed to end. */
  readonly confirmed: readonly NamedProcess[] | undefined;
}

/** What is wanted of a session: written by the session as it is asked, read by the life of its server. */
export class Wanted {
  desired: 'running' | 'stopped' = 'stopped';
  /** The stop was a person's: no machine undoes it. */
  isSticky = false;
  /** The launch spec and environment of the latest start. */
  spec: LaunchSpec;
  env: Readonly<Record<string, string>> = {};
  /** The packages are to be installed before the start although some are there. */
  mustInstall = false;
  /** The wish as it is now: after a run was told to end, the one that ended it. */
  wish: Wish | undefined;

  constructor(spec: LaunchSpec) {
    this.spec = spec;
  }

  /** Any earlier stop is forgotten. */
  run(): void {
    this.desired = 'running';
    this.isSticky = false;
  }

  stop(isSticky: boolean): void {
    this.desired = 'stopped';
    this.isSticky = isSticky;
  }
}
